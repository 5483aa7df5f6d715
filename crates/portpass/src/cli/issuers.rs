//! `portpass issuers`: what issuers' names stand for, and their keys.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{
    printer::{Printer, minute},
    reach::Reach,
};
use crate::admin::{IssuerShown, Issuers, Rebind, RestoreKey, RevokeKey};

/// What stands after `portpass issuers`.
#[derive(Args, Clone, Debug)]
pub(super) struct IssuersArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Clone, Debug, Subcommand)]
enum Verb {
    /// Show issuers, what they are bound to, and how their keys are.
    List,
    /// Let a name stand for what the file says now: its members and sessions
    /// are those of the platform there.
    Rebind {
        /// The issuer's name.
        name: String,
    },
    /// Take back `revoke-key`.
    RestoreKey {
        /// The issuer's name.
        name: String,
        /// The key's id.
        kid: String,
    },
    /// Refuse every JWT of one key, and end its sessions.
    RevokeKey {
        /// The issuer's name.
        name: String,
        /// The key's id, as the header of its JWTs has it.
        kid: String,
    },
}

impl IssuersArgs {
    pub(super) fn run(self, reach: &Reach, printer: Printer) -> anyhow::Result<ExitCode> {
        match self.verb {
            Verb::List => {
                let issuers = reach.ask(&Issuers::default())?;
                let header = [
                    "ISSUER",
                    "KIND",
                    "STATE",
                    "STANDS FOR",
                    "KEYS",
                    "FETCHED",
                    "NOTE",
                ];
                printer.list(&issuers, header, row)?;
            }
            Verb::Rebind { name } => {
                let done = format!("{name} is bound to what the file says");
                let undone = format!("{name} was bound to what the file says already");
                printer.changed(reach.ask(&Rebind { name })?, &done, &undone)?;
            }
            Verb::RestoreKey { name, kid } => {
                let done = format!("JWTs of the key {kid} of {name} are accepted again");
                let undone = format!("no operator had revoked the key {kid} of {name}");
                printer.changed(reach.ask(&RestoreKey { name, kid })?, &done, &undone)?;
            }
            Verb::RevokeKey { name, kid } => {
                let done =
                    format!("JWTs of the key {kid} of {name} are refused, and its sessions ended");
                let undone = format!("the key {kid} of {name} was revoked already");
                printer.changed(reach.ask(&RevokeKey { name, kid })?, &done, &undone)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn row(issuer: &IssuerShown) -> [String; 7] {
    let state = match (issuer.suspended, issuer.bound_to.is_some()) {
        (true, _) => "suspended",
        (false, true) => "bound",
        (false, false) => "new",
    };
    let revoked = issuer
        .revoked_keys
        .iter()
        .map(|kid| format!("key {kid} revoked"));
    let was = issuer.bound_to.iter().filter(|_| issuer.suspended);
    let was = was.map(|bound| {
        let (kind, iss, source) = (&bound.kind, bound.iss.join(", "), &bound.source);
        if *kind == issuer.stands_for.kind && bound.iss == issuer.stands_for.iss {
            format!("its keys were from {source}")
        } else {
            format!("was {kind} {iss}")
        }
    });
    let note = was.chain(issuer.last_error.iter().cloned()).chain(revoked);
    [
        issuer.name.clone(),
        issuer.kind.name().to_owned(),
        state.to_owned(),
        issuer.stands_for.iss.join(", "),
        issuer.keys.to_string(),
        issuer.fetched_at.map(minute).unwrap_or_default(),
        note.collect::<Vec<_>>().join("; "),
    ]
}

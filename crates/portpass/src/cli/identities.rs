//! `portpass identities`: who was proven, and who waits for an operator.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{
    identity::Who,
    printer::{Printer, minute},
    reach::Reach,
};
use crate::admin::{Approve, Dismiss, Export, Identities, IdentityShown, Inbox, Waiting};

/// What stands after `portpass identities`.
#[derive(Args, Clone, Debug)]
pub(super) struct IdentitiesArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Clone, Debug, Subcommand)]
enum Verb {
    /// Put an identity from the inbox into a group, or print the least rule
    /// that would have served it.
    Approve {
        /// The issuer's name and the immutable id, as in `github:74`.
        #[arg(value_name = "ISSUER:ID")]
        identity: Who,
        /// The group, which the file declares with `operators = true`.
        #[arg(long)]
        group: Option<String>,
    },
    /// Take an identity out of the inbox; the next refusal brings it back.
    Dismiss {
        /// The issuer's name and the immutable id, as in `github:74`.
        #[arg(value_name = "ISSUER:ID")]
        identity: Who,
    },
    /// Print rows of `[images.*]` for the names that identities push to.
    Export {
        /// Only of this issuer.
        #[arg(long)]
        issuer: Option<String>,
    },
    /// Show identities that were proven and that no rule gave what they asked.
    Inbox {
        /// Only of this issuer.
        #[arg(long)]
        issuer: Option<String>,
        /// Only what was asked of this registry.
        #[arg(long)]
        registry: Option<String>,
        /// At most so many.
        #[arg(short = 'n', long, default_value_t = 100)]
        limit: u32,
    },
    /// Show identities that were proven, the latest first.
    List {
        /// Only of this issuer.
        #[arg(long)]
        issuer: Option<String>,
        /// At most so many.
        #[arg(short = 'n', long, default_value_t = 100)]
        limit: u32,
    },
}

impl IdentitiesArgs {
    pub(super) fn run(self, reach: &Reach, printer: Printer) -> anyhow::Result<ExitCode> {
        match self.verb {
            Verb::Approve { identity, group } => approve(&identity, group, reach, printer)?,
            Verb::Dismiss { identity } => {
                let done = format!("{identity} is in the inbox no more");
                let undone = format!("{identity} was not in the inbox");
                let question = Dismiss {
                    issuer: identity.issuer,
                    id: identity.id,
                };
                printer.changed(reach.ask(&question)?, &done, &undone)?;
            }
            Verb::Export { issuer } => {
                let exported = reach.ask(&Export { issuer })?;
                if printer.is_json() {
                    Printer::json(&exported)?;
                } else {
                    Printer::text(&exported.toml)?;
                }
            }
            Verb::Inbox {
                issuer,
                registry,
                limit,
            } => {
                let waiting = reach.ask(&Inbox {
                    issuer,
                    registry,
                    limit: Some(limit),
                })?;
                let header = ["IDENTITY", "NAME", "REFUSED", "LAST", "ASKED", "RUN"];
                printer.list(&waiting, header, waiting_row)?;
            }
            Verb::List { issuer, limit } => {
                let identities = reach.ask(&Identities {
                    issuer,
                    id: None,
                    limit: Some(limit),
                })?;
                let header = ["IDENTITY", "NAME", "BEFORE", "GROUPS", "LAST SEEN"];
                printer.list(&identities, header, identity_row)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn approve(
    identity: &Who,
    group: Option<String>,
    reach: &Reach,
    printer: Printer,
) -> anyhow::Result<()> {
    let question = Approve {
        issuer: identity.issuer.clone(),
        id: identity.id.clone(),
        group,
    };
    let approved = reach.ask(&question)?;
    if printer.is_json() {
        return Printer::json(&approved);
    }
    match (approved.rule, question.group) {
        (Some(rule), _) => Printer::text(&rule),
        (None, Some(group)) if approved.changed => Printer::text(&format!(
            "{identity} ({}) is in {group} now\n",
            approved.name
        )),
        (None, _) => Printer::text(&format!("{identity} was in it already\n")),
    }
}

fn waiting_row(waiting: &Waiting) -> [String; 6] {
    let fact = |name: &str| waiting.facts.get(name).and_then(serde_json::Value::as_str);
    let run = [fact("event"), fact("environment"), fact("ref")];
    [
        format!("{}:{}", waiting.issuer, waiting.id),
        waiting.name.clone(),
        waiting.count.to_string(),
        minute(waiting.last_seen),
        waiting.asked.clone(),
        run.into_iter().flatten().collect::<Vec<_>>().join(" "),
    ]
}

fn identity_row(identity: &IdentityShown) -> [String; 5] {
    [
        format!("{}:{}", identity.issuer, identity.id),
        identity.name.clone(),
        identity.former_names.join(", "),
        identity.groups.join(", "),
        minute(identity.last_seen),
    ]
}

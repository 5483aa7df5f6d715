//! Issuers as they are now, and what operators settle about them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Changed, Question, Verb,
    desk::{Deed, Desk, time},
    failure::Failure,
};
use crate::{
    identity::{Binding, IssuerKind},
    store::{Act, BindingRow, RevocationRow},
};

/// Lists issuers, in the order of the file.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Issuers {
    /// Only this one.
    pub name: Option<String>,
}

/// One issuer.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct IssuerShown {
    /// Its name in the file.
    pub name: String,
    /// Which platform it is.
    pub kind: IssuerKind,
    /// Whether its name stands for something else than it was bound to, so that
    /// its sessions and memberships count for nothing.
    pub suspended: bool,
    /// What the file says the name stands for.
    pub stands_for: Bound,
    /// What the name was bound to; nothing before the first start with it.
    pub bound_to: Option<Bound>,
    /// Since when it is bound.
    pub bound_at: Option<Timestamp>,
    /// How many keys are held.
    pub keys: u64,
    /// Whether JWTs can be checked with what is held.
    pub usable: bool,
    /// When the keys were last fetched with success.
    pub fetched_at: Option<Timestamp>,
    /// Why the last fetch failed, if it did.
    pub last_error: Option<String>,
    /// The keys that operators revoked.
    pub revoked_keys: Vec<String>,
}

/// What an issuer's name stands for.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Bound {
    /// Which kind it is of.
    pub kind: String,
    /// What `iss` may be.
    pub iss: Vec<String>,
    /// Where its keys come from.
    pub source: String,
}

impl Question for Issuers {
    type Answer = Vec<IssuerShown>;

    const VERB: Verb = Verb::Get;
    const PATH: &'static str = "/issuers";
    const SUMMARY: &'static str = "Issuers: what they are bound to, and how their keys are.";

    async fn answer(self, desk: &Desk) -> Result<Vec<IssuerShown>, Failure> {
        let directory = &desk.snapshot.directory;
        let rows = desk.store().bindings().await?;
        let bound: BTreeMap<&str, &BindingRow> =
            rows.iter().map(|row| (row.issuer.as_str(), row)).collect();
        let mut status: BTreeMap<_, _> = directory
            .status(desk.now)
            .into_iter()
            .map(|status| (status.name.to_string(), status))
            .collect();
        let revocations = desk.store().revocations().await?;
        let mut shown = Vec::new();
        for binding in directory.bindings() {
            let name = binding.issuer.to_string();
            let Some(status) = status.remove(&name) else {
                continue;
            };
            let row = bound.get(name.as_str());
            let revoked = revocations
                .iter()
                .filter(|row| row.kind == "key" && row.issuer == name);
            shown.push(IssuerShown {
                revoked_keys: revoked.map(|row| row.value.clone()).collect(),
                suspended: row.is_some_and(|row| row.binding != binding.digest.to_string()),
                stands_for: Bound::of(binding),
                bound_to: row.map(|row| Bound::of_row(row)),
                bound_at: row
                    .filter(|row| row.is_configured())
                    .map(|row| time(row.bound_ms)),
                kind: status.kind,
                keys: status.keys as u64,
                usable: status.usable,
                fetched_at: status.fetched_at,
                last_error: status.last_error,
                name,
            });
        }
        shown.retain(|issuer| self.name.as_ref().is_none_or(|name| *name == issuer.name));
        Ok(shown)
    }
}

impl Bound {
    fn of(binding: &Binding) -> Self {
        Self {
            kind: binding.kind.to_owned(),
            iss: binding.iss.clone(),
            source: binding.source.clone(),
        }
    }

    fn of_row(row: &BindingRow) -> Self {
        Self {
            kind: row.kind.clone(),
            iss: serde_json::from_str(&row.iss).unwrap_or_default(),
            source: row.source.clone(),
        }
    }
}

/// Binds an issuer's name to what the file says it stands for.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rebind {
    /// The issuer's name.
    pub name: String,
}

impl Question for Rebind {
    type Answer = Changed;

    const VERB: Verb = Verb::Post;
    const PATH: &'static str = "/issuers/{name}/rebind";
    const SUMMARY: &'static str =
        "Binds an issuer's name to what the file says: its memberships count again.";

    async fn answer(self, desk: &Desk) -> Result<Changed, Failure> {
        desk.issuer(&self.name)?;
        let mut bindings = desk.snapshot.directory.bindings();
        let Some(binding) = bindings.find(|binding| *binding.issuer == *self.name) else {
            return Ok(Changed { changed: false });
        };
        let rows = desk.store().bindings().await?;
        let old = rows.iter().find(|row| row.issuer == self.name);
        let digest = binding.digest.to_string();
        if old.is_some_and(|row| row.binding == digest) {
            return Ok(Changed { changed: false });
        }
        let deed = Deed {
            action: "issuers rebind",
            about: (Some(&self.name), None),
            detail: json!({
                "from": old.map(Bound::of_row),
                "to": Bound::of(binding),
            }),
        };
        let row = BindingRow {
            issuer: self.name.clone(),
            binding: digest,
            kind: binding.kind.to_owned(),
            iss: json!(binding.iss).to_string(),
            source: binding.source.clone(),
            bound_ms: desk.now_ms(),
            actor: desk.actor.to_string(),
        };
        desk.act(deed, &[Act::Bind(row)]).await
    }
}

/// Ends every login by a JWT of one key of an issuer, and refuses new ones.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RevokeKey {
    /// The issuer's name.
    pub name: String,
    /// The key's id, as the header of its JWTs has it.
    pub kid: String,
}

impl Question for RevokeKey {
    type Answer = Changed;

    const VERB: Verb = Verb::Post;
    const PATH: &'static str = "/issuers/{name}/keys/revoke";
    const SUMMARY: &'static str =
        "Refuses every JWT of one key of an issuer, with its sessions, until it is restored.";

    async fn answer(self, desk: &Desk) -> Result<Changed, Failure> {
        desk.issuer(&self.name)?;
        check_kid(&self.kid)?;
        let deed = Deed {
            action: "issuers revoke-key",
            about: (Some(&self.name), None),
            detail: json!({ "kid": self.kid }),
        };
        let row = RevocationRow {
            kind: "key".to_owned(),
            issuer: self.name.clone(),
            value: self.kid.clone(),
            at_ms: desk.now_ms(),
            actor: desk.actor.to_string(),
        };
        desk.act(deed, &[Act::Revoke(row)]).await
    }
}

/// Takes back [`RevokeKey`].
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RestoreKey {
    /// The issuer's name.
    pub name: String,
    /// The key's id.
    pub kid: String,
}

impl Question for RestoreKey {
    type Answer = Changed;

    const VERB: Verb = Verb::Post;
    const PATH: &'static str = "/issuers/{name}/keys/restore";
    const SUMMARY: &'static str = "Takes back that an operator revoked a key of an issuer.";

    async fn answer(self, desk: &Desk) -> Result<Changed, Failure> {
        let deed = Deed {
            action: "issuers restore-key",
            about: (Some(&self.name), None),
            detail: json!({ "kid": self.kid }),
        };
        let act = Act::LiftRevocation {
            kind: "key".to_owned(),
            issuer: self.name.clone(),
            value: self.kid.clone(),
        };
        desk.act(deed, &[act]).await
    }
}

/// A key's id comes from a person here: what it may be is what a JWT's may.
fn check_kid(kid: &str) -> Result<(), Failure> {
    if (1..=1024).contains(&kid.len()) && !kid.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Failure::Refused(
        "a key's id is 1 to 1024 bytes of text, as the header of its JWTs has it".to_owned(),
    ))
}

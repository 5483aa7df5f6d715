//! Names that templates render, and who owns them.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Changed, Question, Verb,
    desk::{Deed, Desk, time},
    failure::Failure,
    identities::{DEFAULT_ROWS, MAX_ROWS},
};
use crate::{
    config::instead,
    store::{Act, NamespaceRow, RowFilter},
};

/// Lists namespaces, by name.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Namespaces {
    /// Only of this registry.
    pub registry: Option<String>,
    /// Only those that identities of this issuer own.
    pub issuer: Option<String>,
    /// Only those that this id owns.
    pub id: Option<String>,
    /// At most so many.
    pub limit: Option<u32>,
}

/// A rendered name and who owns it.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct NamespaceShown {
    /// The registry's name.
    pub registry: String,
    /// The name: it, and everything under it, is the owner's to push to.
    pub namespace: String,
    /// The owner's issuer.
    pub issuer: String,
    /// The owner's immutable id.
    pub id: String,
    /// What people knew the owner by then.
    pub name: String,
    /// Since when it is the owner's.
    pub since: Timestamp,
}

impl Question for Namespaces {
    type Answer = Vec<NamespaceShown>;

    const VERB: Verb = Verb::Get;
    const PATH: &'static str = "/namespaces";
    const SUMMARY: &'static str = "Names that templates rendered, and who owns them.";

    async fn answer(self, desk: &Desk) -> Result<Vec<NamespaceShown>, Failure> {
        let filter = RowFilter {
            issuer: self.issuer,
            identity: self.id,
            registry: self.registry,
            limit: self.limit.unwrap_or(DEFAULT_ROWS).min(MAX_ROWS),
            ..RowFilter::default()
        };
        let rows = desk.store().namespaces(&filter).await?;
        let shown = rows.into_iter().map(|row| NamespaceShown {
            registry: row.registry,
            namespace: row.namespace,
            issuer: row.issuer,
            id: row.owner,
            name: row.name,
            since: time(row.since_ms),
        });
        Ok(shown.collect())
    }
}

/// Gives a namespace to another owner, seen before or not.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// The registry's name; needed where there are several.
    pub registry: Option<String>,
    /// The name, as it is listed.
    pub namespace: String,
    /// The new owner's issuer.
    pub issuer: String,
    /// The new owner's immutable id.
    pub id: String,
}

impl Question for Transfer {
    type Answer = Changed;

    const VERB: Verb = Verb::Post;
    const PATH: &'static str = "/namespaces/transfer";
    const SUMMARY: &'static str = "Gives a namespace to another owner.";

    async fn answer(self, desk: &Desk) -> Result<Changed, Failure> {
        let registry = self.registry(desk)?;
        desk.check_identity(&self.issuer, &self.id)?;
        let wanted = [self.namespace.clone()];
        let owners = desk.store().owners(&registry, &wanted).await?;
        let Some(old) = owners.into_iter().next() else {
            return Err(Failure::Unknown(format!(
                "nobody owns `{}` in registry `{}` yet; the first who is granted push there will",
                self.namespace, registry
            )));
        };
        if old.issuer == self.issuer && old.owner == self.id {
            return Ok(Changed { changed: false });
        }
        let name = desk.name_of(&self.issuer, &self.id).await?;
        let deed = Deed {
            action: "namespaces transfer",
            about: (Some(&self.issuer), Some(&self.id)),
            detail: json!({
                "registry": registry,
                "namespace": self.namespace,
                "from": format!("{}:{}", old.issuer, old.owner),
            }),
        };
        let row = NamespaceRow {
            registry,
            namespace: self.namespace.clone(),
            issuer: self.issuer.clone(),
            owner: self.id.clone(),
            name: name.unwrap_or_default(),
            since_ms: desk.now_ms(),
        };
        desk.act(deed, &[Act::Transfer(row)]).await
    }
}

impl Transfer {
    /// The registry that is meant.
    fn registry(&self, desk: &Desk) -> Result<String, Failure> {
        let names = || desk.snapshot.registries.iter().map(|known| &*known.name);
        match (&self.registry, desk.snapshot.registries.as_slice()) {
            (None, [only]) => Ok(only.name.to_string()),
            (None, _) => {
                let hint = instead("", names());
                Err(Failure::Refused(format!("say which registry{hint}")))
            }
            (Some(name), _) if names().any(|known| known == name) => Ok(name.clone()),
            (Some(name), _) => {
                let hint = instead(name, names());
                Err(Failure::Unknown(format!("there is no registry `{name}`{hint}")))
            }
        }
    }
}

//! Everybody who was ever proven.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Question, Verb,
    desk::{Desk, time},
    failure::Failure,
};
use crate::store::RowFilter;

/// The most rows of one list.
pub(super) const MAX_ROWS: u32 = 10_000;

/// How many rows are listed when nobody says.
pub(super) const DEFAULT_ROWS: u32 = 100;

/// Lists identities that were proven, the latest first.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Identities {
    /// Only of this issuer.
    pub issuer: Option<String>,
    /// Only of this id.
    pub id: Option<String>,
    /// At most so many.
    pub limit: Option<u32>,
}

/// Somebody who was proven.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct IdentityShown {
    /// The issuer's name.
    pub issuer: String,
    /// The immutable id.
    pub id: String,
    /// What people know it by.
    pub name: String,
    /// What people knew it by before, the latest first.
    pub former_names: Vec<String>,
    /// The operators' groups that it is in.
    pub groups: Vec<String>,
    /// When it was first proven.
    pub first_seen: Timestamp,
    /// When it was last proven, to about ten minutes.
    pub last_seen: Timestamp,
}

impl Question for Identities {
    type Answer = Vec<IdentityShown>;

    const VERB: Verb = Verb::Get;
    const PATH: &'static str = "/identities";
    const SUMMARY: &'static str = "Identities that were proven, the latest first.";

    async fn answer(self, desk: &Desk) -> Result<Vec<IdentityShown>, Failure> {
        let filter = RowFilter {
            issuer: self.issuer,
            identity: self.id,
            limit: self.limit.unwrap_or(DEFAULT_ROWS).min(MAX_ROWS),
            ..RowFilter::default()
        };
        let rows = desk.store().identities(&filter).await?;
        let members = desk.store().members().await?;
        let shown = rows.into_iter().map(|row| {
            let held = members
                .iter()
                .filter(|member| member.issuer == row.issuer && member.identity == row.identity);
            IdentityShown {
                groups: held.map(|member| member.group_name.clone()).collect(),
                former_names: serde_json::from_str(&row.names).unwrap_or_default(),
                issuer: row.issuer,
                id: row.identity,
                name: row.name,
                first_seen: time(row.first_ms),
                last_seen: time(row.last_ms),
            }
        });
        Ok(shown.collect())
    }
}

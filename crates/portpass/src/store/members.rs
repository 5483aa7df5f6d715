//! The `group_members` table.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::{
    Store, StoreError,
    batched::{Batched, Value, select},
};

/// Somebody in an operators' group.
#[derive(Clone, Debug, Deserialize, Eq, FromRow, PartialEq, Serialize)]
pub struct MemberRow {
    /// The operators' group.
    pub group_name: String,
    /// The issuer's name; empty where it is none's.
    pub issuer: String,
    /// The immutable id under that issuer.
    pub identity: String,
    /// Since when, in milliseconds since 1970.
    pub added_ms: i64,
    /// Who did it.
    pub actor: String,
}

pub(super) const COLUMNS: [&str; 5] = ["group_name", "issuer", "identity", "added_ms", "actor"];

pub(super) static INSERT: LazyLock<Batched> =
    LazyLock::new(|| Batched::insert("group_members", &COLUMNS, ""));

pub(super) static ADD: LazyLock<Batched> =
    LazyLock::new(|| Batched::insert("group_members", &COLUMNS, " ON CONFLICT DO NOTHING"));

pub(super) static REMOVE: LazyLock<Batched> = LazyLock::new(|| {
    Batched::new(
        "DELETE FROM group_members WHERE (group_name, issuer, identity) IN (VALUES ",
        3,
        ")",
    )
});

impl MemberRow {
    pub(super) fn values(&self) -> [Value<'_>; COLUMNS.len()] {
        [
            (&self.group_name).into(),
            (&self.issuer).into(),
            (&self.identity).into(),
            self.added_ms.into(),
            (&self.actor).into(),
        ]
    }
}

impl Store {
    /// Every member of every operators' group.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn members(&self) -> Result<Vec<MemberRow>, StoreError> {
        let sql = select(
            &COLUMNS,
            "FROM group_members ORDER BY group_name, issuer, identity",
        );
        Ok(on_db!(read self, |pool| sqlx::query_as(sql).fetch_all(pool).await?))
    }
}

//! The `revocations` table.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::{
    Store, StoreError,
    batched::{Batched, Value, select},
};

/// What ends logins before their time.
#[derive(Clone, Debug, Deserialize, Eq, FromRow, PartialEq, Serialize)]
pub struct RevocationRow {
    /// Which kind it is of.
    pub kind: String,
    /// The issuer's name; empty where it is none's.
    pub issuer: String,
    /// What it names.
    pub value: String,
    /// Since when, in milliseconds since 1970.
    pub at_ms: i64,
    /// Who did it.
    pub actor: String,
}

pub(super) const COLUMNS: [&str; 5] = ["kind", "issuer", "value", "at_ms", "actor"];

pub(super) static INSERT: LazyLock<Batched> =
    LazyLock::new(|| Batched::insert("revocations", &COLUMNS, ""));

/// A key that was withdrawn again is still one that was withdrawn then. Clocks
/// differ: what was revoked stays revoked.
pub(super) static REVOKE: LazyLock<Batched> = LazyLock::new(|| {
    Batched::insert(
        "revocations",
        &COLUMNS,
        " ON CONFLICT (kind, issuer, value) DO UPDATE \
         SET at_ms = excluded.at_ms, actor = excluded.actor \
         WHERE revocations.kind <> 'key_withdrawn' AND revocations.at_ms < excluded.at_ms",
    )
});

pub(super) static LIFT: LazyLock<Batched> = LazyLock::new(|| {
    Batched::new(
        "DELETE FROM revocations WHERE (kind, issuer, value) IN (VALUES ",
        3,
        ")",
    )
});

impl RevocationRow {
    pub(super) fn values(&self) -> [Value<'_>; COLUMNS.len()] {
        [
            (&self.kind).into(),
            (&self.issuer).into(),
            (&self.value).into(),
            self.at_ms.into(),
            (&self.actor).into(),
        ]
    }
}

impl Store {
    /// Every revocation.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn revocations(&self) -> Result<Vec<RevocationRow>, StoreError> {
        let sql = select(&COLUMNS, "FROM revocations ORDER BY kind, issuer, value");
        Ok(on_db!(read self, |pool| sqlx::query_as(sql).fetch_all(pool).await?))
    }
}

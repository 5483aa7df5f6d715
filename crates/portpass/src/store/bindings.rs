//! The `bindings` table.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::{
    Store, StoreError,
    batched::{Batched, Value, select},
};

/// What an issuer's name stands for.
#[derive(Clone, Debug, Deserialize, Eq, FromRow, PartialEq, Serialize)]
pub struct BindingRow {
    /// The issuer's name; empty where it is none's.
    pub issuer: String,
    /// The digest of what the issuer stands for.
    pub binding: String,
    /// Which kind it is of.
    pub kind: String,
    /// A JSON list of what `iss` may be.
    pub iss: String,
    /// Where its keys come from.
    pub source: String,
    /// Since when, in milliseconds since 1970; zero where it is configured no longer.
    pub bound_ms: i64,
    /// Who did it.
    pub actor: String,
}

pub(super) const COLUMNS: [&str; 7] = [
    "issuer", "binding", "kind", "iss", "source", "bound_ms", "actor",
];

pub(super) static INSERT: LazyLock<Batched> =
    LazyLock::new(|| Batched::insert("bindings", &COLUMNS, ""));

pub(super) static BIND: LazyLock<Batched> = LazyLock::new(|| {
    Batched::insert(
        "bindings",
        &COLUMNS,
        " ON CONFLICT (issuer) DO UPDATE SET binding = excluded.binding, kind = excluded.kind, \
         iss = excluded.iss, source = excluded.source, bound_ms = excluded.bound_ms, \
         actor = excluded.actor WHERE bindings.binding <> excluded.binding \
         OR bindings.bound_ms = 0",
    )
});

pub(super) static UNBIND: LazyLock<Batched> = LazyLock::new(|| {
    Batched::new(
        "UPDATE bindings SET bound_ms = 0 WHERE bound_ms <> 0 AND issuer IN (VALUES ",
        1,
        ")",
    )
});

impl BindingRow {
    /// Whether the issuer was in the configuration when it was last read.
    pub fn is_configured(&self) -> bool {
        self.bound_ms != 0
    }

    pub(super) fn values(&self) -> [Value<'_>; COLUMNS.len()] {
        [
            (&self.issuer).into(),
            (&self.binding).into(),
            (&self.kind).into(),
            (&self.iss).into(),
            (&self.source).into(),
            self.bound_ms.into(),
            (&self.actor).into(),
        ]
    }
}

impl Store {
    /// Every issuer's binding.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn bindings(&self) -> Result<Vec<BindingRow>, StoreError> {
        let sql = select(&COLUMNS, "FROM bindings ORDER BY issuer");
        Ok(on_db!(read self, |pool| sqlx::query_as(sql).fetch_all(pool).await?))
    }
}

//! The `identities` table.

use std::{collections::BTreeMap, sync::LazyLock};

use rusqlite::Row;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::{
    RowFilter, Store, StoreError, Transaction,
    batched::{Batched, Value, select},
};

/// Somebody who was proven.
#[derive(Clone, Debug, Deserialize, Eq, FromRow, PartialEq, Serialize)]
pub struct IdentityRow {
    /// The issuer's name; empty where it is none's.
    pub issuer: String,
    /// The immutable id under that issuer.
    pub identity: String,
    /// What people know it by.
    pub name: String,
    /// A JSON list of former names, newest first.
    pub names: String,
    /// When it was first, in milliseconds since 1970.
    pub first_ms: i64,
    /// When it was last, in milliseconds since 1970.
    pub last_ms: i64,
}

/// Former names that are kept of one identity.
const FORMER_NAMES: usize = 20;

pub(super) const COLUMNS: [&str; 6] =
    ["issuer", "identity", "name", "names", "first_ms", "last_ms"];

pub(super) static INSERT: LazyLock<Batched> =
    LazyLock::new(|| Batched::insert("identities", &COLUMNS, ""));

static MEET: LazyLock<Batched> = LazyLock::new(|| {
    Batched::insert(
        "identities",
        &COLUMNS,
        " ON CONFLICT DO NOTHING RETURNING issuer, identity",
    )
});

static LOCK: LazyLock<Batched> =
    LazyLock::new(|| Batched::lock(&COLUMNS.join(", "), "identities", &["issuer", "identity"]));

static MEET_AGAIN: LazyLock<Batched> = LazyLock::new(|| {
    Batched::new(
        "UPDATE identities SET name = v.column3, names = v.column4, last_ms = v.column6 \
         FROM (VALUES ",
        COLUMNS.len(),
        ") AS v WHERE identities.issuer = v.column1 AND identities.identity = v.column2",
    )
});

impl TryFrom<&Row<'_>> for IdentityRow {
    type Error = rusqlite::Error;

    fn try_from(row: &Row<'_>) -> Result<Self, Self::Error> {
        Ok(Self {
            issuer: row.get("issuer")?,
            identity: row.get("identity")?,
            name: row.get("name")?,
            names: row.get("names")?,
            first_ms: row.get("first_ms")?,
            last_ms: row.get("last_ms")?,
        })
    }
}

impl IdentityRow {
    pub(super) fn values(&self) -> [Value<'_>; COLUMNS.len()] {
        [
            (&self.issuer).into(),
            (&self.identity).into(),
            (&self.name).into(),
            (&self.names).into(),
            self.first_ms.into(),
            self.last_ms.into(),
        ]
    }

    /// The same identity, seen later.
    fn meet(&mut self, seen: &Self) {
        self.last_ms = self.last_ms.max(seen.last_ms);
        if self.name == seen.name {
            return;
        }
        let former = std::mem::replace(&mut self.name, seen.name.clone());
        let mut names: Vec<String> = serde_json::from_str(&self.names).unwrap_or_default();
        // A name that goes back and forth is one name all the same.
        names.retain(|name| *name != former);
        names.insert(0, former);
        names.truncate(FORMER_NAMES);
        self.names = serde_json::to_string(&names).expect("a list of texts is JSON");
    }
}

impl Store {
    /// Identities, latest seen first.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn identities(&self, filter: &RowFilter) -> Result<Vec<IdentityRow>, StoreError> {
        let sql = select(
            &COLUMNS,
            "FROM identities WHERE ($1 IS NULL OR issuer = $1) AND \
             ($2 IS NULL OR identity = $2) ORDER BY last_ms DESC, issuer, identity LIMIT $3",
        );
        Ok(on_db!(read self, |pool| {
            sqlx::query_as(sql)
                .bind(&filter.issuer)
                .bind(&filter.identity)
                .bind(i64::from(filter.limit))
                .fetch_all(pool)
                .await?
        }))
    }
}

/// Keeps who was proven, under which name, and when.
pub(super) async fn note(
    transaction: &mut Transaction,
    seen: &[&IdentityRow],
) -> Result<(), StoreError> {
    let key = |row: &IdentityRow| (row.issuer.clone(), row.identity.clone());
    let mut rows: BTreeMap<(String, String), IdentityRow> = BTreeMap::new();
    for row in seen {
        let nameless = || IdentityRow {
            names: "[]".to_owned(),
            ..(*row).clone()
        };
        rows.entry(key(row)).or_insert_with(nameless).meet(row);
    }
    let values: Vec<Value<'_>> = rows.values().flat_map(IdentityRow::values).collect();
    let new: Vec<(String, String)> = transaction.fetch(&MEET, &values).await?;
    for key in &new {
        rows.remove(key);
    }
    let keys: Vec<Value<'_>> = rows
        .values()
        .flat_map(|row| row.values().into_iter().take(2))
        .collect();
    let mut known: Vec<IdentityRow> = transaction.fetch(&LOCK, &keys).await?;
    for row in &mut known {
        let key = key(row);
        let again = seen
            .iter()
            .filter(|seen| seen.issuer == key.0 && seen.identity == key.1);
        for seen in again {
            row.meet(seen);
        }
    }
    let values: Vec<Value<'_>> = known.iter().flat_map(IdentityRow::values).collect();
    transaction.execute(&MEET_AGAIN, &values).await?;
    Ok(())
}

//! The `inbox` table.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::LazyLock,
};

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::{
    RowFilter, Store, StoreError, Transaction,
    batched::{Batched, Value, select},
};

/// Somebody whom no rule gave what they asked.
#[derive(Clone, Debug, Deserialize, Eq, FromRow, PartialEq, Serialize)]
pub struct InboxRow {
    /// The issuer's name; empty where it is none's.
    pub issuer: String,
    /// The immutable id under that issuer.
    pub identity: String,
    /// What people know it by.
    pub name: String,
    /// The registry's name.
    pub registry: String,
    /// The scopes that were asked, as text.
    pub asked: String,
    /// The facts, as JSON.
    pub facts: String,
    /// How often.
    pub count: i64,
    /// When it was first, in milliseconds since 1970.
    pub first_ms: i64,
    /// When it was last, in milliseconds since 1970.
    pub last_ms: i64,
}

/// How many identities of one issuer may wait: a tenant's repositories, not the world's.
const WAITING: i64 = 1000;

pub(super) const COLUMNS: [&str; 9] = [
    "issuer", "identity", "name", "registry", "asked", "facts", "count", "first_ms", "last_ms",
];

pub(super) static INSERT: LazyLock<Batched> =
    LazyLock::new(|| Batched::insert("inbox", &COLUMNS, ""));

pub(super) static DISMISS: LazyLock<Batched> = LazyLock::new(|| {
    Batched::new(
        "DELETE FROM inbox WHERE (issuer, identity) IN (VALUES ",
        2,
        ")",
    )
});

static KNOWN: LazyLock<Batched> = LazyLock::new(|| {
    Batched::new(
        "SELECT issuer, identity FROM inbox WHERE (issuer, identity) IN (VALUES ",
        2,
        ")",
    )
});

static OF_ISSUERS: LazyLock<Batched> = LazyLock::new(|| {
    Batched::new(
        "SELECT issuer, COUNT(*) FROM inbox WHERE issuer IN (VALUES ",
        1,
        ") GROUP BY issuer",
    )
});

static ENTER: LazyLock<Batched> = LazyLock::new(|| {
    Batched::insert(
        "inbox",
        &COLUMNS,
        " ON CONFLICT (issuer, identity) DO UPDATE SET name = excluded.name, \
         registry = excluded.registry, asked = excluded.asked, facts = excluded.facts, \
         count = inbox.count + excluded.count, last_ms = excluded.last_ms",
    )
});

impl InboxRow {
    pub(super) fn values(&self) -> [Value<'_>; COLUMNS.len()] {
        [
            (&self.issuer).into(),
            (&self.identity).into(),
            (&self.name).into(),
            (&self.registry).into(),
            (&self.asked).into(),
            (&self.facts).into(),
            self.count.into(),
            self.first_ms.into(),
            self.last_ms.into(),
        ]
    }
}

impl Store {
    /// Who waits for an operator, most refused first.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn inbox(&self, filter: &RowFilter) -> Result<Vec<InboxRow>, StoreError> {
        let sql = select(
            &COLUMNS,
            "FROM inbox WHERE ($1 IS NULL OR issuer = $1) AND ($2 IS NULL OR identity = $2) AND \
             ($3 IS NULL OR registry = $3) \
             ORDER BY count DESC, last_ms DESC, issuer, identity LIMIT $4",
        );
        Ok(on_db!(read self, |pool| {
            sqlx::query_as(sql)
                .bind(&filter.issuer)
                .bind(&filter.identity)
                .bind(&filter.registry)
                .bind(i64::from(filter.limit))
                .fetch_all(pool)
                .await?
        }))
    }
}

/// Enters who waits: those who do already, and of each issuer's others as many as there is room for.
pub(super) async fn enter(
    transaction: &mut Transaction,
    waiting: &[&InboxRow],
) -> Result<(), StoreError> {
    let mut rows: BTreeMap<(String, String), InboxRow> = BTreeMap::new();
    for row in waiting {
        rows.entry((row.issuer.clone(), row.identity.clone()))
            .and_modify(|known| {
                *known = InboxRow {
                    count: known.count + row.count,
                    first_ms: known.first_ms,
                    ..(*row).clone()
                };
            })
            .or_insert_with(|| (*row).clone());
    }
    let keys: Vec<Value<'_>> = rows
        .values()
        .flat_map(|row| row.values().into_iter().take(2))
        .collect();
    let known: HashSet<(String, String)> = transaction
        .fetch(&KNOWN, &keys)
        .await?
        .into_iter()
        .collect();
    if rows.keys().any(|key| !known.contains(key)) {
        let mut room = room(transaction, &rows).await?;
        rows.retain(|key, row| {
            known.contains(key)
                || room.get_mut(&row.issuer).is_some_and(|room| {
                    *room -= 1;
                    *room >= 0
                })
        });
    }
    let values: Vec<Value<'_>> = rows.values().flat_map(InboxRow::values).collect();
    transaction.execute(&ENTER, &values).await?;
    Ok(())
}

/// How many more of each issuer may wait.
async fn room(
    transaction: &mut Transaction,
    rows: &BTreeMap<(String, String), InboxRow>,
) -> Result<HashMap<String, i64>, StoreError> {
    if let Transaction::Postgres(transaction) = transaction {
        // Two replicas must not fill the last place both.
        sqlx::query("SELECT pg_advisory_xact_lock(hashtext('portpass inbox'))")
            .execute(&mut **transaction)
            .await?;
    }
    let mut room: HashMap<String, i64> = rows
        .values()
        .map(|row| (row.issuer.clone(), WAITING))
        .collect();
    let issuers: Vec<String> = room.keys().cloned().collect();
    let issuers: Vec<Value<'_>> = issuers.iter().map(Value::from).collect();
    for (issuer, count) in transaction
        .fetch::<(String, i64)>(&OF_ISSUERS, &issuers)
        .await?
    {
        room.insert(issuer, WAITING - count);
    }
    Ok(room)
}

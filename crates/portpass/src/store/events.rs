//! The `events` table.

use sqlx::{FromRow, Sqlite, Transaction};

use super::{Store, StoreError};

/// One row, as it stands in the table.
#[derive(Clone, Debug, Eq, FromRow, PartialEq)]
pub struct EventRow {
    /// A `UUIDv7`; a token's is its `jti`.
    pub id: String,
    /// When it first happened, in milliseconds since 1970.
    pub at_ms: i64,
    /// When it last happened, in milliseconds since 1970.
    pub last_ms: i64,
    /// How often it happened.
    pub count: i64,
    /// Which kind of event it is.
    pub kind: String,
    /// Why it was refused, as a code.
    pub reason: Option<String>,
    /// The decision's id.
    pub decision: Option<String>,
    /// The login's id.
    pub login: Option<String>,
    /// The registry's name.
    pub registry: Option<String>,
    /// The issuer's name.
    pub issuer: Option<String>,
    /// The immutable id under that issuer.
    pub identity: Option<String>,
    /// Everything else, as JSON.
    pub body: String,
}

/// One change to the table.
#[derive(Clone, Debug)]
pub enum Change {
    /// Another row.
    Insert(Box<EventRow>),
    /// What is in the table happened again.
    Repeat {
        /// The row's id.
        id: String,
        /// How often more.
        times: i64,
        /// When it last happened, in milliseconds since 1970.
        last_ms: i64,
    },
}

/// Which events to list; what is absent does not narrow.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Only events after this one, by id.
    pub after: Option<String>,
    /// Only events of this decision.
    pub decision: Option<String>,
    /// Only events of this identity.
    pub identity: Option<String>,
    /// Only events of this issuer.
    pub issuer: Option<String>,
    /// Only events of this kind.
    pub kind: Option<String>,
    /// Only events of this login.
    pub login: Option<String>,
    /// Only events for this registry.
    pub registry: Option<String>,
    /// Only events that last happened at or after this, in milliseconds since 1970.
    pub since_ms: Option<i64>,
}

impl Store {
    /// Makes all the changes in one transaction, or none.
    ///
    /// When this returns, they are on the disk.
    ///
    /// # Errors
    ///
    /// When the database refuses a change or the commit.
    pub async fn write_events(&self, changes: &[Change]) -> Result<(), StoreError> {
        match self {
            Self::Sqlite { writer, .. } => {
                let mut transaction = writer.begin().await?;
                for change in changes {
                    apply(&mut transaction, change).await?;
                }
                Ok(transaction.commit().await?)
            }
        }
    }

    /// The newest events that pass the filter, oldest first; with
    /// [`EventFilter::after`], the oldest after it.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn events(
        &self,
        filter: &EventFilter,
        limit: u32,
    ) -> Result<Vec<EventRow>, StoreError> {
        const FILTERED: &str = "SELECT * FROM events WHERE \
             ($1 IS NULL OR id > $1) AND ($2 IS NULL OR decision = $2) AND \
             ($3 IS NULL OR identity = $3) AND ($4 IS NULL OR issuer = $4) AND \
             ($5 IS NULL OR kind = $5) AND ($6 IS NULL OR login = $6) AND \
             ($7 IS NULL OR registry = $7) AND ($8 IS NULL OR last_ms >= $8)";
        let newest_first = filter.after.is_none();
        let order = if newest_first { "DESC" } else { "ASC" };
        let sql = format!("{FILTERED} ORDER BY id {order} LIMIT $9");
        let mut rows: Vec<EventRow> = match self {
            Self::Sqlite { readers, .. } => {
                sqlx::query_as(sqlx::AssertSqlSafe(sql))
                    .bind(&filter.after)
                    .bind(&filter.decision)
                    .bind(&filter.identity)
                    .bind(&filter.issuer)
                    .bind(&filter.kind)
                    .bind(&filter.login)
                    .bind(&filter.registry)
                    .bind(filter.since_ms)
                    .bind(i64::from(limit))
                    .fetch_all(readers)
                    .await?
            }
        };
        if newest_first {
            rows.reverse();
        }
        Ok(rows)
    }
}

async fn apply(
    transaction: &mut Transaction<'_, Sqlite>,
    change: &Change,
) -> Result<(), sqlx::Error> {
    let query = match change {
        Change::Insert(row) => sqlx::query(
            "INSERT INTO events (id, at_ms, last_ms, count, kind, reason, decision, login, \
             registry, issuer, identity, body) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .bind(&row.id)
        .bind(row.at_ms)
        .bind(row.last_ms)
        .bind(row.count)
        .bind(&row.kind)
        .bind(&row.reason)
        .bind(&row.decision)
        .bind(&row.login)
        .bind(&row.registry)
        .bind(&row.issuer)
        .bind(&row.identity)
        .bind(&row.body),
        Change::Repeat { id, times, last_ms } => {
            sqlx::query("UPDATE events SET count = count + $2, last_ms = $3 WHERE id = $1")
                .bind(id)
                .bind(times)
                .bind(last_ms)
        }
    };
    query.execute(&mut **transaction).await?;
    Ok(())
}

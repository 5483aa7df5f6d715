//! The `events` table.

use std::{borrow::Cow, collections::BTreeMap, sync::LazyLock};

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::{
    Store, StoreError, Transaction,
    batched::{Batched, Value, select},
};

/// One row, as it stands in the table.
#[derive(Clone, Debug, Deserialize, Eq, FromRow, PartialEq, Serialize)]
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
pub enum Change<'r> {
    /// Another row.
    Insert(Cow<'r, EventRow>),
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

impl From<EventRow> for Change<'_> {
    fn from(row: EventRow) -> Self {
        Self::Insert(Cow::Owned(row))
    }
}

/// Which events to list; what is absent does not narrow.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Only events after this one, by id.
    pub after: Option<String>,
    /// Only events of this decision: what callers were told, if there is any; else its
    /// tokens, for which every event is read.
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

pub(super) const COLUMNS: [&str; 12] = [
    "id", "at_ms", "last_ms", "count", "kind", "reason", "decision", "login", "registry", "issuer",
    "identity", "body",
];

pub(super) static INSERT: LazyLock<Batched> =
    LazyLock::new(|| Batched::insert("events", &COLUMNS, ""));

static REPEAT: LazyLock<Batched> = LazyLock::new(|| {
    Batched::new(
        "UPDATE events SET count = events.count + v.column2, last_ms = v.column3 FROM (VALUES ",
        3,
        ") AS v WHERE events.id = v.column1",
    )
});

/// Longer than anything is counted on one row, in milliseconds: it is a minute, and clocks differ.
const SHARED_MS: i64 = 3_600_000;

impl EventRow {
    pub(super) fn values(&self) -> [Value<'_>; COLUMNS.len()] {
        [
            (&self.id).into(),
            self.at_ms.into(),
            self.last_ms.into(),
            self.count.into(),
            (&self.kind).into(),
            (&self.reason).into(),
            (&self.decision).into(),
            (&self.login).into(),
            (&self.registry).into(),
            (&self.issuer).into(),
            (&self.identity).into(),
            (&self.body).into(),
        ]
    }
}

impl Store {
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
        // What a caller was told is in the index; tokens are not, so that they cost nothing there.
        if filter.decision.is_some() {
            let told = "decision = $2 AND kind <> 'token'";
            let rows = self.select_events(told, filter, limit).await?;
            if !rows.is_empty() {
                return Ok(rows);
            }
        }
        let any = "($2 IS NULL OR decision = $2)";
        self.select_events(any, filter, limit).await
    }

    async fn select_events(
        &self,
        decision: &str,
        filter: &EventFilter,
        limit: u32,
    ) -> Result<Vec<EventRow>, StoreError> {
        let newest_first = filter.after.is_none();
        let order = if newest_first { "DESC" } else { "ASC" };
        // A bound of the id is one of time, too, and spares reading what is older. Of two bounds
        // SQLite would use one, and read page after page what the other leaves out.
        let first = filter
            .since_ms
            .map(|since_ms| first_id(since_ms - SHARED_MS));
        let after = filter.after.clone().max(first).unwrap_or_default();
        let from = format!(
            "FROM events WHERE id > $1 AND {decision} AND \
             ($3 IS NULL OR identity = $3) AND ($4 IS NULL OR issuer = $4) AND \
             ($5 IS NULL OR kind = $5) AND ($6 IS NULL OR login = $6) AND \
             ($7 IS NULL OR registry = $7) AND ($8 IS NULL OR last_ms >= $8) \
             ORDER BY id {order} LIMIT $9"
        );
        let sql = select(&COLUMNS, &from);
        let mut rows: Vec<EventRow> = on_db!(read self, |pool| {
            sqlx::query_as(sql)
                .bind(&after)
                .bind(&filter.decision)
                .bind(&filter.identity)
                .bind(&filter.issuer)
                .bind(&filter.kind)
                .bind(&filter.login)
                .bind(&filter.registry)
                .bind(filter.since_ms)
                .bind(i64::from(limit))
                .fetch_all(pool)
                .await?
        });
        if newest_first {
            rows.reverse();
        }
        Ok(rows)
    }
}

/// No event that happened at this time or later has a lesser id: a `UUIDv7` begins
/// with 48 bits of milliseconds (RFC 9562 §5.7).
pub(super) fn first_id(at_ms: i64) -> String {
    let (high, low) = (at_ms.max(0) >> 16, at_ms.max(0) & 0xffff);
    format!("{high:08x}-{low:04x}-0000-0000-000000000000")
}

/// Writes the new rows among some changes.
pub(super) async fn insert(
    transaction: &mut Transaction,
    changes: &[Change<'_>],
) -> Result<(), StoreError> {
    let values: Vec<Value<'_>> = changes
        .iter()
        .filter_map(|change| match change {
            Change::Insert(row) => Some(row.values()),
            Change::Repeat { .. } => None,
        })
        .flatten()
        .collect();
    transaction.execute(&INSERT, &values).await?;
    Ok(())
}

/// Counts what happened again; of a row that is pruned meanwhile, nothing is left to count.
pub(super) async fn repeat(
    transaction: &mut Transaction,
    changes: &[Change<'_>],
) -> Result<(), StoreError> {
    // PostgreSQL changes a row once in a statement, whatever is said of it how often.
    let mut of_row = BTreeMap::new();
    for change in changes {
        if let Change::Repeat { id, times, last_ms } = change {
            let (all_times, latest) = of_row.entry(id).or_insert((0, *last_ms));
            *all_times += times;
            *latest = (*last_ms).max(*latest);
        }
    }
    let values: Vec<Value<'_>> = of_row
        .into_iter()
        .flat_map(|(id, (times, last_ms))| [id.into(), times.into(), last_ms.into()])
        .collect();
    transaction.execute(&REPEAT, &values).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use uuid::{NoContext, Timestamp, Uuid};

    use super::*;

    #[test]
    fn ids_are_parted_by_their_time() {
        let id = |milliseconds: u32| {
            let time = Timestamp::from_unix(NoContext, 1_767_225_600, milliseconds * 1_000_000);
            Uuid::new_v7(time).to_string()
        };
        let first = first_id(1_767_225_600_123);
        assert!(id(122) < first);
        assert!(first < id(123));
    }
}

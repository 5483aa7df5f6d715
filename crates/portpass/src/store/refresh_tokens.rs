//! The `refresh_tokens` table.

use std::{
    collections::{BTreeSet, HashMap},
    sync::LazyLock,
};

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::{
    SessionRow, Store, StoreError, Transaction,
    batched::{Batched, Value, select},
};
use crate::session::MAX_REFRESH_TOKENS;

/// What `docker login` keeps, hashed.
#[derive(Clone, Debug, Deserialize, Eq, FromRow, PartialEq, Serialize)]
pub struct RefreshTokenRow {
    /// The hash of the secret.
    pub hash: String,
    /// The login's id.
    pub login: String,
    /// The registry's name.
    pub registry: String,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
}

pub(super) const COLUMNS: [&str; 4] = ["hash", "login", "registry", "created_ms"];

pub(super) static INSERT: LazyLock<Batched> =
    LazyLock::new(|| Batched::insert("refresh_tokens", &COLUMNS, ""));

static OF_LOGINS: LazyLock<Batched> = LazyLock::new(|| {
    Batched::new(
        "SELECT login, COUNT(*) FROM refresh_tokens WHERE login IN (VALUES ",
        1,
        ") GROUP BY login",
    )
});

static OF_SESSIONS: LazyLock<Batched> =
    LazyLock::new(|| Batched::new("DELETE FROM refresh_tokens WHERE login IN (VALUES ", 1, ")"));

pub(super) static REVOKE: LazyLock<Batched> =
    LazyLock::new(|| Batched::new("DELETE FROM refresh_tokens WHERE hash IN (VALUES ", 1, ")"));

impl RefreshTokenRow {
    pub(super) fn values(&self) -> [Value<'_>; COLUMNS.len()] {
        [
            (&self.hash).into(),
            (&self.login).into(),
            (&self.registry).into(),
            self.created_ms.into(),
        ]
    }
}

impl Store {
    /// A refresh token and its session.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn refresh_token(
        &self,
        hash: &str,
    ) -> Result<Option<(RefreshTokenRow, SessionRow)>, StoreError> {
        let sql = select(&COLUMNS, "FROM refresh_tokens WHERE hash = $1");
        let row: Option<RefreshTokenRow> = on_db!(read self, |pool| {
            sqlx::query_as(sql).bind(hash).fetch_optional(pool).await?
        });
        let Some(row) = row else {
            return Ok(None);
        };
        let session = self.session(&row.login).await?;
        Ok(session.map(|session| (row, session)))
    }
}

/// Stores tokens of sessions that this transaction has locked, in their order, as far
/// as each session has room; says of each whether it was stored.
pub(super) async fn store(
    transaction: &mut Transaction,
    rows: &[&RefreshTokenRow],
) -> Result<Vec<bool>, StoreError> {
    let logins: BTreeSet<&str> = rows.iter().map(|row| row.login.as_str()).collect();
    let logins: Vec<Value<'_>> = logins.into_iter().map(Value::from).collect();
    let counts: Vec<(String, i64)> = transaction.fetch(&OF_LOGINS, &logins).await?;
    let mut counts: HashMap<String, i64> = counts.into_iter().collect();
    let mut values = Vec::new();
    let mut stored = Vec::with_capacity(rows.len());
    for row in rows {
        let count = counts.entry(row.login.clone()).or_default();
        let room = *count < MAX_REFRESH_TOKENS;
        if room {
            *count += 1;
            values.extend(row.values());
        }
        stored.push(room);
    }
    transaction.execute(&INSERT, &values).await?;
    Ok(stored)
}

/// Deletes the tokens of sessions that are gone.
pub(super) async fn forget(
    transaction: &mut Transaction,
    logins: &[String],
) -> Result<(), StoreError> {
    let logins: Vec<Value<'_>> = logins.iter().map(Value::from).collect();
    transaction.execute(&OF_SESSIONS, &logins).await?;
    Ok(())
}

//! The `sessions` table.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::{
    RowFilter, Store, StoreError,
    batched::{Batched, Value, select},
};

/// A login that may outlive its JWT. Columns are explained in the migration.
#[derive(Clone, Debug, Deserialize, Eq, FromRow, PartialEq, Serialize)]
pub struct SessionRow {
    /// The login's id.
    pub login: String,
    /// The issuer's name; empty where it is none's.
    pub issuer: String,
    /// The immutable id under that issuer.
    pub identity: String,
    /// What people know it by.
    pub name: String,
    /// The fact `run_id`.
    pub run: Option<String>,
    /// The digest of what the issuer stands for.
    pub binding: String,
    /// The issuer's key that signed the JWT.
    pub signing_key: String,
    /// The JWT's `iat`, in milliseconds since 1970.
    pub issued_ms: i64,
    /// When it expires, in milliseconds since 1970.
    pub expires_ms: i64,
    /// When it was opened, in milliseconds since 1970.
    pub opened_ms: i64,
    /// The cap as it was then, in milliseconds since 1970.
    pub ends_ms: i64,
    /// When the row may go, in milliseconds since 1970.
    pub prune_ms: i64,
    /// When it was last used, in milliseconds since 1970.
    pub last_used_ms: i64,
    /// How often it was used.
    pub uses: i64,
    /// A JSON list of the networks it was used from, the first first.
    pub networks: String,
    /// The JWT's payload, as JSON.
    pub claims: String,
    /// What the provider's token said of a job, as JSON.
    pub provider: Option<String>,
    /// The provider's refresh token of a person, encrypted; not in copies.
    #[serde(skip)]
    pub sealed: Option<String>,
}

pub(super) const COLUMNS: [&str; 18] = [
    "login",
    "issuer",
    "identity",
    "name",
    "run",
    "binding",
    "signing_key",
    "issued_ms",
    "expires_ms",
    "opened_ms",
    "ends_ms",
    "prune_ms",
    "last_used_ms",
    "uses",
    "networks",
    "claims",
    "provider",
    "sealed",
];

pub(super) static INSERT: LazyLock<Batched> =
    LazyLock::new(|| Batched::insert("sessions", &COLUMNS, ""));

impl SessionRow {
    pub(super) fn values(&self) -> [Value<'_>; COLUMNS.len()] {
        [
            (&self.login).into(),
            (&self.issuer).into(),
            (&self.identity).into(),
            (&self.name).into(),
            (&self.run).into(),
            (&self.binding).into(),
            (&self.signing_key).into(),
            self.issued_ms.into(),
            self.expires_ms.into(),
            self.opened_ms.into(),
            self.ends_ms.into(),
            self.prune_ms.into(),
            self.last_used_ms.into(),
            self.uses.into(),
            (&self.networks).into(),
            (&self.claims).into(),
            (&self.provider).into(),
            (&self.sealed).into(),
        ]
    }
}

impl Store {
    /// The session of a login.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn session(&self, login: &str) -> Result<Option<SessionRow>, StoreError> {
        let sql = select(&COLUMNS, "FROM sessions WHERE login = $1");
        Ok(on_db!(read self, |pool| {
            sqlx::query_as(sql).bind(login).fetch_optional(pool).await?
        }))
    }

    /// Sessions, latest use first.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn sessions(&self, filter: &RowFilter) -> Result<Vec<SessionRow>, StoreError> {
        let sql = select(
            &COLUMNS,
            "FROM sessions WHERE ($1 IS NULL OR issuer = $1) AND \
             ($2 IS NULL OR identity = $2) AND ($3 IS NULL OR login = $3) AND \
             ($4 IS NULL OR run = $4) ORDER BY last_used_ms DESC, login LIMIT $5",
        );
        Ok(on_db!(read self, |pool| {
            sqlx::query_as(sql)
                .bind(&filter.issuer)
                .bind(&filter.identity)
                .bind(&filter.login)
                .bind(&filter.run)
                .bind(i64::from(filter.limit))
                .fetch_all(pool)
                .await?
        }))
    }
}

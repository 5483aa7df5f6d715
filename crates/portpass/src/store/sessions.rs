//! The `sessions` table.

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

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
}

//! The `api_tokens` table.

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

/// A robot's secret, hashed, and what it may do.
#[derive(Clone, Debug, Deserialize, Eq, FromRow, PartialEq, Serialize)]
pub struct ApiTokenRow {
    /// Its id.
    pub id: String,
    /// What people know it by.
    pub name: String,
    /// The hash of the secret.
    pub hash: String,
    /// The operators' group.
    pub group_name: String,
    /// A JSON list of patterns.
    pub pull: String,
    /// A JSON list of patterns.
    pub push: String,
    /// A JSON list of patterns.
    pub deletes: String,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
    /// Who did it.
    pub actor: String,
    /// When it expires, in milliseconds since 1970.
    pub expires_ms: Option<i64>,
    /// When it was revoked, in milliseconds since 1970.
    pub revoked_ms: Option<i64>,
    /// When it was last used, in milliseconds since 1970.
    pub last_used_ms: Option<i64>,
    /// From which network it was last used.
    pub last_network: Option<String>,
}

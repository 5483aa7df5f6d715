//! The `refresh_tokens` table.

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

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

//! The `identities` table.

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

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

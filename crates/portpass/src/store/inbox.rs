//! The `inbox` table.

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

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

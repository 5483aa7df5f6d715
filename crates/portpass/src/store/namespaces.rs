//! The `namespaces` table.

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

/// A rendered name and who owns it.
#[derive(Clone, Debug, Deserialize, Eq, FromRow, PartialEq, Serialize)]
pub struct NamespaceRow {
    /// The registry's name.
    pub registry: String,
    /// The rendered name.
    pub namespace: String,
    /// The issuer's name; empty where it is none's.
    pub issuer: String,
    /// The immutable id that owns it.
    pub owner: String,
    /// What people know it by.
    pub name: String,
    /// Since when, in milliseconds since 1970.
    pub since_ms: i64,
}

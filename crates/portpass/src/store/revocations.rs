//! The `revocations` table.

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

/// What ends logins before their time.
#[derive(Clone, Debug, Deserialize, Eq, FromRow, PartialEq, Serialize)]
pub struct RevocationRow {
    /// Which kind it is of.
    pub kind: String,
    /// The issuer's name; empty where it is none's.
    pub issuer: String,
    /// What it names.
    pub value: String,
    /// Since when, in milliseconds since 1970.
    pub at_ms: i64,
    /// Who did it.
    pub actor: String,
}

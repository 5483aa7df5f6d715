//! The `group_members` table.

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

/// Somebody in an operators' group.
#[derive(Clone, Debug, Deserialize, Eq, FromRow, PartialEq, Serialize)]
pub struct MemberRow {
    /// The operators' group.
    pub group_name: String,
    /// The issuer's name; empty where it is none's.
    pub issuer: String,
    /// The immutable id under that issuer.
    pub identity: String,
    /// Since when, in milliseconds since 1970.
    pub added_ms: i64,
    /// Who did it.
    pub actor: String,
}

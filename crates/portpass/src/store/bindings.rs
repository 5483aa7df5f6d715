//! The `bindings` table.

use serde::{Deserialize, Serialize};
use sqlx::FromRow;

/// What an issuer's name stands for.
#[derive(Clone, Debug, Deserialize, Eq, FromRow, PartialEq, Serialize)]
pub struct BindingRow {
    /// The issuer's name; empty where it is none's.
    pub issuer: String,
    /// The digest of what the issuer stands for.
    pub binding: String,
    /// Which kind it is of.
    pub kind: String,
    /// A JSON list of what `iss` may be.
    pub iss: String,
    /// Where its keys come from.
    pub source: String,
    /// Since when, in milliseconds since 1970.
    pub bound_ms: i64,
    /// Who did it.
    pub actor: String,
}

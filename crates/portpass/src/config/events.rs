//! `[events]`: how much of what strangers do is kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much is recorded beyond what must be.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct EventSettings {
    /// How many attempts of callers who prove nothing are kept as events, for
    /// each reason and issuer in each minute. The rest are only counted, so
    /// that strangers cannot fill the disk. Tokens, and refusals of callers
    /// who proved who they are, are always kept.
    pub unproven_kept_per_minute: u32,
}

impl Default for EventSettings {
    fn default() -> Self {
        Self {
            unproven_kept_per_minute: 5,
        }
    }
}

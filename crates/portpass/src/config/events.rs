//! `[events]`: how long events are kept, and how much of what strangers do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Days;

/// How long events are kept, and how much beyond what must be.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct EventSettings {
    /// How long events are kept after they last happened, in days. Older ones
    /// are deleted little by little.
    pub keep: Days<1, 3650>,
    /// How many attempts of callers who prove nothing are kept as events, for
    /// each reason and issuer in each minute. The rest are only counted, so
    /// that strangers cannot fill the disk. Tokens, and refusals of callers
    /// who proved who they are, are always kept.
    pub unproven_kept_per_minute: u32,
}

impl Default for EventSettings {
    fn default() -> Self {
        Self {
            keep: Days::of(90),
            unproven_kept_per_minute: 5,
        }
    }
}

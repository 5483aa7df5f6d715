//! Where a key stands in its life.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether a key signs already, still, or no more.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Its turn to sign has yet to come.
    Coming,
    /// It signs.
    Current,
    /// It signs no more, but tokens of it may live.
    Past,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Coming => "coming",
            Self::Current => "current",
            Self::Past => "past",
        })
    }
}

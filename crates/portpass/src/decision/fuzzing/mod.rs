//! What holds of any expression and any template, whoever asks.

mod cel;
mod template;

use serde_json::{Map, Value};

pub use self::{cel::cel, template::template};
use crate::identity::{Facts, Supposed};

/// Somebody whose JWT said this.
fn somebody(issuer: &str, facts: Facts, claims: Map<String, Value>) -> Supposed {
    Supposed::recorded(issuer, "74", "acme/web", facts, claims)
}

//! `[metrics]`: what is counted for Prometheus.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is counted for Prometheus.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct MetricSettings {
    /// Whether `/metrics` is served at `listen.ops`.
    pub enabled: bool,
}

impl Default for MetricSettings {
    fn default() -> Self {
        Self { enabled: true }
    }
}

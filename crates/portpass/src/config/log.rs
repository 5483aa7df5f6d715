//! `[log]`: how the server's own log is written, to standard error.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the server's own log is written, to standard error.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogSettings {
    /// One line for people, or one JSON object for programs.
    pub format: LogFormat,
    /// What is left out: everything less grave than this.
    pub level: LogLevel,
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    #[default]
    Readable,
}

/// How grave a line of the log must be to be written.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What failed.
    Error,
    /// And what may soon.
    Warn,
    /// And what happens in general.
    #[default]
    Info,
    /// And each step.
    Debug,
    /// And what only a developer asks for.
    Trace,
}

//! Why a configuration was not loaded.

use std::fmt;

use super::{
    Fault,
    sources::{Diagnostic, Sources},
};
use crate::cli::is_hidden;

/// The faults of a configuration, with the texts they stand in.
#[derive(Clone, Debug)]
pub struct ConfigError {
    sources: Sources,
    faults: Vec<Fault>,
}

impl ConfigError {
    /// Faults in some files, in the order in which they stand there; of their messages all
    /// is shown, and nothing obeyed by a terminal.
    pub fn new(sources: Sources, mut faults: Vec<Fault>) -> Self {
        for fault in &mut faults {
            fault.at = fault.at.plain();
            fault.message = fault.message.replace(is_hidden, "\u{fffd}");
        }
        faults.sort_by_key(|fault| fault.at);
        faults.dedup();
        Self { sources, faults }
    }

    /// What is wrong, at least one thing.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Each fault with its line and a pointer, for people.
    pub fn render(&self) -> String {
        self.sources.render(&self.faults)
    }

    /// Each fault, for programs.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        self.sources.diagnostics(&self.faults)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.render().trim_end())
    }
}

impl std::error::Error for ConfigError {}

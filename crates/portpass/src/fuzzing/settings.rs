//! The configuration's file: it loads or says where it is wrong, and never anything else.

use std::path::Path;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::laws;
use crate::{
    cli::is_hidden,
    config::{self, Config, ConfigError, Diagnostic},
    decision::Policy,
    lint,
};

/// Where the text would stand: a folder that is not there.
const PATH: &str = "/nowhere/portpass.toml";

/// The absolute paths of examples, which are not there either.
const EXAMPLES: [&str; 3] = ["/nowhere/", "/run/portpass/", "/var/lib/portpass"];

/// A text as the configuration's file.
pub fn toml(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if names_files_that_may_be_there(text) {
        return;
    }
    match load(text) {
        Ok(config) => {
            let again = load(text).expect("what loads, loads again");
            assert_eq!(config.tables, again.tables, "a text means one thing");
            compiles(text, &config);
        }
        Err(error) => refused(text, &error),
    }
}

fn load(text: &str) -> Result<Config, ConfigError> {
    config::load_text(Path::new(PATH), text.to_owned())
}

fn compiles(text: &str, config: &Config) {
    match Policy::compile(&config.policy) {
        Ok(policy) => {
            let again = Policy::compile(&config.policy).expect("what compiles, compiles again");
            assert_eq!(policy.version(), again.version(), "one text, one version");
            for finding in lint::lint(config, &policy, &[]) {
                laws::is_one_line(&finding.message, text.len() * 2 + 4096);
            }
        }
        Err(faults) => refused(text, &config.error(faults)),
    }
}

/// What is refused has faults, each about a piece of the text; what people are shown of them has
/// lines, and nothing else that a terminal obeys.
fn refused(text: &str, error: &ConfigError) {
    let faults = error.faults();
    assert!(!faults.is_empty(), "what is refused has a fault");
    for fault in faults {
        let at = fault.at;
        assert_eq!(at.file, 0, "there is one file");
        assert!(text.get(at.start..at.end).is_some(), "{fault} at {at:?}");
        assert!(!fault.message.is_empty(), "a fault says what is wrong");
    }
    for Diagnostic {
        file, line, column, ..
    } in error.diagnostics()
    {
        assert_eq!(file, PATH, "there is one file");
        assert!(line >= 1 && column >= 1, "{line}:{column}");
    }
    let shown = error.render();
    let obeyed = |letter: char| is_hidden(letter) && !matches!(letter, '\n' | '\t');
    assert!(!shown.contains(obeyed), "{shown:?}");
}

/// Whether a string of it could be a path of this machine: a target reads no files.
fn names_files_that_may_be_there(text: &str) -> bool {
    let (root, _) = DeTable::parse_recoverable(text);
    root.into_inner().values().any(names_a_file)
}

fn names_a_file(value: &Spanned<DeValue<'_>>) -> bool {
    match value.get_ref() {
        DeValue::Array(values) => values.iter().any(names_a_file),
        DeValue::String(text) => {
            let is_example = EXAMPLES.iter().any(|start| text.starts_with(start));
            text.contains("..") || (text.starts_with('/') && !is_example)
        }
        DeValue::Table(table) => table.values().any(names_a_file),
        DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Float(_) | DeValue::Integer(_) => {
            false
        }
    }
}

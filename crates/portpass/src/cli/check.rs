//! `portpass check`: loads everything the server would, and exits.

use std::{path::Path, process::ExitCode};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::printer::Printer;
use crate::{
    clock::Clock,
    config::{self, Config, ConfigError},
    snapshot::Snapshot,
};

/// What stands after `portpass check`.
#[derive(Debug, clap::Args)]
pub(super) struct Check;

impl Check {
    /// Prints a summary of what loads, or every fault. Exit code 1: it does
    /// not load.
    ///
    /// # Errors
    ///
    /// Nothing can be printed.
    pub(super) fn run(config: &Path, printer: Printer) -> anyhow::Result<ExitCode> {
        let checked = load(config, Clock::System.now());
        match (&checked, printer.is_json()) {
            (Ok(config), false) => Printer::text(&summary(config))?,
            (Ok(config), true) => Printer::json(&json_summary(config))?,
            (Err(error), false) => Printer::text(&error.render())?,
            (Err(error), true) => Printer::json(&json_faults(error))?,
        }
        Ok(match checked {
            Ok(_) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        })
    }
}

/// Reads the files and compiles what the server would of them.
fn load(path: &Path, now: Timestamp) -> Result<Config, ConfigError> {
    let config = config::load(path)?;
    Snapshot::of(&config, None, now)?;
    Ok(config)
}

fn summary(config: &Config) -> String {
    let registries: Vec<&str> = config
        .registries
        .iter()
        .map(|registry| &*registry.name)
        .collect();
    let issuers: Vec<&str> = config
        .issuers
        .iter()
        .map(|issuer| issuer.name.as_str())
        .collect();
    let list = |names: Vec<&str>| {
        if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        }
    };
    format!(
        "ok\nregistries: {}\nissuers: {}\nrules: {}, denies: {}, groups: {}\n",
        list(registries),
        list(issuers),
        config.policy.rules.len(),
        config.policy.denies.len(),
        config.policy.groups.len(),
    )
}

fn json_summary(config: &Config) -> Value {
    json!({
        "ok": true,
        "registries": config.registries.iter().map(|registry| &*registry.name).collect::<Vec<_>>(),
        "issuers": config.issuers.iter().map(|issuer| &issuer.name).collect::<Vec<_>>(),
        "rules": config.policy.rules.keys().collect::<Vec<_>>(),
        "denies": config.policy.denies.keys().collect::<Vec<_>>(),
        "groups": config.policy.groups.keys().collect::<Vec<_>>(),
    })
}

fn json_faults(error: &ConfigError) -> Value {
    json!({ "ok": false, "faults": error.diagnostics() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
public_url = "https://registry.example.com"
[store]
data_dir = "data"
[registry.main]
service = "registry.example.com"
kind = "distribution"
"#;

    /// What is made of a file of this text; faults without the test's folder.
    fn checked(text: &str) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("portpass.toml");
        std::fs::write(&path, text).unwrap();
        load(&path, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn what_loads_is_summed_up() {
        let config = checked(FILE).unwrap();
        insta::assert_snapshot!(summary(&config), @r"
        ok
        registries: main
        issuers: none
        rules: 0, denies: 0, groups: 0
        ");
        insta::assert_snapshot!(json_summary(&config), @r#"{"ok":true,"registries":["main"],"issuers":[],"rules":[],"denies":[],"groups":[]}"#);
    }

    #[test]
    fn what_does_not_load_is_told_to_programs_too() {
        let error = checked(&FILE.replace("kind", "knd")).unwrap_err();
        let faults = json_faults(&error);
        assert_eq!(faults["ok"], false);
        let fault = &faults["faults"][0];
        assert_eq!(fault["message"], "unknown key `knd`; did you mean `kind`?");
        assert_eq!(
            (&fault["line"], &fault["column"], &fault["length"]),
            (&json!(7), &json!(1), &json!(3))
        );
    }

    #[test]
    fn what_loads_and_does_not_compile_is_told_too() {
        let rule = "[rule.nobody]\npull = [\"**\"]\n";
        let error = checked(&format!("{FILE}{rule}")).unwrap_err();
        assert!(error.render().contains("[rule.nobody]"), "{error}");
    }
}

//! `portpass check`: loads everything the server would, and exits.

use std::{process::ExitCode, sync::Arc};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::printer::Printer;
use crate::{
    clock::Clock,
    config::{Config, ConfigError, Whence},
    decision::GroupSource,
    http::tls::{Tls, TlsError},
    snapshot::Snapshot,
    token::KeyError,
    trial,
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
    pub(super) fn run(whence: &Whence, printer: Printer) -> anyhow::Result<ExitCode> {
        let checked = load(whence, Clock::System.now());
        match (&checked, printer.is_json()) {
            (Ok(config), false) => Printer::text(&summary(config))?,
            (Ok(config), true) => Printer::json(&json_summary(config))?,
            (Err(broken), false) => Printer::text(&format!("{broken}\n"))?,
            (Err(broken), true) => Printer::json(&json_faults(broken))?,
        }
        Ok(match checked {
            Ok(_) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        })
    }
}

/// What does not load.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("{0}")]
    Config(#[from] ConfigError),
    #[error("error: [keys] ca: {0}")]
    Keys(#[from] KeyError),
    #[error("error: [tls]: {0}")]
    Tls(#[from] TlsError),
}

/// Reads the files, compiles what the server would of them, and opens the
/// certificates and keys that they name.
fn load(whence: &Whence, now: Timestamp) -> Result<Config, Broken> {
    let config = whence.load()?;
    let snapshot = Snapshot::of(&config, None, now)?;
    trial::check(&config, &Arc::new(snapshot), now)?;
    config.keys.check()?;
    if let Some(files) = &config.tls {
        Tls::load(&files.certificate, &files.key)?;
    }
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
    let warnings = config.warnings();
    let warnings = warnings
        .iter()
        .map(|warning| format!("warning: {warning}\n"));
    let text = format!(
        "ok\nregistries: {}\nissuers: {}\nrules: {}, denies: {}, groups: {}\n",
        list(registries),
        list(issuers),
        config.policy.rules.len(),
        config.policy.denies.len(),
        config.policy.groups.len(),
    );
    text + &stored(config) + &warnings.collect::<String>()
}

/// Where things are kept, and where operators are served.
fn stored(config: &Config) -> String {
    let database = match &config.database_url {
        Some(_) => "PostgreSQL",
        None => "SQLite in the data folder",
    };
    let tcp = config.admin_listen.as_ref().map(|admin| {
        let names: Vec<&str> = admin.tokens.keys().map(String::as_str).collect();
        format!(
            "operators over TCP: {} for {}\n",
            admin.address,
            names.join(", ")
        )
    });
    format!("store: {database}\n{}", tcp.unwrap_or_default())
}

fn json_summary(config: &Config) -> Value {
    json!({
        "ok": true,
        "registries": config.registries.iter().map(|registry| &*registry.name).collect::<Vec<_>>(),
        "issuers": config.issuers.iter().map(|issuer| &issuer.name).collect::<Vec<_>>(),
        "rules": config.policy.rules.keys().collect::<Vec<_>>(),
        "denies": config.policy.denies.keys().collect::<Vec<_>>(),
        "groups": config.policy.groups.keys().collect::<Vec<_>>(),
        "operators_groups": config
            .policy
            .groups
            .iter()
            .filter(|(_, source)| **source == GroupSource::Operators)
            .map(|(name, _)| name)
            .collect::<Vec<_>>(),
        "store": if config.database_url.is_some() { "postgresql" } else { "sqlite" },
        "admin_listen": config.admin_listen.as_ref().map(|admin| admin.address),
        "warnings": config.warnings(),
    })
}

fn json_faults(broken: &Broken) -> Value {
    let faults = match broken {
        Broken::Config(error) => json!(error.diagnostics()),
        Broken::Keys(error) => json!([{ "message": error.to_string() }]),
        Broken::Tls(error) => json!([{ "message": error.to_string() }]),
    };
    json!({ "ok": false, "faults": faults })
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
    fn checked(text: &str) -> Result<Config, Broken> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("portpass.toml");
        std::fs::write(&path, text).unwrap();
        load(&Whence::File(path), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn what_loads_is_summed_up() {
        let config = checked(FILE).unwrap();
        insta::assert_snapshot!(summary(&config), @r"
        ok
        registries: main
        issuers: none
        rules: 0, denies: 0, groups: 0
        store: SQLite in the data folder
        ");
        insta::assert_snapshot!(json_summary(&config), @r#"{"ok":true,"registries":["main"],"issuers":[],"rules":[],"denies":[],"groups":[],"operators_groups":[],"store":"sqlite","admin_listen":null,"warnings":[]}"#);
    }

    #[test]
    fn what_does_not_load_is_told_to_programs_too() {
        let error = checked(&FILE.replace("kind", "kinb")).unwrap_err();
        let faults = json_faults(&error);
        assert_eq!(faults["ok"], false);
        let fault = &faults["faults"][0];
        assert_eq!(fault["message"], "unknown key `kinb`; did you mean `kind`?");
        assert_eq!(
            (&fault["line"], &fault["column"], &fault["length"]),
            (&json!(7), &json!(1), &json!(4))
        );
    }

    #[test]
    fn certificates_and_keys_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        let made = || rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (crt, key) = (folder.path().join("a.crt"), folder.path().join("a.key"));
        std::fs::write(&crt, made().cert.pem()).unwrap();
        std::fs::write(&key, made().signing_key.serialize_pem()).unwrap();
        let files = format!(
            "certificate = '{}'\nkey = '{}'\n",
            crt.display(),
            key.display()
        );
        let tls = checked(&format!("{FILE}[tls]\n{files}")).unwrap_err();
        assert!(matches!(tls, Broken::Tls(_)), "{tls}");
        let ca = files.replace('\n', ", ");
        let ca = checked(&format!(
            "{FILE}[keys]\nca = {{ {} }}\n",
            ca.trim_end_matches(", ")
        ))
        .unwrap_err();
        assert!(matches!(ca, Broken::Keys(_)), "{ca}");
    }

    #[test]
    fn what_loads_and_does_not_compile_is_told_too() {
        let rule = "[rule.nobody]\npull = [\"**\"]\n";
        let error = checked(&format!("{FILE}{rule}")).unwrap_err();
        assert!(error.to_string().contains("[rule.nobody]"), "{error}");
    }
}

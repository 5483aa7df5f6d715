//! `portpass check`: loads everything the server would, and says what is wrong
//! with it, not safe or not meant.

mod annotated;
mod sarif;
#[cfg(test)]
mod tests;

use std::{fs, process::ExitCode, sync::Arc};

use anyhow::Context as _;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::printer::Printer;
use crate::{
    clock::Clock,
    config::{Config, ConfigError, Whence},
    decision::GroupSource,
    http::tls::{Tls, TlsError},
    lint::{self, Finding, Level},
    snapshot::Snapshot,
    token::KeyError,
    trial,
};

/// The exit code where a finding is as bad as `--deny` says, or worse.
const FOUND: u8 = 3;

/// What stands after `portpass check`.
#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// End with 3 if there is a finding of this level or above.
    #[arg(long, value_name = "LEVEL", default_value = "error")]
    deny: Level,
    /// Show notes too, which are otherwise only counted.
    #[arg(long)]
    notes: bool,
    /// Write everything found as SARIF 2.1.0 to this file; `-`: print that and
    /// nothing else.
    #[arg(long, value_name = "FILE")]
    sarif: Option<String>,
}

/// A configuration that loads, and what was found in it.
#[derive(Debug)]
struct Checked {
    config: Config,
    findings: Vec<Finding>,
}

impl Check {
    /// Prints a summary of what loads with what was found in it, or every
    /// fault. Exit code 1: it does not load, or a test fails; 3: something was
    /// found.
    ///
    /// # Errors
    ///
    /// Nothing can be printed or written.
    pub(super) fn run(&self, whence: &Whence, printer: Printer) -> anyhow::Result<ExitCode> {
        let checked = load(whence, Clock::System.now());
        match self.sarif.as_deref() {
            Some("-") => {
                Printer::text(&format!("{:#}\n", sarif::log(&checked)))?;
                return Ok(self.code(&checked));
            }
            Some(file) => fs::write(file, format!("{:#}\n", sarif::log(&checked)))
                .with_context(|| format!("writing {file}"))?,
            None => {}
        }
        match (&checked, printer.is_json()) {
            (Ok(checked), false) => Printer::text(&self.report(checked))?,
            (Ok(checked), true) => Printer::json(&json_summary(checked))?,
            (Err(broken), false) => Printer::text(&format!("{broken}\n"))?,
            (Err(broken), true) => Printer::json(&json_faults(broken))?,
        }
        Ok(self.code(&checked))
    }

    fn code(&self, checked: &Result<Checked, Broken>) -> ExitCode {
        match checked {
            Ok(checked) if checked.worst().is_some_and(|worst| worst >= self.deny) => {
                ExitCode::from(FOUND)
            }
            Ok(_) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        }
    }

    /// The summary and what was found, for people.
    fn report(&self, checked: &Checked) -> String {
        let shows_notes = self.notes || self.deny == Level::Note;
        summary(&checked.config) + &annotated::findings(checked, shows_notes)
    }
}

impl Checked {
    /// The worst of what was found. What the settings are warned about counts,
    /// too.
    fn worst(&self) -> Option<Level> {
        let warned = self.config.warnings().first().map(|_| Level::Warning);
        let found = self.findings.iter().map(|finding| finding.lint.level);
        found.chain(warned).max()
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

/// Reads the files, compiles what the server would of them, runs their tests,
/// opens the certificates and keys that they name, and looks for what is not
/// meant.
fn load(whence: &Whence, now: Timestamp) -> Result<Checked, Broken> {
    let config = whence.load()?;
    let snapshot = Arc::new(Snapshot::of(&config, None, now)?);
    let tried = trial::check(&config, &snapshot, now)?;
    config.keys.check()?;
    if let Some(files) = &config.tls {
        Tls::load(&files.certificate, &files.key)?;
    }
    let findings = lint::lint(&config, &snapshot.policy, &tried);
    Ok(Checked { config, findings })
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

fn json_summary(checked: &Checked) -> Value {
    let config = &checked.config;
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
        "findings": checked.findings.iter().map(|finding| annotated::json(config, finding)).collect::<Vec<_>>(),
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

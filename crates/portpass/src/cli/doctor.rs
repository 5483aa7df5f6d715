//! `portpass doctor`: arguments in, a report out.

use std::{
    fmt::Write as _,
    io::Read as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use clap::Args;

use super::{block_on, printer::Printer, reach::Reach};
use crate::{
    config,
    doctor::{self, Cure, Finding, Level, Log, Login, Ours, Outcome, Patient, Report, Settings},
};

/// Longest credential.
const MAX_SECRET_BYTES: u64 = 64 * 1024;

/// The exit code of whoever asks in a way that cannot be done.
const USAGE: u8 = 2;

/// What stands after `portpass doctor`.
#[derive(Args, Debug)]
pub(super) struct Doctor {
    /// The registry, as clients name it.
    #[arg(value_parser = doctor::address)]
    url: doctor::Url,
    /// Log in with the JWT on the standard input.
    #[arg(long, conflicts_with = "password_stdin")]
    jwt_stdin: bool,
    /// Log in under this name.
    #[arg(long, value_name = "NAME", requires = "password_stdin")]
    user: Option<String>,
    /// Log in with the password on the standard input.
    #[arg(long, requires = "user")]
    password_stdin: bool,
    /// A repository that may be asked for. A push to it is begun, and cancelled.
    #[arg(long, value_name = "NAME", value_parser = repository)]
    repository: Option<String>,
    /// The registry's own configuration: distribution's YAML, or zot's JSON.
    #[arg(long, value_name = "FILE")]
    registry_config: Option<PathBuf>,
    /// The registry's own log, as it is being written.
    #[arg(long, value_name = "FILE")]
    registry_log: Option<PathBuf>,
    /// PEM file with the CA of the servers, where it is not a public one.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

impl Doctor {
    /// Prints what was found. Exit code 1: something is wrong; 2: nothing could be examined.
    pub(super) fn run(self, reach: &Reach, printer: Printer) -> anyhow::Result<ExitCode> {
        let examined = self
            .patient(reach)
            .and_then(|patient| block_on(async { Ok(doctor::examine(&patient).await?) }));
        let report = match examined {
            Ok(report) => report,
            Err(error) => {
                Printer::error(&error);
                return Ok(ExitCode::from(USAGE));
            }
        };
        if printer.is_json() {
            Printer::json(&report)?;
        } else {
            Printer::text(&text(&report))?;
        }
        Ok(if report.is_healthy() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    fn patient(self, reach: &Reach) -> anyhow::Result<Patient> {
        let ours = reach.named().map(|path| {
            anyhow::Ok(Ours {
                config: config::load(path)?,
                path: path.to_owned(),
            })
        });
        let ca = self
            .ca
            .as_deref()
            .map(|path| std::fs::read(path).with_context(|| format!("reading {}", path.display())));
        let log = self.registry_log.as_deref().map(|path: &Path| {
            Log::open(path).with_context(|| format!("reading {}", path.display()))
        });
        let login = match (self.jwt_stdin, self.user) {
            (true, _) => Some(Login::new("jwt".to_owned(), secret()?)),
            (false, Some(user)) => Some(Login::new(user, secret()?)),
            (false, None) => None,
        };
        Ok(Patient {
            url: self.url,
            ca: ca.transpose()?,
            login,
            repository: self.repository,
            settings: self
                .registry_config
                .as_deref()
                .map(Settings::read)
                .transpose()?,
            log: log.transpose()?,
            ours: ours.transpose()?,
        })
    }
}

fn repository(text: &str) -> Result<String, &'static str> {
    let is_name = scope::is_repository_name(text);
    is_name
        .then(|| text.to_owned())
        .ok_or("not the name of a repository")
}

/// What stands on the standard input, without the end of its line.
fn secret() -> anyhow::Result<String> {
    let mut text = String::new();
    let read = std::io::stdin()
        .lock()
        .take(MAX_SECRET_BYTES)
        .read_to_string(&mut text);
    // Of what was read nothing may be said.
    if read.is_err() || text.trim().is_empty() {
        bail!("there is no credential on the standard input");
    }
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn text(report: &Report) -> String {
    let width = report
        .examinations()
        .iter()
        .map(|one| one.name.len())
        .max()
        .unwrap_or_default();
    let mut text = String::new();
    for one in report.examinations() {
        let mark = match one.result {
            Outcome::Note => "note",
            Outcome::Skipped => "skip",
            Outcome::Trouble => "FAIL",
            Outcome::Well => "ok",
        };
        push(
            &mut text,
            format_args!("{mark:4}  {:width$}  {}", one.name, one.seen),
        );
    }
    for finding in report.findings() {
        push_finding(&mut text, finding);
    }
    let verdict = if report.is_healthy() {
        "The set-up is healthy, as far as was looked at."
    } else {
        "The set-up is not healthy."
    };
    push(&mut text, format_args!("\n{verdict}"));
    text
}

fn push_finding(text: &mut String, finding: &Finding) {
    let how = match (finding.level, finding.certain) {
        (Level::Note, _) => "Worth mending",
        (Level::Trouble, true) => "Cause",
        (Level::Trouble, false) => "Possible cause",
    };
    push(
        text,
        format_args!("\n{how} ({}): {}", finding.code(), finding.cause),
    );
    push(text, format_args!("  Seen: {}", finding.seen));
    push_cure(text, &finding.cure);
}

fn push_cure(text: &mut String, cure: &Cure) {
    push(text, format_args!("  Cure: {}.", cure.text));
    if let Some(block) = &cure.block {
        push(text, format_args!("  In {}:\n", block.file));
        for line in block.text.lines() {
            push(text, format_args!("      {line}"));
        }
    }
    if !cure.run.is_empty() {
        push(text, format_args!("  Then run:\n"));
        for line in &cure.run {
            push(text, format_args!("      {line}"));
        }
    }
    if let Some(what) = cure.restart {
        push(text, format_args!("  Then start {what} anew."));
    }
}

fn push(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a string takes every write");
}

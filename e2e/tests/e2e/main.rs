//! Real clients push to real registries with tokens from `portpass serve`.
//!
//! One file per promise. A test whose tool is missing is ignored by name on a user's machine and
//! fails in CI; `cargo test -p e2e -- --list` names them all.

use std::{
    thread,
    time::{Duration, Instant},
};

use libtest_mimic::{Arguments, Trial};

/// A test and the tools it cannot do without.
macro_rules! trial {
    ($test:path $(, $tool:ident)*) => {
        crate::needing(crate::within(module_path!(), stringify!($test)), &[$(::e2e::tool::Tool::$tool),*], $test)
    };
}

mod backup;
mod crash;
mod deploy;
mod disk;
mod doctor;
mod faults;
mod first_files;
mod given_keys;
mod issuer_faults;
mod load;
mod login;
mod mount;
mod namespaces;
mod operators;
mod platforms;
mod profiles;
mod push;
mod refusal;
mod relay;
mod replicas;
mod rotation;
mod session;

fn main() -> std::process::ExitCode {
    let arguments = Arguments::from_args();
    let trials = [
        push::trials(),
        platforms::trials(),
        login::trials(),
        refusal::trials(),
        mount::trials(),
        namespaces::trials(),
        profiles::trials(),
        first_files::trials(),
        given_keys::trials(),
        rotation::trials(),
        session::trials(),
        operators::trials(),
        issuer_faults::trials(),
        load::trials(),
        crash::trials(),
        disk::trials(),
        faults::trials(),
        relay::trials(),
        replicas::trials(),
        backup::trials(),
        deploy::trials(),
        doctor::trials(),
    ];
    let trials = trials.into_iter().flatten().collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A test that is ignored, and says why, where one of its tools is missing.
fn needing(
    name: impl Into<String>,
    tools: &[::e2e::tool::Tool],
    test: impl FnOnce() -> anyhow::Result<()> + Send + 'static,
) -> Trial {
    let missing: Vec<_> = tools.iter().filter(|tool| tool.find().is_none()).collect();
    // In CI the test runs and fails with the missing tool's name.
    let ignored = missing
        .iter()
        .any(|tool| !::e2e::tool::in_ci() || tool.may_be_missing_in_ci());
    let trial = Trial::test(name, move || {
        Ok(test().map_err(|error| format!("{error:#}"))?)
    });
    match missing.first().filter(|_| ignored) {
        Some(tool) => trial
            .with_kind(format!("no {}", tool.name()))
            .with_ignored_flag(true),
        None => trial,
    }
}

/// A test's name, with its file and the file's folder in front.
fn within(module: &str, test: &str) -> String {
    let (_, file) = module.split_once("::").unwrap_or_default();
    format!("{file}::{test}")
}

/// What a thread answered; its panic is the test's own.
fn joined<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Waits until something holds, at most ten seconds.
fn until(what: &str, mut holds: impl FnMut() -> anyhow::Result<bool>) -> anyhow::Result<()> {
    let start = Instant::now();
    while !holds()? {
        anyhow::ensure!(
            start.elapsed() < Duration::from_secs(10),
            "not true in time: {what}"
        );
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

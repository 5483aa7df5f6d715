//! zot, which holds one certificate and looks at neither `iss` nor `aud`.

use anyhow::{Result, ensure};
use e2e::{
    doctor::block,
    portpass::{Draft, registry_table},
    registry::{Auth, Kind, Trust},
    world::SERVICE,
};
use libtest_mimic::Trial;

use super::{Patient, written};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial!(another_key_at_zot_is_found, Crane, Zot),
        trial!(a_zot_taken_for_distribution_is_found, Crane, Zot),
        trial!(a_zot_that_was_not_started_anew_is_found, Crane, Zot),
        trial!(another_service_at_zot_is_found, Crane, Zot),
        trial!(zots_log_alone_tells_too, Zot),
        trial!(without_zots_file_and_log_its_key_is_suspected, Zot),
    ]
}

fn table() -> String {
    registry_table("main", SERVICE, "zot", "pinned", "ES256")
}

fn patient(break_it: impl FnOnce(&mut Auth) -> Result<()>) -> Result<Patient> {
    Patient::start(Kind::Zot, &table(), break_it)
}

/// The key of a Portpass that nobody here asks.
fn strangers_key(folder: &std::path::Path) -> Result<Trust> {
    let key = Draft::new(&table())?
        .command(&["keys", "export", "main"])?
        .succeeded()?;
    Ok(Trust::Certificates(written(
        folder,
        "key.pem",
        &key.stdout,
    )?))
}

fn another_key_at_zot_is_found() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let patient = patient(|auth| {
        auth.trust = strangers_key(folder.path())?;
        Ok(())
    })?;
    patient.recovers_from("registry_bundle")
}

/// It was given the CA, as distribution would be.
fn a_zot_taken_for_distribution_is_found() -> Result<()> {
    let table = registry_table("main", SERVICE, "distribution", "x5c", "ES256");
    Patient::start(Kind::Zot, &table, |_| Ok(()))?.recovers_from("registry_bundle")
}

fn a_zot_that_was_not_started_anew_is_found() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let patient = patient(|auth| {
        auth.trust = strangers_key(folder.path())?;
        Ok(())
    })?;
    let key = patient.portpass.command(&["keys", "export", "main"])?;
    written(folder.path(), "key.pem", &key.succeeded()?.stdout)?;
    patient.recovers_from("registry_restart")
}

fn another_service_at_zot_is_found() -> Result<()> {
    let patient = patient(|auth| {
        auth.service += ".example";
        Ok(())
    })?;
    patient.recovers_from("service")
}

fn zots_log_alone_tells_too() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let patient = patient(|auth| {
        auth.trust = strangers_key(folder.path())?;
        Ok(())
    })?;
    let report = patient.report_with(&["--registry-log"])?;
    let finding = report.only("registry_bundle")?;
    ensure!(block(finding).contains("\"bearer\""), "{finding:#}");
    Ok(())
}

fn without_zots_file_and_log_its_key_is_suspected() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let patient = patient(|auth| {
        auth.trust = strangers_key(folder.path())?;
        Ok(())
    })?;
    let report = patient.report_with(&["-c"])?;
    // Nothing that zot does not look at.
    ensure!(report.causes() == ["registry_bundle"], "{report:?}");
    ensure!(
        report.only("registry_bundle").is_err(),
        "nothing is certain"
    );
    Ok(())
}

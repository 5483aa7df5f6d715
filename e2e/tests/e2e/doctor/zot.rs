//! zot, which holds one certificate and looks at neither `iss` nor `aud`.

use anyhow::Result;
use e2e::{
    portpass::{Draft, registry_table},
    registry::{Auth, Kind, Trust},
    world::SERVICE,
};
use libtest_mimic::Trial;

use super::{Patient, written};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial!(another_key_at_zot_is_found, Crane, Zot),
        trial!(another_service_at_zot_is_found, Crane, Zot),
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

fn another_service_at_zot_is_found() -> Result<()> {
    let patient = patient(|auth| {
        auth.service += ".example";
        Ok(())
    })?;
    patient.recovers_from("service")
}

//! What a registry is told of the token server, wrong in each way.

use anyhow::{Result, ensure};
use e2e::{
    portpass::{Draft, registry_table},
    registry::{Kind, Trust},
    world::SERVICE,
};
use libtest_mimic::Trial;

use super::{Patient, written};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial!(another_portpass_bundle_is_found, Crane, DockerRegistry),
        trial!(
            another_portpass_bundle_is_found_at_version_3,
            Crane,
            Registry31
        ),
        trial!(another_service_is_found, Crane, DockerRegistry),
        trial!(another_issuer_is_found, Crane, DockerRegistry),
        trial!(a_libtrust_key_id_at_version_3_is_found, Crane, Registry31),
        trial!(
            an_rfc_7638_key_id_at_version_2_is_found,
            Crane,
            DockerRegistry
        ),
        trial!(the_log_alone_tells_too, Crane, Registry31, DockerRegistry),
        trial!(
            without_files_and_log_what_remains_is_named,
            Crane,
            Registry31
        ),
    ]
}

/// The CA of a Portpass that nobody here asks.
fn strangers_bundle(folder: &std::path::Path) -> Result<Trust> {
    let table = registry_table("main", SERVICE, "distribution", "x5c", "ES256");
    let ca = Draft::new(&table)?
        .command(&["keys", "ca", "export"])?
        .succeeded()?;
    Ok(Trust::Certificates(written(folder, "ca.pem", &ca.stdout)?))
}

fn another_portpass_bundle_is_found() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let patient = Patient::usual(Kind::V28, |auth| {
        auth.trust = strangers_bundle(folder.path())?;
        Ok(())
    })?;
    patient.recovers_from("registry_bundle")
}

fn another_portpass_bundle_is_found_at_version_3() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let patient = Patient::usual(Kind::V31, |auth| {
        auth.trust = strangers_bundle(folder.path())?;
        Ok(())
    })?;
    patient.recovers_from("registry_bundle")
}

fn another_service_is_found() -> Result<()> {
    let patient = Patient::usual(Kind::V28, |auth| {
        auth.service += ".example";
        Ok(())
    })?;
    patient.recovers_from("service")
}

fn another_issuer_is_found() -> Result<()> {
    let patient = Patient::usual(Kind::V28, |auth| {
        auth.issuer += "/";
        Ok(())
    })?;
    patient.recovers_from("registry_issuer")
}

fn a_libtrust_key_id_at_version_3_is_found() -> Result<()> {
    let table = registry_table("main", SERVICE, "distribution-2", "libtrust", "ES256");
    Patient::start(Kind::V31, &table, |_| Ok(()))?.recovers_from("key_id")
}

fn an_rfc_7638_key_id_at_version_2_is_found() -> Result<()> {
    let table = registry_table("main", SERVICE, "distribution", "rfc7638", "ES256");
    Patient::start(Kind::V28, &table, |_| Ok(()))?.recovers_from("key_id")
}

fn the_log_alone_tells_too() -> Result<()> {
    for kind in [Kind::V28, Kind::V31] {
        let folder = tempfile::tempdir()?;
        let wrong_bundle = Patient::usual(kind, |auth| {
            auth.trust = strangers_bundle(folder.path())?;
            Ok(())
        })?;
        wrong_bundle
            .report_with(&["--registry-log"])?
            .only("registry_bundle")?;
        let wrong_issuer = Patient::usual(kind, |auth| {
            auth.issuer += "/";
            Ok(())
        })?;
        wrong_issuer
            .report_with(&["--registry-log"])?
            .only("registry_issuer")?;
    }
    Ok(())
}

fn without_files_and_log_what_remains_is_named() -> Result<()> {
    let patient = Patient::usual(Kind::V31, |auth| {
        auth.issuer += "/";
        Ok(())
    })?;
    let report = patient.report_with(&["-c"])?;
    // Not the key's id: the token has its certificate with it.
    ensure!(
        report.causes() == ["registry_bundle", "registry_issuer"],
        "{report:?}"
    );
    ensure!(
        report.only("registry_bundle").is_err(),
        "nothing is certain"
    );
    Ok(())
}

//! Faults between the platform and Portpass.

use anyhow::{Context as _, Result, ensure};
use e2e::{
    doctor::{Report, apply, block},
    issuer::Issuer,
    portpass::{Draft, issuer_tables, registry_table},
    registry::{Kind, Registry},
    world::{OWN_NAMESPACE, SERVICE},
};
use libtest_mimic::Trial;

use super::{Patient, REPOSITORY, push, written};

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial!(unreachable_keys_are_found, Crane, DockerRegistry),
        trial!(keys_behind_an_unknown_ca_are_found, Crane, DockerRegistry),
        trial!(another_audience_is_found, Crane, DockerRegistry),
        trial!(
            a_missing_tenant_pin_is_found_by_check,
            Crane,
            DockerRegistry
        ),
    ]
}

/// A set-up whose issuers' tables say something else.
fn with_issuers(issuer: Issuer, issuers: &str) -> Result<Patient> {
    let table = registry_table("main", SERVICE, "distribution-2", "x5c", "ES256");
    let portpass = Draft::new(&(table + issuers + OWN_NAMESPACE))?.serve()?;
    let registry = Registry::start(Kind::V28, &portpass.auth(SERVICE, portpass.ca()?))?;
    Ok(Patient {
        issuer,
        portpass,
        registry,
    })
}

/// A platform behind a firewall: its keys are brought by hand, as the cure has it.
fn unreachable_keys_are_found() -> Result<()> {
    let issuer = Issuer::start()?;
    issuer.fault("github", "mode=down")?;
    let issuers = issuer_tables(&issuer, SERVICE)?;
    let mut patient = with_issuers(issuer, &issuers)?;
    ensure!(push(patient.registry.port, &patient.jwt()?, REPOSITORY).is_err());
    let report = patient.report()?;
    let finding = report.only("issuer_keys")?;
    let keys = patient.issuer.keys("github")?;
    written(patient.portpass.draft.folder(), "issuer-keys.json", &keys)?;
    apply(finding, &mut patient.registry, &mut patient.portpass)?;
    push(patient.registry.port, &patient.jwt()?, REPOSITORY)?;
    patient.report()?.healthy()
}

/// A platform with a CA of its own, of which nobody was told.
fn keys_behind_an_unknown_ca_are_found() -> Result<()> {
    let issuer = Issuer::start()?;
    let line = format!("ca = \"{}\"\n", issuer.ca()?.display());
    let issuers = issuer_tables(&issuer, SERVICE)?.replace(&line, "");
    ensure!(!issuers.contains("ca = "));
    let mut patient = with_issuers(issuer, &issuers)?;
    ensure!(push(patient.registry.port, &patient.jwt()?, REPOSITORY).is_err());
    let report = patient.report()?;
    let finding = report.only("issuer_keys")?;
    let ca = std::fs::read_to_string(patient.issuer.ca()?)?;
    written(patient.portpass.draft.folder(), "issuer-ca.pem", &ca)?;
    apply(finding, &mut patient.registry, &mut patient.portpass)?;
    push(patient.registry.port, &patient.jwt()?, REPOSITORY)?;
    patient.report()?.healthy()
}

fn another_audience_is_found() -> Result<()> {
    let issuer = Issuer::start()?;
    let issuers = issuer_tables(&issuer, "portpass.test")?;
    let patient = with_issuers(issuer, &issuers)?;
    let url = format!("http://{}", patient.registry.host());
    let config = patient.portpass.draft.config().display().to_string();
    let repository = "apps/gitlab/acme/web";
    let words = ["-c", config.as_str(), "--repository", repository];

    let jwt = patient.issuer.jwt("gitlab", "registry.example.com")?;
    ensure!(push(patient.registry.port, &jwt, repository).is_err());
    let report = Report::of(&url, &jwt, &words)?;
    let finding = report.only("jwt_audience")?;
    // What the job then asks for.
    let line = block(finding)
        .lines()
        .find_map(|line| line.trim().strip_prefix("aud: "));
    let audience = line.context("no audience")?.trim_matches('"');
    let jwt = patient.issuer.jwt("gitlab", audience)?;
    push(patient.registry.port, &jwt, repository)?;
    Report::of(&url, &jwt, &words)?.healthy()?;

    // Without our configuration the server's own words tell.
    let jwt = patient.issuer.jwt("github", "registry.example.com")?;
    let report = Report::of(&url, &jwt, &[])?;
    report.only("jwt_audience")?;
    Ok(())
}

/// This one never comes so far that a client could see it: it does not load.
fn a_missing_tenant_pin_is_found_by_check() -> Result<()> {
    let table = registry_table("main", SERVICE, "distribution-2", "x5c", "ES256");
    let github = "\n[issuer.github]\nkind = \"github-actions\"\naudience = [\"registry.test\"]\n";
    let checked = Draft::new(&(table.clone() + github))?
        .command(&["check"])?
        .refused()?;
    let said = checked.said();
    ensure!(said.contains("owner_id is missing"), "{said}");
    ensure!(said.contains("[issuer.github]"), "the place: {said}");
    // The cure that it names.
    let pinned = format!("{table}{github}owner_id = [\"65\"]\n");
    Draft::new(&pinned)?.command(&["check"])?.succeeded()?;

    // With it a job of that owner pushes, and no other's.
    let issuer = Issuer::start()?;
    let issuers = issuer_tables(&issuer, SERVICE)?;
    let patient = with_issuers(issuer, &issuers)?;
    push(patient.registry.port, &patient.jwt()?, REPOSITORY)?;
    let stranger =
        patient
            .issuer
            .signed("github", SERVICE, &[("set", "repository_owner_id=999")])?;
    ensure!(push(patient.registry.port, &stranger, REPOSITORY).is_err());
    patient.report()?.healthy()
}

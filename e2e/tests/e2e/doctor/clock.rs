//! Clocks that are wrong, and a CA whose time is over.

use anyhow::{Result, ensure};
use e2e::{
    issuer::Issuer,
    portpass::Draft,
    registry::{Kind, Registry},
    world::{self, OWN_NAMESPACE, SERVICE},
};
use libtest_mimic::Trial;

use super::{Patient, REPOSITORY, push};

/// Longer than registries tolerate, shorter than a JWT lives.
const AHEAD_SECONDS: i64 = 180;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial!(a_clock_that_is_ahead_is_found, Crane, Faketime, Registry31),
        trial!(an_expired_ca_is_found, Crane, Faketime, Registry31),
    ]
}

fn a_clock_that_is_ahead_is_found() -> Result<()> {
    let issuer = Issuer::start()?;
    let tables = world::tables(&issuer, Kind::V31, OWN_NAMESPACE)?;
    let portpass = Draft::new(&tables)?.serve_ahead(AHEAD_SECONDS)?;
    let registry = Registry::start(Kind::V31, &portpass.auth(SERVICE, portpass.ca()?))?;
    let mut patient = Patient {
        issuer,
        portpass,
        registry,
    };
    ensure!(push(patient.registry.port, &patient.jwt()?, REPOSITORY).is_err());
    let report = patient.report()?;
    let finding = report.only("clock_skew")?;
    ensure!(
        finding
            .to_string()
            .contains("the clock of the token server"),
        "{finding:#}"
    );
    // The cure: started again, it has the machine's clock.
    patient.portpass.end("TERM")?;
    patient.portpass.restart()?;
    push(patient.registry.port, &patient.jwt()?, REPOSITORY)?;
    patient.report()?.healthy()
}

fn an_expired_ca_is_found() -> Result<()> {
    let issuer = Issuer::start()?;
    let draft = Draft::new(&world::tables(&issuer, Kind::V31, OWN_NAMESPACE)?)?;
    // A CA lives ten years.
    draft
        .command_years_ago(11, &["keys", "ca", "export"])?
        .succeeded()?;
    let portpass = draft.serve()?;
    let registry = Registry::start(Kind::V31, &portpass.auth(SERVICE, portpass.ca()?))?;
    let patient = Patient {
        issuer,
        portpass,
        registry,
    };
    patient.recovers_from("ca_expired")
}

//! `portpass doctor`: a client that says why a registry's set-up does not work, and how it would.
//!
//! ```text
//! door (/v2/, TLS, challenge) → sizes → realm → login → clocks → trial → refusal
//!                                                              └ access → refresh
//! ```
//!
//! It knows what a client can see, and what the operator shows it beside that: the registry's
//! configuration and log, and ours. Nothing in the registry is changed: an upload that was begun is
//! cancelled. One file for each examination; a new one is a file and a line in [`examine`].

mod access;
mod cause;
mod challenge;
mod clean;
mod clocks;
mod cure;
mod declined;
mod door;
mod evidence;
mod jwt;
mod login;
mod patient;
mod post;
mod realm;
mod refresh;
mod refusal;
mod report;
mod scheme;
mod sizes;
mod trial;
mod wire;

pub(crate) use self::{
    cure::Cure,
    evidence::{Log, Settings},
    patient::{Login, Ours, Patient, address},
    report::{Finding, Level, Outcome, Report},
    wire::Url,
};
use self::{trial::Trial, wire::Wire};
use crate::outbound::ClientFault;

/// Examines a registry and the token server that it sends its clients to.
///
/// # Errors
///
/// When the CA that the operator named holds no certificate.
pub(crate) async fn examine(patient: &Patient) -> Result<Report, ClientFault> {
    let wire = Wire::new(patient.ca.as_deref())?;
    let mut report = Report::new(patient);
    let Some(door) = door::examine(patient, &wire, &mut report).await else {
        return Ok(report);
    };
    let Some(realm) = realm::examine(patient, &wire, &door, &mut report).await else {
        return Ok(report);
    };
    sizes::examine(patient, &wire, &door, &realm, &mut report).await;
    let Some(token) = login::examine(patient, &wire, &realm, &mut report).await else {
        return Ok(report);
    };
    post::examine(patient, &wire, &realm, &mut report).await;
    clocks::examine(&door, &token, &mut report);
    match trial::examine(patient, &wire, &door, &token, &mut report).await {
        Trial::Accepted => {
            access::examine(patient, &wire, &realm, &mut report).await;
            refresh::examine(&wire, &realm, &token, &mut report).await;
        }
        Trial::Refused => refusal::examine(patient, &door, &realm, &token, &mut report),
        Trial::Unclear => {}
    }
    Ok(report)
}

#[cfg(test)]
mod tests;

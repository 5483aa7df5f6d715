//! What the registry would find by its own files, in the order in which distribution looks.

use super::{Found, Visit};
use crate::{
    doctor::{cause::Cause, cure::Cure, evidence::Settings},
    registry::Profile,
    token::{Judgement, Trust},
};

/// The causes that the files tell; none of them, if the files are as they should be. `None` without
/// files; an error if they cannot be read.
pub(super) fn causes(visit: &Visit<'_>) -> Option<Result<Vec<Found>, String>> {
    let settings = visit.patient.settings.as_ref()?;
    Some(settings.trust().map(|trust| {
        if settings.is_zot {
            visit.at_zot(&trust)
        } else {
            of_distribution(visit, settings, &trust)
        }
    }))
}

fn of_distribution(visit: &Visit<'_>, settings: &Settings, trust: &Trust) -> Vec<Found> {
    let mut found = Vec::new();
    let iss = visit.seen.claim("iss");
    if settings.issuer.is_some() && settings.issuer.as_deref() != iss {
        found.push(visit.issuer(settings.issuer.as_deref()));
    }
    let service = settings.service.as_deref().unwrap_or_default();
    if !visit.seen.audiences().contains(&service) {
        found.push(visit.audience());
    }
    let algorithm = visit.seen.parameter("alg").unwrap_or_default();
    if !settings.algorithms.is_empty()
        && !settings.algorithms.iter().any(|known| known == algorithm)
    {
        found.push(visit.algorithm(algorithm));
    }
    found.extend(of_key(visit, trust));
    found
}

fn of_key(visit: &Visit<'_>, trust: &Trust) -> Option<Found> {
    let held = trust.len();
    match trust.judge(&visit.token.text, visit.token.answer.at) {
        Judgement::Certified | Judgement::Listed => None,
        Judgement::AuthorityExpired(end) => {
            Some(visit.expired(&format!("the certificate in its bundle that the token leads to ended on {end}")))
        }
        Judgement::CertificateForKeySet => Some(visit.bundle(
            "the token has a certificate in its header, which a registry with a jwks file alone refuses",
        )),
        Judgement::LeafExpired(end) => {
            let seen = format!("the certificate in the token's header ended on {end}");
            let text = "Look into the log of the token server: it signs with a key whose certificate has ended";
            Some((Cause::TokenServer, seen, Cure::of(text)))
        }
        Judgement::Named(profile @ (Profile::Libtrust | Profile::Rfc7638)) => Some(visit.key_id(Some(profile))),
        Judgement::Named(Profile::Pinned | Profile::X5c) | Judgement::UnderAnotherId => {
            Some(visit.key_id(None))
        }
        Judgement::Unknown => Some(visit.bundle(&format!(
            "none of the {held} certificates or keys that the registry trusts signed the token, or the \
             certificate in its header"
        ))),
    }
}

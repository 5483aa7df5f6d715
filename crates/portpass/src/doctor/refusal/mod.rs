//! Why a registry refuses a token that was made for it.
//!
//! From outside it only says that it does. Its configuration tells what it would find (`trusted`),
//! its log what it found; without either, what remains is named in the order of likelihood.

mod trusted;
mod zot;

use super::{
    cause::Cause,
    clocks,
    cure::{Cure, Wanted, export, table},
    door::Door,
    evidence::Said,
    jwt::Seen,
    login::Token,
    patient::{Ours, Patient},
    realm::Realm,
    report::Report,
};
use crate::registry::{Algorithm, Profile};

/// A cause with what was seen and what mends it.
type Found = (Cause, String, Cure);

/// Says why.
pub(super) fn examine(
    patient: &Patient,
    door: &Door,
    realm: &Realm,
    token: &Token,
    report: &mut Report,
) {
    let refused = "the registry refuses it (invalid_token)";
    report.consequence("token", refused);
    if report.has(Cause::ClockSkew) {
        return;
    }
    let Some(seen) = &token.seen else {
        let cure =
            Cure::of("Have the token server sign its tokens: distribution and zot take JWTs alone");
        report.suspicion(Cause::RegistryBundle, "the token is not a JWT", cure);
        return;
    };
    let visit = Visit {
        patient,
        wanted: wanted(patient, door, realm, seen),
        token,
        seen,
    };
    let logged = patient.log.as_ref().and_then(super::Log::said);
    match trusted::causes(&visit) {
        Some(Ok(found)) if !found.is_empty() => certain(found, report),
        Some(Ok(_)) => match logged {
            Some((said, words)) => certain(not_read(said, &words), report),
            None => certain(
                vec![restart(
                    "its files as they are now would let it accept the token",
                )],
                report,
            ),
        },
        unread => {
            if let Some(Err(reason)) = unread {
                report.note("registry's files", &reason);
            }
            match logged {
                Some((said, words)) => visit.by_log(said, &words, report),
                None => visit.suspects(report),
            }
        }
    }
}

fn certain(found: Vec<Found>, report: &mut Report) {
    for (cause, seen, cure) in found {
        report.trouble("registry's trust", cause, &seen, cure);
    }
}

/// What the registry should be told, now that there is a token.
fn wanted(patient: &Patient, door: &Door, realm: &Realm, token: &Seen) -> Wanted {
    let service = realm.service.clone().unwrap_or_default();
    Wanted {
        realm: patient
            .ours
            .as_ref()
            .map_or_else(|| door.realm.clone(), Ours::realm),
        service,
        issuer: token.claim("iss").unwrap_or_default().to_owned(),
        algorithm: None,
    }
}

/// Everything that a cause is found by.
struct Visit<'a> {
    patient: &'a Patient,
    wanted: Wanted,
    token: &'a Token,
    seen: &'a Seen,
}

impl Visit<'_> {
    fn issuer(&self, expected: Option<&str>) -> Found {
        let iss = self.seen.claim("iss").unwrap_or_default();
        let seen = match expected {
            Some(expected) => {
                format!("the token's iss is {iss:?}, and the registry's issuer is {expected:?}")
            }
            None => format!(
                "the token's iss is {iss:?}, which the registry's log says is not its issuer"
            ),
        };
        let text = "Give the registry the issuer of the tokens, letter for letter, without a slash that is not in it";
        (
            Cause::RegistryIssuer,
            seen,
            self.wanted.cure(text, self.patient),
        )
    }

    fn audience(&self) -> Found {
        let audiences = self.seen.audiences().join(", ");
        let seen = format!(
            "the token's aud is {audiences}, and the registry is {:?}",
            self.wanted.service
        );
        let list = if self.seen.has_audience_list() {
            "; as a single text, since distribution 2.8 cannot read a list"
        } else {
            ""
        };
        let text = format!("Have the token server make aud of the service that clients send{list}");
        (Cause::TokenAudience, seen, Cure::of(text))
    }

    fn bundle(&self, seen: &str) -> Found {
        let text = "Give the registry what the token server signs with, and start it anew: it reads that once";
        let cure = self.wanted.cure_with_keys(text, self.patient);
        (Cause::RegistryBundle, seen.to_owned(), cure)
    }

    fn expired(&self, seen: &str) -> Found {
        let text = "Give the registry the certificate that is good today, and start it anew: it reads that once";
        let cure = self.wanted.cure_with_keys(text, self.patient);
        (Cause::BundleExpired, seen.to_owned(), cure)
    }

    fn algorithm(&self, algorithm: &str) -> Found {
        let wanted = Wanted {
            algorithm: Some(algorithm.to_owned()),
            ..self.wanted.clone()
        };
        let seen = format!(
            "the token is signed with {algorithm}, which the registry's signingalgorithms lack"
        );
        (
            Cause::KeyAlgorithm,
            seen,
            wanted.cure("Let the registry accept the algorithm", self.patient),
        )
    }

    fn key_name(&self) -> String {
        self.seen.parameter("kid").map_or_else(
            || "the token has no kid".to_owned(),
            |kid| format!("the token's kid is {kid:?}"),
        )
    }

    /// The key is trusted, and not found by the id that the token has for it.
    fn key_id(&self, written: Option<Profile>) -> Found {
        let (which, version) = match written {
            Some(Profile::Libtrust) => (
                "libtrust's id of the key, which distribution 3 does not compute",
                "distribution",
            ),
            Some(Profile::Rfc7638) => (
                "the RFC 7638 id of the key, which distribution 2.8 does not compute, and 3.0 wrongly",
                "distribution-2",
            ),
            Some(Profile::Pinned | Profile::X5c) | None => (
                "an id under which the registry does not know the key",
                "distribution",
            ),
        };
        let seen = format!("{}: {which}", self.key_name());
        let Some((ours, registry)) = self
            .patient
            .ours
            .as_ref()
            .zip(self.patient.registry(&self.wanted.service))
        else {
            let text = "Have the token server put its certificate into the header (x5c), which every \
                        version verifies; or name the key as the registry does: libtrust's id for 2.8, \
                        RFC 7638's for 3.1, any in a jwks file for 3";
            return (Cause::KeyId, seen, Cure::of(text));
        };
        let mut lines = vec![
            ("kind", format!("{version:?}")),
            ("profile", "\"x5c\"".to_owned()),
        ];
        if version == "distribution-2" && registry.algorithm == Algorithm::EdDsa {
            lines.push(("algorithm", "\"ES256\"".to_owned()));
        }
        let text = "Say which version the registry is, and name keys by their certificate, which every \
                    version verifies; then give it the CA, once for years";
        let file = ours.path.display().to_string();
        let cure = Cure::of(text)
            .write(
                &file,
                "toml",
                &table(&format!("registry.{}", registry.name), &lines),
            )
            .run(export(self.patient, &self.wanted.service))
            .restart("the registry");
        (Cause::KeyId, seen, cure)
    }

    fn by_log(&self, said: Said, words: &str, report: &mut Report) {
        let seen = format!("the registry's log says {words}");
        match said {
            Said::Audience => certain(vec![self.audience()], report),
            Said::CertificateExpired => certain(vec![self.expired(&seen)], report),
            Said::Clock => certain(vec![clock(words)], report),
            Said::Issuer => certain(vec![self.issuer(None)], report),
            Said::Signature => certain(vec![self.zots_key(&seen)], report),
            Said::UnknownAuthority => certain(vec![self.bundle(&seen)], report),
            // The key, or only its name: both are mended by the same.
            Said::UnknownKey => {
                let (cause, id, cure) = self.key_id(None);
                report.suspicion(cause, &format!("{seen}; {id}"), cure.clone());
                let (cause, _, alone) = self.bundle(&seen);
                let cure = if self.patient.ours.is_some() {
                    cure
                } else {
                    alone
                };
                report.suspicion(cause, &seen, cure);
            }
        }
    }

    /// Without the registry's files and log: everything that it may be, and one block for all.
    fn suspects(&self, report: &mut Report) {
        if self.patient.is_zot(&self.wanted.service) {
            return self.suspect_zots_key(report);
        }
        let how = if self.seen.has_certificate() {
            "the token has its certificate in the header".to_owned()
        } else {
            self.key_name()
        };
        let more = "--registry-config or --registry-log tells which it is";
        let (cause, _, cure) = self.bundle("");
        report.suspicion(cause, &format!("{how}; {more}"), cure.clone());
        let (cause, _, _) = self.issuer(None);
        let iss = self.seen.claim("iss").unwrap_or_default();
        report.suspicion(cause, &format!("the token's iss is {iss:?}; {more}"), cure);
        if !self.seen.has_certificate() {
            let (cause, seen, cure) = self.key_id(None);
            report.suspicion(cause, &format!("{seen}; {more}"), cure);
        }
    }
}

/// The files would do, and the log says what the registry found instead.
fn not_read(said: Said, words: &str) -> Vec<Found> {
    if said == Said::Clock {
        return vec![clock(words)];
    }
    let seen = format!("its files would let it accept the token, and its log says {words}");
    vec![restart(&seen)]
}

fn restart(seen: &str) -> Found {
    let text =
        "Start the registry anew: it reads its configuration and what it trusts once, at its start";
    let cure = Cure::of(text).restart("the registry");
    (Cause::RegistryRestart, seen.to_owned(), cure)
}

fn clock(words: &str) -> Found {
    let seen = format!("the registry's log says {words}");
    (
        Cause::ClockSkew,
        seen,
        clocks::cure("the registry and the token server"),
    )
}

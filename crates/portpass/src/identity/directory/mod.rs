//! The issuers whose JWTs are believed, and the one place that believes.

use std::{path::Path, sync::Arc};

use futures_util::future::join_all;
use jiff::Timestamp;
use serde::Serialize;

use super::{
    Identity, IssuerKind, IssuerSettings, Proof,
    issuer::{Issuer, Verified},
    keys::{Lookup, PublicKey},
    unproven::{Rejected, Stranger, StrangerReason, Unproven},
};
use crate::{
    config::{Fault, Place},
    credential::{Credential, UnverifiedJwt},
};

/// The issuers whose tokens are believed.
#[derive(Debug, Default)]
pub struct Directory {
    issuers: Vec<Arc<Issuer>>,
}

/// How one issuer is, for metrics and the details of readiness.
#[derive(Clone, Debug, Serialize)]
pub struct IssuerStatus {
    /// The issuer's name in the configuration.
    pub name: Arc<str>,
    /// Which platform it is.
    pub kind: IssuerKind,
    /// How many keys are held.
    pub keys: usize,
    /// When the keys were last fetched with success.
    pub fetched_at: Option<Timestamp>,
    /// Whether JWTs can be checked with what is held: it is at most 24 hours old.
    pub usable: bool,
    /// Why the last fetch failed, if it did.
    pub last_error: Option<String>,
    /// How many fetches there were since the source was configured.
    pub fetches: u64,
    /// How many of them failed.
    pub failures: u64,
}

impl Directory {
    /// Checks the settings, and opens each issuer's keys. Nobody is asked for
    /// keys yet: [`Directory::refresh_due`] does that.
    ///
    /// An issuer of the previous directory whose keys come from the same source
    /// keeps them. Sets fetched with success are kept in `key_cache_dir`.
    ///
    /// # Errors
    ///
    /// Every fault, not only the first.
    pub fn build(
        settings: Vec<IssuerSettings>,
        previous: Option<&Self>,
        key_cache_dir: &Path,
        now: Timestamp,
    ) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut issuers: Vec<(Place, Arc<Issuer>)> = Vec::new();
        for settings in settings {
            let at = settings.at;
            let previous = previous.and_then(|previous| previous.issuer(&settings.name));
            match Issuer::build(settings, previous, key_cache_dir, now) {
                Ok(issuer) => issuers.push((at, Arc::new(issuer))),
                Err(more) => faults.extend(more),
            }
        }
        for (index, (at, issuer)) in issuers.iter().enumerate() {
            let earlier = issuers.iter().take(index);
            for (_, other) in earlier.filter(|(_, other)| issuer.overlaps(other)) {
                faults.push(Fault {
                    message: format!(
                        "issuers {:?} and {:?} share iss, tenants and maybe keys, so a JWT could be \
                         either's: give them owner_id lists with nothing in common, or leave one out",
                        other.name, issuer.name
                    ),
                    at: *at,
                });
            }
        }
        if faults.is_empty() {
            let issuers = issuers.into_iter().map(|(_, issuer)| issuer).collect();
            Ok(Self { issuers })
        } else {
            Err(faults)
        }
    }

    /// The issuers' names and kinds, in the order of the file.
    pub fn issuers(&self) -> impl Iterator<Item = (&str, IssuerKind)> {
        self.issuers
            .iter()
            .map(|issuer| (&*issuer.name, issuer.kind))
    }

    /// How each issuer is at `now`.
    pub fn status(&self, now: Timestamp) -> Vec<IssuerStatus> {
        self.issuers
            .iter()
            .map(|issuer| {
                let keys = issuer.keys.status(now);
                IssuerStatus {
                    name: Arc::clone(&issuer.name),
                    kind: issuer.kind,
                    keys: keys.keys,
                    fetched_at: keys.fetched_at,
                    usable: keys.usable,
                    last_error: keys.last_error,
                    fetches: keys.fetches,
                    failures: keys.failures,
                }
            })
            .collect()
    }

    /// Fetches the keys of every issuer that is due, side by side, and returns
    /// when all have answered or failed, after ten seconds at most.
    ///
    /// Cheap when nothing is due: call it every few seconds, each time in a task
    /// of its own, so that a dead issuer delays nobody.
    pub async fn refresh_due(&self, now: Timestamp) {
        let fetches = self
            .issuers
            .iter()
            .map(|issuer| issuer.keys.refresh_if_due(now));
        join_all(fetches).await;
    }

    /// Proves who presented the credential, at the time `now`.
    ///
    /// Asks an issuer for its keys only if those held do not tell; a JWT of an
    /// `iss` that is not configured causes no traffic.
    pub async fn prove(&self, credential: Credential, now: Timestamp) -> Result<Proof, Unproven> {
        match credential {
            Credential::Anonymous => Ok(Proof::anonymous()),
            Credential::Jwt(jwt) => self.prove_jwt(&jwt, now).await,
            Credential::Opaque => Err(Unproven::Stranger(Stranger {
                issuer: None,
                login: None,
                reason: StrangerReason::Password,
                detail: None,
            })),
        }
    }

    fn issuer(&self, name: &str) -> Option<&Issuer> {
        self.issuers
            .iter()
            .map(|issuer| &**issuer)
            .find(|issuer| &*issuer.name == name)
    }

    /// The order is that of what may be told: who signed it, whose it is, and
    /// only then what is wrong with it.
    async fn prove_jwt(&self, jwt: &UnverifiedJwt, now: Timestamp) -> Result<Proof, Unproven> {
        let candidates = self.candidates(jwt)?;
        let keys = find_keys(&candidates, jwt, now).await?;
        let signers: Vec<_> = keys
            .into_iter()
            .filter(|(_, keys)| keys.iter().any(|key| signed(key, jwt)))
            .map(|(issuer, _)| issuer)
            .collect();
        let Some(first) = signers.first() else {
            return Err(stranger(&candidates, jwt, StrangerReason::BadSignature));
        };
        let mut tenants = Vec::new();
        let mut refused = None;
        for issuer in &signers {
            match tenant(issuer, jwt) {
                Ok(verified) => tenants.push((*issuer, verified)),
                Err(stranger) => refused = Some(stranger),
            }
        }
        let mut tenants = tenants.into_iter();
        match (tenants.next(), tenants.next(), refused) {
            (Some((issuer, verified)), None, _) => prove_tenant(issuer, jwt, verified, now),
            (None, _, Some(stranger)) => Err(Unproven::Stranger(stranger)),
            (Some(_), Some(_), _) | (None, _, None) => {
                Err(stranger(&[first], jwt, StrangerReason::Ambiguous))
            }
        }
    }

    /// The issuers whose `iss` it is, byte for byte, and that sign like this.
    fn candidates(&self, jwt: &UnverifiedJwt) -> Result<Vec<&Issuer>, Unproven> {
        let mut candidates: Vec<&Issuer> = self
            .issuers
            .iter()
            .map(|issuer| &**issuer)
            .filter(|issuer| issuer.iss.iter().any(|iss| iss == jwt.issuer()))
            .collect();
        if candidates.is_empty() {
            return Err(stranger(&[], jwt, StrangerReason::UnknownIssuer));
        }
        let named = candidates.clone();
        candidates.retain(|issuer| issuer.kind.accepts(jwt.typ()));
        if candidates.is_empty() {
            return Err(stranger(&named, jwt, StrangerReason::Type));
        }
        candidates.retain(|issuer| issuer.accepts_algorithm(jwt));
        if candidates.is_empty() {
            return Err(stranger(&named, jwt, StrangerReason::Algorithm));
        }
        Ok(candidates)
    }
}

/// The candidates' keys that could have made the signature.
async fn find_keys<'a>(
    candidates: &[&'a Issuer],
    jwt: &UnverifiedJwt,
    now: Timestamp,
) -> Result<Vec<(&'a Issuer, Vec<Arc<PublicKey>>)>, Unproven> {
    let held: Vec<_> = candidates
        .iter()
        .filter_map(|issuer| {
            let keys = issuer.keys.held(jwt.kid(), jwt.algorithm(), now)?;
            Some((*issuer, keys))
        })
        .collect();
    if !held.is_empty() {
        return Ok(held);
    }
    let lookups = candidates.iter().map(|issuer| async move {
        let lookup = issuer.keys.find(jwt.kid(), jwt.algorithm(), now).await;
        (*issuer, lookup)
    });
    let mut found = Vec::new();
    let mut unavailable = None;
    for (issuer, lookup) in join_all(lookups).await {
        match lookup {
            Lookup::Found(keys) => found.push((issuer, keys)),
            Lookup::Unavailable(reason) => unavailable = Some((issuer, reason)),
            Lookup::Unknown => {}
        }
    }
    match unavailable {
        Some((issuer, reason)) if found.is_empty() => Err(Unproven::Unavailable {
            issuer: Arc::clone(&issuer.name),
            login: jwt.login(),
            reason,
        }),
        None if found.is_empty() => Err(stranger(candidates, jwt, StrangerReason::UnknownKey)),
        Some(_) | None => Ok(found),
    }
}

fn signed(key: &PublicKey, jwt: &UnverifiedJwt) -> bool {
    key.verifies(jwt.algorithm(), jwt.signing_input(), jwt.signature())
}

/// Reads the claims and compares the tenant.
fn tenant(issuer: &Issuer, jwt: &UnverifiedJwt) -> Result<Verified, Stranger> {
    let refuse = |reason, detail| Stranger {
        issuer: Some(Arc::clone(&issuer.name)),
        login: Some(jwt.login()),
        reason,
        detail: Some(detail),
    };
    let verified = issuer
        .read(jwt)
        .map_err(|fault| refuse(StrangerReason::Claims, fault.to_string()))?;
    match issuer.unpinned(&verified.subject.facts) {
        None => Ok(verified),
        Some(detail) => Err(refuse(StrangerReason::NotPinned, detail)),
    }
}

/// The caller is known from here on: time and audience are told in full.
fn prove_tenant(
    issuer: &Issuer,
    jwt: &UnverifiedJwt,
    verified: Verified,
    now: Timestamp,
) -> Result<Proof, Unproven> {
    let terms = issuer.check_terms(&verified.claims, now);
    let (subject, claims) = verified.into_claims();
    let identity = Identity {
        issuer: Arc::clone(&issuer.name),
        id: subject.id.into(),
    };
    match terms {
        Ok(until) => Ok(Proof {
            identity,
            name: subject.name,
            facts: subject.facts,
            claims: Arc::new(claims),
            login: Some(jwt.login()),
            until: Some(until),
            evidence: crate::session::Evidence::Anonymous,
            is_bound: true,
        }),
        Err(reason) => Err(Unproven::Rejected(Box::new(Rejected {
            identity,
            name: subject.name,
            facts: subject.facts,
            login: jwt.login(),
            reason,
        }))),
    }
}

/// A stranger; the issuer is named if there is no doubt which it would be.
fn stranger(issuers: &[&Issuer], jwt: &UnverifiedJwt, reason: StrangerReason) -> Unproven {
    let issuer = match issuers {
        [only] => Some(Arc::clone(&only.name)),
        _ => None,
    };
    Unproven::Stranger(Stranger {
        issuer,
        login: Some(jwt.login()),
        reason,
        detail: None,
    })
}

#[cfg(test)]
mod tests;

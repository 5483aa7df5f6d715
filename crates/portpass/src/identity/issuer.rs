//! One configured issuer, checked and ready.

use std::{path::Path, sync::Arc};

use jiff::Timestamp;

use super::{
    Binding, Facts, IssuerKind, IssuerSettings, SessionLimits,
    claims::{ClaimFault, Claims},
    keys::{Keys, Location, Source, SourceFault},
    kind::{Reading, Subject},
    pins::Pins,
    settings_check::{self, Checked},
    validity::Terms,
};
use crate::{
    config::Fault,
    credential::{JwtAlgorithm, UnverifiedJwt},
};

/// One issuer.
#[derive(Clone, Debug)]
pub(super) struct Issuer {
    pub(super) name: Arc<str>,
    pub(super) kind: IssuerKind,
    /// What `iss` may be, byte for byte.
    pub(super) iss: Vec<String>,
    pub(super) keys: Arc<Keys>,
    /// What the name stands for.
    pub(super) binding: Binding,
    pub(super) terms: Terms,
    pub(super) limits: SessionLimits,
    algorithms: Vec<JwtAlgorithm>,
    groups_claim: Option<String>,
    id_claim: Option<String>,
    pins: Pins,
    web: Option<String>,
}

/// Whom a JWT with a right signature is about, and whether the tenant is ours.
#[derive(Clone, Debug)]
pub(super) struct Verified {
    pub(super) claims: Claims,
    pub(super) subject: Subject,
}

/// Whether a JWT with this `iss` would be this issuer's, as far as its settings go.
pub(crate) fn is_of(settings: &IssuerSettings, iss: &str) -> bool {
    let checked = settings_check::check(settings.clone());
    checked.is_ok_and(|checked| checked.iss.iter().any(|own| own == iss))
}

/// Asks an issuer for its keys, once and from here, and keeps nothing: how many there are.
///
/// # Errors
///
/// Says why there are none, in the words that a server's readiness has for it.
pub(crate) async fn ask_for_keys(settings: &IssuerSettings) -> Result<usize, String> {
    let checked = settings_check::check(settings.clone()).map_err(|faults| {
        let messages: Vec<String> = faults.into_iter().map(|fault| fault.message).collect();
        messages.join("; ")
    })?;
    super::keys::ask_once(&checked.source).await
}

impl Issuer {
    /// Checks the settings and opens the keys; those of a previous issuer of the
    /// same name are kept if they come from the same source.
    pub(super) fn build(
        settings: IssuerSettings,
        previous: Option<&Self>,
        key_cache_dir: &Path,
        now: Timestamp,
    ) -> Result<Self, Vec<Fault>> {
        let keys_at = settings_check::keys_at(&settings);
        let Checked {
            name,
            kind,
            iss,
            source,
            algorithms,
            groups_claim,
            id_claim,
            pins,
            terms,
            limits,
            web,
        } = settings_check::check(settings)?;
        let keys = Self::keys(&name, source, previous, key_cache_dir, now).map_err(|fault| {
            vec![Fault {
                message: fault.to_string(),
                at: keys_at,
            }]
        })?;
        Ok(Self {
            binding: Binding::new(Arc::clone(&name), kind, &iss, keys.origin()),
            name,
            kind,
            iss,
            keys,
            terms,
            limits,
            algorithms,
            groups_claim,
            id_claim,
            pins,
            web,
        })
    }

    /// The same issuer, believing the keys of this set alone.
    pub(super) fn with_key_set(
        &self,
        key_set: String,
        now: Timestamp,
    ) -> Result<Self, SourceFault> {
        let source = Source {
            location: Location::Inline(key_set),
            own: None,
            ca: None,
            bearer_file: None,
            allow_private_network: false,
        };
        // Keys that are given here are kept nowhere.
        let keys = Keys::open(Arc::clone(&self.name), source, Path::new(""), now)?;
        let keys = Arc::new(keys);
        Ok(Self {
            keys,
            ..self.clone()
        })
    }

    fn keys(
        name: &Arc<str>,
        source: Source,
        previous: Option<&Self>,
        key_cache_dir: &Path,
        now: Timestamp,
    ) -> Result<Arc<Keys>, SourceFault> {
        match previous {
            Some(previous) if *previous.keys.source() == source => Ok(Arc::clone(&previous.keys)),
            Some(_) | None => {
                Keys::open(Arc::clone(name), source, key_cache_dir, now).map(Arc::new)
            }
        }
    }

    pub(super) fn algorithms(&self) -> &[JwtAlgorithm] {
        &self.algorithms
    }

    pub(super) fn pins(&self) -> &Pins {
        &self.pins
    }

    pub(super) fn accepts_algorithm(&self, jwt: &UnverifiedJwt) -> bool {
        self.algorithms.contains(&jwt.algorithm())
    }

    /// Reads the claims of a JWT that this issuer's key signed.
    pub(super) fn read(&self, claims: Claims) -> Result<Verified, ClaimFault> {
        let reading = Reading {
            issuer: &self.name,
            web: self.web.as_deref(),
            groups_claim: self.groups_claim.as_deref(),
            id_claim: self.id_claim.as_deref(),
        };
        let subject = self.kind.subject(&claims, &reading)?;
        Ok(Verified { claims, subject })
    }

    /// What of the subject is not of a tenant that is pinned, for the operator.
    pub(super) fn unpinned(&self, id: &str, facts: &Facts) -> Option<String> {
        if !self.pins.has_id(id) {
            return Some(format!("id {id} is not pinned"));
        }
        let fact = self.pins.unmet(facts)?;
        Some(match facts.text(fact) {
            Some(value) => format!("{fact} {value} is not pinned"),
            None => format!("{fact} is pinned, and the JWT has none"),
        })
    }

    /// Whether only some of the platform's tenants are believed.
    pub(super) fn is_pinned(&self) -> bool {
        self.pins.are_any()
    }

    /// Whether one JWT could be both issuers': same `iss`, maybe the same keys,
    /// same tenant.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.iss.iter().any(|iss| other.iss.contains(iss))
            && self.may_share_keys(other)
            && self.pins.overlap(&other.pins)
    }

    /// Whether a key could be both issuers'.
    pub(super) fn may_share_keys(&self, other: &Self) -> bool {
        let mine = &self.keys.source().location;
        mine.may_share_keys(&other.keys.source().location)
    }
}

//! Who a credential proves its caller to be.
//!
//! One file for each kind of issuer. A new kind is a file of data in `platforms/`
//! (see `described/`); one that data cannot describe is a new file, a variant of
//! [`IssuerKind`], and an arm wherever the compiler then asks for one.

use std::{fmt, sync::Arc};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

mod api_token;
mod binding;
mod claims;
mod code_host;
mod described;
mod directory;
mod facts;
mod forgejo;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod github_actions;
mod gitlab;
mod gives;
mod issuer;
mod keys;
mod kind;
mod kubernetes;
mod limits;
#[cfg(test)]
mod listening;
mod oidc;
mod pins;
mod rejected;
mod settings;
mod settings_check;
#[cfg(test)]
mod signing;
mod supposed;
mod unproven;
mod validity;
mod vouched;

pub use self::{
    api_token::{ApiToken, TOKEN},
    binding::Binding,
    described::Described,
    directory::{Circumstances, Directory, IssuerStatus},
    facts::{Fact, FactType, FactValue, Facts, UnknownFact},
    keys::Withdrawn,
    limits::SessionLimits,
    rejected::{RejectReason, Rejected},
    settings::{IssuerKind, IssuerSettings, KeySource},
    supposed::{Supposed, Wrong, WrongStage},
    unproven::{Missing, Stranger, StrangerReason, Unproven},
};
pub(crate) use self::{
    described::page as platforms_page,
    directory::Signatory,
    issuer::{ask_for_keys, is_of},
    validity::LEEWAY_SECONDS,
};
use crate::{session::Evidence, short_id::ShortId};

/// The issuer of everybody who presents nothing; no configured issuer has the name.
pub const ANONYMOUS: &str = "anonymous";

/// Issuer name and immutable id: what is stored, compared and put in groups.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Identity {
    issuer: Arc<str>,
    id: Arc<str>,
}

impl Identity {
    /// An identity that the store has, because it was proven once or an operator
    /// named it.
    pub(crate) fn stored(issuer: &str, id: &str) -> Self {
        Self {
            issuer: issuer.into(),
            id: id.into(),
        }
    }

    /// The issuer's name in the configuration.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The same, to be shared by whoever keeps it.
    pub(crate) fn shared_issuer(&self) -> &Arc<str> {
        &self.issuer
    }

    /// The id, which the issuer never gives to anybody else.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.issuer, self.id)
    }
}

/// An identity with the facts of one login, and until when they hold.
///
/// Only [`Directory::prove`] makes one.
#[derive(Clone, Debug)]
pub struct Proof {
    identity: Identity,
    name: Arc<str>,
    facts: Facts,
    claims: Arc<Map<String, Value>>,
    login: Option<ShortId>,
    until: Option<Timestamp>,
    evidence: Evidence,
    is_pinned: bool,
    is_bound: bool,
}

impl Proof {
    /// The proof of a caller who presented nothing: identity `anonymous`, no
    /// login, and the issuer as the only fact.
    fn anonymous() -> Self {
        let issuer: Arc<str> = ANONYMOUS.into();
        let mut facts = Facts::default();
        facts.set_text(Fact::Issuer, Some(ANONYMOUS));
        Self {
            identity: Identity {
                id: Arc::clone(&issuer),
                issuer,
            },
            name: ANONYMOUS.into(),
            facts,
            claims: Arc::default(),
            login: None,
            until: None,
            evidence: Evidence::Anonymous,
            is_pinned: false,
            is_bound: true,
        }
    }

    /// Who it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The name people know the identity by: `acme/web`, `namespace/service-account`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the platform vouches for.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The verified payload of the JWT, as it came; empty where there was none.
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// The same, to be kept with a session.
    pub(crate) fn all_claims(&self) -> &Arc<Map<String, Value>> {
        &self.claims
    }

    /// The login this proof is of; the anonymous have none.
    pub fn login(&self) -> Option<ShortId> {
        self.login
    }

    /// When the login's cap is reached, or the API token expires; the anonymous
    /// have none.
    pub fn until(&self) -> Option<Timestamp> {
        self.until
    }

    /// What it rests on.
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// Whether the issuer is believed of some of its platform's tenants only, so
    /// that no stranger can be proven.
    pub fn is_pinned(&self) -> bool {
        self.is_pinned
    }

    /// Whether the issuer's name stands for what it did when an operator last
    /// said so. If not, what was given to its identities is not theirs.
    pub fn is_bound(&self) -> bool {
        self.is_bound
    }

    /// Whether nothing was presented.
    pub fn is_anonymous(&self) -> bool {
        self.login.is_none()
    }
}

#[cfg(test)]
impl Proof {
    /// A proof out of thin air, for the tests of later steps: by a JWT of an
    /// issuer that is bound and not pinned, if there is a login.
    pub(crate) fn of(
        issuer: &str,
        id: &str,
        name: &str,
        facts: Facts,
        claims: Map<String, Value>,
        login: Option<ShortId>,
        until: Option<Timestamp>,
    ) -> Self {
        let by_jwt = crate::session::Login {
            binding: ShortId::of(issuer.as_bytes()),
            key: "key".into(),
            issued: Timestamp::UNIX_EPOCH,
            expires: until.unwrap_or(Timestamp::UNIX_EPOCH),
            max_uses: None,
            is_held_to_its_network: false,
            provider: None,
            session: None,
        };
        Self {
            identity: Identity::stored(issuer, id),
            name: name.into(),
            facts,
            claims: Arc::new(claims),
            login,
            until,
            evidence: login.map_or(Evidence::Anonymous, |_| Evidence::Jwt(by_jwt)),
            is_pinned: false,
            is_bound: true,
        }
    }

    /// The same, resting on something else.
    pub(crate) fn by(mut self, evidence: Evidence) -> Self {
        self.evidence = evidence;
        self
    }

    /// The same, of an issuer that is pinned or not, and bound or not.
    pub(crate) fn of_issuer(mut self, is_pinned: bool, is_bound: bool) -> Self {
        self.is_pinned = is_pinned;
        self.is_bound = is_bound;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_out_of_thin_air_is_what_a_test_says() {
        let of = |login| {
            let facts = Facts::default();
            Proof::of("github", "74", "acme/web", facts, Map::new(), login, None)
        };
        let login = Some(ShortId::of(b"login"));
        assert_eq!(of(None).evidence().code(), "anonymous");
        assert_eq!(of(login).evidence().code(), "jwt");
        assert!(of(login).is_bound() && !of(login).is_pinned());
        let other = of(login).by(Evidence::Anonymous).of_issuer(true, false);
        assert!(!other.is_bound() && other.is_pinned());
        assert_eq!(other.evidence().code(), "anonymous");
    }
}

//! Who a credential proves its caller to be.
//!
//! One file for each kind of issuer. A new kind is a new file, a variant of
//! [`IssuerKind`], and an arm wherever the compiler then asks for one.

use std::{fmt, sync::Arc};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

mod api_token;
mod claims;
mod code_host;
mod directory;
mod facts;
mod forgejo;
mod github_actions;
mod gitlab;
mod issuer;
mod keys;
mod kind;
mod kubernetes;
#[cfg(test)]
mod listening;
mod oidc;
mod pins;
mod settings;
mod settings_check;
#[cfg(test)]
mod signing;
mod unproven;
mod validity;

pub use self::{
    api_token::{ApiToken, TOKEN},
    directory::{Directory, IssuerStatus},
    facts::{Fact, FactType, FactValue, Facts, UnknownFact},
    settings::{IssuerKind, IssuerSettings, KeySource},
    unproven::{RejectReason, Rejected, Stranger, StrangerReason, Unproven},
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
    /// The issuer's name in the configuration.
    pub fn issuer(&self) -> &str {
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
    name: String,
    facts: Facts,
    claims: Arc<Map<String, Value>>,
    login: Option<ShortId>,
    until: Option<Timestamp>,
    evidence: Evidence,
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
            name: ANONYMOUS.to_owned(),
            facts,
            claims: Arc::default(),
            login: None,
            until: None,
            evidence: Evidence::Anonymous,
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

    /// The verified payload of the JWT, as it came; empty for the anonymous.
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// The login this proof is of; the anonymous have none.
    pub fn login(&self) -> Option<ShortId> {
        self.login
    }

    /// When the login's cap is reached; the anonymous have none.
    pub fn until(&self) -> Option<Timestamp> {
        self.until
    }

    /// What it rests on.
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// Whether the issuer's name stands for what it did when an operator last
    /// said so; if not, its ids are not known to be whose they were.
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
    /// A proof out of thin air, for the tests of later steps.
    pub(crate) fn of(
        issuer: &str,
        id: &str,
        name: &str,
        facts: Facts,
        claims: Map<String, Value>,
        login: Option<ShortId>,
        until: Option<Timestamp>,
    ) -> Self {
        Self {
            identity: Identity {
                issuer: issuer.into(),
                id: id.into(),
            },
            name: name.to_owned(),
            facts,
            claims: Arc::new(claims),
            login,
            until,
            evidence: Evidence::Anonymous,
            is_bound: true,
        }
    }

    /// The same, resting on something else.
    pub(crate) fn with_evidence(self, evidence: Evidence) -> Self {
        Self { evidence, ..self }
    }

    /// The same, of an issuer whose name stands for something else than before.
    pub(crate) fn suspended(self) -> Self {
        Self {
            is_bound: false,
            ..self
        }
    }
}

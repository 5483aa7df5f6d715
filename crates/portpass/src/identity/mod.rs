//! Who a credential proves its caller to be.

use std::{fmt, sync::Arc};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

pub use self::facts::{Fact, FactValue, Facts};
use crate::{credential::Credential, short_id::ShortId};

mod facts;

/// Issuer name and immutable id: what is stored, compared and put in groups.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Identity {
    issuer: Arc<str>,
    id: Arc<str>,
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
}

impl Proof {
    pub fn identity(&self) -> &Identity {
        &self.identity
    }
    /// The name people know the identity by: `acme/web`, `namespace/service-account`.
    pub fn name(&self) -> &str {
        &self.name
    }
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
    pub fn is_anonymous(&self) -> bool {
        self.login.is_none()
    }

    /// A proof for the tests of later steps.
    #[cfg(test)]
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
        }
    }
}
impl Identity {
    pub fn issuer(&self) -> &str {
        &self.issuer
    }
    pub fn id(&self) -> &str {
        &self.id
    }
}
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.issuer, self.id)
    }
}

/// The issuers whose tokens are believed.
#[derive(Debug, Default)]
pub struct Directory {}

impl Directory {
    pub async fn prove(&self, credential: Credential, now: Timestamp) -> Result<Proof, Unproven> {
        let _ = (credential, now);
        todo!()
    }
}

/// Why a credential gave no proof.
#[derive(Debug)]
pub enum Unproven {
    /// Signature and tenant are right, yet the JWT cannot be accepted now.
    Rejected(Box<Rejected>),
    /// Nobody was proven: only the category may be told.
    Stranger(Stranger),
    /// The keys to tell are not to be had right now.
    Unavailable {
        issuer: Arc<str>,
        login: ShortId,
        reason: String,
    },
}

/// Somebody known whose JWT cannot be accepted.
#[derive(Debug)]
pub struct Rejected {
    pub identity: Identity,
    pub name: String,
    pub facts: Facts,
    pub login: ShortId,
    pub reason: RejectReason,
}
#[derive(Debug)]
pub enum RejectReason {
    Expired,
    NotYetValid,
    WrongAudience,
    TooLongLived,
} // each carrying what its message needs

/// A caller who proved nothing.
#[derive(Debug)]
pub struct Stranger {
    /// The configured issuer whose JWT this claimed to be, if one.
    pub issuer: Option<Arc<str>>,
    pub login: Option<ShortId>,
    pub reason: StrangerReason,
}
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum StrangerReason {
    BadSignature,
    ForbiddenHeader,
    /* … */ Malformed,
    NotPinned,
    Password,
    UnknownIssuer,
    UnknownKey,
}

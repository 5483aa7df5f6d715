//! A provider's token that is passed on: of a type of its own, never a grant.

use std::sync::Arc;

use jiff::Timestamp;
use scope::Scopes;

use crate::{
    config::SecretText, decision::Access, identity::Proof, refused::Ask, registry::Registry,
};

/// A provider's token that was checked and is answered as it came.
///
/// Only [`Relay::vouch`](super::Relay::vouch) makes one.
pub struct PassedToken {
    encoded: SecretText,
    proof: Option<Proof>,
    user: Option<String>,
    subject: Option<String>,
    ask: Ask,
    access: Vec<Access>,
    id: String,
    lifetime_seconds: i64,
    expires_at: Timestamp,
}

impl PassedToken {
    /// The token itself: a credential, to be shown to its caller alone.
    pub fn encoded(&self) -> &str {
        self.encoded.expose()
    }

    /// Who proved to be who, by an issuer of ours; nobody where the provider alone knows.
    pub fn proof(&self) -> Option<&Proof> {
        self.proof.as_ref()
    }

    /// The user name that a person gave.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// Its `sub`.
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// The registry that it is for.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.ask.registry
    }

    /// What was asked.
    pub fn asked(&self) -> &Scopes {
        &self.ask.scopes
    }

    /// Its `access`.
    pub fn access(&self) -> &[Access] {
        &self.access
    }

    /// The id of its event.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How long it lives from now, in seconds.
    pub fn lifetime_seconds(&self) -> i64 {
        self.lifetime_seconds
    }

    /// Its `exp`.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

impl std::fmt::Debug for PassedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PassedToken")
            .field("proof", &self.proof)
            .field("subject", &self.subject)
            .field("access", &self.access)
            .field("id", &self.id)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

//! What the word of an identity provider makes of a proof.

use std::sync::Arc;

use super::{Fact, Proof, RejectReason, Rejected};
use crate::{
    relay::Sealed,
    session::{Evidence, ProviderLogin, Rotated},
    short_id::ShortId,
};

impl Proof {
    /// The same caller, with the user and the groups that a provider's token
    /// names, until the sooner of both ends. Nothing else of it changes: who it
    /// is, and what its own platform says, the provider cannot know better.
    pub(crate) fn vouched_by(mut self, provider: &Self) -> Self {
        for fact in [Fact::User, Fact::IdpGroups] {
            match provider.facts.get(fact) {
                Some(value) => self.facts.set(fact, value.clone()),
                None => self.facts.remove(fact),
            }
        }
        self.until = match (self.until, provider.until) {
            (Some(own), Some(theirs)) => Some(own.min(theirs)),
            (own, theirs) => own.or(theirs),
        };
        match &mut self.evidence {
            Evidence::Jwt(login) | Evidence::RefreshToken { login, .. } => {
                login.provider = provider.provider_login();
            }
            Evidence::Anonymous | Evidence::ApiToken(_) | Evidence::Password { .. } => {}
        }
        self
    }

    /// A provider's subject who gave a name and a password; `sealed` is what
    /// the provider gave for coming back.
    pub(crate) fn with_password(mut self, sealed: Option<Sealed>) -> Self {
        if let Evidence::Jwt(login) = self.evidence {
            self.evidence = Evidence::Password { login, sealed };
        }
        self
    }

    /// The same login, with what the provider says of its subject today.
    pub(crate) fn renewed_by(mut self, provider: Self, exchanged: Option<Rotated>) -> Self {
        self.name = provider.name;
        self.facts = provider.facts;
        self.claims = provider.claims;
        if let Evidence::RefreshToken { sealed, .. } = &mut self.evidence {
            *sealed = exchanged;
        }
        self
    }

    /// A rejection of the same caller.
    pub(crate) fn rejected(&self, login: ShortId, reason: RejectReason) -> Rejected {
        Rejected {
            identity: self.identity.clone(),
            name: self.name.clone(),
            facts: self.facts.clone(),
            login,
            reason,
        }
    }

    /// What is kept of a provider's token for a session.
    fn provider_login(&self) -> Option<Arc<ProviderLogin>> {
        let login = self.evidence.login()?;
        Some(Arc::new(ProviderLogin {
            issuer: Arc::clone(&self.identity.issuer),
            id: Arc::clone(&self.identity.id),
            binding: login.binding,
            key: Arc::clone(&login.key),
            issued: login.issued,
            expires: login.expires,
            claims: Arc::clone(&self.claims),
        }))
    }
}

//! A provider's token that is passed on: of a type of its own, never a grant.

mod check;

use std::sync::Arc;

use jiff::Timestamp;
use scope::Scopes;

pub(super) use self::check::{Checked, access_of, claims_of};
use super::stopped::Who;
use crate::{
    decision::Access, event_id::event_id, identity::Proof, refused::Ask, registry::Registry,
    short_id::ShortId,
};

/// How much of a name that we did not choose is kept, in characters.
const MAX_NAME: usize = 256;

/// Clients take sixty seconds where they are told less, or nothing.
const SHORTEST_SECONDS: i64 = 60;

/// A provider's token that was checked and is answered as it came.
///
/// Only [`Relay::vouch`](super::Relay::vouch) makes one.
pub struct PassedToken {
    checked: Checked,
    who: Who,
    ask: Ask,
    id: String,
    lifetime_seconds: i64,
}

impl PassedToken {
    /// A token that was checked, for whom and what was asked.
    pub(super) fn new(checked: Checked, who: Who, ask: Ask, now: Timestamp) -> Self {
        Self {
            id: event_id(now),
            lifetime_seconds: checked.expires_at.as_second() - now.as_second(),
            checked,
            who,
            ask,
        }
    }

    /// The token itself: a credential, to be shown to its caller alone.
    pub fn encoded(&self) -> &str {
        self.checked.encoded.expose()
    }

    /// Who proved to be who, by an issuer of ours; nobody where the provider alone knows.
    pub fn proof(&self) -> Option<&Proof> {
        self.who.proof.as_ref()
    }

    /// The login that the JWT is of, which was presented.
    pub fn login(&self) -> Option<ShortId> {
        self.who.login
    }

    /// The user name that a person gave; printable and short.
    pub fn user(&self) -> Option<&str> {
        self.who.user.as_deref()
    }

    /// Whether nothing was presented.
    pub fn is_anonymous(&self) -> bool {
        self.who.is_nobody
    }

    /// Its `sub`; printable and short.
    pub fn subject(&self) -> Option<&str> {
        self.checked.subject.as_deref()
    }

    /// The registry that it is for.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.ask.registry
    }

    /// What was asked, and under which rules.
    pub fn ask(&self) -> &Ask {
        &self.ask
    }

    /// What was asked.
    pub fn asked(&self) -> &Scopes {
        &self.ask.scopes
    }

    /// Its `access`.
    pub fn access(&self) -> &[Access] {
        &self.checked.access
    }

    /// The granted scopes as the OAuth `scope` field has them, with spaces between.
    pub fn scope_text(&self) -> String {
        let texts: Vec<_> = self.access().iter().map(Access::scope_text).collect();
        texts.join(" ")
    }

    /// The id of its event.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How long it lives from now, in seconds.
    pub fn lifetime_seconds(&self) -> i64 {
        self.lifetime_seconds
    }

    /// What clients are told: never less than a minute, which they take for a
    /// minute anyway, or for ever. distribution allows for as much after `exp`.
    pub fn told_seconds(&self) -> i64 {
        self.lifetime_seconds.max(SHORTEST_SECONDS)
    }

    /// Its `exp`.
    pub fn expires_at(&self) -> Timestamp {
        self.checked.expires_at
    }
}

/// Without the token, which is a credential.
impl std::fmt::Debug for PassedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PassedToken")
            .field("proof", &self.who.proof)
            .field("access", &self.checked.access)
            .field("id", &self.id)
            .field("expires_at", &self.checked.expires_at)
            .finish_non_exhaustive()
    }
}

/// A name that others chose, as a record may hold it: printable and short.
pub(super) fn printable(name: &str) -> String {
    let printable = name.chars().filter(|letter| !letter.is_control());
    printable.take(MAX_NAME).collect()
}

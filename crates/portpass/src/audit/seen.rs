//! What was written down a moment ago, so that not each request writes it.

use std::{fmt, sync::Arc};

use jiff::Timestamp;

use crate::{
    bounded::{Bounded, ENTRY_BYTES, Two},
    identity::{ApiToken, Identity},
    store::Conditions,
};

/// How long the same identity under the same name is not written again.
const IDENTITY_MS: i64 = 10 * 60_000;

/// How long the use of an API token is not written again.
const API_TOKEN_MS: i64 = 60_000;

/// Of each, some four thousand.
const BYTES: u64 = 4000 * ENTRY_BYTES as u64;

/// Who was written down lately, and which API tokens.
pub(super) struct Seen {
    /// By issuer and id: the name, and when in milliseconds since 1970.
    identities: Bounded<Key, Written>,
    /// By id: when in milliseconds since 1970.
    api_tokens: Bounded<String, i64>,
}

/// An issuer's name and the id under it.
type Key = (String, String);

/// The name that was written, and when, in milliseconds since 1970.
type Written = (Arc<str>, i64);

/// What is to be noted once it is committed.
#[derive(Debug, Default)]
pub(super) struct Noted {
    identity: Option<(Key, Written)>,
    api_token: Option<(String, i64)>,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            identities: Bounded::to(BYTES, ENTRY_BYTES as u64),
            api_tokens: Bounded::to(BYTES, ENTRY_BYTES as u64),
        }
    }
}

impl Seen {
    /// Whether an identity must be written, under the name it has now.
    pub(super) fn is_identity_due(&self, identity: &Identity, name: &str, now: Timestamp) -> bool {
        let written = self.identities.find(&Two(identity.issuer(), identity.id()));
        written.is_none_or(|(known, at_ms)| *known != *name || is_over(at_ms, IDENTITY_MS, now))
    }

    /// Whether the use of an API token must be written.
    pub(super) fn is_use_due(&self, token: &ApiToken, now: Timestamp) -> bool {
        let written = self.api_tokens.find(token.identity.id());
        let written = written.or(token.last_used.map(Timestamp::as_millisecond));
        written.is_none_or(|at_ms| is_over(at_ms, API_TOKEN_MS, now))
    }

    /// What these conditions write down.
    pub(super) fn note_later(conditions: &Conditions) -> Noted {
        Noted {
            identity: conditions.identity.as_ref().map(|row| {
                let key = (row.issuer.clone(), row.identity.clone());
                (key, (row.name.as_str().into(), row.last_ms))
            }),
            api_token: conditions
                .api_token
                .as_ref()
                .map(|used| (used.id.clone(), used.used_ms)),
        }
    }

    /// Notes what was committed.
    pub(super) fn note(&self, noted: Noted) {
        if let Some((identity, written)) = noted.identity {
            let bytes = ENTRY_BYTES + identity.1.len() + written.0.len();
            self.identities.put(identity, written, bytes);
        }
        if let Some((id, used_ms)) = noted.api_token {
            self.api_tokens.put(id, used_ms, ENTRY_BYTES);
        }
    }
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seen").finish_non_exhaustive()
    }
}

/// Whether a while is over that began then; a clock that was set back ends it.
fn is_over(at_ms: i64, while_ms: i64, now: Timestamp) -> bool {
    !(0..while_ms).contains(&(now.as_millisecond() - at_ms))
}

//! Keys that their issuer has withdrawn, until that is written down.
//!
//! The set on disk follows only then: a server that ends in between compares
//! with the old set once more, and finds the same keys gone.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Keys, jwks::KeySet};

/// A key that an issuer published, and does not publish any more.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Withdrawn {
    /// The issuer's name.
    pub issuer: Arc<str>,
    /// Its `kid`, or its thumbprint (RFC 7638) if it has none.
    pub key: Arc<str>,
    /// When we saw that it was gone.
    pub at: Timestamp,
}

/// The keys of one issuer that are gone, and when we saw it.
#[derive(Debug, Default)]
pub(super) struct Unwritten(Vec<(Arc<str>, Timestamp)>);

impl Unwritten {
    /// Notes what of an old set is not in the new one.
    pub(super) fn note(&mut self, old: &KeySet, new: &KeySet, now: Timestamp) {
        for key in old.missing_in(new) {
            // The first time is when most of its JWTs were still alive.
            if !self.0.iter().any(|(known, _)| *known == key) {
                self.0.push((key, now));
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Keys {
    /// Whether a key is in the set that its issuer published last, as far as we
    /// know; nothing is in a set that we never had.
    pub(in crate::identity) fn publishes(&self, key: &str) -> bool {
        self.state().set.as_ref().is_some_and(|set| set.has(key))
    }

    /// The keys that are gone, for as long as it is not written down.
    pub(in crate::identity) fn withdrawn(&self) -> Vec<Withdrawn> {
        let state = self.state();
        let unwritten = state.withdrawn.0.iter();
        unwritten
            .map(|(key, at)| Withdrawn {
                issuer: Arc::clone(&self.issuer),
                key: Arc::clone(key),
                at: *at,
            })
            .collect()
    }

    /// Takes note that some are written down, and saves the set without them.
    pub(in crate::identity) async fn forget_withdrawn(&self, written: &[Withdrawn]) {
        let is_written = |key: &Arc<str>, at: &Timestamp| {
            let mut written = written.iter();
            written.any(|done| done.issuer == self.issuer && done.key == *key && done.at == *at)
        };
        let forgotten = {
            let mut state = self.state();
            let before = state.withdrawn.0.len();
            state.withdrawn.0.retain(|(key, at)| !is_written(key, at));
            before - state.withdrawn.0.len()
        };
        if forgotten > 0 {
            let _flight = self.flight.lock().await;
            self.save().await;
        }
    }
}

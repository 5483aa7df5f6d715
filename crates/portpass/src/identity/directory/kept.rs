//! JWTs that were verified before: what a signature covers is looked at once.
//!
//! Clients that keep the JWT itself present it for every token. What it says,
//! and that its issuer's key signed it, stays as it is as long as the issuer's
//! key set does; its times, its audience, its tenant and what may have ended its
//! login are judged each time.
//!
//! They are found by the SHA-256 of what was presented, the JWT as a whole and
//! what stood around it, so that it need not be taken apart again either.

use std::{fmt, sync::Arc};

use super::known::Known;
use crate::{
    bounded::Bounded,
    credential::{Shown, UnverifiedJwt},
    identity::{issuer::Verified, keys::KeySet},
};

/// About four hundred JWTs of the usual length. Sessions share the claims.
const KEPT_BYTES: u64 = 4 << 20;

/// What one costs beside its text: the claims in pieces, and the facts.
const OVERHEAD_BYTES: usize = 4096;

/// What was verified, by what was presented.
pub(super) struct Kept(Bounded<Shown, Arc<Entry>>);

struct Entry {
    jwt: Arc<UnverifiedJwt>,
    /// The set that held the key. Another one may have withdrawn it.
    keys: Arc<KeySet>,
    key: Arc<str>,
    verified: Verified,
}

impl Kept {
    /// The JWT that was presented like this, taken apart; nothing says that it holds.
    pub(super) fn recall(&self, shown: &Shown) -> Option<Arc<UnverifiedJwt>> {
        self.0.find(shown).map(|entry| Arc::clone(&entry.jwt))
    }

    /// What a JWT says and which key signed it, if that was found out before by
    /// this key set of its issuer's.
    pub(super) fn find(
        &self,
        jwt: &UnverifiedJwt,
        keys: &Arc<KeySet>,
    ) -> Option<(Arc<str>, Verified)> {
        let entry = self.0.find(&jwt.shown())?;
        Arc::ptr_eq(&entry.keys, keys).then(|| (Arc::clone(&entry.key), entry.verified.clone()))
    }

    /// Keeps what was found out, if it was by one key set alone, and just now.
    pub(super) fn keep(&self, jwt: &Arc<UnverifiedJwt>, known: &Known<'_>) {
        let Some(keys) = &known.by else {
            return;
        };
        let entry = Entry {
            jwt: Arc::clone(jwt),
            keys: Arc::clone(keys),
            key: Arc::clone(known.key()),
            verified: known.verified().clone(),
        };
        let bytes = OVERHEAD_BYTES + 4 * jwt.signing_input().len();
        self.0.put(jwt.shown(), Arc::new(entry), bytes);
    }
}

impl Default for Kept {
    fn default() -> Self {
        Self(Bounded::to(KEPT_BYTES, 2 * OVERHEAD_BYTES as u64))
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}

//! JWTs that were verified before: what a signature covers is looked at once.
//!
//! Clients that keep the JWT itself present it for every token. What it says,
//! and that its issuer's key signed it, stays as it is as long as the issuer's
//! key set does; its times, its audience, its tenant and what may have ended its
//! login are judged each time.

use std::{fmt, sync::Arc};

use aws_lc_rs::digest;
use moka::{policy::EvictionPolicy, sync::Cache};

use super::known::Known;
use crate::{
    credential::UnverifiedJwt,
    identity::{issuer::Verified, keys::KeySet},
};

/// About five hundred JWTs of the usual length. Sessions share the claims.
const KEPT_BYTES: u64 = 4 << 20;

/// What one costs beside its text: the claims in pieces, and the facts.
const OVERHEAD_BYTES: usize = 4096;

/// What was verified, by the SHA-256 of the whole JWT.
pub(super) struct Kept(Cache<Digest, Arc<Entry>>);

type Digest = [u8; 32];

struct Entry {
    /// The set that held the key. Another one may have withdrawn it.
    keys: Arc<KeySet>,
    key: Arc<str>,
    verified: Verified,
    bytes: usize,
}

impl Kept {
    /// What a JWT says and which key signed it, if that was found out before by
    /// this key set of its issuer's.
    pub(super) fn find(
        &self,
        jwt: &UnverifiedJwt,
        keys: &Arc<KeySet>,
    ) -> Option<(Arc<str>, Verified)> {
        let entry = self.0.get(&digest_of(jwt))?;
        Arc::ptr_eq(&entry.keys, keys).then(|| (Arc::clone(&entry.key), entry.verified.clone()))
    }

    /// Keeps what was found out, if it was by one key set alone, and just now.
    pub(super) fn keep(&self, jwt: &UnverifiedJwt, known: &Known<'_>) {
        let Some(keys) = &known.by else {
            return;
        };
        let entry = Entry {
            keys: Arc::clone(keys),
            key: Arc::clone(known.key()),
            verified: known.verified().clone(),
            bytes: OVERHEAD_BYTES + 2 * jwt.signing_input().len(),
        };
        self.0.insert(digest_of(jwt), Arc::new(entry));
    }
}

impl Default for Kept {
    fn default() -> Self {
        let cache = Cache::builder()
            .eviction_policy(EvictionPolicy::lru())
            .max_capacity(KEPT_BYTES)
            .weigher(|_digest, entry: &Arc<Entry>| entry.bytes.try_into().unwrap_or(u32::MAX));
        Self(cache.build())
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}

/// Of the whole JWT: its signature is no part of the login.
fn digest_of(jwt: &UnverifiedJwt) -> Digest {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(jwt.signing_input());
    context.update(b".");
    context.update(jwt.signature());
    let mut bytes = Digest::default();
    for (to, from) in bytes.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    bytes
}

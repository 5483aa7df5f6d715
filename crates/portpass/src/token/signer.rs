//! The one who signs: takes a grant, gives a token.

use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use data_encoding::BASE64URL_NOPAD;
use jiff::{SignedDuration, Timestamp};

use super::{
    AuthorityExpiry, KeyError, KeySettings, SignError, SignedToken,
    claims::{self, Claims},
    leaf::Leaf,
    signing_key::SigningKey,
    table::Table,
};
use crate::{
    decision::Grant,
    event_id::event_id,
    registry::{Naming, Profile, Registry},
};

/// Signs tokens, each registry's way.
///
/// Requests only read the table of keys; [`prepare`](Self::prepare),
/// [`maintain`](Self::maintain) and [`execute`](Self::execute) make the next one
/// aside, one at a time, and swap it in. Those three write files and may make RSA
/// keys: run them where blocking is allowed.
#[derive(Debug)]
pub struct Signer {
    pub(super) table: ArcSwap<Table>,
    changing: Mutex<()>,
}

impl Signer {
    /// Reads or makes the CA and every key that the registries need.
    ///
    /// # Errors
    ///
    /// When a key's file cannot be read, written, or holds something else.
    pub fn open(
        settings: &KeySettings,
        registries: &[Arc<Registry>],
        now: Timestamp,
    ) -> Result<Self, KeyError> {
        let mut table = Table::open(settings, now)?;
        table.prepare(registries, now)?;
        Ok(Self {
            table: ArcSwap::from_pointee(table),
            changing: Mutex::new(()),
        })
    }

    /// Makes what a changed list of registries needs, and reads a given CA and given keys anew.
    /// Called before the snapshot of a reload is swapped in.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); then the keys stay as they were.
    pub fn prepare(&self, registries: &[Arc<Registry>], now: Timestamp) -> Result<(), KeyError> {
        self.change(|table| table.prepare(registries, now))
    }

    /// Renews what is due, and says when to come again.
    ///
    /// # Errors
    ///
    /// When a leaf cannot be made or kept; what there is goes on signing.
    pub fn maintain(&self, now: Timestamp) -> Result<Timestamp, KeyError> {
        self.change(|table| {
            table.renew(now)?;
            Ok(table.next_look(now))
        })
    }

    /// When the CA ends, with a warning from 180 days before.
    pub fn authority_expiry(&self, now: Timestamp) -> AuthorityExpiry {
        self.table.load().authority.expiry(now)
    }

    /// Signs a grant. It expires after the registry's `token_ttl` or at the
    /// login's cap, whichever is sooner, yet lives at least a minute.
    ///
    /// # Errors
    ///
    /// When there is no key for the registry, or its certificate ends too soon.
    pub fn sign(&self, grant: Grant, now: Timestamp) -> Result<SignedToken, SignError> {
        let table = self.table.load();
        let registry = grant.registry();
        let no_key = || SignError::NoKey(registry.name.to_string());
        let mut lifetime = claims::lifetime(registry, grant.proof().until(), now);
        let (key, header) = match registry.naming {
            Naming::Profile(Profile::X5c) => {
                let leaf = table
                    .leaves
                    .get(&registry.algorithm)
                    .and_then(|leaves| leaves.current(&table.authority, now))
                    .ok_or_else(no_key)?;
                lifetime = within(leaf, lifetime, registry, now)?;
                (&leaf.key, leaf.header.as_str())
            }
            Naming::Kid(_)
            | Naming::Profile(Profile::Libtrust | Profile::Pinned | Profile::Rfc7638) => {
                let current = &table.keys_of(registry).ok_or_else(no_key)?.current;
                (&current.key, current.header.as_str())
            }
        };
        let id = event_id(now);
        let claims = Claims::of(&grant, &id, lifetime, now);
        let encoded = encode(key, header, &claims)?
            .ok_or_else(|| SignError::Refused(registry.name.to_string()))?;
        Ok(SignedToken {
            encoded,
            refresh_token: None,
            id,
            lifetime_seconds: lifetime,
            expires_at: whole_seconds(now) + SignedDuration::from_secs(lifetime),
            grant,
        })
    }

    /// Makes the next table aside, and swaps it in if that went well.
    pub(super) fn change<T>(
        &self,
        change: impl FnOnce(&mut Table) -> Result<T, KeyError>,
    ) -> Result<T, KeyError> {
        let _one_at_a_time = self.changing.lock().expect("no change of keys can panic");
        let mut table = Table::clone(&self.table.load());
        let answer = change(&mut table)?;
        self.table.store(Arc::new(table));
        Ok(answer)
    }
}

/// Shortens a life so that the certificate outlives the token.
fn within(
    leaf: &Leaf,
    lifetime: i64,
    registry: &Registry,
    now: Timestamp,
) -> Result<i64, SignError> {
    let rest = leaf.last_expiry().as_second() - now.as_second();
    if rest < claims::SHORTEST_SECONDS {
        let ends_with_authority = leaf.certificate.not_after == leaf.authority.not_after;
        return Err(SignError::Ending {
            registry: registry.name.to_string(),
            not_after: leaf.certificate.not_after,
            way_out: if ends_with_authority {
                "the CA itself ends, see `portpass keys list`"
            } else {
                "`portpass keys rotate` makes a new one"
            },
        });
    }
    Ok(lifetime.min(rest))
}

/// Header, payload and signature (RFC 7515 §3.1).
fn encode(
    key: &SigningKey,
    header: &str,
    claims: &Claims<'_>,
) -> Result<Option<String>, serde_json::Error> {
    let mut token = String::with_capacity(2048);
    token.push_str(header);
    token.push('.');
    BASE64URL_NOPAD.encode_append(&serde_json::to_vec(claims)?, &mut token);
    let Some(signature) = key.sign(token.as_bytes()) else {
        return Ok(None);
    };
    token.push('.');
    BASE64URL_NOPAD.encode_append(&signature, &mut token);
    Ok(Some(token))
}

fn whole_seconds(now: Timestamp) -> Timestamp {
    now - SignedDuration::from_nanos(i64::from(now.subsec_nanosecond()))
}

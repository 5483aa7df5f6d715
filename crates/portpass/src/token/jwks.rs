//! Every public key, for whoever verifies tokens by our JWKS.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    certificate::Certificate, public_key::PublicKey, signer::Signer, state::State, table::Table,
};
use crate::registry::{Naming, Profile, Registry};

/// A public key that somebody may need, and what it is for.
#[derive(Clone, Debug)]
pub(super) struct Published<'a> {
    pub(super) key: PublicKey,
    pub(super) naming: Naming,
    pub(super) state: State,
    pub(super) certificate: &'a Certificate,
    /// The one registry it signs for; leaves sign for every `x5c` registry.
    pub(super) registry: Option<&'a str>,
    /// Whether the operator gave it.
    pub(super) is_given: bool,
}

impl Published<'_> {
    /// The key as a JWK, under the id that its tokens bear.
    pub(super) fn jwk(&self) -> Value {
        self.key.jwk(&self.key.named(&self.naming))
    }
}

impl Signer {
    /// The keys that are coming, current and past, as a JWK set (RFC 7517 §5).
    pub fn jwks(&self, now: Timestamp) -> Value {
        let table = self.table.load();
        let mut keys = Vec::new();
        for published in published(&table, now) {
            // A given key may sign for several registries.
            let jwk = published.jwk();
            if !keys.contains(&jwk) {
                keys.push(jwk);
            }
        }
        set(&keys)
    }

    /// What can truly be said of us in OpenID Connect Discovery 1.0 §3: there is
    /// no browser, no authorization endpoint and so no response type.
    pub fn discovery(&self, public_url: &str) -> Value {
        let base = public_url.trim_end_matches('/');
        let table = self.table.load();
        let mut algorithms: Vec<_> = table
            .registries
            .values()
            .map(|registry| registry.algorithm)
            .collect();
        algorithms.sort();
        algorithms.dedup();
        json!({
            "issuer": public_url,
            "jwks_uri": format!("{base}/.well-known/jwks.json"),
            "token_endpoint": format!("{base}/token"),
            "grant_types_supported": ["password"],
            "id_token_signing_alg_values_supported": algorithms,
            "response_types_supported": [],
            "subject_types_supported": ["public"],
        })
    }
}

/// A JWK set of some keys.
pub(super) fn set(keys: &[Value]) -> Value {
    json!({ "keys": keys })
}

/// Every key of which a token lives or will, leaves first.
pub(super) fn published(table: &Table, now: Timestamp) -> Vec<Published<'_>> {
    let mut all = Vec::new();
    for leaves in table.leaves.values() {
        for (leaf, state) in leaves.states(&table.authority, now) {
            all.push(Published {
                key: leaf.key.public().clone(),
                naming: Naming::Profile(Profile::X5c),
                state,
                certificate: &leaf.certificate,
                registry: None,
                is_given: false,
            });
        }
    }
    for registry in table.registries.values() {
        all.extend(of_registry(table, registry, now));
    }
    all
}

/// A registry's own keys: the current, the staged and those of which tokens live.
pub(super) fn of_registry<'a>(
    table: &'a Table,
    registry: &'a Registry,
    now: Timestamp,
) -> Vec<Published<'a>> {
    let published = |certificate: &'a Certificate, state, signed_for: &'a Registry| {
        // A certificate that was read has a key that was read.
        let key = certificate.public_key().ok()?;
        Some(Published {
            key,
            naming: signed_for.naming.clone(),
            state,
            certificate,
            registry: Some(&registry.name),
            is_given: signed_for.key.is_some(),
        })
    };
    let mut all = Vec::new();
    if let Some(keys) = table.keys_of(registry) {
        let current = &keys.current.certificate;
        all.extend(published(current, State::Current, registry));
        if let Some(staged) = &keys.staged {
            all.extend(published(&staged.certificate, State::Coming, registry));
        }
        for past in keys.past(now) {
            all.extend(published(past, State::Past, registry));
        }
    }
    for former in table.former(registry, now) {
        let certificate = &former.keys.current.certificate;
        all.extend(published(certificate, State::Past, &former.registry));
    }
    all
}

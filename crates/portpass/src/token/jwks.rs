//! Every public key, for whoever verifies tokens by our JWKS.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    certificate::Certificate, public_key::PublicKey, registry_keys::RegistryKeys, signer::Signer,
    state::State, table::Table,
};
use crate::registry::{Profile, Registry};

/// A public key that somebody may need, and what it is for.
#[derive(Clone, Debug)]
pub(super) struct Published<'a> {
    pub(super) key: PublicKey,
    pub(super) profile: Profile,
    pub(super) state: State,
    pub(super) certificate: &'a Certificate,
    /// The one registry it signs for; leaves sign for every `x5c` registry.
    pub(super) registry: Option<&'a str>,
}

impl Signer {
    /// The keys that are coming, current and past, as a JWK set (RFC 7517 §5).
    pub fn jwks(&self, now: Timestamp) -> Value {
        let table = self.table.load();
        let keys: Vec<_> = published(&table, now)
            .iter()
            .map(|published| published.key.jwk(published.profile))
            .collect();
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
                profile: Profile::X5c,
                state,
                certificate: &leaf.certificate,
                registry: None,
            });
        }
    }
    for registry in table.registries.values() {
        if let Some(keys) = table.keys_of(registry) {
            all.extend(of_registry(keys, registry, now));
        }
    }
    all
}

/// A registry's own keys: the current, the staged and those of which tokens live.
pub(super) fn of_registry<'a>(
    keys: &'a Arc<RegistryKeys>,
    registry: &'a Arc<Registry>,
    now: Timestamp,
) -> Vec<Published<'a>> {
    let published = |certificate: &'a Certificate, state| {
        // A certificate that was read has a key that was read.
        let key = certificate.public_key().ok()?;
        Some(Published {
            key,
            profile: registry.profile,
            state,
            certificate,
            registry: Some(&registry.name),
        })
    };
    let current = published(&keys.current.certificate, State::Current);
    let staged = keys.staged.as_ref();
    let staged = staged.and_then(|staged| published(&staged.certificate, State::Coming));
    let past = keys
        .past(now)
        .filter_map(|certificate| published(certificate, State::Past));
    current.into_iter().chain(staged).chain(past).collect()
}

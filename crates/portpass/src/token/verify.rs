//! A token that comes back to us: whether we signed it, for this registry, and it lives.

use std::time::Duration;

use data_encoding::{BASE64, BASE64URL_NOPAD};
use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, UnixTime};
use serde::Deserialize;
use serde_json::Value;
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use super::{
    certificate::Certificate, export, header, jwks, public_key::PublicKey, signer::Signer,
    table::Table,
};
use crate::{
    credential::object,
    decision::{Access, scope_text},
    registry::{Naming, Profile, Registry},
};

/// What a living token of ours says. Only [`Signer::verify`] makes one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VerifiedToken {
    claims: Claims,
    issued_at: Timestamp,
    not_before: Timestamp,
    expires_at: Timestamp,
    scope: String,
}

/// The payload, as `claims::Claims` writes it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    exp: i64,
    nbf: i64,
    iat: i64,
    jti: String,
    access: Value,
}

impl VerifiedToken {
    /// Its `jti`, which is the id of its event as well.
    pub fn id(&self) -> &str {
        &self.claims.jti
    }

    /// Its `sub`: identity, readable name and login; or `anonymous`.
    pub fn subject(&self) -> &str {
        &self.claims.sub
    }

    /// Its `aud`: the registry's `service`.
    pub fn audience(&self) -> &str {
        &self.claims.aud
    }

    /// Its `iss`.
    pub fn issuer(&self) -> &str {
        &self.claims.iss
    }

    /// Its `iat`.
    pub fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    /// Its `nbf`.
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// Its `exp`.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// What it gives, as the OAuth `scope` field has it; empty for a login probe.
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// Its `access`, as it stands in the token.
    pub fn access(&self) -> &Value {
        &self.claims.access
    }
}

impl Signer {
    /// What a token says, if it is one that was signed for this registry, here or by a replica
    /// under the same CA, and lives.
    ///
    /// Its header must be, to the byte, the one that the key is used with. A leaf must chain to a
    /// CA that the registry trusts by now; a long-lived key must be the registry's current, staged
    /// or past one. `iss` and `aud` must be the registry's. The times are held to without leeway:
    /// `nbf` lies back by more than clocks differ, and `exp` is the end (RFC 7519 §4.1.4).
    ///
    /// Anything else is nothing, and nobody is told why (RFC 7662 §2.2).
    pub fn verify(
        &self,
        registry: &Registry,
        token: &str,
        now: Timestamp,
    ) -> Option<VerifiedToken> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let signature = decode(signature)?;
        let table = self.table.load();
        let is_ours = |key: &PublicKey| key.verifies(signed.as_bytes(), &signature);
        let under_the_authority = registry.naming == Naming::Profile(Profile::X5c)
            && certified(&table, registry, header, now).is_some_and(|key| is_ours(&key));
        let is_signed = under_the_authority
            || jwks::of_registry(&table, registry, now).iter().any(|own| {
                header == header::encode(&own.key, &own.naming, own.certificate)
                    && is_ours(&own.key)
            });
        if !is_signed {
            return None;
        }
        let claims = object(&decode(payload)?).ok()?;
        let claims: Claims = serde_json::from_value(Value::Object(claims)).ok()?;
        let is_for_registry = claims.iss == registry.token_issuer && claims.aud == registry.service;
        let lives = claims.nbf <= now.as_second() && now.as_second() < claims.exp;
        if !is_for_registry || !lives {
            return None;
        }
        VerifiedToken::of(claims)
    }
}

impl VerifiedToken {
    fn of(claims: Claims) -> Option<Self> {
        let access: Vec<Access> = serde_json::from_value(claims.access.clone()).ok()?;
        let time = |seconds| Timestamp::from_second(seconds).ok();
        Some(Self {
            issued_at: time(claims.iat)?,
            not_before: time(claims.nbf)?,
            expires_at: time(claims.exp)?,
            scope: scope_text(&access),
            claims,
        })
    }
}

/// The key of the leaf in a header, if the leaf is good under one of our CAs.
fn certified(
    table: &Table,
    registry: &Registry,
    header: &str,
    now: Timestamp,
) -> Option<PublicKey> {
    let members = object(&decode(header)?).ok()?;
    let [Value::String(leaf)] = members.get("x5c")?.as_array()?.as_slice() else {
        return None;
    };
    let leaf = Certificate::from_der(&BASE64.decode(leaf.as_bytes()).ok()?).ok()?;
    let key = leaf.public_key().ok()?;
    let expected = header::encode(&key, &registry.naming, &leaf);
    let is_good = key.algorithm() == registry.algorithm
        && header == expected
        && chains(&leaf, &export::authorities(table, now), now);
    is_good.then_some(key)
}

/// Whether a leaf, and the CA that signed it, are good at a time (RFC 5280 §6.1).
fn chains(leaf: &Certificate, authorities: &[&Certificate], now: Timestamp) -> bool {
    // What is trusted is trusted whatever its dates, as far as the library goes.
    let living: Vec<_> = authorities
        .iter()
        .copied()
        .filter(|authority| authority.not_before <= now && now <= authority.not_after)
        .collect();
    is_under(leaf, &living, now)
}

/// Whether a leaf that is good at a time was signed under one of these, whatever their dates.
pub(super) fn is_under(leaf: &Certificate, authorities: &[&Certificate], at: Timestamp) -> bool {
    let der = CertificateDer::from(leaf.der());
    let Ok(leaf) = EndEntityCert::try_from(&der) else {
        return false;
    };
    let authorities: Vec<_> = authorities
        .iter()
        .map(|authority| CertificateDer::from(authority.der()))
        .collect();
    let anchors: Vec<_> = authorities
        .iter()
        .filter_map(|authority| anchor_from_trusted_cert(authority).ok())
        .collect();
    let seconds = u64::try_from(at.as_second()).unwrap_or_default();
    let at = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    // Leaves name no extended key usage, and so are good for every one.
    let usage = KeyUsage::client_auth();
    let algorithms = ALL_VERIFICATION_ALGS;
    leaf.verify_for_usage(algorithms, &anchors, &[], at, usage, None, None)
        .is_ok()
}

/// Base64url without padding or stray bits (RFC 7515 §2).
fn decode(part: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(part.as_bytes()).ok()
}

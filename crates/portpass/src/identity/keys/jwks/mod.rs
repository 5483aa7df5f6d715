//! JSON Web Key Sets, parsed once (RFC 7517, RFC 7518 §6, RFC 8037 §2).

use std::{collections::BTreeSet, fmt, sync::Arc};

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters,
    RsaPublicKeyComponents, VerificationAlgorithm,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

mod thumbprint;

use self::thumbprint::thumbprint;
use crate::{
    credential::{JwtAlgorithm, object},
    identity::claims::is_text,
    short_id::ShortId,
};

/// More keys than any platform publishes; a longer list is somebody's mistake.
const MAX_KEYS: usize = 100;
/// Sizes of RSA moduli that are neither weak nor slow, in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// Longest RSA exponent; larger ones only cost time.
const MAX_RSA_EXPONENT_BYTES: usize = 4;

const RSA_ALGORITHMS: [(JwtAlgorithm, &RsaParameters); 6] = [
    (JwtAlgorithm::Ps256, &RSA_PSS_2048_8192_SHA256),
    (JwtAlgorithm::Ps384, &RSA_PSS_2048_8192_SHA384),
    (JwtAlgorithm::Ps512, &RSA_PSS_2048_8192_SHA512),
    (JwtAlgorithm::Rs256, &RSA_PKCS1_2048_8192_SHA256),
    (JwtAlgorithm::Rs384, &RSA_PKCS1_2048_8192_SHA384),
    (JwtAlgorithm::Rs512, &RSA_PKCS1_2048_8192_SHA512),
];

/// A public key, ready for each algorithm that it may check.
pub(in crate::identity) struct PublicKey {
    kid: Option<String>,
    id: Arc<str>,
    thumbprint: String,
    verifiers: Vec<(JwtAlgorithm, ParsedPublicKey)>,
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PublicKey").field(&self.kid).finish()
    }
}

impl PublicKey {
    /// Whether the key's owner signed the message with this algorithm.
    pub(in crate::identity) fn verifies(
        &self,
        algorithm: JwtAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        self.verifiers
            .iter()
            .find(|(fits, _)| *fits == algorithm)
            .is_some_and(|(_, key)| key.verify_sig(message, signature).is_ok())
    }

    /// Its `kid`, or its thumbprint if it has none: by this it is withdrawn or
    /// revoked.
    pub(in crate::identity) fn id(&self) -> &Arc<str> {
        &self.id
    }

    fn fits(&self, algorithm: JwtAlgorithm) -> bool {
        self.verifiers.iter().any(|(fits, _)| *fits == algorithm)
    }
}

/// The keys of one issuer: at least one.
#[derive(Debug)]
pub(in crate::identity) struct KeySet {
    keys: Vec<Arc<PublicKey>>,
    /// Why each key that was left out was.
    pub(super) skipped: Vec<KeyFault>,
}

/// Why a text is not a key set that can be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum SetFault {
    #[error("it contains no key that can be used")]
    Empty,
    #[error("it is not a JSON object with a list of keys")]
    Shape,
    #[error("it contains more than {MAX_KEYS} keys")]
    TooMany,
}

/// Why one key of a set was left out.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum KeyFault {
    #[error("its alg does not fit its kty and crv")]
    Algorithm,
    #[error("its numbers are not those of a public key")]
    Numbers,
    #[error("it is published with its private half")]
    Private,
    #[error("it is not for checking signatures")]
    Purpose,
    #[error("its RSA modulus is not of 2048 to 8192 bits")]
    Size,
    #[error("its type is not RSA, P-256, P-384 or Ed25519")]
    Type,
}

impl KeySet {
    /// Reads a set. A key that cannot be used is left out, not a reason to lose
    /// the others.
    pub(super) fn parse(text: &[u8]) -> Result<Self, SetFault> {
        let set = object(text).map_err(|_unreadable| SetFault::Shape)?;
        let Some(Value::Array(entries)) = set.get("keys") else {
            return Err(SetFault::Shape);
        };
        if entries.len() > MAX_KEYS {
            return Err(SetFault::TooMany);
        }
        let mut keys = Vec::new();
        let mut skipped = Vec::new();
        for entry in entries {
            match entry.as_object().ok_or(KeyFault::Type).and_then(public_key) {
                Ok(key) => keys.push(Arc::new(key)),
                Err(fault) => skipped.push(fault),
            }
        }
        if keys.is_empty() {
            return Err(SetFault::Empty);
        }
        Ok(Self { keys, skipped })
    }

    /// The ids of the keys of this set that another has not: the same id over
    /// other numbers is another key.
    pub(super) fn missing_in(&self, other: &Self) -> BTreeSet<Arc<str>> {
        let is_in_other = |key: &PublicKey| {
            let mut others = other.keys.iter();
            others.any(|other| other.id == key.id && other.thumbprint == key.thumbprint)
        };
        let missing = self.keys.iter().filter(|key| !is_in_other(key));
        missing.map(|key| Arc::clone(&key.id)).collect()
    }

    /// What tells these keys from all others, however they are written down.
    pub(super) fn digest(&self) -> ShortId {
        let keys: BTreeSet<_> = self
            .keys
            .iter()
            .map(|key| (&*key.id, key.thumbprint.as_str()))
            .collect();
        let parts = keys.iter().flat_map(|(id, thumbprint)| [*id, *thumbprint]);
        ShortId::of_parts(parts.map(str::as_bytes))
    }

    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether a key is in it, by [`PublicKey::id`].
    pub(super) fn has(&self, id: &str) -> bool {
        self.keys.iter().any(|key| *key.id == *id)
    }

    /// The keys of an id for an algorithm. Without an id, the one key that fits
    /// the algorithm, if there is exactly one.
    pub(super) fn find(&self, kid: Option<&str>, algorithm: JwtAlgorithm) -> Vec<Arc<PublicKey>> {
        let fitting = self.keys.iter().filter(|key| key.fits(algorithm));
        let found: Vec<_> = match kid {
            Some(kid) => fitting
                .filter(|key| key.kid.as_deref() == Some(kid))
                .cloned()
                .collect(),
            None => fitting.cloned().collect(),
        };
        if kid.is_none() && found.len() > 1 {
            return Vec::new();
        }
        found
    }
}

fn public_key(jwk: &Map<String, Value>) -> Result<PublicKey, KeyFault> {
    if ["d", "k", "p", "q"]
        .iter()
        .any(|name| jwk.contains_key(*name))
    {
        return Err(KeyFault::Private);
    }
    if !is_for_signatures(jwk) {
        return Err(KeyFault::Purpose);
    }
    let text = |name| jwk.get(name).and_then(Value::as_str);
    let (mut verifiers, members) = match (text("kty"), text("crv")) {
        (Some("RSA"), _) => (rsa(jwk)?, thumbprint::RSA),
        (Some("EC"), Some("P-256")) => {
            let key = point(jwk, 32, &ECDSA_P256_SHA256_FIXED)?;
            (vec![(JwtAlgorithm::Es256, key)], thumbprint::EC)
        }
        (Some("EC"), Some("P-384")) => {
            let key = point(jwk, 48, &ECDSA_P384_SHA384_FIXED)?;
            (vec![(JwtAlgorithm::Es384, key)], thumbprint::EC)
        }
        (Some("OKP"), Some("Ed25519")) => {
            let key = parsed(&ED25519, &number(jwk, "x")?)?;
            (vec![(JwtAlgorithm::EdDsa, key)], thumbprint::OKP)
        }
        _ => return Err(KeyFault::Type),
    };
    match jwk.get("alg") {
        None => {}
        Some(Value::String(alg)) => verifiers.retain(|(fits, _)| fits.name() == alg),
        Some(_) => return Err(KeyFault::Algorithm),
    }
    if verifiers.is_empty() {
        return Err(KeyFault::Algorithm);
    }
    let kid = text("kid");
    let thumbprint = thumbprint(jwk, members);
    // The id is stored, which not every text can be.
    let id = kid.filter(|kid| !kid.is_empty() && is_text(kid));
    Ok(PublicKey {
        kid: kid.map(str::to_owned),
        id: id.unwrap_or(&thumbprint).into(),
        thumbprint,
        verifiers,
    })
}

/// `use` and `key_ops`, where they are given (RFC 7517 §4.2, §4.3); a SPIFFE
/// bundle has its own word for keys that sign JWTs (JWT-SVID §5).
fn is_for_signatures(jwk: &Map<String, Value>) -> bool {
    let by_use = jwk
        .get("use")
        .is_none_or(|word| word == "sig" || word == "jwt-svid");
    let by_operation = jwk.get("key_ops").is_none_or(|operations| {
        operations
            .as_array()
            .is_some_and(|operations| operations.iter().any(|word| word == "verify"))
    });
    by_use && by_operation
}

fn rsa(jwk: &Map<String, Value>) -> Result<Vec<(JwtAlgorithm, ParsedPublicKey)>, KeyFault> {
    let n = number(jwk, "n")?;
    let e = number(jwk, "e")?;
    let components = RsaPublicKeyComponents {
        n: without_leading_zeros(&n),
        e: without_leading_zeros(&e),
    };
    if !RSA_BITS.contains(&bits(components.n)) {
        return Err(KeyFault::Size);
    }
    if components.e.len() > MAX_RSA_EXPONENT_BYTES {
        return Err(KeyFault::Numbers);
    }
    RSA_ALGORITHMS
        .into_iter()
        .map(|(algorithm, parameters)| {
            let key = components
                .to_parsed_public_key(parameters)
                .map_err(|_rejected| KeyFault::Numbers)?;
            Ok((algorithm, key))
        })
        .collect()
}

/// A point in the uncompressed form of SEC 1 §2.3.3.
fn point(
    jwk: &Map<String, Value>,
    bytes: usize,
    algorithm: &'static dyn VerificationAlgorithm,
) -> Result<ParsedPublicKey, KeyFault> {
    let (x, y) = (number(jwk, "x")?, number(jwk, "y")?);
    if x.len() != bytes || y.len() != bytes {
        return Err(KeyFault::Numbers);
    }
    parsed(algorithm, &[&[4], x.as_slice(), y.as_slice()].concat())
}

fn parsed(
    algorithm: &'static dyn VerificationAlgorithm,
    bytes: &[u8],
) -> Result<ParsedPublicKey, KeyFault> {
    ParsedPublicKey::new(algorithm, bytes).map_err(|_rejected| KeyFault::Numbers)
}

fn number(jwk: &Map<String, Value>, name: &str) -> Result<Vec<u8>, KeyFault> {
    jwk.get(name)
        .and_then(Value::as_str)
        .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
        .ok_or(KeyFault::Numbers)
}

fn without_leading_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..).unwrap_or_default()
}

fn bits(bytes: &[u8]) -> usize {
    bytes.first().map_or(0, |first| {
        bytes.len() * 8 - usize::try_from(first.leading_zeros()).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests;

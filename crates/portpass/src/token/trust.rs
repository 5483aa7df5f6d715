//! What a registry was given to trust, and what it would make of a token by that.
//!
//! Nothing is granted by this: `portpass doctor` asks it to tell why a registry refuses.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{certificate::Certificate, pem, verify::is_under};
use crate::{credential::object, registry::Profile};

/// The keys that a registry was given, in a bundle of certificates, a JWK set, or both.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trust {
    certificates: Vec<Certificate>,
    /// The ids of a JWK set, if there is one.
    kids: Option<Vec<String>>,
}

/// What a registry with such keys makes of a token.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Judgement {
    /// The certificate in the token is good only under one that ended, at this time.
    AuthorityExpired(Timestamp),
    /// The certificate in the token hangs under one of the bundle's.
    Certified,
    /// The token has a certificate in its header, and the registry has a JWK set alone.
    CertificateForKeySet,
    /// The certificate in the token has ended itself, at this time.
    LeafExpired(Timestamp),
    /// The token names its key by the id that this profile writes, and the key is a certificate's
    /// of the bundle. Registries differ in which ids they compute.
    Named(Profile),
    /// The key's id stands in the JWK set.
    Listed,
    /// The key that signed it is trusted, under another id than the token's.
    UnderAnotherId,
    /// Nothing that is trusted signed it.
    Unknown,
}

impl Trust {
    /// Reads `rootcertbundle` and `jwks`, as far as there are any.
    ///
    /// # Errors
    ///
    /// Says what cannot be read.
    pub(crate) fn read(bundle: Option<&[u8]>, jwks: Option<&[u8]>) -> Result<Self, String> {
        let certificates = bundle.map(certificates).transpose()?.unwrap_or_default();
        let kids = jwks.map(kids).transpose()?;
        Ok(Self { certificates, kids })
    }

    /// How many certificates and keys it holds.
    pub(crate) fn len(&self) -> usize {
        self.certificates.len() + self.kids.as_ref().map_or(0, Vec::len)
    }

    /// Whether a certificate's own key signed the token: all that zot asks.
    pub(crate) fn has_signed(&self, token: &str) -> bool {
        self.signed_by(token).is_some()
    }

    /// What distribution 2.8 and 3 find, in the order in which they look: certificate, then id
    /// (`registry/auth/token`). Dates are compared with `now`.
    pub(crate) fn judge(&self, token: &str, now: Timestamp) -> Judgement {
        let Some(header) = header(token) else {
            return Judgement::Unknown;
        };
        if let Some(leaf) = leaf(&header) {
            return self.judge_leaf(&leaf, now);
        }
        let kid = header
            .get("kid")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let listed = |kids: &Vec<String>| kids.iter().any(|known| known == kid);
        if self.kids.as_ref().is_some_and(listed) {
            return Judgement::Listed;
        }
        for key in self
            .certificates
            .iter()
            .filter_map(|known| known.public_key().ok())
        {
            for profile in [Profile::Libtrust, Profile::Rfc7638] {
                if key.id(profile) == kid {
                    return Judgement::Named(profile);
                }
            }
        }
        match self.signed_by(token) {
            Some(_) => Judgement::UnderAnotherId,
            None => Judgement::Unknown,
        }
    }

    fn judge_leaf(&self, leaf: &Certificate, now: Timestamp) -> Judgement {
        if self.certificates.is_empty() && self.kids.is_some() {
            return Judgement::CertificateForKeySet;
        }
        // At a time when the leaf is good, so that only the signature is asked.
        let at = leaf.not_before;
        let mut signers = self
            .certificates
            .iter()
            .filter(|known| known.der() == leaf.der() || is_under(leaf, &[known], at))
            .peekable();
        if signers.peek().is_none() {
            return Judgement::Unknown;
        }
        let mut ended = None;
        for signer in signers {
            if now <= signer.not_after {
                return if now <= leaf.not_after {
                    Judgement::Certified
                } else {
                    Judgement::LeafExpired(leaf.not_after)
                };
            }
            ended = ended.max(Some(signer.not_after));
        }
        Judgement::AuthorityExpired(ended.unwrap_or(now))
    }

    /// The certificate whose key signed the token.
    fn signed_by(&self, token: &str) -> Option<&Certificate> {
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).ok()?;
        self.certificates.iter().find(|known| {
            let key = known.public_key();
            key.is_ok_and(|key| key.verifies(signed.as_bytes(), &signature))
        })
    }
}

fn certificates(bundle: &[u8]) -> Result<Vec<Certificate>, String> {
    let found = pem::sections(bundle)?.certificates;
    let found: Vec<Certificate> = found
        .iter()
        .map(|der| Certificate::from_der(der))
        .collect::<Result<_, _>>()?;
    if found.is_empty() {
        return Err("a file without a certificate".to_owned());
    }
    Ok(found)
}

fn kids(jwks: &[u8]) -> Result<Vec<String>, String> {
    let set = object(jwks).map_err(|error| format!("not a JWK set: {error}"))?;
    let keys = set.get("keys").and_then(Value::as_array);
    let keys = keys.ok_or("not a JWK set: it has no `keys`")?;
    Ok(keys
        .iter()
        .filter_map(|key| key.get("kid")?.as_str())
        .map(str::to_owned)
        .collect())
}

fn header(token: &str) -> Option<Map<String, Value>> {
    let (header, _) = token.split_once('.')?;
    object(&BASE64URL_NOPAD.decode(header.as_bytes()).ok()?).ok()
}

/// The first certificate of `x5c` (RFC 7515 §4.1.6).
fn leaf(header: &Map<String, Value>) -> Option<Certificate> {
    let first = header.get("x5c")?.as_array()?.first()?.as_str()?;
    Certificate::from_der(&BASE64.decode(first.as_bytes()).ok()?).ok()
}

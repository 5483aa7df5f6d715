//! A public key and the names by which registries know it.

use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{
        ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
        VerificationAlgorithm,
    },
};
use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use serde_json::{Map, Value, json};
use x509_parser::{
    oid_registry::{OID_EC_P256, OID_SIG_ED25519},
    prelude::FromDer as _,
    public_key::PublicKey as Parsed,
    x509::SubjectPublicKeyInfo,
};

use crate::registry::{Algorithm, Naming, Profile};

/// One of the three kinds of public key that a token is verified with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct PublicKey {
    spki: Vec<u8>,
    algorithm: Algorithm,
    /// The members that RFC 7638 §3.2 hashes, in its (alphabetical) order.
    members: Vec<(&'static str, String)>,
}

impl PublicKey {
    /// Reads a `SubjectPublicKeyInfo` (RFC 5280 §4.1), in DER.
    ///
    /// # Errors
    ///
    /// Says why the key is not one that we sign with.
    pub(super) fn from_spki(spki: &[u8]) -> Result<Self, String> {
        let (_, info) = SubjectPublicKeyInfo::from_der(spki)
            .map_err(|error| format!("not a public key: {error}"))?;
        let oid = &info.algorithm.algorithm;
        let parsed = info
            .parsed()
            .map_err(|error| format!("not a public key: {error}"))?;
        let (algorithm, members) = match parsed {
            Parsed::EC(point) => {
                let curve = info.algorithm.parameters.as_ref();
                if curve.and_then(|curve| curve.as_oid().ok()) != Some(OID_EC_P256) {
                    return Err("an elliptic-curve key that is not P-256".to_owned());
                }
                let (x, y) = coordinates(point.data())
                    .ok_or("a P-256 point in another form than the uncompressed one")?;
                let members = vec![
                    ("crv", "P-256".to_owned()),
                    ("kty", "EC".to_owned()),
                    ("x", BASE64URL_NOPAD.encode(x)),
                    ("y", BASE64URL_NOPAD.encode(y)),
                ];
                (Algorithm::Es256, members)
            }
            Parsed::RSA(rsa) => (
                Algorithm::Rs256,
                vec![
                    ("e", integer(rsa.exponent)),
                    ("kty", "RSA".to_owned()),
                    ("n", integer(rsa.modulus)),
                ],
            ),
            Parsed::Unknown(point) if *oid == OID_SIG_ED25519 => (
                Algorithm::EdDsa,
                vec![
                    ("crv", "Ed25519".to_owned()),
                    ("kty", "OKP".to_owned()),
                    ("x", BASE64URL_NOPAD.encode(point)),
                ],
            ),
            Parsed::DSA(_)
            | Parsed::GostR3410(_)
            | Parsed::GostR3410_2012(_)
            | Parsed::Unknown(_) => {
                return Err("neither a P-256, an RSA nor an Ed25519 key".to_owned());
            }
        };
        Ok(Self {
            spki: spki.to_vec(),
            algorithm,
            members,
        })
    }

    /// What is signed with the key's private half.
    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The `SubjectPublicKeyInfo`, in DER.
    pub(super) fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The key's id as a profile writes it. `x5c` and `pinned` registries look
    /// at none, so theirs is the one that any other reader of the JWKS expects.
    pub(super) fn id(&self, profile: Profile) -> String {
        match profile {
            Profile::Libtrust => self.fingerprint(),
            Profile::Pinned | Profile::Rfc7638 | Profile::X5c => self.thumbprint(),
        }
    }

    /// The key's id as a registry knows it.
    pub(super) fn named(&self, naming: &Naming) -> String {
        match naming {
            Naming::Kid(kid) => kid.to_string(),
            Naming::Profile(profile) => self.id(*profile),
        }
    }

    /// The JWK thumbprint with SHA-256 (RFC 7638 §3).
    pub(super) fn thumbprint(&self) -> String {
        // Base64url and the fixed names hold nothing that JSON escapes.
        let members = self.members.iter();
        let members: Vec<String> = members
            .map(|(name, value)| format!("\"{name}\":\"{value}\""))
            .collect();
        let text = format!("{{{}}}", members.join(","));
        BASE64URL_NOPAD.encode(digest(&SHA256, text.as_bytes()).as_ref())
    }

    /// The key id of Docker's libtrust: the first 240 bits of the SHA-256 of
    /// the DER, in base32, in groups of four (libtrust `util.go`, `keyIDFromCryptoKey`).
    fn fingerprint(&self) -> String {
        let hash = digest(&SHA256, &self.spki);
        let cut: Vec<u8> = hash.as_ref().iter().copied().take(30).collect();
        let letters: Vec<char> = BASE32_NOPAD.encode(&cut).chars().collect();
        let groups: Vec<String> = letters
            .chunks(4)
            .map(|group| group.iter().collect())
            .collect();
        groups.join(":")
    }

    /// Whether the key's owner signed a message, as JWS has signatures (RFC 7518 §3).
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let algorithm: &'static dyn VerificationAlgorithm = match self.algorithm {
            Algorithm::EdDsa => &ED25519,
            Algorithm::Es256 => &ECDSA_P256_SHA256_FIXED,
            Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        };
        let key = UnparsedPublicKey::new(algorithm, &self.spki);
        key.verify(message, signature).is_ok()
    }

    /// The key as a JWK (RFC 7517 §4) under an id.
    pub(super) fn jwk(&self, kid: &str) -> Value {
        let mut jwk = Map::new();
        for (name, value) in &self.members {
            jwk.insert((*name).to_owned(), json!(value));
        }
        jwk.insert("alg".to_owned(), json!(self.algorithm));
        jwk.insert("kid".to_owned(), json!(kid));
        jwk.insert("use".to_owned(), json!("sig"));
        Value::Object(jwk)
    }
}

/// Refuses a P-256 key with a leading zero byte in a coordinate, which
/// distribution 3.1.1 drops, and so computes another key id than all others.
///
/// # Errors
///
/// Says so. Keys of any other kind pass.
pub(super) fn refuse_leading_zero(spki: &[u8]) -> Result<(), String> {
    let Ok((_, info)) = SubjectPublicKeyInfo::from_der(spki) else {
        return Ok(());
    };
    match info.parsed() {
        Ok(Parsed::EC(point)) => coordinates(point.data()).map_or(Ok(()), |(x, y)| {
            if x.first() == Some(&0) || y.first() == Some(&0) {
                return Err(
                    "a P-256 key with a coordinate that begins with a zero byte, which \
                     distribution 3.1.1 cannot verify"
                        .to_owned(),
                );
            }
            Ok(())
        }),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// The coordinates of an uncompressed P-256 point (SEC 1 §2.3.3).
fn coordinates(point: &[u8]) -> Option<(&[u8], &[u8])> {
    let coordinates = point.strip_prefix(&[4])?;
    coordinates
        .split_at_checked(32)
        .filter(|(_, y)| y.len() == 32)
}

/// An unsigned integer without DER's leading zero (RFC 7518 §6.3.1).
fn integer(der: &[u8]) -> String {
    let zeros = der.iter().take_while(|byte| **byte == 0).count();
    let digits: Vec<u8> = der.iter().copied().skip(zeros).collect();
    BASE64URL_NOPAD.encode(&digits)
}

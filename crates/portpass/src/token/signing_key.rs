//! A private key: made, read, kept and signed with. It is parsed once.

use std::fmt;

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use rcgen::PublicKeyData as _;
use secrecy::{ExposeSecret as _, SecretSlice};

use super::{
    KeyError,
    public_key::{PublicKey, refuse_leading_zero},
};
use crate::registry::Algorithm;

/// A key pair that signs tokens or certificates.
pub(super) struct SigningKey {
    pair: Pair,
    /// PKCS #8, or what the operator gave: PKCS #1 or SEC 1.
    der: SecretSlice<u8>,
    public: PublicKey,
}

/// The library's own pairs.
enum Pair {
    EdDsa(Ed25519KeyPair),
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
}

impl SigningKey {
    /// Makes a key. An RSA key takes a good part of a second: never on a
    /// thread that serves requests.
    pub(super) fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        // One P-256 key in 128 has a coordinate with a leading zero byte, which
        // `from_pkcs8` refuses. Sixteen of them in a row do not happen.
        for _ in 0..16 {
            let pkcs8 =
                new_pkcs8(algorithm).ok_or_else(|| KeyError::Generation(algorithm.as_str()))?;
            if let Ok(key) = Self::from_pkcs8(&pkcs8) {
                return Ok(key);
            }
        }
        Err(KeyError::Generation(algorithm.as_str()))
    }

    /// Reads a key that we made, in PKCS #8 (RFC 5958), in DER.
    ///
    /// # Errors
    ///
    /// Says why the bytes are not a key that we sign with.
    pub(super) fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, String> {
        let key = Self::from_der(pkcs8)?;
        refuse_leading_zero(key.public.spki())?;
        Ok(key)
    }

    /// Reads a key that somebody made: PKCS #8, PKCS #1 (RFC 8017 §A.1.2) or
    /// SEC 1 (RFC 5915), in DER.
    ///
    /// # Errors
    ///
    /// Says why the bytes are not a key that tokens are signed with.
    pub(super) fn from_der(der: &[u8]) -> Result<Self, String> {
        let key = rcgen::KeyPair::try_from(der).map_err(|error| {
            format!("not an RSA key of 2048 bits or more, a P-256 or an Ed25519 key: {error}")
        })?;
        let public = PublicKey::from_spki(&key.subject_public_key_info())?;
        let refused = |error| format!("not a private key: {error}");
        let pair = match public.algorithm() {
            Algorithm::EdDsa => {
                Pair::EdDsa(Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(refused)?)
            }
            Algorithm::Es256 => Pair::Es256(
                EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, der)
                    .map_err(refused)?,
            ),
            Algorithm::Rs256 => Pair::Rs256(
                RsaKeyPair::from_pkcs8(der)
                    .or_else(|_not_pkcs8| RsaKeyPair::from_der(der))
                    .map_err(refused)?,
            ),
        };
        Ok(Self {
            pair,
            der: der.to_vec().into(),
            public,
        })
    }

    /// The half that may be shown.
    pub(super) fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The key in the form that makes certificates.
    pub(super) fn certifying(&self) -> Result<rcgen::KeyPair, KeyError> {
        Ok(rcgen::KeyPair::try_from(self.der.expose_secret())?)
    }

    /// A key that we made, as PKCS #8 in DER, for the one file that keeps it.
    pub(super) fn pkcs8(&self) -> &[u8] {
        self.der.expose_secret()
    }

    /// A signature as JWS has it: for ES256 the two integers, not their DER
    /// (RFC 7518 §3.4).
    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::EdDsa(pair) => Some(pair.sign(message).as_ref().to_vec()),
            Pair::Es256(pair) => Some(pair.sign(&random, message).ok()?.as_ref().to_vec()),
            Pair::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .ok()?;
                Some(signature)
            }
        }
    }
}

/// 2048 bits are what RFC 7518 §3.3 asks for at least and every registry takes.
fn new_pkcs8(algorithm: Algorithm) -> Option<Vec<u8>> {
    match algorithm {
        Algorithm::EdDsa => {
            let pair = Ed25519KeyPair::generate().ok()?;
            Some(pair.to_pkcs8v1().ok()?.as_ref().to_vec())
        }
        Algorithm::Es256 => {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).ok()?;
            Some(pair.to_pkcs8v1().ok()?.as_ref().to_vec())
        }
        Algorithm::Rs256 => {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).ok()?;
            let der: Pkcs8V1Der<'_> = pair.as_der().ok()?;
            Some(der.as_ref().to_vec())
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}

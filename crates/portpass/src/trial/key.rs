//! The keys of one run: made when it begins, and gone when it ends.

use std::fmt;

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
        Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512,
        RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaKeyPair, RsaSignatureEncoding,
    },
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use crate::credential::JwtAlgorithm;

/// A key that signs fixtures with one algorithm.
pub(super) struct RunKey {
    algorithm: JwtAlgorithm,
    pair: Pair,
}

/// The library's own pairs.
enum Pair {
    Ed25519(Ed25519KeyPair),
    /// With the curve's name in a JWK (RFC 7518 §6.2.1.1).
    Ecdsa(&'static str, EcdsaKeyPair),
    Rsa(&'static RsaSignatureEncoding, RsaKeyPair),
}

/// No key of an algorithm can be made, or it cannot sign.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no {} key can be made to sign fixtures with", .0.name())]
pub(super) struct NoKey(JwtAlgorithm);

impl fmt::Debug for RunKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RunKey").field(&self.algorithm).finish()
    }
}

impl RunKey {
    /// Of the algorithms that an issuer believes, the one whose keys are made and sign soonest.
    pub(super) fn soonest(algorithms: &[JwtAlgorithm]) -> JwtAlgorithm {
        let cost = |algorithm: &&JwtAlgorithm| match algorithm {
            JwtAlgorithm::EdDsa | JwtAlgorithm::Es256 => 0,
            JwtAlgorithm::Es384 => 1,
            JwtAlgorithm::Ps256
            | JwtAlgorithm::Ps384
            | JwtAlgorithm::Ps512
            | JwtAlgorithm::Rs256
            | JwtAlgorithm::Rs384
            | JwtAlgorithm::Rs512 => 2,
        };
        let soonest = algorithms.iter().min_by_key(cost);
        // Whoever believes none refuses whatever comes.
        soonest.copied().unwrap_or(JwtAlgorithm::Es256)
    }

    /// Makes a key. One of RSA takes a good part of a second.
    pub(super) fn generate(algorithm: JwtAlgorithm) -> Result<Self, NoKey> {
        let rsa = |encoding| {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048);
            pair.map(|pair| Pair::Rsa(encoding, pair))
        };
        let pair = match algorithm {
            JwtAlgorithm::EdDsa => Ed25519KeyPair::generate().map(Pair::Ed25519),
            JwtAlgorithm::Es256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
                .map(|pair| Pair::Ecdsa("P-256", pair)),
            JwtAlgorithm::Es384 => EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING)
                .map(|pair| Pair::Ecdsa("P-384", pair)),
            JwtAlgorithm::Ps256 => rsa(&RSA_PSS_SHA256),
            JwtAlgorithm::Ps384 => rsa(&RSA_PSS_SHA384),
            JwtAlgorithm::Ps512 => rsa(&RSA_PSS_SHA512),
            JwtAlgorithm::Rs256 => rsa(&RSA_PKCS1_SHA256),
            JwtAlgorithm::Rs384 => rsa(&RSA_PKCS1_SHA384),
            JwtAlgorithm::Rs512 => rsa(&RSA_PKCS1_SHA512),
        };
        match pair {
            Ok(pair) => Ok(Self { algorithm, pair }),
            Err(_) => Err(NoKey(algorithm)),
        }
    }

    /// The public half, under an id (RFC 7517 §4).
    pub(super) fn jwk(&self, kid: &str) -> Result<Value, NoKey> {
        let encode = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        let jwk = match &self.pair {
            Pair::Ed25519(pair) => {
                let x = encode(pair.public_key().as_ref());
                Some(json!({"crv": "Ed25519", "kid": kid, "kty": "OKP", "x": x}))
            }
            Pair::Ecdsa(curve, pair) => {
                // Uncompressed: a byte that says so, and two halves (SEC 1 §2.3.3).
                let point = pair.public_key().as_ref().get(1..);
                let halves = point.and_then(|point| point.split_at_checked(point.len() / 2));
                halves.map(|(x, y)| {
                    let (x, y) = (encode(x), encode(y));
                    json!({"crv": curve, "kid": kid, "kty": "EC", "x": x, "y": y})
                })
            }
            Pair::Rsa(_, pair) => rsa_jwk(pair, self.algorithm, kid),
        };
        jwk.ok_or(NoKey(self.algorithm))
    }

    /// The header of its JWTs (RFC 7515 §4).
    pub(super) fn header(&self, kid: &str) -> Value {
        json!({"alg": self.algorithm.name(), "kid": kid, "typ": "JWT"})
    }

    /// The signature of a JWT's signing input (RFC 7518 §3, RFC 8037 §3.1).
    pub(super) fn sign(&self, input: &str) -> Result<Vec<u8>, NoKey> {
        let random = SystemRandom::new();
        let input = input.as_bytes();
        let signature = match &self.pair {
            Pair::Ed25519(pair) => Ok(pair.sign(input).as_ref().to_vec()),
            Pair::Ecdsa(_, pair) => {
                let signature = pair.sign(&random, input);
                signature.map(|signature| signature.as_ref().to_vec())
            }
            Pair::Rsa(encoding, pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let signed = pair.sign(*encoding, &random, input, &mut signature);
                signed.map(|()| signature)
            }
        };
        signature.map_err(|_| NoKey(self.algorithm))
    }
}

/// The public half of an RSA key of 2048 bits and exponent 65537 (RFC 7518 §6.3.1); nothing, if
/// it is another.
pub(crate) fn rsa_jwk(pair: &RsaKeyPair, algorithm: JwtAlgorithm, kid: &str) -> Option<Value> {
    // What stands around the modulus in an `RSAPublicKey` (RFC 8017 §A.1.1).
    const BEFORE: [u8; 9] = [0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01, 0x00];
    const AFTER: [u8; 5] = [0x02, 0x03, 0x01, 0x00, 0x01];
    let public = pair.public_key().as_ref();
    let modulus = public.strip_prefix(&BEFORE)?.strip_suffix(&AFTER)?;
    let n = BASE64URL_NOPAD.encode(modulus);
    let alg = algorithm.name();
    Some(json!({"alg": alg, "e": "AQAB", "kid": kid, "kty": "RSA", "n": n, "use": "sig"}))
}

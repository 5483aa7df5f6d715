//! A platform's signing keys: made, published, signed with.

use anyhow::{Context as _, ensure};
use aws_lc_rs::{
    encoding::AsDer as _,
    rand::SystemRandom,
    rsa::{self, KeySize},
    signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use serde::Deserialize;
use serde_json::{Value, json};

/// What a key signs with (RFC 7518 §3.1, RFC 8037 §3.1).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
pub(crate) enum Algorithm {
    #[serde(rename = "EdDSA")]
    EdDsa,
    #[serde(rename = "ES256")]
    Es256,
    #[default]
    #[serde(rename = "RS256")]
    Rs256,
}

impl Algorithm {
    /// As it stands in a JWT's `alg`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }
}

/// A key pair under its id, whether published or not.
pub(crate) struct Key {
    pub(crate) kid: String,
    pub(crate) algorithm: Algorithm,
    /// Whether the key set holds it.
    pub(crate) published: bool,
    pair: Pair,
}

enum Pair {
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    Rsa(rsa::KeyPair),
}

impl Key {
    /// A new key, published.
    pub(crate) fn generate(kid: String, algorithm: Algorithm) -> anyhow::Result<Self> {
        let pair = match algorithm {
            Algorithm::EdDsa => Ed25519KeyPair::generate().map(Pair::Ed),
            Algorithm::Es256 => {
                EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_FIXED_SIGNING).map(Pair::Ec)
            }
            Algorithm::Rs256 => rsa::KeyPair::generate(KeySize::Rsa2048).map(Pair::Rsa),
        };
        let pair = pair.context("making a signing key")?;
        Ok(Self {
            kid,
            algorithm,
            published: true,
            pair,
        })
    }

    /// The signature of `input`, as a JWS holds it (RFC 7518 §3).
    pub(crate) fn sign(&self, input: &[u8]) -> anyhow::Result<Vec<u8>> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Ec(pair) => pair
                .sign(&random, input)
                .map(|signed| signed.as_ref().to_vec()),
            Pair::Ed(pair) => Ok(pair.sign(input).as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let mut signed = vec![0; pair.public_modulus_len()];
                pair.sign(&signature::RSA_PKCS1_SHA256, &random, input, &mut signed)
                    .map(|()| signed)
            }
        }
        .context("signing")
    }

    /// The public half as a JWK (RFC 7517).
    pub(crate) fn jwk(&self) -> anyhow::Result<Value> {
        let mut jwk = match &self.pair {
            Pair::Ec(pair) => {
                // SEC 1 §2.3.3: an uncompressed point is 4, then both coordinates.
                let point = pair.public_key().as_ref();
                let (x, y) = point
                    .strip_prefix(&[4])
                    .and_then(|both| both.split_at_checked(32))
                    .context("a P-256 key is an uncompressed point")?;
                json!({"kty": "EC", "crv": "P-256", "x": BASE64URL.encode(x), "y": BASE64URL.encode(y)})
            }
            Pair::Ed(pair) => {
                let x = BASE64URL.encode(pair.public_key().as_ref());
                json!({"kty": "OKP", "crv": "Ed25519", "x": x})
            }
            Pair::Rsa(pair) => {
                let n = BASE64URL.encode(modulus(pair.public_key().as_ref())?);
                json!({"kty": "RSA", "n": n, "e": "AQAB"})
            }
        };
        if let Some(members) = jwk.as_object_mut() {
            members.insert("kid".to_owned(), self.kid.clone().into());
            members.insert("alg".to_owned(), self.algorithm.name().into());
            members.insert("use".to_owned(), "sig".into());
        }
        Ok(jwk)
    }

    /// The public half in PEM: what an HS256 attack takes for a shared secret.
    pub(crate) fn public_pem(&self) -> anyhow::Result<String> {
        let der = match &self.pair {
            Pair::Ec(pair) => pair.public_key().as_der(),
            Pair::Ed(pair) => pair.public_key().as_der(),
            Pair::Rsa(pair) => pair.public_key().as_der(),
        };
        let text = base64::engine::general_purpose::STANDARD
            .encode(der.context("encoding a public key")?.as_ref());
        let mut pem = "-----BEGIN PUBLIC KEY-----\n".to_owned();
        for line in text.as_bytes().chunks(64) {
            pem.push_str(std::str::from_utf8(line)?);
            pem.push('\n');
        }
        pem.push_str("-----END PUBLIC KEY-----\n");
        Ok(pem)
    }
}

/// The modulus in an `RSAPublicKey` (RFC 8017 §A.1.1) of 2048 bits and exponent 65537.
fn modulus(der: &[u8]) -> anyhow::Result<&[u8]> {
    const BEFORE: [u8; 9] = [0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01, 0x00];
    const AFTER: [u8; 5] = [0x02, 0x03, 0x01, 0x00, 0x01];
    let modulus = der
        .strip_prefix(&BEFORE)
        .and_then(|rest| rest.strip_suffix(&AFTER))
        .context("an RSA key has 2048 bits and the exponent 65537")?;
    ensure!(
        modulus.len() == 256,
        "an RSA modulus of 2048 bits has 256 bytes"
    );
    Ok(modulus)
}

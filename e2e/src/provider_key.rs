//! The key of an identity provider, which a registry trusts from before Portpass was there.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::{Value, json};

use crate::registry::Trust;

/// A key as a provider has it: with an id of its own making, in a JWKS.
#[derive(Debug)]
pub struct ProviderKey {
    kid: String,
    pkcs8: Vec<u8>,
    pair: Pair,
}

#[derive(Debug)]
enum Pair {
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
}

impl ProviderKey {
    /// A new RSA key, as most providers have.
    pub fn rs256(kid: &str) -> Result<Self> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048)?;
        let der: Pkcs8V1Der<'_> = pair.as_der()?;
        Ok(Self {
            kid: kid.to_owned(),
            pkcs8: der.as_ref().to_vec(),
            pair: Pair::Rs256(pair),
        })
    }

    /// A P-256 key of PKCS #8 in base64.
    pub fn es256(kid: &str, pkcs8: &str) -> Result<Self> {
        let pkcs8 = BASE64.decode(pkcs8.as_bytes())?;
        let pair = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8)?;
        Ok(Self {
            kid: kid.to_owned(),
            pkcs8,
            pair: Pair::Es256(pair),
        })
    }

    /// Writes the private key where Portpass is to find it.
    pub fn give(&self, folder: &Path) -> Result<()> {
        let pem = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            BASE64.encode(&self.pkcs8)
        );
        Ok(fs::write(folder.join("provider.pem"), pem)?)
    }

    /// The lines of a registry's table with which Portpass takes the provider's part.
    pub fn lines(&self, issuer: &str) -> String {
        format!(
            "issuer = {issuer:?}\nkey = \"provider.pem\"\nkid = {:?}\nalgorithm = {:?}\n",
            self.kid,
            self.algorithm()
        )
    }

    /// The JWKS that a registry was given when it came to trust the provider.
    pub fn jwks(keys: &[&Self], folder: &Path) -> Result<Trust> {
        let keys: Vec<_> = keys.iter().map(|key| key.jwk()).collect::<Result<_>>()?;
        let path = folder.join("provider.jwks");
        fs::write(&path, json!({ "keys": keys }).to_string())?;
        Ok(Trust::Jwks(path))
    }

    /// A token of the provider's own.
    pub fn sign(&self, claims: &Value) -> Result<String> {
        let header = json!({ "alg": self.algorithm(), "kid": self.kid, "typ": "JWT" });
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(&header), part(claims));
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Es256(pair) => pair.sign(&random, signed.as_bytes())?.as_ref().to_vec(),
            Pair::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(
                    &RSA_PKCS1_SHA256,
                    &random,
                    signed.as_bytes(),
                    &mut signature,
                )?;
                signature
            }
        };
        Ok(format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature)))
    }

    fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Es256(_) => "ES256",
            Pair::Rs256(_) => "RS256",
        }
    }

    fn jwk(&self) -> Result<Value> {
        let numbers = match &self.pair {
            Pair::Es256(pair) => {
                let point = pair.public_key().as_ref().strip_prefix(&[4]);
                let (x, y) = point
                    .and_then(|point| point.split_at_checked(32))
                    .context("not an uncompressed point")?;
                json!({
                    "kty": "EC", "crv": "P-256",
                    "x": BASE64URL_NOPAD.encode(x), "y": BASE64URL_NOPAD.encode(y),
                })
            }
            Pair::Rs256(pair) => {
                let key = pair.public_key();
                let (n, e) = (key.modulus(), key.exponent());
                json!({
                    "kty": "RSA",
                    "n": BASE64URL_NOPAD.encode(n.big_endian_without_leading_zero()),
                    "e": BASE64URL_NOPAD.encode(e.big_endian_without_leading_zero()),
                })
            }
        };
        let mut jwk = numbers;
        for (name, value) in [
            ("alg", self.algorithm()),
            ("kid", &self.kid),
            ("use", "sig"),
        ] {
            let members = jwk.as_object_mut().context("a JWK is an object")?;
            members.insert(name.to_owned(), value.into());
        }
        Ok(jwk)
    }
}

//! A platform that signs as fast as it is asked, for runs too long to sign for beforehand (ES256).

use std::fmt;

use anyhow::{Context as _, Result};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use fixtures::Kind;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::jobs::{Jwt, LIFETIME, SERVICE, repository, settings};

/// The key's id.
const KID: &str = "bench";

/// Stands in the claims where a repository's id belongs, and nowhere else.
const ID: u64 = 987_654_321;

/// Stands in the claims where the JWT's own id belongs.
const JTI: &str = "bench-jti";

/// A key, and the claims that every JWT has.
pub struct Signer {
    key: EcdsaKeyPair,
    random: SystemRandom,
    header: String,
    claims: String,
    signed: u64,
}

impl Signer {
    /// A platform whose jobs run at `now`.
    pub fn new(now: Timestamp) -> Result<Self> {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING);
        let header = json!({"alg": "ES256", "kid": KID, "typ": "JWT"}).to_string();
        let (name, id) = (repository(ID), ID.to_string());
        let mut claims = fixtures::claims(Kind::GithubActions, Kind::GithubActions.usual())?
            .with(&[("repository", name), ("repository_id", id)])?
            .at(now.as_second());
        let expires = now.as_second() + LIFETIME.as_secs();
        for (name, value) in [
            ("aud", json!(SERVICE)),
            ("exp", json!(expires)),
            ("jti", json!(JTI)),
        ] {
            claims.insert(name.to_owned(), value);
        }
        Ok(Self {
            key: key.ok().context("no key can be made")?,
            random: SystemRandom::new(),
            header: BASE64URL.encode(header),
            claims: Value::Object(claims).to_string(),
            signed: 0,
        })
    }

    /// The tables of the configuration that trust this platform.
    pub fn settings(&self) -> Result<String> {
        // Uncompressed: a byte that says so, and two halves (SEC 1 §2.3.3).
        let point = self.key.public_key().as_ref().get(1..);
        let (x, y) = point
            .and_then(|point| point.split_at_checked(32))
            .context("the point has two halves")?;
        let (x, y) = (BASE64URL.encode(x), BASE64URL.encode(y));
        let key = json!({"kty": "EC", "crv": "P-256", "kid": KID, "x": x, "y": y});
        Ok(settings(&json!({ "keys": [key] }), "ES256"))
    }

    /// A JWT of a repository, unlike all before.
    pub fn sign(&mut self, id: u64) -> Result<Jwt> {
        self.signed += 1;
        let claims = self
            .claims
            .replace(&ID.to_string(), &id.to_string())
            .replace(JTI, &format!("{:032x}", self.signed));
        let input = format!("{}.{}", self.header, BASE64URL.encode(claims));
        let signature = self.key.sign(&self.random, input.as_bytes());
        let signature = signature.ok().context("the key does not sign")?;
        let text = format!("{input}.{}", BASE64URL.encode(signature));
        Ok(Jwt { id, text })
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;

    #[test]
    fn each_jwt_is_its_repositorys_and_like_no_other() {
        let mut signer = Signer::new("2026-11-23T04:00:00Z".parse().unwrap()).unwrap();
        let jwts = [7, 7, 8].map(|id| signer.sign(id).unwrap().text);
        let claims = jwts.each_ref().map(|jwt| {
            let payload = jwt.split('.').nth(1).unwrap();
            let payload = BASE64URL.decode(payload).unwrap();
            serde_json::from_slice::<Value>(&payload).unwrap()
        });
        assert_eq!(claims[0]["repository"], "acme/project-7");
        assert_eq!(claims[2]["repository_id"], "8");
        assert_eq!(claims[2]["repository_owner_id"], "65");
        assert!(claims[2]["sub"].as_str().unwrap().contains("project-8"));
        assert_ne!(claims[0]["jti"], claims[1]["jti"]);
        assert!(!claims[0].to_string().contains(&ID.to_string()));
        let public = signer.key.public_key().as_ref();
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public);
        let (input, signature) = jwts[2].rsplit_once('.').unwrap();
        let signature = BASE64URL.decode(signature).unwrap();
        public.verify(input.as_bytes(), &signature).unwrap();
    }
}

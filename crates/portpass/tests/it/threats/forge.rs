//! JWTs as platforms sign them, and as nobody should.

use std::sync::OnceLock;

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use fixtures::Kind;
use serde_json::{Map, Value, json};

use crate::app::START;

/// Somebody's key.
pub(super) struct Key {
    pub(super) kid: &'static str,
    pair: Pair,
}

enum Pair {
    Ec(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl Key {
    fn rsa(kid: &'static str) -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        Self {
            kid,
            pair: Pair::Rsa(pair),
        }
    }

    fn ec(kid: &'static str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self {
            kid,
            pair: Pair::Ec(pair),
        }
    }

    pub(super) fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Ec(_) => "ES256",
            Pair::Rsa(_) => "RS256",
        }
    }

    /// The public half, as a key set has it.
    pub(super) fn jwk(&self) -> Value {
        match &self.pair {
            Pair::Ec(pair) => {
                let point = pair.public_key().as_ref();
                json!({
                    "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.kid,
                    "x": encode(&point[1..33]), "y": encode(&point[33..]),
                })
            }
            Pair::Rsa(pair) => {
                let public = pair.public_key();
                json!({
                    "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid,
                    "n": encode(public.modulus().big_endian_without_leading_zero()),
                    "e": encode(public.exponent().big_endian_without_leading_zero()),
                })
            }
        }
    }

    /// A signature over any bytes.
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Ec(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .unwrap();
                signature
            }
        }
    }
}

/// The keys of everybody in the suite, made once.
pub(super) struct Keys {
    pub(super) github: Key,
    /// Another one of GitHub's, which it has not published yet.
    pub(super) next: Key,
    pub(super) gitlab: Key,
    pub(super) cluster_a: Key,
    pub(super) cluster_b: Key,
    /// Of somebody who is none of them, under the id of GitHub's.
    pub(super) attacker: Key,
}

pub(super) fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| Keys {
        github: Key::rsa("one"),
        next: Key::rsa("two"),
        gitlab: Key::rsa("gitlab"),
        cluster_a: Key::ec("cluster"),
        cluster_b: Key::ec("cluster"),
        attacker: Key::rsa("one"),
    })
}

/// A key set.
pub(super) fn jwks(keys: &[&Key]) -> Value {
    json!({ "keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>() })
}

pub(super) fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Any header and any payload, with a signature that is right.
pub(super) fn sign(key: &Key, header: &str, payload: &[u8]) -> String {
    let input = format!("{}.{}", encode(header), encode(payload));
    let signature = encode(key.sign(input.as_bytes()));
    format!("{input}.{signature}")
}

/// A JWT that can be bent before it is signed.
#[derive(Clone)]
pub(super) struct Jwt {
    header: Map<String, Value>,
    pub(super) claims: Map<String, Value>,
    key: &'static Key,
}

impl Jwt {
    /// What a platform signs when the tests begin, with claims set as fixtures
    /// have them.
    pub(super) fn of(kind: Kind, fixture: &str, set: &[(&str, &str)]) -> Self {
        let now: jiff::Timestamp = START.parse().unwrap();
        let claims = fixtures::claims(kind, fixture).unwrap().with(set).unwrap();
        let keys = keys();
        let key = match kind {
            Kind::Gitlab => &keys.gitlab,
            Kind::Kubernetes => &keys.cluster_a,
            _ => &keys.github,
        };
        let jwt = Self {
            header: Map::new(),
            claims: claims.at(now.as_second()),
            key,
        };
        jwt.header("typ", "JWT").by(key)
    }

    /// A push to `acme/web`'s protected main branch at GitHub: the honest one.
    pub(super) fn github() -> Self {
        Self::of(Kind::GithubActions, "push-main", &[])
    }

    /// The same of another run, which is another login.
    pub(super) fn of_run(run: &str) -> Self {
        Self::of(Kind::GithubActions, "push-main", &[("run_id", run)])
    }

    pub(super) fn gitlab() -> Self {
        Self::of(Kind::Gitlab, "push-main", &[])
    }

    pub(super) fn pod() -> Self {
        Self::of(Kind::Kubernetes, "pod", &[])
    }

    /// With a claim as it is given, consistent or not.
    pub(super) fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// With other claims, whatever they are.
    pub(super) fn with_claims(self, claims: Map<String, Value>) -> Self {
        Self { claims, ..self }
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.claims.remove(name).unwrap();
        self
    }

    pub(super) fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    pub(super) fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name).unwrap();
        self
    }

    /// Signed with another key, which the header names.
    pub(super) fn by(mut self, key: &'static Key) -> Self {
        self.key = key;
        self.header("alg", key.algorithm()).header("kid", key.kid)
    }

    /// Everything before the signature.
    pub(super) fn input(&self) -> String {
        let header = serde_json::to_vec(&self.header).unwrap();
        let payload = serde_json::to_vec(&self.claims).unwrap();
        format!("{}.{}", encode(header), encode(payload))
    }

    /// With a signature of any bytes.
    pub(super) fn with_signature(&self, signature: &[u8]) -> String {
        format!("{}.{}", self.input(), encode(signature))
    }

    pub(super) fn sign(&self) -> String {
        self.with_signature(&self.key.sign(self.input().as_bytes()))
    }
}

//! Tokens as a registry sees them, and keys as time goes by.

mod authority;
mod files;
mod given;
mod leaves;
mod public_key;
mod signing;
mod staged;
mod trust;
mod verify;

use std::sync::Arc;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use jiff::Timestamp;
use serde_json::{Map, Value};
use tempfile::TempDir;

use super::*;
use crate::{
    decision::Access,
    identity::{Facts, Proof},
    registry::{Algorithm, Naming, Profile, Registry, RegistryKind},
    short_id::ShortId,
};

fn noon() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn registry(profile: Profile, algorithm: Algorithm) -> Arc<Registry> {
    Arc::new(Registry {
        name: "prod".into(),
        service: "registry.example.com".to_owned(),
        kind: match profile {
            Profile::Pinned => RegistryKind::Zot,
            Profile::Libtrust | Profile::Rfc7638 | Profile::X5c => RegistryKind::Distribution,
        },
        naming: Naming::Profile(profile),
        key: None,
        algorithm,
        token_ttl: Duration::from_mins(15),
        token_issuer: "https://registry.example.com".to_owned(),
        introspection_secret: None,
    })
}

fn x5c() -> Arc<Registry> {
    registry(Profile::X5c, Algorithm::Es256)
}

fn proof(name: &str, until: Option<Timestamp>) -> Proof {
    let login = Some(ShortId::of(b"login"));
    Proof::of(
        "github",
        "74",
        name,
        Facts::default(),
        Map::new(),
        login,
        until,
    )
}

fn push(registry: &Arc<Registry>, proof: Proof) -> Grant {
    let access = Access {
        kind: "repository".to_owned(),
        class: None,
        name: "apps/github/acme/web".to_owned(),
        actions: vec!["pull".to_owned(), "push".to_owned()],
    };
    Grant::of(proof, Arc::clone(registry), vec![access])
}

fn grant(registry: &Arc<Registry>) -> Grant {
    push(registry, proof("acme/web", None))
}

/// A folder of its own, with daily leaves and a CA that we make.
struct House {
    data_dir: TempDir,
    ca: Option<(PathBuf, PathBuf)>,
}

impl House {
    fn new() -> Self {
        Self {
            data_dir: tempfile::tempdir().unwrap(),
            ca: None,
        }
    }

    fn keys(&self) -> PathBuf {
        self.data_dir.path().join("keys")
    }

    fn try_open(&self, registry: &Arc<Registry>, now: Timestamp) -> Result<Signer, KeyError> {
        let settings = KeySettings {
            data_dir: self.data_dir.path().to_owned(),
            ca: self.ca.clone(),
            rotate_every: Duration::from_hours(24),
        };
        Signer::open(&settings, std::slice::from_ref(registry), now)
    }

    fn open(&self, registry: &Arc<Registry>, now: Timestamp) -> Signer {
        self.try_open(registry, now).unwrap()
    }
}

/// A token taken apart.
struct Parts {
    header: Value,
    claims: Value,
    signed: Vec<u8>,
    signature: Vec<u8>,
}

fn parts(token: &str) -> Parts {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let decode = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
    Parts {
        header: serde_json::from_slice(&decode(header)).unwrap(),
        claims: serde_json::from_slice(&decode(claims)).unwrap(),
        signed: signed.as_bytes().to_vec(),
        signature: decode(signature),
    }
}

impl Parts {
    fn of(token: &SignedToken) -> Self {
        parts(token.encoded())
    }

    fn kid(&self) -> &str {
        self.header["kid"].as_str().unwrap()
    }

    fn leaf(&self) -> Vec<u8> {
        let [leaf] = self.header["x5c"].as_array().unwrap().as_slice() else {
            panic!("x5c has another length than one");
        };
        BASE64.decode(leaf.as_str().unwrap().as_bytes()).unwrap()
    }

    /// What a registry with a CA bundle does with it.
    fn is_good_under(&self, bundle: &str, now: Timestamp) -> bool {
        let leaf = self.leaf();
        let (_, leaf) = x509_parser::parse_x509_certificate(&leaf).unwrap();
        let key = jwk_of(leaf.public_key().raw);
        let valid = leaf.validity().not_before.timestamp() <= now.as_second()
            && now.as_second() <= leaf.validity().not_after.timestamp();
        let authorities = pem::sections(bundle.as_bytes()).unwrap().certificates;
        let chained = authorities.iter().any(|authority| {
            let (_, authority) = x509_parser::parse_x509_certificate(authority).unwrap();
            let point = authority.public_key().subject_public_key.data.to_vec();
            let algorithm = &aws_lc_rs::signature::ECDSA_P256_SHA256_ASN1;
            authority.is_ca()
                && UnparsedPublicKey::new(algorithm, point)
                    .verify(leaf.tbs_certificate.as_ref(), &leaf.signature_value.data)
                    .is_ok()
        });
        valid && chained && self.is_signed_by(&key)
    }

    /// What a registry with a JWKS does with it.
    fn is_good_with(&self, jwks: &Value) -> bool {
        let keys = jwks["keys"].as_array().unwrap();
        let key = keys.iter().find(|key| key["kid"] == self.header["kid"]);
        key.is_some_and(|key| self.is_signed_by(key))
    }

    fn is_signed_by(&self, jwk: &Value) -> bool {
        let member = |name: &str| {
            let text = jwk[name].as_str().unwrap();
            BASE64URL_NOPAD.decode(text.as_bytes()).unwrap()
        };
        let checked = match self.header["alg"].as_str().unwrap() {
            "ES256" => {
                let point = [&[4][..], &member("x"), &member("y")].concat();
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                    .verify(&self.signed, &self.signature)
            }
            "EdDSA" => {
                UnparsedPublicKey::new(&ED25519, member("x")).verify(&self.signed, &self.signature)
            }
            "RS256" => RsaPublicKeyComponents {
                n: member("n"),
                e: member("e"),
            }
            .verify(&RSA_PKCS1_2048_8192_SHA256, &self.signed, &self.signature),
            other => panic!("{other}"),
        };
        checked.is_ok()
    }
}

/// The JWK of a certificate's key.
fn jwk_of(spki: &[u8]) -> Value {
    super::public_key::PublicKey::from_spki(spki)
        .unwrap()
        .jwk("leaf")
}

fn exported(signer: &Signer, command: KeyCommand) -> String {
    match signer.execute(command, noon()).unwrap() {
        KeyAnswer::Exported { content } => content,
        other => panic!("{other:?}"),
    }
}

fn states(signer: &Signer, now: Timestamp) -> Vec<State> {
    match signer.execute(KeyCommand::List, now).unwrap() {
        KeyAnswer::Listed { keys, .. } => keys.into_iter().map(|key| key.state).collect(),
        other => panic!("{other:?}"),
    }
}

//! Keys that the operator gives: in every form, exchanged, and never ours to keep.

use std::{fs, path::Path};

use aws_lc_rs::{
    encoding::{AsDer as _, EcPrivateKeyRfc5915Der},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use jiff::SignedDuration;

use super::{
    public_key::{ZERO_X, ZERO_Y},
    *,
};
use crate::token::signing_key::SigningKey;

/// What authentik calls a key: the MD5 of its PEM.
const KID: &str = "7c69e6a7bd0ebbf21b447d3b8b172214";

fn new(algorithm: Algorithm) -> String {
    let key = SigningKey::generate(algorithm).unwrap();
    pem::section("PRIVATE KEY", key.pkcs8())
}

impl House {
    /// Writes a provider's key where the registry's table says that it is.
    fn give(&self, text: &str) -> PathBuf {
        let path = self.data_dir.path().join("provider.pem");
        fs::write(&path, text).unwrap();
        path
    }
}

/// A registry that knows its key by an id of the provider's.
fn by_kid(algorithm: Algorithm, path: &Path) -> Arc<Registry> {
    Arc::new(Registry {
        naming: Naming::Kid(KID.into()),
        key: Some(path.to_owned()),
        ..Registry::clone(&registry(Profile::Rfc7638, algorithm))
    })
}

/// One that computes the key's id itself.
fn by_profile(profile: Profile, path: &Path) -> Arc<Registry> {
    Arc::new(Registry {
        key: Some(path.to_owned()),
        ..Registry::clone(&registry(profile, Algorithm::Es256))
    })
}

fn export(staged: bool) -> KeyCommand {
    let registry = "prod".to_owned();
    KeyCommand::Export { registry, staged }
}

#[test]
fn every_form_that_providers_export_signs_under_the_id_that_was_given() {
    let ec = SigningKey::generate(Algorithm::Es256).unwrap();
    let pair =
        EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, ec.pkcs8()).unwrap();
    let sec1: EcPrivateKeyRfc5915Der<'_> = pair.private_key().as_der().unwrap();
    let rsa = SigningKey::generate(Algorithm::Rs256).unwrap();
    // RFC 5958 §2: what stands before the key of 2048 bits is always as long.
    let (_, pkcs1) = rsa.pkcs8().split_at(26);
    for (algorithm, text) in [
        (Algorithm::EdDsa, new(Algorithm::EdDsa)),
        (Algorithm::Es256, pem::section("PRIVATE KEY", ec.pkcs8())),
        (
            Algorithm::Es256,
            pem::section("EC PRIVATE KEY", sec1.as_ref()),
        ),
        (Algorithm::Rs256, pem::section("PRIVATE KEY", rsa.pkcs8())),
        (Algorithm::Rs256, pem::section("RSA PRIVATE KEY", pkcs1)),
    ] {
        let house = House::new();
        let registry = by_kid(algorithm, &house.give(&text));
        let signer = house.open(&registry, noon());
        let token = signer.sign(grant(&registry), noon()).unwrap();
        let parts = Parts::of(&token);
        let header = serde_json::json!({ "typ": "JWT", "alg": algorithm, "kid": KID });
        assert_eq!(parts.header, header);
        assert!(parts.is_good_with(&signer.jwks(noon())), "{algorithm}");
        let trusted: Value = serde_json::from_str(&exported(&signer, export(false))).unwrap();
        assert!(parts.is_good_with(&trusted), "{algorithm}");
        assert!(signer.verify(&registry, token.encoded(), noon()).is_some());
    }
}

#[test]
fn a_file_that_does_not_fit_is_named_with_the_reason() {
    let p384 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let others = rcgen::CertificateParams::default()
        .self_signed(&rcgen::KeyPair::generate().unwrap())
        .unwrap();
    let reasons = [
        String::new(),
        "nonsense".to_owned(),
        others.pem(),
        pem::section("PRIVATE KEY", b"nonsense"),
        pem::section("ENCRYPTED PRIVATE KEY", b"secret"),
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n".to_owned(),
        p384.serialize_pem(),
        new(Algorithm::EdDsa),
        new(Algorithm::Es256) + &others.pem(),
    ]
    .map(|text| {
        let house = House::new();
        let path = house.give(&text);
        let registry = by_kid(Algorithm::Es256, &path);
        let error = house.try_open(&registry, noon()).unwrap_err().to_string();
        let checked = check_given_key(&path, &registry).unwrap_err();
        assert_eq!(checked.to_string(), error);
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        let (file, reason) = error.split_once(": ").unwrap();
        assert_eq!(Path::new(file), path);
        reason.to_owned()
    });
    insta::assert_snapshot!(reasons.join("\n"), @r#"
    a file without a private key
    a file without a private key
    a file without a private key
    not an RSA key of 2048 bits or more, a P-256 or an Ed25519 key: Could not parse key pair
    the private key is encrypted; give it without a passphrase
    the private key is encrypted; give it without a passphrase
    an elliptic-curve key that is not P-256
    a key that signs EdDSA, where tokens are signed with ES256: say `algorithm = "EdDSA"`, or give another key
    a private key that is not the certificate's
    "#);
}

#[test]
fn a_leading_zero_is_refused_only_where_the_registry_computes_the_id() {
    for zero in [ZERO_X, ZERO_Y] {
        let house = House::new();
        let der = BASE64.decode(zero.as_bytes()).unwrap();
        let path = house.give(&pem::section("PRIVATE KEY", &der));
        let computed = by_profile(Profile::Rfc7638, &path);
        let error = house.try_open(&computed, noon()).unwrap_err().to_string();
        assert!(error.contains("begins with a zero byte"), "{error}");
        assert!(error.contains("`kid`"), "{error}");
        for registry in [
            by_kid(Algorithm::Es256, &path),
            by_profile(Profile::Libtrust, &path),
            by_profile(Profile::Pinned, &path),
        ] {
            let signer = house.open(&registry, noon());
            let token = signer.sign(grant(&registry), noon()).unwrap();
            let [key] = signer.jwks(noon())["keys"]
                .as_array()
                .unwrap()
                .clone()
                .try_into()
                .unwrap();
            assert!(Parts::of(&token).is_signed_by(&key));
            assert_eq!(key["x"].as_str().unwrap().len(), 43);
        }
    }
}

#[test]
fn the_file_s_own_certificate_is_what_is_exported() {
    let house = House::new();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::default()
        .self_signed(&key)
        .unwrap();
    let path = house.give(&(key.serialize_pem() + &certificate.pem()));
    for profile in [Profile::Pinned, Profile::Rfc7638] {
        let registry = by_profile(profile, &path);
        let signer = house.open(&registry, noon());
        let exported = pem::sections(exported(&signer, export(false)).as_bytes()).unwrap();
        assert_eq!(exported.certificates, [certificate.der().to_vec()]);
    }
    // Without one, registries that read certificates are given one of our making.
    let registry = by_profile(Profile::Rfc7638, &house.give(&key.serialize_pem()));
    let signer = house.open(&registry, noon());
    let made = pem::sections(exported(&signer, export(false)).as_bytes()).unwrap();
    let made = made.first_certificate().unwrap();
    let token = signer.sign(grant(&registry), noon()).unwrap();
    assert!(Parts::of(&token).is_signed_by(&jwk_of(made.spki())));
}

#[test]
fn what_only_the_operator_can_exchange_is_refused_with_the_way_out() {
    let house = House::new();
    let registry = by_profile(Profile::Pinned, &house.give(&new(Algorithm::Es256)));
    let signer = house.open(&registry, noon());
    let name = || "prod".to_owned();
    let folder = format!("{}/", house.data_dir.path().display());
    for command in [
        KeyCommand::Stage { registry: name() },
        KeyCommand::Activate { registry: name() },
        KeyCommand::Rotate {
            registry: Some(name()),
        },
        export(true),
    ] {
        let error = signer.execute(command, noon()).unwrap_err().to_string();
        insta::allow_duplicates! {
            insta::assert_snapshot!(error.replace(&folder, ""), @"the key of registry prod is given as a file, so a new one is given the same way: let the registry trust both keys, replace provider.pem (and its `kid`, if one is given), and reload");
        }
    }
}

#[test]
fn a_list_shows_that_it_was_given() {
    let house = House::new();
    let registry = by_kid(Algorithm::Es256, &house.give(&new(Algorithm::Es256)));
    let signer = house.open(&registry, noon());
    let KeyAnswer::Listed { keys, .. } = signer.execute(KeyCommand::List, noon()).unwrap() else {
        panic!("a list was asked for");
    };
    let [key] = keys.as_slice() else {
        panic!("{keys:?}");
    };
    assert_eq!(key.kid, KID);
    assert_eq!(
        (key.profile, key.given, key.state),
        (None, true, State::Current)
    );
    assert_eq!(key.registries, ["prod"]);
}

#[test]
fn an_exchanged_key_is_published_while_tokens_of_it_live() {
    let house = House::new();
    let first = by_kid(Algorithm::Es256, &house.give(&new(Algorithm::Es256)));
    let signer = house.open(&first, noon());
    let before = signer.sign(grant(&first), noon()).unwrap();
    // The next one has an id of its own, as providers name them.
    let next = Arc::new(Registry {
        naming: Naming::Kid("next".into()),
        key: Some(house.give(&new(Algorithm::Es256))),
        ..Registry::clone(&first)
    });
    signer.prepare(std::slice::from_ref(&next), noon()).unwrap();
    let after = signer.sign(grant(&next), noon()).unwrap();
    assert_eq!(Parts::of(&after).kid(), "next");
    assert_eq!(states(&signer, noon()), [State::Current, State::Past]);
    let soon = noon() + SignedDuration::from_mins(14);
    for token in [&before, &after] {
        assert!(Parts::of(token).is_good_with(&signer.jwks(soon)));
        assert!(signer.verify(&next, token.encoded(), soon).is_some());
    }
    let later = noon() + SignedDuration::from_mins(16);
    assert!(!Parts::of(&before).is_good_with(&signer.jwks(later)));
    assert!(Parts::of(&after).is_good_with(&signer.jwks(later)));
}

#[test]
fn a_key_is_exchanged_under_the_same_name_too_and_comes_back() {
    let house = House::new();
    let texts = [new(Algorithm::Es256), new(Algorithm::Es256)];
    let registry = by_kid(Algorithm::Es256, &house.give(&texts[0]));
    let signer = house.open(&registry, noon());
    let first = signer.sign(grant(&registry), noon()).unwrap();
    house.give(&texts[1]);
    signer
        .prepare(std::slice::from_ref(&registry), noon())
        .unwrap();
    let second = signer.sign(grant(&registry), noon()).unwrap();
    assert!(signer.verify(&registry, first.encoded(), noon()).is_some());
    assert!(signer.verify(&registry, second.encoded(), noon()).is_some());
    house.give(&texts[0]);
    signer
        .prepare(std::slice::from_ref(&registry), noon())
        .unwrap();
    assert_eq!(states(&signer, noon()), [State::Current, State::Past]);
    assert!(signer.verify(&registry, second.encoded(), noon()).is_some());
    // The same file read again is no exchange.
    signer
        .prepare(std::slice::from_ref(&registry), noon())
        .unwrap();
    assert_eq!(states(&signer, noon()), [State::Current, State::Past]);
}

#[test]
fn after_the_step_to_the_ca_the_given_key_is_published_for_a_while() {
    let house = House::new();
    let given = by_kid(Algorithm::Es256, &house.give(&new(Algorithm::Es256)));
    let signer = house.open(&given, noon());
    let token = signer.sign(grant(&given), noon()).unwrap();
    signer.prepare(&[x5c()], noon()).unwrap();
    assert!(Parts::of(&token).is_good_with(&signer.jwks(noon())));
    assert!(signer.verify(&x5c(), token.encoded(), noon()).is_some());
    // What the registry is to trust from now on is the CA.
    assert_eq!(
        exported(&signer, export(false)),
        exported(&signer, KeyCommand::CaExport)
    );
}

#[test]
fn a_key_that_cannot_be_read_again_leaves_the_old_one_signing() {
    let house = House::new();
    let path = house.give(&new(Algorithm::Es256));
    let registry = by_kid(Algorithm::Es256, &path);
    let signer = house.open(&registry, noon());
    let before = signer.jwks(noon());
    for broken in [Some("nonsense"), None] {
        match broken {
            Some(text) => fs::write(&path, text).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let error = signer
            .prepare(std::slice::from_ref(&registry), noon())
            .unwrap_err();
        assert!(error.to_string().contains("provider.pem"), "{error}");
        assert!(signer.sign(grant(&registry), noon()).is_ok());
        assert_eq!(signer.jwks(noon()), before);
    }
}

#[test]
fn a_given_key_is_neither_kept_nor_shown() {
    let house = House::new();
    let text = new(Algorithm::Es256);
    let registry = by_kid(Algorithm::Es256, &house.give(&text));
    let signer = house.open(&registry, noon());
    assert!(!house.keys().join("registries").exists());
    let der = pem::sections(text.as_bytes()).unwrap().private_key.unwrap();
    assert!(!format!("{signer:?}").contains(&format!("{der:?}")));
    for command in [export(false), KeyCommand::List] {
        let answer = signer.execute(command, noon()).unwrap();
        let answer = serde_json::to_string(&answer).unwrap();
        assert!(
            !answer.contains("PRIVATE") && !answer.contains(r#"\"d\""#),
            "{answer}"
        );
    }
}

#[test]
fn one_key_of_two_registries_is_published_once() {
    let house = House::new();
    let one = by_kid(Algorithm::Es256, &house.give(&new(Algorithm::Es256)));
    let two = Arc::new(Registry {
        name: "other".into(),
        ..Registry::clone(&one)
    });
    let signer = house.open(&one, noon());
    signer.prepare(&[one, two], noon()).unwrap();
    assert_eq!(signer.jwks(noon())["keys"].as_array().unwrap().len(), 1);
}

//! Tokens that come back: ours and good, or nothing.

use jiff::SignedDuration;

use super::*;
use crate::token::{certificate::Certificate, signing_key::SigningKey};

/// A registry beside the first, which trusts the same CA.
fn other() -> Arc<Registry> {
    Arc::new(Registry {
        name: "other".into(),
        service: "other.example.com".to_owned(),
        ..Registry::clone(&x5c())
    })
}

fn part(value: &Value) -> String {
    BASE64URL_NOPAD.encode(&serde_json::to_vec(value).unwrap())
}

/// A token of any header and payload, truly signed.
fn sealed(header: &str, payload: &str, key: &SigningKey) -> String {
    let input = format!("{header}.{}", BASE64URL_NOPAD.encode(payload.as_bytes()));
    let signature = key.sign(input.as_bytes()).unwrap();
    format!("{input}.{}", BASE64URL_NOPAD.encode(&signature))
}

/// One signed as leaves sign, under a certificate that somebody made.
fn forged(key: &SigningKey, certificate: &Certificate, claims: &Value) -> String {
    let naming = Naming::Profile(Profile::X5c);
    let header = header::encode(key.public(), &naming, certificate);
    sealed(&header, &claims.to_string(), key)
}

#[test]
fn what_a_good_token_says_is_told() {
    for profile in Profile::ALL {
        let house = House::new();
        let registry = registry(profile, Algorithm::Es256);
        let signer = house.open(&registry, noon());
        let token = signer.sign(grant(&registry), noon()).unwrap();
        let verified = signer.verify(&registry, token.encoded(), noon()).unwrap();
        assert_eq!(verified.id(), token.id());
        assert_eq!(verified.subject(), "github:74:acme/web:ikeccnios2iush3b");
        assert_eq!(verified.audience(), "registry.example.com");
        assert_eq!(verified.issuer(), "https://registry.example.com");
        assert_eq!(verified.expires_at(), token.expires_at());
        assert_eq!(verified.issued_at(), noon() - SignedDuration::from_secs(30));
        assert_eq!(verified.not_before(), verified.issued_at());
        assert_eq!(verified.scope(), token.grant().scope_text());
        assert_eq!(
            verified.scope(),
            "repository:apps/github/acme/web:pull,push"
        );
        assert_eq!(*verified.access(), Parts::of(&token).claims["access"]);
    }
}

#[test]
fn every_algorithm_verifies_under_every_profile() {
    for cell in crate::registry::combinations().filter(|cell| cell.verdict.is_ok()) {
        let house = House::new();
        let registry = Arc::new(Registry {
            kind: cell.kind,
            ..Registry::clone(&registry(cell.profile, cell.algorithm))
        });
        let signer = house.open(&registry, noon());
        let token = signer.sign(grant(&registry), noon()).unwrap();
        assert!(
            signer.verify(&registry, token.encoded(), noon()).is_some(),
            "{cell:?}"
        );
    }
}

#[test]
fn a_token_is_good_from_its_beginning_until_its_end() {
    let house = House::new();
    let signer = house.open(&x5c(), noon());
    let token = signer.sign(grant(&x5c()), noon()).unwrap();
    let is_good = |at| signer.verify(&x5c(), token.encoded(), at).is_some();
    let second = SignedDuration::from_secs(1);
    let begin = noon() - second * 30;
    assert!(!is_good(begin - second) && is_good(begin));
    assert!(is_good(token.expires_at() - second) && !is_good(token.expires_at()));
}

#[test]
fn a_token_for_another_registry_is_nothing() {
    let house = House::new();
    let signer = house.open(&x5c(), noon());
    signer.prepare(&[x5c(), other()], noon()).unwrap();
    let token = signer.sign(grant(&other()), noon()).unwrap();
    assert!(signer.verify(&other(), token.encoded(), noon()).is_some());
    assert_eq!(signer.verify(&x5c(), token.encoded(), noon()), None);
    // The same, had the registry been told to expect another `iss`.
    let renamed = Registry {
        token_issuer: "https://id.example.com/".to_owned(),
        ..Registry::clone(&other())
    };
    assert_eq!(signer.verify(&renamed, token.encoded(), noon()), None);
}

#[test]
fn registries_with_keys_of_their_own_do_not_share_them() {
    let house = House::new();
    let one = registry(Profile::Libtrust, Algorithm::Es256);
    let signer = house.open(&one, noon());
    // Its own name aside, it is the same registry.
    let two = Arc::new(Registry {
        name: "two".into(),
        ..Registry::clone(&one)
    });
    signer
        .prepare(&[Arc::clone(&one), Arc::clone(&two)], noon())
        .unwrap();
    let token = signer.sign(grant(&two), noon()).unwrap();
    assert!(signer.verify(&two, token.encoded(), noon()).is_some());
    assert_eq!(signer.verify(&one, token.encoded(), noon()), None);
}

#[test]
fn another_replica_under_the_same_ca_is_one_of_us() {
    let (mut one, mut two) = (House::new(), House::new());
    let files = tempfile::tempdir().unwrap();
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let certificate = Certificate::authority(&key, noon()).unwrap();
    let paths = (files.path().join("ca.crt"), files.path().join("ca.key"));
    std::fs::write(&paths.0, certificate.pem()).unwrap();
    std::fs::write(&paths.1, pem::section("PRIVATE KEY", key.pkcs8())).unwrap();
    for house in [&mut one, &mut two] {
        house.ca = Some(paths.clone());
    }
    let (here, there) = (one.open(&x5c(), noon()), two.open(&x5c(), noon()));
    let token = there.sign(grant(&x5c()), noon()).unwrap();
    assert!(here.verify(&x5c(), token.encoded(), noon()).is_some());
    // Its CA ends, and what was signed under it with it.
    let end = here.authority_expiry(noon()).not_after;
    assert_eq!(
        here.verify(&x5c(), token.encoded(), end + SignedDuration::from_secs(1)),
        None
    );
}

#[test]
fn a_foreign_ca_with_our_names_is_nobody() {
    let house = House::new();
    let signer = house.open(&x5c(), noon());
    let elsewhere = House::new();
    let foreign = elsewhere
        .open(&x5c(), noon())
        .sign(grant(&x5c()), noon())
        .unwrap();
    assert_eq!(signer.verify(&x5c(), foreign.encoded(), noon()), None);

    // A leaf of our CA's, with another key put into its place by its holder.
    let good = signer.sign(grant(&x5c()), noon()).unwrap();
    let claims = Parts::of(&good).claims;
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let ours = Certificate::from_der(&Parts::of(&good).leaf()).unwrap();
    assert_eq!(
        signer.verify(&x5c(), &forged(&key, &ours, &claims), noon()),
        None
    );

    // One that certifies itself, and one that is a CA.
    let own = Certificate::long_lived(&key, "prod", noon()).unwrap();
    assert_eq!(
        signer.verify(&x5c(), &forged(&key, &own, &claims), noon()),
        None
    );
    let authority = Certificate::authority(&key, noon()).unwrap();
    assert_eq!(
        signer.verify(&x5c(), &forged(&key, &authority, &claims), noon()),
        None
    );
}

#[test]
fn a_leaf_is_good_only_while_it_is_valid_and_under_a_ca_that_is_trusted() {
    let house = House::new();
    let registry = Arc::new(Registry {
        token_ttl: Duration::from_hours(6),
        ..Registry::clone(&x5c())
    });
    let signer = house.open(&registry, noon());
    let file = std::fs::read(house.keys().join("ca/current.pem")).unwrap();
    let sections = pem::sections(&file).unwrap();
    let authority = sections.first_certificate().unwrap();
    let authority_key = rcgen::KeyPair::try_from(sections.private_key.unwrap()).unwrap();
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let claims = Parts::of(&signer.sign(grant(&registry), noon()).unwrap()).claims;
    let soon = noon() + SignedDuration::from_mins(5);
    let short = Certificate::leaf(&key, (&authority, &authority_key), noon(), soon).unwrap();
    let token = forged(&key, &short, &claims);
    assert!(signer.verify(&registry, &token, soon).is_some());
    let late = soon + SignedDuration::from_secs(1);
    assert_eq!(signer.verify(&registry, &token, late), None);

    // The CA is rolled over: what its leaves signed stays good as long as they are trusted.
    let before = signer.sign(grant(&registry), noon()).unwrap();
    signer.execute(KeyCommand::CaStage, noon()).unwrap();
    signer.execute(KeyCommand::CaActivate, noon()).unwrap();
    let after = signer.sign(grant(&registry), noon()).unwrap();
    for token in [&before, &after] {
        assert!(signer.verify(&registry, token.encoded(), noon()).is_some());
    }
}

#[test]
fn a_staged_and_a_past_key_are_the_registrys_too() {
    let house = House::new();
    let libtrust = registry(Profile::Libtrust, Algorithm::Es256);
    let (name, other) = (|| "prod".to_owned(), house.open(&libtrust, noon()));
    let signer = house.open(&libtrust, noon());
    signer
        .execute(KeyCommand::Stage { registry: name() }, noon())
        .unwrap();
    // Another process on the same files activates first.
    let staged = house.open(&libtrust, noon());
    let old = signer.sign(grant(&libtrust), noon()).unwrap();
    staged
        .execute(KeyCommand::Activate { registry: name() }, noon())
        .unwrap();
    let new = staged.sign(grant(&libtrust), noon()).unwrap();
    assert!(signer.verify(&libtrust, new.encoded(), noon()).is_some());
    assert!(staged.verify(&libtrust, old.encoded(), noon()).is_some());
    assert_eq!(other.verify(&libtrust, new.encoded(), noon()), None);
}

#[test]
fn nothing_that_was_changed_is_good() {
    for profile in Profile::ALL {
        let house = House::new();
        let registry = registry(profile, Algorithm::Es256);
        let signer = house.open(&registry, noon());
        let token = signer.sign(grant(&registry), noon()).unwrap();
        let token = token.encoded();
        let [header, payload, signature]: [&str; 3] =
            token.split('.').collect::<Vec<_>>().try_into().unwrap();
        let Parts {
            header: said,
            claims,
            ..
        } = parts(token);
        let changed = |value: &Value, name: &str, to: Value| {
            let mut value = value.clone();
            value[name] = to;
            part(&value)
        };
        let wide = serde_json::json!([{ "type": "registry", "name": "catalog", "actions": ["*"] }]);
        for bad in [
            format!("{header}.{}.{signature}", changed(&claims, "access", wide)),
            format!(
                "{header}.{}.{signature}",
                changed(&claims, "exp", 4_000_000_000_u64.into())
            ),
            format!(
                "{}.{payload}.{signature}",
                changed(&said, "alg", "none".into())
            ),
            format!("{}.{payload}.", changed(&said, "alg", "none".into())),
            format!(
                "{}.{payload}.{signature}",
                changed(&said, "alg", "HS256".into())
            ),
            format!(
                "{}.{payload}.{signature}",
                changed(&said, "jwk", jwk_of_nobody())
            ),
            format!("{header}.{payload}."),
            format!("{header}.{payload}"),
            format!("{header}.{payload}.{signature}="),
            format!("{token}.{signature}"),
            format!(" {token}"),
            payload.to_owned(),
            String::new(),
            "..".to_owned(),
        ] {
            assert_eq!(
                signer.verify(&registry, &bad, noon()),
                None,
                "{profile}: {bad}"
            );
        }
    }
}

fn jwk_of_nobody() -> Value {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    key.public().jwk("nobody")
}

#[test]
fn what_our_own_keys_sign_is_a_token_only_if_it_says_what_tokens_say() {
    let house = House::new();
    let registry = registry(Profile::Pinned, Algorithm::Es256);
    let signer = house.open(&registry, noon());
    let claims = Parts::of(&signer.sign(grant(&registry), noon()).unwrap()).claims;
    let table = signer.table.load();
    let own = &table.keys_of(&registry).unwrap().current;
    let is_good = |payload: &str| {
        let token = sealed(&own.header, payload, &own.key);
        signer.verify(&registry, &token, noon()).is_some()
    };
    assert!(is_good(&claims.to_string()));
    for name in ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "access"] {
        let mut without = claims.clone();
        without.as_object_mut().unwrap().shift_remove(name);
        assert!(!is_good(&without.to_string()), "{name}");
    }
    let twice = claims
        .to_string()
        .replacen('{', r#"{"aud":"registry.example.com","#, 1);
    assert!(!is_good(&twice));
    for (name, wrong) in [
        ("aud", serde_json::json!(["registry.example.com"])),
        ("exp", "1795436100".into()),
        ("exp", 1_795_436_100.5.into()),
        ("access", "repository:a:pull".into()),
        ("access", serde_json::json!([{ "type": "repository" }])),
    ] {
        let mut claims = claims.clone();
        claims[name] = wrong;
        assert!(!is_good(&claims.to_string()), "{claims}");
    }
}

#[test]
fn a_jwt_of_a_platform_is_no_token_of_ours() {
    let house = House::new();
    let key = SigningKey::generate(Algorithm::Rs256).unwrap();
    let claims = fixtures::claims(fixtures::Kind::GithubActions, "push-main").unwrap();
    let header = serde_json::json!({ "typ": "JWT", "alg": "RS256", "kid": "platform" });
    let claims = Value::Object(claims.at(noon().as_second())).to_string();
    let jwt = sealed(&part(&header), &claims, &key);
    for profile in Profile::ALL {
        let registry = registry(profile, Algorithm::Rs256);
        let signer = house.open(&registry, noon());
        assert_eq!(signer.verify(&registry, &jwt, noon()), None);
    }
}

#[test]
fn no_text_panics() {
    let house = House::new();
    let pinned = registry(Profile::Pinned, Algorithm::EdDsa);
    let signer = house.open(&pinned, noon());
    proptest::proptest!(|(text in r"[a-zA-Z0-9_.-]{0,200}|\PC*")| {
        for registry in [&pinned, &x5c()] {
            proptest::prop_assert_eq!(signer.verify(registry, &text, noon()), None);
        }
    });
}

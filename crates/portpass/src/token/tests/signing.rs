//! What a token says, for how long, and that it verifies.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;

#[test]
fn a_token_says_who_may_do_what_and_until_when() {
    let house = House::new();
    let signer = house.open(&x5c(), noon());
    let token = signer.sign(grant(&x5c()), noon()).unwrap();
    let parts = Parts::of(&token);
    assert_eq!(parts.claims["jti"], token.id());
    assert_eq!(parts.claims["exp"], token.expires_at().as_second());
    assert_eq!(token.lifetime_seconds(), 900);
    insta::assert_json_snapshot!(parts.claims, { ".jti" => "[uuid]" }, @r#"
    {
      "iss": "https://registry.example.com",
      "sub": "github:74:acme/web:ikeccnios2iush3b",
      "aud": "registry.example.com",
      "exp": 1795436100,
      "nbf": 1795435170,
      "iat": 1795435170,
      "jti": "[uuid]",
      "access": [
        {
          "type": "repository",
          "name": "apps/github/acme/web",
          "actions": [
            "pull",
            "push"
          ]
        }
      ]
    }
    "#);
    insta::assert_json_snapshot!(parts.header, { ".kid" => "[kid]", ".x5c[0]" => "[leaf]" }, @r#"
    {
      "typ": "JWT",
      "alg": "ES256",
      "kid": "[kid]",
      "x5c": [
        "[leaf]"
      ]
    }
    "#);
}

#[test]
fn a_login_probe_has_empty_access_and_the_anonymous_have_no_name() {
    let house = House::new();
    let signer = house.open(&x5c(), noon());
    let nobody = Proof::of(
        "anonymous",
        "",
        "",
        Facts::default(),
        Map::new(),
        None,
        None,
    );
    let token = signer.sign(Grant::of(nobody, x5c(), Vec::new()), noon());
    let claims = Parts::of(&token.unwrap()).claims;
    assert_eq!(claims["access"], serde_json::json!([]));
    assert_eq!(claims["sub"], "anonymous");
}

#[test]
fn a_long_name_is_cut_between_characters() {
    let house = House::new();
    let signer = house.open(&x5c(), noon());
    let name = format!("{}é", "a".repeat(127));
    let token = signer
        .sign(push(&x5c(), proof(&name, None)), noon())
        .unwrap();
    let claims = Parts::of(&token).claims;
    let expected = format!("github:74:{}:", "a".repeat(127));
    assert!(claims["sub"].as_str().unwrap().starts_with(&expected));
}

#[test]
fn every_profile_and_algorithm_verifies() {
    for cell in crate::registry::combinations().filter(|cell| cell.verdict.is_ok()) {
        let house = House::new();
        let registry = Arc::new(Registry {
            kind: cell.kind,
            ..Registry::clone(&registry(cell.profile, cell.algorithm))
        });
        let signer = house.open(&registry, noon());
        let parts = Parts::of(&signer.sign(grant(&registry), noon()).unwrap());
        assert_eq!(parts.header["alg"], cell.algorithm.as_str());
        let good = match cell.profile {
            Profile::X5c => {
                let bundle = exported(&signer, KeyCommand::CaExport);
                parts.is_good_under(&bundle, noon()) && parts.is_good_with(&signer.jwks(noon()))
            }
            Profile::Libtrust | Profile::Rfc7638 => parts.is_good_with(&signer.jwks(noon())),
            Profile::Pinned => {
                assert_eq!(parts.header.as_object().unwrap().len(), 2, "{cell:?}");
                parts.is_signed_by(&signer.jwks(noon())["keys"][0])
            }
        };
        assert!(good, "{cell:?}");
    }
}

#[test]
fn a_registry_without_a_key_is_an_error() {
    let house = House::new();
    let signer = house.open(&x5c(), noon());
    for other in [
        registry(Profile::X5c, Algorithm::Rs256),
        registry(Profile::Libtrust, Algorithm::Es256),
    ] {
        let error = signer.sign(grant(&other), noon()).unwrap_err();
        insta::allow_duplicates! {
            insta::assert_snapshot!(error, @"there is no key to sign for registry prod with: see `portpass keys list`");
        }
    }
}

#[test]
fn nothing_secret_is_in_debug() {
    let house = House::new();
    let signer = house.open(&x5c(), noon());
    let token = signer.sign(grant(&x5c()), noon()).unwrap();
    assert!(!format!("{token:?}").contains(token.encoded()));
    let file = std::fs::read(house.keys().join("ca/current.pem")).unwrap();
    let key = pem::sections(&file).unwrap().private_key.unwrap();
    assert!(!format!("{signer:?}").contains(&format!("{key:?}")));
    assert!(!format!("{signer:?}").contains("pkcs8"));
}

#[test]
fn discovery_says_where_the_keys_are() {
    let house = House::new();
    let signer = house.open(&x5c(), noon());
    insta::assert_json_snapshot!(signer.discovery("https://registry.example.com"), @r#"
    {
      "issuer": "https://registry.example.com",
      "jwks_uri": "https://registry.example.com/.well-known/jwks.json",
      "token_endpoint": "https://registry.example.com/token",
      "grant_types_supported": [
        "password"
      ],
      "id_token_signing_alg_values_supported": [
        "ES256"
      ],
      "response_types_supported": [],
      "subject_types_supported": [
        "public"
      ]
    }
    "#);
}

proptest! {
    #[test]
    fn no_token_lives_longer_than_allowed_nor_shorter_than_a_minute(
        ttl in 0_u64..90_000,
        cap in prop::option::of(-100_000_i64..100_000),
    ) {
        let registry = Registry {
            token_ttl: Duration::from_secs(ttl),
            ..Registry::clone(&x5c())
        };
        let until = cap.map(|cap| noon() + SignedDuration::from_secs(cap));
        let lifetime = claims::lifetime(&registry, until, noon());
        prop_assert!(lifetime >= 60);
        let ttl = i64::try_from(ttl).unwrap();
        prop_assert!(lifetime <= ttl.max(60));
        prop_assert!(cap.is_none_or(|cap| lifetime <= cap.max(60)));
        let claims = serde_json::to_value(claims::Claims::of(
            &grant(&x5c()), "id", lifetime, noon(),
        )).unwrap();
        let seconds = |name: &str| claims[name].as_i64().unwrap();
        prop_assert_eq!(seconds("exp") - seconds("iat"), lifetime + 30);
    }
}

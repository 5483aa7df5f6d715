//! Key sets as platforms publish them, and as nobody should.

use serde_json::json;

use super::{
    super::super::signing::{SigningKey, jwks},
    *,
};

fn parse(set: &Value) -> Result<KeySet, SetFault> {
    KeySet::parse(set.to_string().as_bytes())
}

fn fault(jwk: &Value) -> KeyFault {
    let good = SigningKey::es256("good").jwk();
    let set = parse(&json!({"keys": [jwk, good]})).unwrap();
    assert_eq!(set.len(), 1, "the good key stays");
    set.skipped[0]
}

fn with(mut jwk: Value, name: &str, value: Value) -> Value {
    jwk[name] = value;
    jwk
}

#[test]
fn each_key_checks_what_its_type_can() {
    let keys = [
        SigningKey::es256("e"),
        SigningKey::rs256("r"),
        SigningKey::eddsa("d"),
    ];
    let set = parse(&jwks(&keys)).unwrap();
    for key in &keys {
        let found = set.find(Some(key.kid()), key.algorithm());
        assert_eq!(found.len(), 1);
        let signature = key.sign(b"message");
        assert!(found[0].verifies(key.algorithm(), b"message", &signature));
        assert!(!found[0].verifies(key.algorithm(), b"massage", &signature));
    }
    assert!(set.find(Some("e"), JwtAlgorithm::Rs256).is_empty());
}

#[test]
fn a_missing_kid_needs_the_only_fitting_key() {
    let one = parse(&jwks(&[SigningKey::es256("a"), SigningKey::eddsa("b")])).unwrap();
    assert_eq!(one.find(None, JwtAlgorithm::Es256).len(), 1);
    let two = parse(&jwks(&[SigningKey::es256("a"), SigningKey::es256("b")])).unwrap();
    assert!(two.find(None, JwtAlgorithm::Es256).is_empty());
}

#[test]
fn an_unusable_key_is_left_out() {
    let key = SigningKey::es256("k").jwk();
    for (jwk, expected) in [
        (
            with(key.clone(), "alg", json!("RS256")),
            KeyFault::Algorithm,
        ),
        (
            with(key.clone(), "alg", json!("HS256")),
            KeyFault::Algorithm,
        ),
        (with(key.clone(), "alg", json!(1)), KeyFault::Algorithm),
        (with(key.clone(), "use", json!("enc")), KeyFault::Purpose),
        (
            with(key.clone(), "key_ops", json!(["sign"])),
            KeyFault::Purpose,
        ),
        (with(key.clone(), "d", json!("AA")), KeyFault::Private),
        (with(key.clone(), "x", json!("AA")), KeyFault::Numbers),
        (with(key.clone(), "crv", json!("P-384")), KeyFault::Numbers),
        (with(key.clone(), "crv", json!("secp256k1")), KeyFault::Type),
        (with(key, "kty", json!("oct")), KeyFault::Type),
        (json!({"kty": "oct", "k": "AAAA"}), KeyFault::Private),
        (json!("key"), KeyFault::Type),
    ] {
        assert_eq!(fault(&jwk), expected, "{jwk}");
    }
    let off_curve = URL_SAFE_NO_PAD.encode([7; 32]);
    let bad = json!({"kty": "EC", "crv": "P-256", "x": off_curve, "y": off_curve});
    assert_eq!(fault(&bad), KeyFault::Numbers);
}

/// The example of RFC 7638 §3.1.
fn rfc_7638() -> Value {
    json!({
        "kty": "RSA", "e": "AQAB", "alg": "RS256",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    })
}

#[test]
fn a_key_is_known_by_its_kid_or_its_thumbprint() {
    const THUMBPRINT: &str = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
    let named = with(rfc_7638(), "kid", json!("2011-04-29"));
    let zeros = with(rfc_7638(), "e", json!("AAEAAQ"));
    let unstorable = with(rfc_7638(), "kid", json!("a\u{0}b"));
    let empty = with(rfc_7638(), "kid", json!(""));
    let keys = json!({"keys": [named, rfc_7638(), zeros, unstorable, empty]});
    let set = parse(&keys).unwrap();
    let ids: Vec<&str> = set.keys.iter().map(|key| &*key.id).collect();
    assert_eq!(ids[0], "2011-04-29");
    assert!(ids.iter().skip(1).all(|id| *id == THUMBPRINT), "{ids:?}");
    assert!(set.keys.iter().all(|key| key.thumbprint == THUMBPRINT));
}

#[test]
fn a_key_is_missing_if_its_id_or_its_numbers_are() {
    let (a, b) = (SigningKey::es256("a").jwk(), SigningKey::eddsa("b").jwk());
    let nameless = rfc_7638();
    let set = |keys: &[&Value]| parse(&json!({"keys": keys})).unwrap();
    let missing = |old: &[&Value], new: &[&Value]| {
        let missing = set(old).missing_in(&set(new));
        missing.iter().map(|id| id.to_string()).collect::<Vec<_>>()
    };
    let none: [&str; 0] = [];
    assert_eq!(missing(&[&a, &b], &[&b, &a]), none);
    assert_eq!(missing(&[&a], &[&b, &a, &nameless]), none);
    assert_eq!(missing(&[&a, &b], &[&b]), ["a"]);
    assert_eq!(missing(&[&a, &nameless], &[&a]).len(), 1);
    let again = SigningKey::es256("a").jwk();
    assert_eq!(missing(&[&a], &[&again]), ["a"], "another key of its name");
    let renamed = with(a.clone(), "kid", json!("c"));
    assert_eq!(missing(&[&a], &[&renamed]), ["a"]);
    let retired = with(a.clone(), "use", json!("enc"));
    assert_eq!(missing(&[&a, &b], &[&retired, &b]), ["a"]);
    let annotated = with(a.clone(), "x5t", json!("AA"));
    assert_eq!(missing(&[&a], &[&annotated]), none);
}

#[test]
fn a_digest_is_of_the_keys_and_not_of_how_they_are_written() {
    let (a, b) = (SigningKey::es256("a").jwk(), SigningKey::es256("b").jwk());
    let digest = |keys: &[&Value]| parse(&json!({"keys": keys})).unwrap().digest();
    assert_eq!(digest(&[&a, &b]), digest(&[&b, &a]));
    let annotated = with(a.clone(), "x5t", json!("AA"));
    assert_eq!(digest(&[&a]), digest(&[&annotated]));
    for other in [b, with(a.clone(), "kid", json!("c"))] {
        assert_ne!(digest(&[&a]), digest(&[&other]));
    }
}

#[test]
fn a_short_rsa_key_is_left_out() {
    let modulus = |bytes: usize| {
        let mut n = vec![0xff; bytes];
        n.insert(0, 0);
        URL_SAFE_NO_PAD.encode(n)
    };
    for bytes in [64, 128, 255, 1025] {
        let jwk = json!({"kty": "RSA", "n": modulus(bytes), "e": "AQAB"});
        assert_eq!(fault(&jwk), KeyFault::Size, "{bytes}");
    }
}

#[test]
fn a_set_is_a_list_of_one_to_a_hundred_keys() {
    for bad in [
        "<html>",
        "[]",
        "{}",
        r#"{"keys":{}}"#,
        r#"{"keys":[],"keys":[]}"#,
    ] {
        assert!(matches!(
            KeySet::parse(bad.as_bytes()),
            Err(SetFault::Shape)
        ));
    }
    assert!(matches!(parse(&json!({"keys": []})), Err(SetFault::Empty)));
    assert!(matches!(
        parse(&json!({"keys": [{}]})),
        Err(SetFault::Empty)
    ));
    let key = SigningKey::es256("k").jwk();
    let many = |count| parse(&json!({"keys": vec![key.clone(); count]}));
    assert!(many(100).is_ok());
    assert!(matches!(many(101), Err(SetFault::TooMany)));
}

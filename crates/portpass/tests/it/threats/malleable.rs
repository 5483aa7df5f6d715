//! One JWT written in several ways: it is one login, or none.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use portpass::store::RowFilter;

use super::{
    forge::{Jwt, encode, keys},
    stage::{Stage, WEB, play},
};

/// The order of P-256, big-endian.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6,
    0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

async fn sessions(stage: &Stage) -> usize {
    let all = RowFilter {
        limit: 1000,
        ..RowFilter::default()
    };
    stage.app.store.sessions(&all).await.unwrap().len()
}

/// The other signature that ECDSA allows over the same bytes: `(r, n - s)`.
fn twin(signature: &[u8]) -> Vec<u8> {
    let (r, s) = signature.split_at(32);
    let mut borrow = 0;
    let mut negated: Vec<u8> = ORDER
        .iter()
        .zip(s)
        .rev()
        .map(|(n, s)| {
            let difference = i16::from(*n) - i16::from(*s) - borrow;
            borrow = i16::from(difference < 0);
            u8::try_from(difference.rem_euclid(256)).unwrap()
        })
        .collect();
    negated.reverse();
    [r, &negated].concat()
}

/// The same base64url with another last character that decodes to the same bytes.
fn with_stray_bits(part: &str) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    assert_ne!(part.len() % 4, 0, "there are no bits to stray");
    let last = part.bytes().last().unwrap();
    let index = alphabet.iter().position(|byte| *byte == last).unwrap();
    let other = char::from(alphabet[index ^ 1]);
    format!("{}{other}", part.split_at(part.len() - 1).0)
}

#[tokio::test]
async fn case_46_a_jwt_is_read_in_one_spelling_alone() {
    play(async |stage| {
        let jwt = Jwt::of_run("4711").sign();
        stage.push(&jwt).await.is_granted(WEB);
        let there_are = sessions(stage).await;
        let parts: Vec<_> = jwt.split('.').collect();
        let [header, payload, signature] = parts[..] else {
            unreachable!()
        };
        // A header of which some bits are left over in base64.
        let of_length = |rest: usize| {
            let pads = (0..3).map(|pad| Jwt::of_run("4711").header("x", "y".repeat(pad)));
            let mut jwts = pads.map(|jwt| jwt.sign());
            jwts.find(|jwt| jwt.split('.').next().unwrap().len() % 4 == rest)
                .unwrap()
        };
        let strayed = of_length(2);
        let (stray_header, rest) = strayed.split_once('.').unwrap();
        let percent = jwt.replace('.', "%2E");
        for (variant, spelled, reason) in [
            (
                "stray bits in the signature",
                format!("{header}.{payload}.{}", with_stray_bits(signature)),
                "malformed",
            ),
            (
                "stray bits in the header",
                format!("{}.{rest}", with_stray_bits(stray_header)),
                "malformed",
            ),
            ("padding at the end", format!("{jwt}="), "malformed"),
            (
                "padding in the header",
                format!("{header}=.{payload}.{signature}"),
                "password",
            ),
            ("a space at the end", format!("{jwt} "), "malformed"),
            ("a newline at the end", format!("{jwt}\n"), "malformed"),
            ("a space before it", format!(" {jwt}"), "password"),
            (
                "a newline in the payload",
                format!("{header}.{payload}\n.{signature}"),
                "malformed",
            ),
            (
                "base64 as mail has it",
                format!(
                    "{header}.{payload}.{}",
                    signature.replace('-', "+").replace('_', "/") + "+"
                ),
                "malformed",
            ),
            ("percent signs", percent, "password"),
            (
                "a percent sign",
                format!("{header}.{payload}.{signature}%"),
                "malformed",
            ),
            ("four parts", format!("{jwt}.x"), "password"),
            ("five parts", format!("{jwt}.x.y"), "password"),
            ("two parts", format!("{header}.{payload}"), "password"),
            ("no signature", format!("{header}.{payload}."), "malformed"),
            (
                "a byte more",
                format!(
                    "{header}.{payload}.{}",
                    encode([BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap(), vec![0]].concat())
                ),
                "bad_signature",
            ),
            (
                "a byte before",
                format!(
                    "{header}.{payload}.{}",
                    encode([vec![0], BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap()].concat())
                ),
                "bad_signature",
            ),
            ("Bearer", format!("Bearer {jwt}"), "password"),
            ("quotes", format!("\"{jwt}\""), "password"),
        ] {
            let outcome = stage.about(variant).push(&spelled).await;
            outcome.is_stranger(reason);
        }
        assert_eq!(sessions(stage).await, there_are);
        stage.push(&jwt).await.is_granted(WEB);
        assert_eq!(sessions(stage).await, there_are);
    })
    .await;
}

#[tokio::test]
async fn case_47_the_two_signatures_of_one_jwt_are_one_login() {
    let scope = "repository:pods/cluster-a/ci/builder:push";
    play(async |stage| {
        let pod = Jwt::pod();
        let signature = keys().cluster_a.sign(pod.input().as_bytes());
        let other = twin(&signature);
        assert_ne!(signature, other);
        let point = keys().cluster_a.jwk();
        let decode = |name: &str| {
            BASE64_URL_SAFE_NO_PAD
                .decode(point[name].as_str().unwrap())
                .unwrap()
        };
        let point = [vec![4], decode("x"), decode("y")].concat();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        assert!(
            key.verify(pod.input().as_bytes(), &other).is_ok(),
            "it is no twin"
        );

        let first = stage
            .about("one")
            .ask(&pod.with_signature(&signature), scope)
            .await;
        let there_are = sessions(stage).await;
        let second = stage
            .about("the other")
            .ask(&pod.with_signature(&other), scope)
            .await;
        first.is_granted(scope);
        second.is_granted(scope);
        assert_eq!(first.event().login, second.event().login);
        assert_eq!(second.event().body["session"], "used");
        assert_eq!(sessions(stage).await, there_are);
        for (variant, wrong) in [
            ("zeros", vec![0; 64]),
            (
                "r is zero",
                [vec![0; 32], signature[32..].to_vec()].concat(),
            ),
            (
                "s is zero",
                [signature[..32].to_vec(), vec![0; 32]].concat(),
            ),
            (
                "s is the order",
                [signature[..32].to_vec(), ORDER.to_vec()].concat(),
            ),
            ("a byte less", signature[..63].to_vec()),
            (
                "in two halves of 33",
                [&[0], &signature[..32], &[0], &signature[32..]].concat(),
            ),
        ] {
            let outcome = stage
                .about(variant)
                .ask(&pod.with_signature(&wrong), scope)
                .await;
            outcome.is_stranger("bad_signature");
        }
    })
    .await;
}

#[tokio::test]
async fn case_50_what_is_encrypted_nested_or_of_another_type_is_refused() {
    play(async |stage| {
        let jwe = [
            "{\"alg\":\"RSA-OAEP\",\"enc\":\"A256GCM\"}",
            "k",
            "iv",
            "c",
            "tag",
        ]
        .map(encode);
        let outcome = stage.about("a JWE").push(&jwe.join(".")).await;
        outcome.is_stranger("password");
        let outcome = stage
            .about("a JWE of three parts")
            .push(&jwe[..3].join("."))
            .await;
        outcome.is_stranger("forbidden_header");
        for (typ, reason) in [
            ("at+jwt", "type"),
            ("application/at+jwt", "type"),
            ("logout+jwt", "type"),
            ("dpop+jwt", "type"),
            ("JOSE", "type"),
            ("", "type"),
        ] {
            let jwt = Jwt::github().header("typ", typ).sign();
            stage
                .about(format!("typ {typ}"))
                .push(&jwt)
                .await
                .is_stranger(reason);
        }
        for typ in [serde_json::Value::Null, 1.into(), vec!["JWT"].into()] {
            let jwt = Jwt::github().header("typ", typ.clone()).sign();
            stage
                .about(format!("typ {typ}"))
                .push(&jwt)
                .await
                .is_stranger("type");
        }
        for typ in ["JWT", "jwt", "application/jwt"] {
            let jwt = Jwt::github().header("typ", typ).sign();
            stage
                .about(format!("typ {typ}"))
                .push(&jwt)
                .await
                .is_granted(WEB);
        }
        // A JWT within a JWT is no claims of anybody.
        let inner = Jwt::github().sign();
        let header = r#"{"alg":"RS256","kid":"one","cty":"JWT"}"#;
        let nested = super::forge::sign(&keys().github, header, inner.as_bytes());
        stage
            .about("nested")
            .push(&nested)
            .await
            .is_stranger("unknown_issuer");
        let jwt = Jwt::github().without_header("typ").sign();
        stage.about("no typ").push(&jwt).await.is_granted(WEB);
    })
    .await;
}

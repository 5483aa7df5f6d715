//! How a JWT says to be signed, and with whose key.

use aws_lc_rs::hmac;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};

use super::{
    forge::{Jwt, encode, keys},
    stage::{Stage, play},
};

/// A JWT signed with a shared secret that everybody knows: the public key.
fn hmac_with(algorithm: &str, secret: &[u8]) -> String {
    let jwt = Jwt::github().header("alg", algorithm);
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let tag = hmac::sign(&key, jwt.input().as_bytes());
    jwt.with_signature(tag.as_ref())
}

#[tokio::test]
async fn case_05_only_an_issuers_own_algorithms_are_tried() {
    let public = keys().github.jwk();
    let modulus = public["n"].as_str().unwrap();
    let unsigned = Jwt::github().header("alg", "none");
    play(async |stage| {
        for (variant, jwt, reason) in [
            ("none", unsigned.with_signature(b"x"), "algorithm"),
            // Three parts, the last of them empty, are no signature.
            (
                "none, no signature",
                format!("{}.", unsigned.input()),
                "algorithm",
            ),
            (
                "NONE",
                Jwt::github().header("alg", "NONE").sign(),
                "algorithm",
            ),
            (
                "no alg",
                Jwt::github().without_header("alg").sign(),
                "algorithm",
            ),
            (
                "a number",
                Jwt::github().header("alg", 256).sign(),
                "algorithm",
            ),
            (
                "a list",
                Jwt::github().header("alg", json!(["RS256"])).sign(),
                "algorithm",
            ),
            (
                "small letters",
                Jwt::github().header("alg", "rs256").sign(),
                "algorithm",
            ),
            (
                "HS256 by the modulus",
                hmac_with("HS256", modulus.as_bytes()),
                "algorithm",
            ),
            (
                "HS256 by the JWK",
                hmac_with("HS256", public.to_string().as_bytes()),
                "algorithm",
            ),
            (
                "an HMAC called RS256",
                hmac_with("RS256", modulus.as_bytes()),
                "bad_signature",
            ),
            (
                "not in the list",
                Jwt::github().header("alg", "RS512").sign(),
                "algorithm",
            ),
            (
                "PS256",
                Jwt::github().header("alg", "PS256").sign(),
                "algorithm",
            ),
            (
                "ES256",
                Jwt::github().by(&keys().cluster_a).sign(),
                "algorithm",
            ),
            ("an EC key, RS256 said", ec_as_rsa(), "unknown_key"),
            ("an EC key, ours said", ec_as_rsa_of_ours(), "bad_signature"),
            (
                "an empty signature",
                Jwt::github().with_signature(b""),
                "malformed",
            ),
            (
                "zeros",
                Jwt::github().with_signature(&[0; 256]),
                "bad_signature",
            ),
        ] {
            let outcome = stage.about(variant).push(&jwt).await;
            outcome.is_stranger(reason);
        }
    })
    .await;
}

fn ec_as_rsa() -> String {
    Jwt::github()
        .by(&keys().cluster_a)
        .header("alg", "RS256")
        .sign()
}

fn ec_as_rsa_of_ours() -> String {
    let jwt = Jwt::github().by(&keys().cluster_a).header("alg", "RS256");
    jwt.header("kid", keys().github.kid).sign()
}

/// A JWT of the attacker's own key, with that key in its header.
async fn attack(stage: &Stage, header: &str, value: Value) {
    let jwt = Jwt::github()
        .by(&keys().attacker)
        .header(header, value.clone());
    let outcome = stage
        .about(format!("{header}: {value}"))
        .push(&jwt.sign())
        .await;
    match header {
        // Passed over, as RFC 7515 has it for what is not understood.
        "x5c" | "x5t" => outcome.is_stranger("bad_signature"),
        _ => outcome.is_stranger("forbidden_header"),
    };
}

#[tokio::test]
async fn case_06_keys_in_a_header_are_neither_used_nor_fetched() {
    play(async |stage| {
        let jwk = keys().attacker.jwk();
        let url = |path: &str| json!(format!("{}/{path}", stage.elsewhere.url));
        let certificate = rcgen::generate_simple_self_signed(["evil".to_owned()]).unwrap();
        let certificate = BASE64_STANDARD.encode(certificate.cert.der());
        attack(stage, "jwk", jwk).await;
        attack(stage, "jku", url("jwks")).await;
        attack(stage, "jku", json!(format!("{}/jwks", stage.github.url))).await;
        attack(stage, "x5u", url("chain.pem")).await;
        attack(stage, "x5c", json!([certificate])).await;
        attack(stage, "x5t", json!(encode([7; 20]))).await;
        attack(stage, "crit", json!(["exp"])).await;
        attack(stage, "crit", json!([])).await;
        attack(stage, "b64", json!(false)).await;
        attack(stage, "zip", json!("DEF")).await;
        attack(stage, "enc", json!("A256GCM")).await;
        // Also where the signature is the issuer's own.
        let jwt = Jwt::github().header("jku", url("jwks")).sign();
        let outcome = stage.about("signed by GitHub").push(&jwt).await;
        outcome.is_stranger("forbidden_header");
        let jwt = Jwt::github().header("x5t", "c2hhLTE").sign();
        let outcome = stage.about("x5t, as Entra has it").push(&jwt).await;
        outcome.is_granted(super::stage::WEB);
    })
    .await;
}

//! Where issuers' keys come from, and what they may be.

use serde_json::{Value, json};

use super::{
    forge::{Jwt, encode, jwks, keys},
    platform::Reply,
    setting::Setting,
    stage::{Stage, WEB, play, play_with},
};

/// GitHub's honest JWT of this moment.
fn fresh(stage: &Stage) -> Jwt {
    let now = stage.app.portpass.clock.now().as_second();
    let jwt = Jwt::github().claim("iat", now).claim("nbf", now);
    jwt.claim("exp", now + 300)
}

/// How often GitHub's keys could not be fetched.
fn failures(stage: &Stage) -> u64 {
    let portpass = &stage.app.portpass;
    let snapshot = portpass.snapshot.load_full();
    let status = snapshot.directory.status(portpass.clock.now());
    status
        .iter()
        .find(|issuer| &*issuer.name == "github")
        .unwrap()
        .failures
}

#[tokio::test]
async fn case_18_a_key_server_that_fails_or_lies_takes_no_key_away() {
    let good = keys().github.jwk();
    let many: Vec<_> = (0..10_000).map(|_| good.clone()).collect();
    let text = jwks(&[&keys().github]).to_string();
    let private = |name: &str| {
        let mut key = keys().attacker.jwk();
        key[name] = json!("AQAB");
        json!({ "keys": [key] })
    };
    let weak = json!({ "kty": "RSA", "kid": "one", "alg": "RS256", "e": "AQAB", "n": encode([0xc1; 128]) });
    let secret = json!({ "kty": "oct", "kid": "one", "alg": "HS256", "k": "c2VjcmV0" });
    play(async |stage| {
        let to = |url: &str| {
            let reply = Reply::text("302 Found", "");
            reply.with(&format!("location: {url}"))
        };
        let elsewhere = format!("{}/jwks", stage.elsewhere.url);
        let huge = Reply::text("200 OK", format!("{text}{}", " ".repeat(300 << 10)));
        let gzip = Reply::text("200 OK", [0x1f, 0x8b, 8, 0, 0]).with("content-encoding: gzip");
        let twice = text.replacen("{\"keys\"", "{\"keys\":[],\"keys\"", 1);
        for (variant, reply) in [
            (
                "302 to the cloud's metadata",
                to("http://169.254.169.254/latest/meta-data"),
            ),
            ("302 to another host", to(&elsewhere)),
            (
                "307 to itself",
                Reply::text("307 Temporary Redirect", "").with("location: /jwks"),
            ),
            ("a body without end", Reply::Endless),
            ("more than is read", huge),
            ("a body that says to be gzip", gzip),
            ("10 000 keys", Reply::json(&json!({ "keys": many }))),
            ("no JSON", Reply::text("200 OK", "{\"keys\":[{\"kty\":")),
            (
                "a page",
                Reply::text("200 OK", "<!doctype html><title>Sign in</title>"),
            ),
            ("no keys", Reply::json(&json!({ "keys": [] }))),
            ("no list", Reply::json(&json!({ "keys": good }))),
            ("null", Reply::text("200 OK", "null")),
            ("members twice", Reply::text("200 OK", twice)),
            ("a private key", Reply::json(&private("d"))),
            ("a shared secret", Reply::json(&json!({ "keys": [secret] }))),
            ("a weak key", Reply::json(&json!({ "keys": [weak] }))),
            (
                "500",
                Reply::text("500 Internal Server Error", text.clone()),
            ),
            ("404", Reply::text("404 Not Found", text.clone())),
            ("204", Reply::text("204 No Content", "")),
            ("nothing", Reply::Gone),
        ] {
            stage.about(variant).github.answers(reply);
            let before = (stage.github.requests().len(), failures(stage));
            stage.advance(700);
            stage.refresh().await;
            let after = (stage.github.requests().len(), failures(stage));
            assert_eq!(after, (before.0 + 1, before.1 + 1), "{variant}");
            stage.push(&fresh(stage).sign()).await.is_granted(WEB);
        }
        stage.about("one bad key beside the good");
        let mixed = json!({ "keys": [weak, secret, { "kty": 5 }, null, good] });
        stage.github.answers(Reply::json(&mixed));
        let before = failures(stage);
        stage.advance(700);
        stage.refresh().await;
        assert_eq!(failures(stage), before);
        stage.push(&fresh(stage).sign()).await.is_granted(WEB);
        let other = fresh(stage).header("alg", "HS256").with_signature(&[1; 32]);
        stage.push(&other).await.is_stranger("algorithm");
    })
    .await;
}

#[tokio::test]
async fn case_19_discovery_that_leads_elsewhere_leads_nowhere() {
    play(async |stage| {
        let platform = stage.another_platform(&Value::Null).await;
        let url = platform.url.clone();
        let table = format!(
            "[issuer.idp]\nkind = \"oidc\"\nurl = \"{url}\"\naudience = [\"registry.example.com\"]\n\
             allow_private_network = true\n\
             [rule.bilberry]\nfrom = [\"idp\"]\npull = [\"base/**\"]\n"
        );
        stage.reload(|file| file + &table).await;
        let scope = "repository:base/a:pull";
        let document = |issuer: &str, keys: &str| json!({ "issuer": issuer, "jwks_uri": keys });
        let own = format!("{url}/keys");
        let elsewhere = format!("{}/keys", stage.elsewhere.url.replace("127.0.0.1", "localhost"));
        for (variant, reply) in [
            ("another issuer", Reply::json(&document("https://evil.example", &own))),
            ("an issuer like it", Reply::json(&document(&format!("{url}/"), &own))),
            ("keys on another host", Reply::json(&document(&url, &elsewhere))),
            ("keys at the metadata", Reply::json(&document(&url, "http://169.254.169.254/"))),
            ("keys in a file", Reply::json(&document(&url, "file:///etc/passwd"))),
            ("keys under a user", Reply::json(&document(&url, &own.replace("//", "//a@")))),
            ("no keys", Reply::json(&json!({ "issuer": url }))),
            ("a page", Reply::text("200 OK", "<html>")),
        ] {
            platform.answers(reply);
            stage.advance(11);
            let now = stage.app.portpass.clock.now().as_second();
            let jwt = Jwt::github().by(&keys().attacker).with_claims(serde_json::Map::new());
            let jwt = jwt
                .claim("iss", url.clone())
                .claim("sub", "somebody")
                .claim("aud", "registry.example.com")
                .claim("iat", now)
                .claim("exp", now + 60);
            let outcome = stage.about(variant).ask(&jwt.sign(), scope).await;
            outcome.asks(1).is_unavailable();
            assert_eq!(outcome.event().issuer.as_deref(), Some("idp"));
            assert!(!outcome.message().contains("evil"), "{outcome:#?}");
        }
    })
    .await;
}

#[tokio::test]
async fn case_20_a_rotated_key_is_found_after_one_fetch_and_a_withdrawn_one_is_dropped() {
    play(async |stage| {
        let (old, next) = (&keys().github, &keys().next);
        stage.github.answers(Reply::json(&jwks(&[old, next])));
        stage.advance(61);
        let outcome = stage
            .about("the new key")
            .push(&fresh(stage).by(next).sign())
            .await;
        outcome.asks(1).is_granted_after_asking(WEB);
        stage.about("the old one beside it");
        stage.push(&fresh(stage).sign()).await.is_granted(WEB);
        let outcome = stage.about("nobody's key, the same minute");
        let unknown = fresh(outcome).header("kid", "three").sign();
        stage.push(&unknown).await.is_stranger("unknown_key");

        stage.github.answers(Reply::json(&jwks(&[next])));
        stage.advance(700);
        stage.refresh().await;
        let outcome = stage
            .about("the withdrawn key")
            .push(&fresh(stage).sign())
            .await;
        outcome.is_stranger("unknown_key");
        stage.about("the one that is left");
        stage
            .push(&fresh(stage).by(next).sign())
            .await
            .is_granted(WEB);
        // The same id over other numbers is another key.
        stage
            .github
            .answers(Reply::json(&jwks(&[&keys().attacker])));
        stage.advance(700);
        stage.refresh().await;
        let outcome = stage.about("the id again").push(&fresh(stage).sign()).await;
        outcome.is_stranger("bad_signature");

        stage.github.answers(Reply::json(&jwks(&[old])));
        stage.advance(700);
        stage.refresh().await;
    })
    .await;
}

#[tokio::test]
async fn case_21_keys_outlast_their_issuer_for_a_day_and_a_restart() {
    play(async |stage| {
        stage.github.answers(Reply::Gone);
        stage.advance(23 * 3600);
        stage.refresh().await;
        stage
            .about("an outage of a day")
            .push(&fresh(stage).sign())
            .await
            .is_granted(WEB);
        stage.restart();
        stage
            .about("a restart in it")
            .push(&fresh(stage).sign())
            .await
            .is_granted(WEB);
        stage.advance(3601);
        let outcome = stage
            .about("an outage of more")
            .push(&fresh(stage).sign())
            .await;
        outcome.asks(1).is_unavailable();
        let forged = fresh(stage).by(&keys().attacker).sign();
        let outcome = stage.about("nobody can tell").push(&forged).await;
        outcome.asks(0).is_unavailable();
        let scope = "repository:public/tool:pull";
        let target = format!("/token?service={}&scope={scope}", crate::app::SERVICE);
        let anonymous = stage
            .about("others")
            .send(super::wire::Request::get(&target))
            .await;
        anonymous.is_granted(scope);
        stage.github.answers(Reply::json(&jwks(&[&keys().github])));
        stage.advance(11);
        let outcome = stage.about("it is back").push(&fresh(stage).sign()).await;
        outcome.asks(1).is_granted_after_asking(WEB);
    })
    .await;
    let cold = Setting {
        has_keys: false,
        ..Setting::default()
    };
    play_with(cold, async |stage| {
        stage.github.answers(Reply::Gone);
        let outcome = stage.about("never seen").push(&fresh(stage).sign()).await;
        outcome.asks(1).is_unavailable();
        stage.github.answers(Reply::json(&jwks(&[&keys().github])));
        stage.advance(11);
        let outcome = stage.about("seen").push(&fresh(stage).sign()).await;
        outcome.asks(1).is_granted_after_asking(WEB);
    })
    .await;
}

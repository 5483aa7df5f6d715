//! When a JWT holds.

use serde_json::{Value, json};

use super::{
    forge::{Jwt, keys},
    setting::Setting,
    stage::{WEB, play, play_with},
};
use crate::app::START;

/// When the tests begin, in seconds.
fn start() -> i64 {
    START.parse::<jiff::Timestamp>().unwrap().as_second()
}

#[tokio::test]
async fn case_11_exp_is_an_integer_that_lies_ahead() {
    let now = start();
    let variants: [(Value, &str); 14] = [
        (json!(now - 30), "expired"),
        (json!(now - 86_400), "expired"),
        (json!(now.to_string()), "time_malformed"),
        (json!("9999999999"), "time_malformed"),
        (json!(300.5), "time_malformed"),
        (json!(1.9e9), "time_malformed"),
        (json!(-1), "time_malformed"),
        (json!(0), "time_malformed"),
        (json!(null), "time_malformed"),
        (json!(true), "time_malformed"),
        (json!([now + 300]), "time_malformed"),
        (json!({ "exp": now + 300 }), "time_malformed"),
        (json!(u64::MAX), "time_malformed"),
        (json!((1_u64 << 53) + 1), "time_malformed"),
    ];
    play(async |stage| {
        for (exp, reason) in variants {
            let jwt = Jwt::github().claim("iat", now - 100_000);
            let jwt = match reason {
                "expired" => jwt.claim("iat", exp.as_i64().unwrap() - 300),
                _ => jwt.claim("iat", now - 10),
            };
            let jwt = jwt.claim("exp", exp.clone()).sign();
            let outcome = stage.about(exp.to_string()).push(&jwt).await;
            outcome.is_refused(reason, "74");
        }
        let jwt = Jwt::github().without("exp").sign();
        let outcome = stage.about("no exp").push(&jwt).await;
        outcome.is_refused("time_malformed", "74");
        // Numbers that JSON has and no type of ours.
        for number in ["1e400", "NaN", "Infinity", "-0.0e", "99999999999999999999"] {
            let claims = Jwt::github().without("exp").claims;
            let text = Value::Object(claims).to_string();
            let text = text.replacen('{', &format!("{{\"exp\":{number},"), 1);
            let header = r#"{"alg":"RS256","kid":"one"}"#;
            let jwt = super::forge::sign(&keys().github, header, text.as_bytes());
            let outcome = stage.about(number).push(&jwt).await;
            assert_eq!(outcome.asks(0).status(), 401, "{outcome:#?}");
            assert!(outcome.events[0].kind != "token", "{outcome:#?}");
        }
        // Half a minute is forgiven, no more.
        let late = Jwt::github().claim("iat", now - 300).claim("exp", now - 29);
        stage.about("late by 29 s");
        stage.push(&late.sign()).await.is_granted(WEB);
    })
    .await;
}

#[tokio::test]
async fn case_12_nothing_holds_before_its_time() {
    let now = start();
    play(async |stage| {
        for (claim, value, reason) in [
            ("nbf", json!(now + 31), "not_yet_valid"),
            ("nbf", json!(now + 86_400), "not_yet_valid"),
            ("nbf", json!("0"), "time_malformed"),
            ("nbf", json!(null), "time_malformed"),
            ("nbf", json!(-1), "time_malformed"),
            ("iat", json!(now + 31), "issued_in_future"),
            ("iat", json!("now"), "time_malformed"),
            ("iat", json!(1.5), "time_malformed"),
            ("iat", json!(null), "time_malformed"),
        ] {
            let jwt = Jwt::github().claim(claim, value.clone()).sign();
            let outcome = stage.about(format!("{claim}: {value}")).push(&jwt).await;
            outcome.is_refused(reason, "74");
        }
        let jwt = Jwt::github().without("iat").sign();
        let outcome = stage.about("no iat").push(&jwt).await;
        outcome.is_refused("time_malformed", "74");
        for claim in ["nbf", "iat"] {
            let jwt = Jwt::github().claim(claim, now + 30).sign();
            let outcome = stage
                .about(format!("{claim} within the leeway"))
                .push(&jwt)
                .await;
            outcome.is_granted(WEB);
        }
        let jwt = Jwt::github().without("nbf").sign();
        stage.about("no nbf").push(&jwt).await.is_granted(WEB);
    })
    .await;
}

#[tokio::test]
async fn case_13_a_jwt_that_lives_too_long_is_refused() {
    let now = start();
    let pod = "repository:pods/cluster-a/ci/builder:push";
    play(async |stage| {
        for (variant, jwt, seconds, scope, identity) in [
            (
                "a pod's, of a year",
                Jwt::pod(),
                31_536_000,
                pod,
                "ci/builder",
            ),
            ("a GitLab job's, of a day", Jwt::gitlab(), 86_400, WEB, "74"),
            (
                "GitHub's, of sixteen minutes",
                Jwt::github(),
                960,
                WEB,
                "74",
            ),
            ("GitHub's, of an age", Jwt::github(), 1 << 50, WEB, "74"),
        ] {
            let jwt = jwt.claim("exp", now + seconds).sign();
            let outcome = stage.about(variant).ask(&jwt, scope).await;
            outcome.is_refused("too_long_lived", identity);
        }
        stage.about("a pod's, of an hour");
        stage.ask(&Jwt::pod().sign(), pod).await.is_granted(pod);
    })
    .await;
    let patient = Setting {
        others: "max_jwt_lifetime = \"24h\"",
        ..Setting::default()
    };
    play_with(patient, async |stage| {
        let scope = "repository:apps/gitlab/acme/web:push";
        let jwt = Jwt::gitlab().claim("exp", now + 86_400).sign();
        stage.about("where a day is allowed");
        stage.ask(&jwt, scope).await.is_granted(scope);
    })
    .await;
}

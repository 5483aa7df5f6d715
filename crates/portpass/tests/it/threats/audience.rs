//! Whom a JWT is for, and whom the tenant's owner let in.

use serde_json::{Value, json};

use super::{
    forge::{Jwt, keys},
    setting::Setting,
    stage::{WEB, play, play_with},
};
use crate::app::SERVICE;

/// The default audiences of platforms, and those of services that take their JWTs.
const OTHERS: [&str; 4] = [
    "https://github.com/acme",
    "sts.amazonaws.com",
    "https://gitlab.example.com",
    "api://AzureADTokenExchange",
];

#[tokio::test]
async fn case_02_a_jwt_for_another_service_is_refused() {
    play(async |stage| {
        for audience in OTHERS {
            let jwt = Jwt::github().claim("aud", audience).sign();
            let outcome = stage.about(audience).push(&jwt).await;
            outcome.is_refused("audience_wrong", "74").says(audience);
            assert!(!outcome.message().contains(SERVICE), "{outcome:#?}");
        }
    })
    .await;
}

#[tokio::test]
async fn case_03_a_jwt_for_others_too_is_refused_unless_its_issuer_allows_it() {
    let shared = Jwt::github()
        .claim("aud", json!([SERVICE, "sts.amazonaws.com"]))
        .sign();
    play(async |stage| {
        let outcome = stage.push(&shared).await;
        outcome.is_refused("audience_shared", "74");
        let ours = Jwt::github().claim("aud", json!([SERVICE])).sign();
        stage.push(&ours).await.is_granted(WEB);
    })
    .await;
    let allowing = Setting {
        github: "allow_extra_audiences = true",
        ..Setting::default()
    };
    play_with(allowing, async |stage| {
        stage.push(&shared).await.is_granted(WEB);
        let foreign = Jwt::github().claim("aud", json!(["a.example", "b.example"]));
        let outcome = stage.push(&foreign.sign()).await;
        outcome.is_refused("audience_wrong", "74");
    })
    .await;
}

#[tokio::test]
async fn case_04_an_audience_that_is_not_exactly_ours_is_refused() {
    let upper = SERVICE.to_uppercase();
    let variants: [(Value, &str); 17] = [
        (json!(""), "audience_missing"),
        (json!([]), "audience_missing"),
        (json!([""]), "audience_missing"),
        (json!(null), "audience_missing"),
        (json!(5), "audience_missing"),
        (json!(true), "audience_missing"),
        (json!({ "aud": SERVICE }), "audience_missing"),
        (json!([SERVICE, 5]), "audience_missing"),
        (json!([[SERVICE]]), "audience_missing"),
        (json!(format!("{SERVICE}.evil")), "audience_wrong"),
        (json!(format!("evil.{SERVICE}")), "audience_wrong"),
        (json!(format!("{SERVICE}/")), "audience_wrong"),
        (json!(format!(" {SERVICE}")), "audience_wrong"),
        (json!(format!("https://{SERVICE}")), "audience_wrong"),
        (json!(SERVICE.split('.').next()), "audience_wrong"),
        (json!(upper), "audience_wrong"),
        (json!("*"), "audience_wrong"),
    ];
    play(async |stage| {
        for (audience, reason) in variants {
            let jwt = Jwt::github().claim("aud", audience.clone()).sign();
            let outcome = stage.about(audience.to_string()).push(&jwt).await;
            outcome.is_refused(reason, "74");
        }
        let jwt = Jwt::github().without("aud").sign();
        let outcome = stage.about("no aud").push(&jwt).await;
        outcome.is_refused("audience_missing", "74");
    })
    .await;
}

#[tokio::test]
async fn case_14_a_service_accounts_old_secret_is_refused() {
    // What Kubernetes put into secrets before 1.24: no exp, no aud, no pod.
    let legacy = json!({
        "iss": "kubernetes/serviceaccount",
        "kubernetes.io/serviceaccount/namespace": "ci",
        "kubernetes.io/serviceaccount/secret.name": "builder-token-x7k2p",
        "kubernetes.io/serviceaccount/service-account.name": "builder",
        "sub": "system:serviceaccount:ci:builder",
    });
    let scope = "repository:pods/cluster-a/ci/builder:push";
    play(async |stage| {
        let jwt = Jwt::pod().without("aud").without("exp");
        let Value::Object(claims) = legacy else {
            unreachable!()
        };
        let old = jwt.clone().with_claims(claims);
        let outcome = stage.about("as it was").ask(&old.sign(), scope).await;
        outcome.is_stranger("unknown_issuer");
        let iss = Jwt::pod().claims["iss"].clone();
        let outcome = stage
            .about("under the issuer's name")
            .ask(&old.claim("iss", iss).sign(), scope)
            .await;
        outcome.is_stranger("claims");
        let outcome = stage
            .about("in the form of today")
            .ask(&jwt.sign(), scope)
            .await;
        outcome.is_refused("time_malformed", "ci/builder");
        stage.about("an honest pod");
        let pod = Jwt::pod().by(&keys().cluster_a).sign();
        stage.ask(&pod, scope).await.is_granted(scope);
    })
    .await;
}

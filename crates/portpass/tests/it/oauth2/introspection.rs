//! What a registry is told of a token.

use jiff::SignedDuration;
use portpass::limits::Rates;
use serde_json::json;

use super::{
    BEARER, PROD, PUSH, SECRET, a_token, introspect, of, post, robot, start, token, two_registries,
};
use crate::app::{SERVICE, claims_of, push_main};

#[tokio::test]
async fn a_registry_is_told_what_its_own_token_is() {
    let app = start().await;
    let access_token = a_token(&app).await;
    let encoded: String = form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
    for user in [
        format!("prod:{SECRET}"),
        format!("prod:{encoded}"),
        format!("{SERVICE}:{encoded}"),
    ] {
        let answer = introspect(&app, &access_token, &user).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.headers["cache-control"], "no-store");
        let mut claims = claims_of(&access_token);
        claims["active"] = json!(true);
        claims["scope"] = json!(PUSH);
        claims["token_type"] = json!("Bearer");
        assert_eq!(answer.body, claims);
    }
}

#[tokio::test]
async fn of_anything_else_a_registry_is_told_nothing() {
    let app = start().await;
    let user = format!("prod:{SECRET}");
    let access_token = a_token(&app).await;
    let robot = robot(&app).await;
    let forged = format!("{}.AAAA", access_token.rsplit_once('.').unwrap().0);
    for other in [
        robot.as_str(),
        &forged,
        &push_main(),
        "hunter2",
        "portpass_at_damaged",
    ] {
        let answer = introspect(&app, other, &user).await;
        assert_eq!(
            (answer.status, &answer.body),
            (200, &json!({ "active": false }))
        );
    }
    app.portpass.clock.advance(SignedDuration::from_hours(1));
    let expired = introspect(&app, &access_token, &user).await;
    assert_eq!(expired.body, json!({ "active": false }));
    let nothing = post(&app, "/oauth2/introspect", &[], Some(&user)).await;
    assert_eq!(
        (nothing.status, nothing.message()),
        (400, "the request has no token")
    );
}

#[tokio::test]
async fn another_registry_is_told_nothing() {
    let other = "another secret of 32 bytes or more";
    let app = two_registries().await;
    let jwt = push_main();
    let form = [
        ("grant_type", BEARER),
        ("assertion", jwt.as_str()),
        ("scope", PUSH),
        ("service", PROD),
    ];
    let answer = token(&app, &form).await;
    let access_token = answer.body["token"].as_str().unwrap();
    let told = introspect(&app, access_token, &format!("staging:{other}")).await;
    assert_eq!((told.status, told.body), (200, json!({ "active": false })));
    let refused = introspect(&app, access_token, &format!("prod:{other}")).await;
    assert_eq!(refused.status, 401, "prod has no secret");
}

#[tokio::test]
async fn nobody_but_a_registry_may_introspect() {
    let rates = Rates {
        identity_per_minute: 100,
        unproven_per_minute: 4,
    };
    let app = of("", rates).await;
    let access_token = a_token(&app).await;
    let wrong = ["prod:wrong", "staging:wrong", "prod:"].map(Some);
    for user in wrong.into_iter().chain([None]) {
        let form = [("token", access_token.as_str())];
        let answer = post(&app, "/oauth2/introspect", &form, user).await;
        assert_eq!(answer.status, 401, "{user:?}");
        assert_eq!(answer.body["error"], "invalid_client");
        assert_eq!(answer.body["errors"][0]["code"], "UNAUTHORIZED");
        assert!(answer.headers.contains_key("www-authenticate"));
        let message =
            "the credentials are not those of a registry that may ask what its tokens are";
        assert_eq!(answer.message(), message);
    }
    let limited = introspect(&app, &access_token, "prod:wrong").await;
    assert_eq!(limited.status, 429);
    let right = introspect(&app, &access_token, &format!("prod:{SECRET}")).await;
    assert_eq!(right.status, 200, "whoever has the secret goes through");
    let events = app.events().await;
    let refused = events
        .iter()
        .find(|event| event.reason.as_deref() == Some("not_a_registry"))
        .unwrap();
    assert_eq!(refused.kind, "stranger");
    assert!(
        !refused.body.to_string().contains("wrong"),
        "{}",
        refused.body
    );
}

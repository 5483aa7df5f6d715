//! Who asks too often.

use axum::{body::Body, http::Request};
use fixtures::Kind;
use jiff::SignedDuration;
use portpass::limits::Rates;

use crate::app::{Parts, SERVICE, TestApp, basic, jwt, push_main};

async fn app(identity: u32, unproven: u32) -> TestApp {
    let rates = Rates {
        identity_per_minute: identity,
        unproven_per_minute: unproven,
    };
    TestApp::of(Parts {
        rates,
        ..Parts::default()
    })
    .await
}

#[tokio::test]
async fn an_address_that_proves_nobody_has_to_wait() {
    let app = app(100, 2).await;
    let query = format!("service={SERVICE}");
    let wrong = Some(("me", "wrong"));
    assert_eq!(app.get(&query, wrong).await.status, 401);
    assert_eq!(app.get(&query, wrong).await.status, 401);
    let answer = app.get(&query, wrong).await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.body["errors"][0]["code"], "TOOMANYREQUESTS");
    assert_eq!(answer.headers["retry-after"], "30");
    app.portpass.clock.advance(SignedDuration::from_secs(30));
    assert_eq!(app.get(&query, wrong).await.status, 401);
}

#[tokio::test]
async fn whoever_proves_who_they_are_does_not_wait_for_a_neighbour() {
    let app = app(100, 1).await;
    let query = format!("service={SERVICE}");
    for _ in 0..3 {
        app.get(&query, Some(("me", "wrong"))).await;
    }
    assert_eq!(
        app.get(&query, Some(("JWT", &push_main()))).await.status,
        200
    );
}

#[tokio::test]
async fn another_address_does_not_wait() {
    let app = app(100, 1).await;
    let attempt = async |address: &str| {
        let request = Request::get(format!("/token?service={SERVICE}"))
            .header("authorization", basic("me", "wrong"));
        app.send_from(address, request.body(Body::empty()).unwrap())
            .await
            .status
    };
    assert_eq!(attempt("192.0.2.1").await, 401);
    assert_eq!(attempt("192.0.2.1").await, 429);
    assert_eq!(attempt("192.0.2.2").await, 401);
}

#[tokio::test]
async fn an_identity_that_asks_too_often_has_to_wait_and_is_recorded() {
    let app = app(2, 100).await;
    let query = format!("service={SERVICE}");
    let jwt_of_web = push_main();
    let user = Some(("JWT", jwt_of_web.as_str()));
    assert_eq!(app.get(&query, user).await.status, 200);
    assert_eq!(app.get(&query, user).await.status, 200);
    assert_eq!(app.get(&query, user).await.status, 429);
    assert_eq!(app.get(&query, user).await.status, 429);
    let other = jwt(
        Kind::GithubActions,
        "push-main",
        &[("repository_id", "75"), ("repository", "acme/api")],
    );
    assert_eq!(app.get(&query, Some(("JWT", &other))).await.status, 200);
    let events = app.events().await;
    let limited = events
        .iter()
        .find(|event| event.reason.as_deref() == Some("too_many_requests"))
        .unwrap();
    assert_eq!(
        (limited.identity.as_deref(), limited.count),
        (Some("74"), 2)
    );
}

#[tokio::test]
async fn a_proxys_word_for_the_address_is_taken_only_if_it_is_trusted() {
    let app = app(100, 1).await;
    let attempt = async |peer: &str, forwarded: &str| {
        let request = Request::get(format!("/token?service={SERVICE}"))
            .header("authorization", basic("me", "wrong"))
            .header("x-forwarded-for", forwarded);
        app.send_from(peer, request.body(Body::empty()).unwrap())
            .await
            .status
    };
    assert_eq!(attempt("10.0.0.1", "198.51.100.1").await, 401);
    assert_eq!(attempt("10.0.0.1", "198.51.100.2").await, 401);
    assert_eq!(attempt("10.0.0.1", "1.1.1.1, 198.51.100.2").await, 429);
    assert_eq!(attempt("192.0.2.9", "198.51.100.3").await, 401);
    assert_eq!(attempt("192.0.2.9", "198.51.100.4").await, 429);
}

#[tokio::test]
async fn a_jwt_that_leaked_and_expired_is_good_for_nothing() {
    let app = app(100, 3).await;
    let jwt = push_main();
    app.portpass.clock.advance(SignedDuration::from_mins(6));
    let mut statuses = Vec::new();
    for index in 0..6 {
        let query = format!("service={SERVICE}&scope=repository:a{index}:pull");
        statuses.push(app.get(&query, Some(("JWT", &jwt))).await.status);
    }
    assert_eq!(statuses, [401, 401, 401, 429, 429, 429]);
}

#[tokio::test]
async fn a_limited_caller_is_told_an_id_that_leads_to_the_event() {
    let app = app(1, 100).await;
    let jwt = push_main();
    let query = format!("service={SERVICE}");
    app.get(&query, Some(("JWT", &jwt))).await;
    let answer = app.get(&query, Some(("JWT", &jwt))).await;
    let told = answer
        .message()
        .rsplit("decision ")
        .next()
        .unwrap()
        .to_owned();
    let events = app.events().await;
    assert!(
        events
            .iter()
            .any(|event| event.decision.as_deref() == Some(&told)),
        "{told}"
    );
}

#[tokio::test]
async fn a_clock_that_is_set_back_locks_nobody_out() {
    let app = app(100, 100).await;
    let query = format!("service={SERVICE}");
    assert_eq!(
        app.get(&query, Some(("JWT", &push_main()))).await.status,
        200
    );
    app.portpass.clock.advance(SignedDuration::from_mins(-20));
    let now = app.portpass.clock.now().as_second();
    let claims = fixtures::claims(Kind::GithubActions, "push-main").unwrap();
    let jwt = crate::app::sign(&claims.at(now));
    assert_eq!(app.get(&query, Some(("JWT", &jwt))).await.status, 200);
}

//! Who asks too often.

use std::time::Duration;

use axum::{body::Body, http::Request};
use fixtures::Kind;
use jiff::SignedDuration;
use portpass::limits::Rates;
use tokio::time::timeout;

use crate::app::{Answer, Parts, SERVICE, TestApp, basic, jwt, push_main};

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

/// What containerd sends first, with the fields of its form.
async fn containerd_posts(app: &TestApp, secret: &str, scopes: &str) -> Answer {
    app.post(&[
        ("grant_type", "password"),
        ("service", SERVICE),
        ("client_id", "containerd-client"),
        ("scope", scopes),
        ("username", "JWT"),
        ("password", secret),
    ])
    .await
}

/// What it sends when that was refused: each scope is a parameter of its own.
async fn containerd_gets(app: &TestApp, secret: &str, scopes: &[&str]) -> Answer {
    let query = format!("service={SERVICE}&scope={}", scopes.join("&scope="));
    app.get(&query, Some(("JWT", secret))).await
}

const OWN: &str = "repository:apps/github/acme/web:pull,push";
const OTHERS: &str = "repository:apps/github/acme/other:pull,push";

#[tokio::test]
async fn the_get_that_repeats_a_refused_post_counts_once_against_the_address() {
    let app = app(100, 2).await;
    let scopes = format!("{OWN} {OTHERS}");
    let jwt = jwt(Kind::GithubActions, "push-main", &[("aud", "elsewhere")]);
    for secret in ["a password", &jwt] {
        let post = containerd_posts(&app, secret, &scopes).await;
        let get = containerd_gets(&app, secret, &[OTHERS, OWN]).await;
        assert_eq!((post.status, get.status), (401, 401));
        assert_eq!(post.bytes, get.bytes);
    }
    assert_eq!(containerd_posts(&app, "a password", OWN).await.status, 429);
    assert_eq!(
        containerd_gets(&app, "a password", &[OWN]).await.status,
        429
    );
}

#[tokio::test]
async fn the_get_that_repeats_a_refused_post_counts_once_against_the_identity() {
    let app = app(2, 100).await;
    let jwt = push_main();
    for _ in 0..2 {
        let post = containerd_posts(&app, &jwt, OTHERS).await;
        let get = containerd_gets(&app, &jwt, &[OTHERS]).await;
        assert_eq!((post.status, get.status), (401, 401));
        assert_eq!(post.bytes, get.bytes);
        assert!(get.message().contains("refused"), "{}", get.message());
    }
    assert_eq!(containerd_gets(&app, &jwt, &[OWN]).await.status, 429);
}

#[tokio::test]
async fn one_refused_post_excuses_one_get_that_asks_the_same_a_moment_later() {
    let app = app(100, 1).await;
    let wrong = "a password";
    assert_eq!(containerd_posts(&app, wrong, OWN).await.status, 401);
    // Another secret, other scopes.
    assert_eq!(containerd_gets(&app, "another", &[OWN]).await.status, 429);
    assert_eq!(containerd_gets(&app, wrong, &[OTHERS]).await.status, 429);
    assert_eq!(containerd_gets(&app, wrong, &[OWN]).await.status, 401);
    assert_eq!(containerd_gets(&app, wrong, &[OWN]).await.status, 429);
    app.portpass.clock.advance(SignedDuration::from_mins(1));
    assert_eq!(containerd_posts(&app, wrong, OWN).await.status, 401);
    app.portpass.clock.advance(SignedDuration::from_secs(11));
    assert_eq!(containerd_gets(&app, wrong, &[OWN]).await.status, 429);
}

#[tokio::test]
async fn what_was_told_to_wait_excuses_nothing() {
    let app = app(1, 100).await;
    let jwt = push_main();
    assert_eq!(containerd_posts(&app, &jwt, OWN).await.status, 200);
    assert_eq!(containerd_posts(&app, &jwt, OWN).await.status, 429);
    assert_eq!(containerd_gets(&app, &jwt, &[OWN]).await.status, 429);
}

#[tokio::test]
async fn whoever_is_told_to_wait_is_told_for_how_long_in_all_words_there_are() {
    let app = app(1, 1).await;
    let jwt = push_main();
    let mut limited = Vec::new();
    for secret in ["a password", &jwt] {
        containerd_posts(&app, secret, OWN).await;
        limited.push(containerd_posts(&app, secret, OTHERS).await);
        limited.push(containerd_gets(&app, secret, &[OTHERS]).await);
    }
    for answer in limited {
        assert_eq!(answer.status, 429, "{}", answer.body);
        assert_eq!(answer.headers["retry-after"], "60");
        assert_eq!(answer.body["error"], "temporarily_unavailable");
        assert_eq!(answer.body["errors"][0]["code"], "TOOMANYREQUESTS");
        assert_eq!(answer.body["error_description"], answer.message());
    }
}

#[tokio::test]
async fn whoever_is_told_to_wait_waits_for_that_answer_too() {
    let app = TestApp::of(Parts {
        rates: Rates {
            identity_per_minute: 2,
            unproven_per_minute: 1,
        },
        late: Duration::from_hours(1),
        ..Parts::default()
    })
    .await;
    let jwt = push_main();
    for (secret, status) in [("a password", 401), (&*jwt, 200), (&*jwt, 200)] {
        assert_eq!(containerd_gets(&app, secret, &[OWN]).await.status, status);
    }
    for secret in ["a password", &jwt] {
        let answer = containerd_gets(&app, secret, &[OWN]);
        // A slow machine makes it no shorter.
        assert!(timeout(Duration::from_millis(300), answer).await.is_err());
    }
    // A server that leaves keeps nobody.
    app.readiness.leave();
    for secret in ["a password", &jwt] {
        let answer = containerd_gets(&app, secret, &[OWN]).await;
        assert_eq!(answer.status, 429, "{}", answer.body);
    }
}

#[tokio::test]
async fn an_identity_opens_so_many_sessions_in_an_hour_and_goes_on_with_those_it_has() {
    let app = TestApp::of(Parts {
        sessions_per_hour: Some(2),
        ..Parts::default()
    })
    .await;
    let query = format!("service={SERVICE}&scope={OWN}");
    let login = |run: &str| jwt(Kind::GithubActions, "push-main", &[("run_id", run)]);
    let (first, second, third) = (login("1"), login("2"), login("3"));
    // What is refused opens none.
    for run in ["4", "5", "6"] {
        assert_eq!(
            containerd_posts(&app, &login(run), OTHERS).await.status,
            401
        );
    }
    let ask = async |jwt: &str| app.get(&query, Some(("JWT", jwt))).await;
    assert_eq!(ask(&first).await.status, 200);
    assert_eq!(ask(&second).await.status, 200);
    let answer = ask(&third).await;
    assert_eq!(answer.status, 429, "{}", answer.body);
    assert_eq!(answer.headers["retry-after"], "1800");
    assert_eq!(ask(&first).await.status, 200);
    let other = jwt(
        Kind::GithubActions,
        "push-main",
        &[("repository_id", "75"), ("repository", "acme/api")],
    );
    let query = format!("service={SERVICE}");
    assert_eq!(app.get(&query, Some(("JWT", &other))).await.status, 200);
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

//! A clock that jumps, by minutes and by years, and comes back: what it said meanwhile is good for
//! nothing later, and nobody is locked out.

use std::collections::HashSet;

use axum::{body::Body, http::Request};
use fixtures::Kind;
use jiff::SignedDuration;

use crate::app::{Answer, Parts, SERVICE, TestApp, claims_of, jwt_of, push_main};

const PUSH: &str = "service=registry.example.com&scope=repository:apps/github/acme/web:pull,push";

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const YEAR: i64 = 365 * 24 * HOUR;

/// How far a clock is off, in seconds: both ways, by little and by more than anything lasts.
const JUMPS: [i64; 10] = [
    7 * MINUTE,
    3 * HOUR,
    50 * HOUR,
    2 * YEAR,
    30 * YEAR,
    -7 * MINUTE,
    -3 * HOUR,
    -50 * HOUR,
    -2 * YEAR,
    -30 * YEAR,
];

fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

/// What the part does that looks after our keys.
fn maintain(app: &TestApp) {
    let now = app.portpass.clock.now();
    app.portpass.signer.maintain(now).unwrap();
}

async fn login(app: &TestApp) -> String {
    let query = format!("{PUSH}&offline_token=true");
    let answer = app.get(&query, Some(("JWT", &push_main()))).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["refresh_token"].as_str().unwrap().to_owned()
}

async fn refresh(app: &TestApp, token: &str) -> Answer {
    app.get(PUSH, Some(("", token))).await
}

/// A JWT that is as new as can be, by the clock as it is.
async fn fresh(app: &TestApp) -> Answer {
    let now = app.portpass.clock.now();
    let jwt = jwt_of(Kind::GithubActions, "push-main", &[], now);
    app.get(PUSH, Some(("JWT", &jwt))).await
}

#[tokio::test]
async fn a_clock_that_jumps_and_comes_back_locks_nobody_out() {
    let app = TestApp::start().await;
    let token = login(&app).await;
    for jump in JUMPS {
        app.portpass.clock.advance(seconds(jump));
        maintain(&app);
        // By a clock that is beyond the CA's end there is no key to sign with.
        let failure = if jump > 10 * YEAR { 500 } else { 503 };
        for answer in [refresh(&app, &token).await, fresh(&app).await] {
            let status = answer.status;
            assert!(
                [200, 401, failure].contains(&status),
                "{jump}: {}",
                answer.body
            );
        }
        app.portpass.clock.advance(seconds(-jump));
        maintain(&app);
        for answer in [refresh(&app, &token).await, fresh(&app).await] {
            assert_eq!(answer.status, 200, "after {jump}: {}", answer.body);
        }
    }
}

#[tokio::test]
async fn no_login_lasts_beyond_its_cap_by_the_clock_that_there_is() {
    let app = TestApp::start().await;
    let cap = app.portpass.clock.now() + seconds(HOUR);
    let token = login(&app).await;
    for jump in JUMPS {
        app.portpass.clock.advance(seconds(jump));
        maintain(&app);
        let now = app.portpass.clock.now();
        for answer in [
            refresh(&app, &token).await,
            app.get(PUSH, Some(("JWT", &push_main()))).await,
        ] {
            if answer.status == 200 {
                assert!(now < cap, "{jump}: given after the cap");
                let claims = claims_of(answer.body["token"].as_str().unwrap());
                let ends = claims["exp"].as_i64().unwrap();
                assert!(
                    ends < cap.as_second() + MINUTE,
                    "{jump}: it lives until {ends}"
                );
            } else {
                assert!(!answer.message().is_empty(), "{jump}: no reason");
            }
        }
        app.portpass.clock.advance(seconds(-jump));
        maintain(&app);
    }
}

#[tokio::test]
async fn events_of_a_clock_that_jumped_are_all_there_and_in_the_order_of_their_times() {
    let app = TestApp::start().await;
    let mut given = HashSet::new();
    let mut keep = |answer: &Answer| {
        if answer.status == 200 {
            let claims = claims_of(answer.body["token"].as_str().unwrap());
            given.insert(claims["jti"].as_str().unwrap().to_owned());
        }
    };
    for jump in JUMPS {
        app.portpass.clock.advance(seconds(jump));
        maintain(&app);
        keep(&fresh(&app).await);
        app.portpass.clock.advance(seconds(-jump));
        maintain(&app);
        keep(&fresh(&app).await);
    }
    let events = app.events().await;
    let recorded: HashSet<_> = events.iter().map(|event| event.id.clone()).collect();
    assert!(given.is_subset(&recorded));
    let times: Vec<_> = events.iter().map(|event| event.at).collect();
    assert!(times.is_sorted(), "{times:?}");
}

#[tokio::test]
async fn strangers_and_identities_wait_a_minute_at_most_after_a_clock_that_jumped() {
    for jump in JUMPS {
        let app = TestApp::of(Parts {
            rates: portpass::limits::Rates {
                identity_per_minute: 3,
                unproven_per_minute: 3,
            },
            ..Parts::default()
        })
        .await;
        let query = format!("service={SERVICE}");
        app.portpass.clock.advance(seconds(jump));
        maintain(&app);
        for _ in 0..5 {
            fresh(&app).await;
            app.get(&query, Some(("JWT", "wrong"))).await;
        }
        app.portpass.clock.advance(seconds(MINUTE - jump));
        maintain(&app);
        let answer = fresh(&app).await;
        assert_eq!(answer.status, 200, "after {jump}: {}", answer.body);
        let stranger = app.get(&query, Some(("JWT", "wrong"))).await;
        assert_eq!(stranger.status, 401, "after {jump}: {}", stranger.body);
    }
}

#[tokio::test]
async fn readiness_and_metrics_can_be_read_whatever_the_clock_says() {
    let app = TestApp::start().await;
    for jump in JUMPS {
        app.portpass.clock.advance(seconds(jump));
        maintain(&app);
        for path in ["/readyz", "/metrics"] {
            let request = Request::get(path).body(Body::empty()).unwrap();
            let response = tower::ServiceExt::oneshot(app.ops.clone(), request)
                .await
                .unwrap();
            assert_eq!(response.status().as_u16(), 200, "{path} at {jump}");
        }
        app.portpass.clock.advance(seconds(-jump));
    }
}

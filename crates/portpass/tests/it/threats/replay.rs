//! One JWT again, from elsewhere, and far too often.

use portpass::{admin::RevokeSessions, audit::Keep, limits::Rates};

use super::{
    forge::Jwt,
    setting::Setting,
    stage::{Stage, WEB, play, play_with},
    wire::Request,
};
use crate::app::SERVICE;

/// Somebody in another network.
const ELSEWHERE: &str = "127.0.5.1";

/// A push from some address.
fn push_from(jwt: &str, from: &'static str) -> Request {
    let target = format!("/token?service={SERVICE}&scope={WEB}");
    Request::get(&target).basic("JWT", jwt).from(from)
}

/// What an operator does who finds a run in the wrong hands.
async fn revoke_run(stage: &Stage, run: &str) -> u64 {
    let revoke = RevokeSessions {
        login: None,
        run: Some(run.to_owned()),
        issuer: Some("github".to_owned()),
        id: None,
        all: false,
    };
    let revoked = stage.app.operator().ask(&revoke).await.unwrap();
    revoked.sessions
}

#[tokio::test]
async fn case_15_a_stolen_jwt_is_seen_bounded_and_revocable() {
    let jwt = Jwt::of_run("4711").sign();
    play(async |stage| {
        stage
            .send(push_from(&jwt, "127.0.0.1"))
            .await
            .is_granted(WEB);
        let outcome = stage
            .about("from another network")
            .send(push_from(&jwt, ELSEWHERE))
            .await;
        assert_eq!(
            outcome.is_granted(WEB).event().body["network_changed"],
            true
        );
        assert_eq!(
            outcome.event().body["session"],
            "used",
            "one login, one session"
        );
        assert_eq!(revoke_run(stage, "4711").await, 1);
        for from in ["127.0.0.1", ELSEWHERE] {
            let outcome = stage.about(from).send(push_from(&jwt, from)).await;
            outcome.is_refused("revoked", "74");
        }
        let other = Jwt::of_run("4712").sign();
        stage
            .about("another run")
            .push(&other)
            .await
            .is_granted(WEB);
    })
    .await;
    let held = Setting {
        github: "session_same_network = true",
        ..Setting::default()
    };
    play_with(held, async |stage| {
        stage
            .send(push_from(&jwt, "127.0.0.1"))
            .await
            .is_granted(WEB);
        let outcome = stage
            .about("held to its network")
            .send(push_from(&jwt, ELSEWHERE))
            .await;
        outcome.is_refused("other_network", "74");
        stage
            .send(push_from(&jwt, "127.0.0.2"))
            .await
            .is_granted(WEB);
    })
    .await;
}

#[tokio::test]
async fn case_16_one_jwt_presented_too_often_has_to_wait_alone() {
    let few = Setting {
        rates: Rates {
            identity_per_minute: 20,
            unproven_per_minute: 100_000,
        },
        ..Setting::default()
    };
    play_with(few, async |stage| {
        let jwt = Jwt::github().sign();
        let mut waits = 0;
        for _ in 0..60 {
            let outcome = stage.push(&jwt).await;
            if outcome.status() == 200 {
                outcome.is_granted(WEB);
            } else {
                outcome.is_too_many();
                let event = outcome.event();
                assert_eq!(event.reason.as_deref(), Some("too_many_requests"));
                assert_eq!(event.identity.as_deref(), Some("74"));
                waits += 1;
            }
        }
        // The honest one before has taken one of the twenty.
        assert_eq!(waits, 41);
        let scope = "repository:apps/gitlab/acme/web:push";
        let other = stage
            .about("another identity")
            .ask(&Jwt::gitlab().sign(), scope)
            .await;
        other.is_granted(scope);
        let rows = stage.app.events().await.into_iter();
        let rows = rows.filter(|event| event.reason.as_deref() == Some("too_many_requests"));
        assert_eq!(rows.count(), 1, "they share a row");
        stage.advance(61);
    })
    .await;
}

#[tokio::test]
async fn case_17_a_flood_of_strangers_asks_once_a_minute_and_fills_nothing() {
    let bounded = Setting {
        rates: Rates {
            identity_per_minute: 100_000,
            unproven_per_minute: 50,
        },
        keep: Keep {
            strangers: 3,
            anonymous: 10,
        },
        ..Setting::default()
    };
    play_with(bounded, async |stage| {
        stage.advance(61);
        let now = stage.app.portpass.clock.now().as_second();
        let (asked, rows) = (stage.asked(), stage.app.events().await.len());
        let mut statuses = [0, 0];
        for index in 0..100 {
            let jwt = Jwt::github().claim("iat", now).claim("exp", now + 60);
            let jwt = if index % 2 == 0 {
                jwt.header("kid", format!("random-{index}"))
            } else {
                jwt.claim("iss", format!("https://{index}.example"))
            };
            let outcome = stage.push(&jwt.sign()).await;
            let is_first = usize::from(index == 0);
            assert_eq!(outcome.connections, is_first, "{outcome:#?}");
            if outcome.status() == 401 {
                statuses[0] += 1;
            } else {
                outcome.is_too_many();
                statuses[1] += 1;
            }
        }
        assert_eq!(statuses, [50, 50]);
        assert_eq!(stage.asked() - asked, 1, "one fetch a minute");
        let events = stage.app.events().await;
        // Two reasons and the limit itself: three each, and one that counts the rest.
        assert!(events.len() - rows <= 3 * 4, "{}", events.len() - rows);
        let counted: i64 = events.iter().map(|event| event.count).sum();
        assert_eq!(counted, 101, "nothing was lost, the honest one was first");
        // Behind the same address, whoever proves something is served.
        stage.honest().await;
        let other = Request::get(&format!("/token?service={SERVICE}&scope={WEB}"));
        let other = other.basic("me", "correct horse battery").from(ELSEWHERE);
        stage
            .about("another address")
            .send(other)
            .await
            .is_stranger("password");
        stage.advance(61);
        let unknown = Jwt::github().header("kid", "random-again").sign();
        let outcome = stage.about("a minute later").push(&unknown).await;
        outcome.asks(1).is_stranger_after_asking("unknown_key");
    })
    .await;
}

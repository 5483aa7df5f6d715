//! Logins that outlive their JWT, and what ends them.

use axum::{body::Body, http::Request};
use fixtures::Kind;
use futures_util::future::join_all;
use jiff::SignedDuration;
use portpass::{
    admin::{RestoreKey, RevokeKey, RevokeSessions},
    store::RowFilter,
};

use crate::app::{Answer, Parts, RULES, SERVICE, TestApp, basic, jwt, jwt_of, push_main};

const PUSH: &str = "service=registry.example.com&scope=repository:apps/github/acme/web:pull,push";

/// Another registry of the same server.
const STAGING: &str = r#"
    [registry.staging]
    service = "staging.example.com"
    kind = "distribution"
"#;

/// What `docker login` does: it asks for a refresh token, and for no access.
async fn docker_login(app: &TestApp, jwt: &str) -> String {
    let query = format!("account=JWT&client_id=docker&offline_token=true&service={SERVICE}");
    let answer = app.get(&query, Some(("JWT", jwt))).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["refresh_token"].as_str().unwrap().to_owned()
}

/// What clients send that found an `identitytoken`.
async fn refresh(app: &TestApp, token: &str) -> Answer {
    refresh_at(app, token, SERVICE).await
}

async fn refresh_at(app: &TestApp, token: &str, service: &str) -> Answer {
    app.post(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", token),
        ("service", service),
        ("client_id", "go-containerregistry"),
        ("scope", "repository:apps/github/acme/web:pull,push"),
    ])
    .await
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

#[tokio::test]
async fn a_refresh_token_is_given_only_where_it_is_asked_for() {
    let app = TestApp::start().await;
    let jwt = push_main();
    let user = Some(("JWT", jwt.as_str()));
    let answer = app.get(PUSH, user).await;
    assert!(
        answer.body.get("refresh_token").is_none(),
        "{}",
        answer.body
    );
    for asking in ["offline_token=true", "access_type=offline"] {
        let answer = app.get(&format!("{PUSH}&{asking}"), user).await;
        let token = answer.body["refresh_token"].as_str().unwrap();
        assert!(token.starts_with("portpass_rt_"), "{token}");
    }
    let answer = app
        .post(&[
            ("grant_type", "password"),
            ("username", "JWT"),
            ("password", &jwt),
            ("access_type", "offline"),
            ("service", SERVICE),
        ])
        .await;
    assert!(answer.body["refresh_token"].is_string(), "{}", answer.body);
}

#[tokio::test]
async fn nobody_who_proves_nothing_gets_a_refresh_token() {
    let app = TestApp::start().await;
    let query = format!("service={SERVICE}&scope=repository:public/a:pull&offline_token=true");
    let answer = app.get(&query, None).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.body.get("refresh_token").is_none());
}

#[tokio::test]
async fn a_login_outlives_its_jwt() {
    let app = TestApp::start().await;
    let jwt = push_main();
    let token = docker_login(&app, &jwt).await;
    app.portpass.clock.advance(minutes(50));
    let expired = app.get(PUSH, Some(("JWT", &jwt))).await;
    assert_eq!(expired.status, 401);
    assert!(
        expired.message().contains("expired"),
        "{}",
        expired.message()
    );
    let answer = refresh(&app, &token).await;
    assert_eq!(
        answer.granted(),
        "repository:apps/github/acme/web:pull,push"
    );
    assert!(answer.body.get("refresh_token").is_none(), "no rotation");
    let events = app.events().await;
    let (first, last) = (&events[0], events.last().unwrap());
    assert_eq!(first.login, last.login, "a session keeps its JWT's login");
    assert_eq!(last.body["means"], "refresh_token");
}

#[tokio::test]
async fn a_refresh_token_works_wherever_clients_put_it() {
    let app = TestApp::start().await;
    let token = docker_login(&app, &push_main()).await;
    app.portpass.clock.advance(minutes(10));
    for user in ["", "JWT", "<token>"] {
        let answer = app.get(PUSH, Some((user, &token))).await;
        assert_eq!(answer.status, 200, "{user}: {}", answer.body);
    }
    let answer = app
        .post(&[
            ("grant_type", "password"),
            ("username", "JWT"),
            ("password", &token),
            ("service", SERVICE),
            ("scope", "repository:apps/github/acme/web:push"),
        ])
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn a_refresh_token_is_used_many_times_at_once() {
    let app = TestApp::start().await;
    let token = docker_login(&app, &push_main()).await;
    app.portpass.clock.advance(minutes(10));
    let answers = join_all((0..40).map(|_| refresh(&app, &token))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    let session = &app.store.sessions(&all()).await.unwrap()[0];
    assert_eq!(session.uses, 41);
}

fn all() -> RowFilter {
    RowFilter {
        limit: 100,
        ..RowFilter::default()
    }
}

#[tokio::test]
async fn a_login_ends_at_its_cap_and_tokens_end_with_it() {
    let app = TestApp::start().await;
    let token = docker_login(&app, &push_main()).await;
    app.portpass.clock.advance(minutes(55));
    let claims = refresh(&app, &token).await.claims();
    let lifetime = claims["exp"].as_i64().unwrap() - app.portpass.clock.now().as_second();
    assert_eq!(lifetime, 300, "the cap is an hour after the JWT was issued");
    app.portpass.clock.advance(minutes(6));
    let answer = refresh(&app, &token).await;
    assert_eq!(answer.status, 401);
    assert!(
        answer
            .message()
            .contains("the login ended at 2026-01-01T01:00:00Z"),
        "{}",
        answer.message()
    );
    let event = app.events().await.pop().unwrap();
    assert_eq!(event.kind, "refusal");
    assert_eq!(event.identity.as_deref(), Some("74"));
}

#[tokio::test]
async fn a_refresh_token_is_for_one_registry() {
    let rules = RULES
        .replace(
            "from = ",
            "registries = [\"prod\", \"staging\"]\n    from = ",
        )
        .replace(
            "anonymous = true",
            "registries = [\"prod\"]\n    anonymous = true",
        )
        .replace(
            "[deny.secret]",
            "[deny.secret]\n    registries = [\"prod\"]",
        )
        + STAGING;
    let app = TestApp::of(Parts {
        rules: rules.leak(),
        ..Parts::default()
    })
    .await;
    let token = docker_login(&app, &push_main()).await;
    assert_eq!(refresh_at(&app, &token, SERVICE).await.status, 200);
    let answer = refresh_at(&app, &token, "staging.example.com").await;
    assert_eq!(answer.status, 401);
    assert!(
        answer.message().contains("another registry"),
        "{}",
        answer.message()
    );
}

/// Every way to revoke `github:74`'s run 9157.
fn revocations(login: &str) -> [RevokeSessions; 5] {
    let nothing = RevokeSessions {
        login: None,
        run: None,
        issuer: None,
        id: None,
        all: false,
    };
    let github = || Some("github".to_owned());
    [
        RevokeSessions {
            login: Some(login.to_owned()),
            ..nothing.clone()
        },
        RevokeSessions {
            run: Some("9157".to_owned()),
            issuer: github(),
            ..nothing.clone()
        },
        RevokeSessions {
            id: Some("74".to_owned()),
            issuer: github(),
            ..nothing.clone()
        },
        RevokeSessions {
            issuer: github(),
            ..nothing.clone()
        },
        RevokeSessions {
            all: true,
            ..nothing
        },
    ]
}

#[tokio::test]
async fn every_kind_of_revocation_ends_the_login_and_its_jwt() {
    for kind in 0..5 {
        let app = TestApp::start().await;
        let jwt = jwt(Kind::GithubActions, "push-main", &[("run_id", "9157")]);
        let token = docker_login(&app, &jwt).await;
        let other = crate::app::jwt(Kind::Gitlab, "push-main", &[]);
        let bystander = docker_login(&app, &other).await;
        let login = app.events().await[0].login.clone().unwrap();
        let revocation = &revocations(&login)[kind];
        let revoked = app.operator().ask(revocation).await.unwrap();
        let there_were = if revocation.all { 2 } else { 1 };
        assert_eq!(revoked.sessions, there_were, "{revocation:?}");
        for answer in [
            refresh(&app, &token).await,
            app.get(PUSH, Some(("JWT", &jwt))).await,
        ] {
            assert_eq!(answer.status, 401, "{revocation:?}");
            let message = answer.message();
            assert!(message.contains("revoked"), "{revocation:?}: {message}");
        }
        let answer = refresh(&app, &bystander).await;
        let is_revoked = answer.body.to_string().contains("revoked");
        assert_eq!(
            is_revoked, revocation.all,
            "{revocation:?}: {}",
            answer.body
        );
        let again = app.operator().ask(revocation).await.unwrap();
        assert_eq!(again.sessions, 0, "{revocation:?}");
    }
}

#[tokio::test]
async fn a_jwt_of_after_a_revocation_is_good_again() {
    let app = TestApp::start().await;
    let login = docker_login(&app, &push_main()).await;
    let [_, _, of_identity, ..] = revocations("");
    app.operator().ask(&of_identity).await.unwrap();
    app.portpass.clock.advance(minutes(1));
    let fresh = jwt_of(
        Kind::GithubActions,
        "push-main",
        &[],
        app.portpass.clock.now(),
    );
    assert_eq!(app.get(PUSH, Some(("JWT", &fresh))).await.status, 200);
    assert_eq!(refresh(&app, &login).await.status, 401);
}

#[tokio::test]
async fn a_key_that_an_operator_revokes_proves_nobody_until_it_is_restored() {
    let app = TestApp::start().await;
    let jwt = push_main();
    let token = docker_login(&app, &jwt).await;
    let (name, kid) = ("github".to_owned(), "one".to_owned());
    let revoke = RevokeKey {
        name: name.clone(),
        kid: kid.clone(),
    };
    app.operator().ask(&revoke).await.unwrap();
    for answer in [
        refresh(&app, &token).await,
        app.get(PUSH, Some(("JWT", &jwt))).await,
    ] {
        assert!(answer.message().contains("key"), "{}", answer.message());
    }
    app.operator().ask(&RestoreKey { name, kid }).await.unwrap();
    assert_eq!(refresh(&app, &token).await.status, 200);
}

#[tokio::test]
async fn a_rule_taken_away_acts_at_the_next_token() {
    let app = TestApp::start().await;
    let token = docker_login(&app, &push_main()).await;
    assert_eq!(refresh(&app, &token).await.status, 200);
    app.reload(|file| file.replace("push = [\"apps/", "push = [\"elsewhere/"))
        .await;
    let answer = refresh(&app, &token).await;
    assert_eq!(answer.status, 401);
    assert!(answer.message().contains("no rule"), "{}", answer.message());
}

#[tokio::test]
async fn an_issuers_settings_of_the_day_count() {
    let app = TestApp::start().await;
    let token = docker_login(&app, &push_main()).await;
    app.reload(|file| file.replace("owner_id = [\"65\"]", "owner_id = [\"66\"]"))
        .await;
    assert_eq!(refresh(&app, &token).await.status, 401);
    app.reload(|file| file).await;
    assert_eq!(refresh(&app, &token).await.status, 200);
    app.portpass.clock.advance(minutes(10));
    app.reload(|file| {
        file.replace(
            "owner_id = [\"65\"]",
            "owner_id = [\"65\"]\nsession_max = \"6m\"",
        )
    })
    .await;
    let answer = refresh(&app, &token).await;
    assert!(
        answer.message().contains("the login ended at"),
        "{}",
        answer.message()
    );
}

#[tokio::test]
async fn a_session_without_length_ends_with_its_jwt() {
    let app = TestApp::start().await;
    app.reload(|file| {
        file.replace(
            "owner_id = [\"65\"]",
            "owner_id = [\"65\"]\nsession_max = \"0s\"",
        )
    })
    .await;
    let token = docker_login(&app, &push_main()).await;
    app.portpass.clock.advance(minutes(4));
    assert_eq!(refresh(&app, &token).await.status, 200);
    app.portpass.clock.advance(minutes(2));
    assert_eq!(refresh(&app, &token).await.status, 401);
}

#[tokio::test]
async fn the_same_jwt_is_good_again_only_where_its_issuer_says_so() {
    let app = TestApp::start().await;
    let jwt = push_main();
    app.get(PUSH, Some(("JWT", &jwt))).await.granted();
    app.portpass.clock.advance(minutes(20));
    assert_eq!(app.get(PUSH, Some(("JWT", &jwt))).await.status, 401);
    app.reload(|file| {
        file.replace(
            "owner_id = [\"65\"]",
            "owner_id = [\"65\"]\naccept_jwt_again = true",
        )
    })
    .await;
    app.get(PUSH, Some(("JWT", &jwt))).await.granted();
    let unseen = crate::app::jwt(Kind::GithubActions, "push-main", &[("run_id", "1")]);
    let answer = app.get(PUSH, Some(("JWT", &unseen))).await;
    assert!(answer.message().contains("expired"), "{}", answer.message());
    let (head, _) = jwt.rsplit_once('.').unwrap();
    let forged = format!("{head}.AAAA");
    assert_eq!(app.get(PUSH, Some(("JWT", &forged))).await.status, 401);
    app.portpass.clock.advance(minutes(45));
    assert_eq!(app.get(PUSH, Some(("JWT", &jwt))).await.status, 401);
}

#[tokio::test]
async fn a_session_has_sixteen_refresh_tokens_at_most() {
    let app = TestApp::start().await;
    let jwt = push_main();
    let mut tokens = Vec::new();
    for _ in 0..16 {
        tokens.push(docker_login(&app, &jwt).await);
    }
    let query = format!("offline_token=true&service={SERVICE}");
    let answer = app.get(&query, Some(("JWT", &jwt))).await;
    assert_eq!(answer.status, 200);
    assert!(
        answer.body.get("refresh_token").is_none(),
        "{}",
        answer.body
    );
    assert_eq!(
        app.events().await.pop().unwrap().body["refresh_token_limit"],
        true
    );
    for token in tokens {
        assert_eq!(refresh(&app, &token).await.status, 200);
    }
}

#[tokio::test]
async fn a_refresh_token_that_is_not_one_of_ours_proves_nobody() {
    let app = TestApp::start().await;
    let token = docker_login(&app, &push_main()).await;
    let other = TestApp::start().await;
    let foreign = docker_login(&other, &push_main()).await;
    let (begun, last) = token.split_at(token.len() - 1);
    let damaged = format!("{begun}{}", if last == "x" { "y" } else { "x" });
    for wrong in [&foreign, &damaged, "portpass_rt_", "portpass_rt_é"] {
        let posted = refresh(&app, wrong).await;
        assert_eq!(posted.status, 401, "{wrong}");
        assert_eq!(posted.body["errors"][0]["code"], "UNAUTHORIZED");
        let query = format!("service={SERVICE}&scope=repository:apps/github/acme/web:pull,push");
        let got = app.get(&query, Some(("", wrong))).await;
        assert_eq!(posted.bytes, got.bytes, "GET repeats a refused POST");
    }
    let body = serde_json::to_string(&app.events().await).unwrap();
    assert!(!body.contains("portpass_rt_"), "{body}");
}

#[tokio::test]
async fn a_refused_refresh_reads_the_same_by_post_and_get() {
    let app = TestApp::start().await;
    let token = docker_login(&app, &push_main()).await;
    app.portpass.clock.advance(minutes(61));
    let posted = refresh(&app, &token).await;
    let got = app.get(PUSH, Some(("", &token))).await;
    assert_eq!(posted.bytes, got.bytes);
    let refusals = app.events().await;
    let refusal = refusals
        .iter()
        .find(|event| event.kind == "refusal")
        .unwrap();
    assert_eq!(refusal.count, 2, "one decision");
}

#[tokio::test]
async fn a_refresh_token_among_other_credentials_is_refused() {
    let app = TestApp::start().await;
    let token = docker_login(&app, &push_main()).await;
    let form = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("grant_type", "refresh_token"),
            ("refresh_token", &token),
            ("service", SERVICE),
        ])
        .finish();
    let request = Request::post("/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", basic("JWT", &push_main()))
        .body(Body::from(form))
        .unwrap();
    assert_eq!(app.send(request).await.status, 401);
    for form in [
        &[("grant_type", "refresh_token"), ("service", SERVICE)][..],
        &[
            ("grant_type", "refresh_token"),
            ("refresh_token", ""),
            ("service", SERVICE),
        ][..],
        &[
            ("refresh_token", token.as_str()),
            ("grant_type", "client_credentials"),
        ][..],
    ] {
        let answer = app.post(form).await;
        assert!(
            [400, 401].contains(&answer.status),
            "{form:?}: {}",
            answer.body
        );
    }
    let query = format!("service={SERVICE}&refresh_token={token}");
    assert_eq!(app.get(&query, None).await.status, 400);
}

#[tokio::test]
async fn our_own_tokens_are_no_passwords() {
    let app = TestApp::start().await;
    let token = app.get(PUSH, Some(("JWT", &push_main()))).await.body["token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(app.get(PUSH, Some(("JWT", &token))).await.status, 401);
    assert_eq!(refresh(&app, &token).await.status, 401);
}

#[tokio::test]
async fn uses_of_a_session_can_be_limited() {
    let app = TestApp::start().await;
    app.reload(|file| {
        file.replace(
            "owner_id = [\"65\"]",
            "owner_id = [\"65\"]\nsession_max_uses = 3",
        )
    })
    .await;
    let jwt = push_main();
    let token = docker_login(&app, &jwt).await;
    assert_eq!(refresh(&app, &token).await.status, 200);
    assert_eq!(app.get(PUSH, Some(("JWT", &jwt))).await.status, 200);
    for answer in [
        refresh(&app, &token).await,
        app.get(PUSH, Some(("JWT", &jwt))).await,
    ] {
        assert_eq!(answer.status, 401);
        assert!(answer.message().contains("often"), "{}", answer.message());
    }
}

#[tokio::test]
async fn a_change_of_network_is_recorded_or_refused() {
    let app = TestApp::start().await;
    let token = docker_login(&app, &push_main()).await;
    let ask = || {
        Request::get(format!("/token?{PUSH}"))
            .header("authorization", basic("", &token))
            .body(Body::empty())
            .unwrap()
    };
    assert_eq!(app.send_from("198.51.100.7", ask()).await.status, 200);
    let event = app.events().await.pop().unwrap();
    assert_eq!(event.body["network_changed"], true);
    assert_eq!(app.send_from("198.51.100.7", ask()).await.status, 200);
    let event = app.events().await.pop().unwrap();
    assert!(
        event.body.get("network_changed").is_none(),
        "{}",
        event.body
    );
    app.reload(|file| {
        file.replace(
            "owner_id = [\"65\"]",
            "owner_id = [\"65\"]\nsession_same_network = true",
        )
    })
    .await;
    let answer = app.send_from("198.51.100.7", ask()).await;
    assert!(answer.message().contains("network"), "{}", answer.message());
    assert_eq!(app.send(ask()).await.status, 200);
}

#[tokio::test]
async fn of_two_networks_at_once_only_the_one_that_opened_the_session_is_served() {
    let app = TestApp::start().await;
    let held = |file: String| {
        file.replace(
            "owner_id = [\"65\"]",
            "owner_id = [\"65\"]\nsession_same_network = true",
        )
    };
    app.reload(held).await;
    let jwt = push_main();
    let ask = |address| {
        let request = Request::get(format!("/token?{PUSH}"))
            .header("authorization", basic("JWT", &jwt))
            .body(Body::empty())
            .unwrap();
        app.send_from(address, request)
    };
    let addresses = ["192.0.2.1", "198.51.100.7", "203.0.113.9"];
    let answers = join_all(addresses.map(ask)).await;
    let served = answers.iter().filter(|answer| answer.status == 200);
    assert_eq!(served.count(), 1);
    let refused = answers.iter().filter(|answer| answer.status == 401);
    assert!(refused.clone().count() == 2);
    assert!(
        refused
            .into_iter()
            .all(|answer| answer.message().contains("network"))
    );
}

#[tokio::test]
async fn a_suspended_or_removed_issuer_has_no_sessions() {
    let app = TestApp::start().await;
    let token = docker_login(&app, &push_main()).await;
    let repointed = |file: String| {
        file.replacen(
            "kind = \"github-actions\"",
            "kind = \"github-actions\"\nurl = \"https://ghes.example.com\"",
            1,
        )
    };
    app.reload(repointed).await;
    let answer = refresh(&app, &token).await;
    assert_eq!(answer.status, 401);
    assert!(
        answer.message().contains("configured otherwise"),
        "{}",
        answer.message()
    );
    app.reload(|file| file).await;
    assert_eq!(refresh(&app, &token).await.status, 200, "as it was");
}

//! A provider that is down, slow, wrong or too generous: the right status, one
//! clear reason, one event, and no restart.

use serde_json::json;

use super::*;
use crate::app::push_main;

/// What a job is told, and the reason of its one event.
async fn told(reply: Reply, user: &str, password: &str) -> (u16, String, String, String) {
    let provider = Provider::start().await;
    provider.answers(reply);
    let app = relay(&provider, "").await;
    let answer = app.get(&query(), Some((user, password))).await;
    assert_eq!(answer.body["token"], json!(null));
    let message = answer.message().to_owned();
    let post = [
        ("grant_type", "password"),
        ("username", user),
        ("password", password),
        ("service", SERVICE),
        ("scope", PUSH),
    ];
    // containerd repeats a POST as a GET: both are told the same.
    let post = app.post(&post).await;
    assert_eq!((post.status, &post.bytes), (answer.status, &answer.bytes));
    let events = app.events().await;
    assert_eq!(events.iter().map(|event| event.count).sum::<i64>(), 2);
    let last = events.last().unwrap();
    let retry = answer.headers.get("retry-after");
    assert_eq!(retry.is_some(), answer.status != 401);
    is_recorded_nowhere(&app, &[password, "hush"]).await;

    // No restart is needed.
    provider.answers(Reply::token(&token()));
    assert_eq!(
        app.get(&query(), Some((user, password))).await.granted(),
        PUSH
    );
    let reason = last.reason.clone().unwrap();
    (answer.status, message, last.kind.clone(), reason)
}

async fn job_is_told(reply: Reply) -> (u16, String, String, String) {
    let jwt = push_main();
    told(reply, "JWT", &jwt).await
}

fn expected(status: u16, message: &str, kind: &str, reason: &str) -> (u16, String, String, String) {
    (
        status,
        message.to_owned(),
        kind.to_owned(),
        reason.to_owned(),
    )
}

#[tokio::test]
async fn a_provider_that_answers_what_cannot_be_read_is_unavailable() {
    let long = format!("{{\"x\":\"{}\"}}", "hush".repeat(20_000));
    for reply in [
        Reply::text(200, "text/html", "<html>hush</html>"),
        Reply::text(200, "application/json", "hush"),
        Reply::json(200, &json!({ "hush": "hush" })),
        Reply::json(200, &json!({ "access_token": { "hush": 1 } })),
        Reply::text(200, "application/json", &long),
        Reply::json(201, &json!({ "access_token": token() })),
        Reply::text(302, "text/plain", "").with("location: http://127.0.0.1:1/hush"),
        Reply::text(500, "text/html", "hush"),
        Reply::text(503, "text/plain", "hush").with("retry-after: 600"),
    ] {
        let message = "the identity provider cannot be asked right now; try again";
        let login = job_is_told(reply).await;
        let (status, told, kind, reason) = login;
        assert!(told.starts_with(message), "{told}");
        assert_eq!((status, kind.as_str()), (503, "failure"));
        assert_eq!(reason, "provider_unavailable");
    }
}

#[tokio::test]
async fn a_provider_that_is_down_is_unavailable() {
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/token", gone.local_addr().unwrap());
    drop(gone);
    let app = relay_with(&url, "", Parts::default()).await;
    let answer = app.get(&query(), Some(("jo", "secret"))).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.body["errors"][0]["code"], "UNAVAILABLE");
    assert_eq!(answer.body["error"], "temporarily_unavailable");
    let message = "the identity provider cannot be asked right now; try again";
    assert_eq!(answer.message(), message);
    let events = app.events().await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].reason.as_deref(), Some("provider_unavailable"));
}

#[tokio::test]
async fn a_provider_that_says_nothing_is_waited_for_five_seconds() {
    let provider = Provider::start().await;
    provider.answers(Reply::Silence);
    let app = relay(&provider, "").await;
    let started = std::time::Instant::now();
    assert_eq!(app.get(&query(), Some(("jo", "secret"))).await.status, 503);
    assert!(started.elapsed().as_secs() < 10);
    assert_eq!(app.events().await.len(), 1);
    provider.answers(Reply::token(&token()));
    assert_eq!(
        app.get(&query(), Some(("jo", "secret"))).await.granted(),
        PUSH
    );
}

#[tokio::test]
async fn a_person_whom_the_provider_refuses_is_nobody() {
    let words = "the identity provider refused the credential";
    for reply in [
        Reply::json(
            401,
            &json!({ "error": "invalid_client", "error_description": "hush" }),
        ),
        Reply::json(400, &json!({ "error": "invalid_grant" })),
        Reply::text(403, "text/html", "hush"),
    ] {
        let told = told(reply, "jo", "pass-word").await;
        assert_eq!(told, expected(401, words, "stranger", "provider_refused"));
    }
}

#[tokio::test]
async fn a_job_that_is_proven_here_and_refused_there_is_told_what_was_asked() {
    let reply = Reply::json(400, &json!({ "error": "invalid_grant" }));
    let (status, told, kind, reason) = job_is_told(reply).await;
    assert_eq!((status, kind.as_str()), (401, "refusal"));
    assert_eq!(reason, "provider_refused");
    let start = "push to team/web refused for acme/web (ref refs/heads/main, event push): \
                 the identity provider refused the credential; decision ";
    assert!(told.starts_with(start), "{told}");
}

#[tokio::test]
async fn a_provider_that_does_not_know_us_is_our_operators_matter() {
    for code in [
        "invalid_client",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
    ] {
        let provider = Provider::start().await;
        provider.answers(Reply::json(400, &json!({ "error": code })));
        let app = relay(&provider, "").await;
        let answer = app.get(&query(), Some(("jo", "secret"))).await;
        assert_eq!(answer.status, 503);
        let words = "the identity provider does not accept how it is asked: its client or grant \
                     is not set up for this";
        assert_eq!(answer.message(), words);
        let events = app.events().await;
        assert_eq!(events[0].kind, "failure");
        assert_eq!(events[0].reason.as_deref(), Some("provider_misconfigured"));
        assert_eq!(events[0].body["detail"], code);
    }
}

#[tokio::test]
async fn a_wait_is_passed_on_a_minute_at_most() {
    for (said, passed_on) in [
        ("7", "7"),
        ("0", "1"),
        ("86400", "60"),
        ("Mon, 01 Jan", "1"),
    ] {
        let provider = Provider::start().await;
        let reply = Reply::text(429, "text/plain", "").with(&format!("retry-after: {said}"));
        provider.answers(reply);
        let app = relay(&provider, "").await;
        let answer = app.get(&query(), Some(("jo", "secret"))).await;
        assert_eq!(answer.status, 429);
        assert_eq!(answer.body["errors"][0]["code"], "TOOMANYREQUESTS");
        assert_eq!(answer.headers["retry-after"], passed_on);
        let events = app.events().await;
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].reason.as_deref(), Some("provider_busy"));
    }
}

#[tokio::test]
async fn a_token_that_should_not_have_been_given_is_not_passed_on() {
    let push = |name: &str, actions: &[&str]| {
        json!([
            { "type": "repository", "name": "team/web", "actions": ["pull", "push"] },
            { "type": "repository", "name": name, "actions": actions },
        ])
    };
    let now: jiff::Timestamp = START.parse().unwrap();
    let audience = "it is for another audience";
    let expired = "it has expired, or does not say when it does";
    let exceeds = "it gives more access than was asked";
    let unreadable = "it cannot be read";
    for (name, value, words) in [
        ("aud", json!("another"), audience),
        ("aud", json!(["another", "registry"]), audience),
        ("aud", json!(null), audience),
        ("exp", json!(now.as_second()), expired),
        ("exp", json!(null), expired),
        ("exp", json!("never"), expired),
        ("nbf", json!(now.as_second() + 3600), expired),
        ("access", push("team/web", &["delete"]), exceeds),
        ("access", push("team/api", &["pull"]), exceeds),
        ("access", push("team/web", &["*"]), exceeds),
        ("access", json!("all"), unreadable),
    ] {
        let reply = Reply::token(&token_with(name, value.clone()));
        let (status, told, kind, reason) = told(reply, "jo", "pass-word").await;
        let words = format!("the identity provider's token cannot be used: {words}");
        assert_eq!((status, told), (503, words), "{name} {value}");
        assert_eq!(
            (kind.as_str(), reason.as_str()),
            ("failure", "provider_token")
        );
    }
    let (_, told, ..) = told(Reply::token("no-jwt"), "jo", "pass-word").await;
    assert!(told.ends_with(unreadable), "{told}");
}

#[tokio::test]
async fn what_the_provider_was_asked_is_counted() {
    use axum::{body::Body, http::Request};
    use tower::ServiceExt as _;

    let provider = granting().await;
    let app = relay(&provider, "").await;
    app.get(&query(), Some(("jo", "secret"))).await;
    provider.answers(Reply::json(401, &json!({})));
    app.get(&query(), Some(("jo", "wrong"))).await;
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    let response = app.ops.clone().oneshot(request).await.unwrap();
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await;
    let text = String::from_utf8(bytes.unwrap().to_vec()).unwrap();
    for line in [
        r#"portpass_provider_requests_total{outcome="ok"} 1"#,
        r#"portpass_provider_requests_total{outcome="refused"} 1"#,
        "portpass_provider_request_duration_seconds_count 2",
        r#"portpass_token_requests_total{outcome="issued",registry="prod",issuer=""} 1"#,
        r#"portpass_tokens_total{means="passthrough"} 1"#,
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert_eq!(text.matches("# EOF").count(), 1);
}

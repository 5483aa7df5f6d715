//! What distribution-oauth sends to a provider, request by request, sent to us.
//!
//! Recorded on the wire from its commit 6b7bfd0, between a registry and a provider,
//! while the client did what the file's name says. A job's JWT and a password that
//! this server gave out stand as placeholders; the host is ours.

use std::path::Path;

use axum::{body::Body, http::Request};
use fixtures::Kind;
use portpass::admin::CreateApiToken;
use serde_json::json;

use crate::app::{Answer, Parts, RULES, SERVICE, TestApp, claims_of, jwt, push_main};

const ROBOTS: &str = r#"
    [group.robots]
    operators = true

    [rule.robots]
    group = "robots"
    pull = ["base/**"]
"#;

/// Sends a recorded request, with what it was recorded without.
async fn replay(app: &TestApp, name: &str, jwt: &str, secret: &str) -> Answer {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden/distribution-oauth");
    let recorded = std::fs::read_to_string(folder.join(format!("{name}.http"))).unwrap();
    let (head, body) = recorded.split_once("\n\n").unwrap();
    let body = body.trim_end().replace("{jwt}", jwt);
    let body = body.replace("{secret}", secret);
    let mut lines = head.lines();
    let (method, path) = lines.next().unwrap().split_once(' ').unwrap();
    let mut request = Request::builder()
        .method(method)
        .uri(path.trim_end_matches(" HTTP/1.1"));
    for line in lines {
        let (header, value) = line.split_once(": ").unwrap();
        request = request.header(header, value.replace("{length}", &body.len().to_string()));
    }
    app.send(request.body(Body::from(body)).unwrap()).await
}

/// What the shim reads of an answer.
fn token(answer: &Answer) -> &str {
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["access_token"].as_str().unwrap()
}

#[tokio::test]
async fn what_a_job_sends_through_the_shim_is_granted_by_our_rules() {
    let (push, pull) = ("pull,push", "pull");
    let app = TestApp::start().await;
    for (name, access) in [
        ("docker-28.2.2-login", None),
        ("skopeo-1.9.3-push", Some(("apps/github/acme/web", push))),
        ("skopeo-1.9.3-pull", Some(("apps/github/acme/web", pull))),
        ("crane-0.22.1-push", Some(("apps/github/acme/web", push))),
        // A mount asks for both at once, of which the shim sends one: crane asks again for the other.
        ("crane-0.22.1-copy-1", Some(("base/alpine", pull))),
        ("crane-0.22.1-copy-2", Some(("apps/github/acme/web", push))),
    ] {
        let answer = replay(&app, name, &push_main(), "").await;
        let claims = claims_of(token(&answer));
        let expected: Vec<_> = access
            .map(|(repository, actions)| {
                let actions: Vec<_> = actions.split(',').collect();
                json!({"type": "repository", "name": repository, "actions": actions})
            })
            .into_iter()
            .collect();
        assert_eq!(claims["access"], json!(expected), "{name}");
        assert_eq!(claims["aud"], SERVICE, "{name}");
        assert_eq!(claims["iss"], "https://registry.example.com", "{name}");
    }
    let events = app.events().await;
    assert_eq!(events.len(), 6);
    assert!(events.iter().all(|event| event.kind == "token"));
}

#[tokio::test]
async fn what_a_stranger_sends_through_the_shim_is_refused_with_the_reason() {
    let app = TestApp::start().await;
    let stranger = jwt(
        Kind::GithubActions,
        "push-main",
        &[("repository_owner_id", "999")],
    );
    for name in ["docker-28.2.2-login", "skopeo-1.9.3-push"] {
        let answer = replay(&app, name, &stranger, "").await;
        // The shim hands on status and body, which clients read as a registry's.
        assert_eq!(answer.status, 401, "{name}");
        assert_eq!(
            answer.body["errors"].as_array().map(Vec::len),
            Some(1),
            "{name}"
        );
        assert!(answer.body.get("access_token").is_none(), "{name}");
    }
}

#[tokio::test]
async fn a_password_through_the_shim_is_an_api_token_or_wrong() {
    let app = TestApp::of(Parts {
        rules: (RULES.to_owned() + ROBOTS).leak(),
        ..Parts::default()
    })
    .await;
    let robot = CreateApiToken {
        name: "jo".to_owned(),
        group: "robots".to_owned(),
        pull: vec!["base/**".to_owned()],
        ..CreateApiToken::default()
    };
    let robot = app.operator().ask(&robot).await.unwrap();
    let name = "docker-28.2.2-login-of-a-person";
    token(&replay(&app, name, "", &robot.secret).await);

    let name = "docker-28.2.2-login-with-a-wrong-password";
    let wrong = replay(&app, name, "", "").await;
    assert_eq!(wrong.status, 401);
    assert!(!wrong.message().is_empty());
}

/// The shim sends two empty values in place of the user that it was told to be.
#[tokio::test]
async fn a_caller_whom_the_shim_gave_no_name_is_anonymous() {
    let app = TestApp::start().await;
    let answer = replay(&app, "skopeo-1.9.3-anonymous-pull", "", "").await;
    let claims = claims_of(token(&answer));
    assert_eq!(claims["sub"], "anonymous");
    assert_eq!(
        claims["access"],
        json!([{"type": "repository", "name": "public/app", "actions": ["pull"]}])
    );
}

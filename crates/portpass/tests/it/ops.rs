//! What the people who run the server may see.

use axum::{body::Body, http::Request};
use tower::ServiceExt as _;

use crate::app::{SERVICE, TestApp, push_main};

async fn fetch(app: &TestApp, path: &str) -> (u16, String) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = app.ops.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20)
        .await
        .unwrap();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn answers_are_counted_by_outcome_registry_and_issuer() {
    let app = TestApp::start().await;
    let query = format!("service={SERVICE}");
    app.get(&query, Some(("JWT", &push_main()))).await;
    app.get(&query, Some(("me", "wrong"))).await;
    let (status, text) = fetch(&app, "/metrics").await;
    assert_eq!(status, 200);
    let issued =
        r#"portpass_token_requests_total{outcome="issued",registry="prod",issuer="github"} 1"#;
    assert!(text.contains(issued), "{text}");
    assert!(
        text.contains(r#"portpass_token_requests_total{outcome="stranger""#),
        "{text}"
    );
    assert!(
        text.contains("portpass_ca_expires_timestamp_seconds"),
        "{text}"
    );
    assert!(
        text.contains(r#"portpass_issuer_keys{issuer="github"} 1"#),
        "{text}"
    );
}

#[tokio::test]
async fn no_label_holds_what_a_caller_chose() {
    let app = TestApp::start().await;
    for index in 0..20 {
        let query = format!("service={SERVICE}{index}&scope=repository:chosen{index}:pull");
        app.get(&query, Some((&format!("user{index}"), "wrong")))
            .await;
        let request = Request::get(format!("/chosen{index}"))
            .body(Body::empty())
            .unwrap();
        app.send(request).await;
    }
    let (_, text) = fetch(&app, "/metrics").await;
    assert!(
        !text.contains("chosen") && !text.contains("user1"),
        "{text}"
    );
}

#[tokio::test]
async fn readiness_names_the_issuers_for_operators_only() {
    let app = TestApp::start().await;
    let (status, text) = fetch(&app, "/readyz").await;
    assert_eq!(status, 200);
    assert!(text.contains("github") && text.contains("gitlab"), "{text}");
    let request = Request::get("/readyz").body(Body::empty()).unwrap();
    let public = app.send(request).await;
    assert_eq!(
        (public.status, public.bytes.as_slice()),
        (200, b"ready".as_slice())
    );
}

#[tokio::test]
async fn a_server_that_leaves_is_not_ready_but_answers() {
    let app = TestApp::start().await;
    app.readiness.leave();
    let request = Request::get("/readyz").body(Body::empty()).unwrap();
    assert_eq!(app.send(request).await.status, 503);
    let answer = app
        .get(&format!("service={SERVICE}"), Some(("JWT", &push_main())))
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["connection"], "close");
}

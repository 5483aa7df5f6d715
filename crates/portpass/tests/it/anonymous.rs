//! Callers who present nothing.

use axum::{body::Body, http::Request};

use crate::app::{Answer, SERVICE, TestApp};

async fn pull(app: &TestApp, address: &str, repository: &str) -> Answer {
    let uri = format!("/token?service={SERVICE}&scope=repository:{repository}:pull");
    app.send_from(address, Request::get(uri).body(Body::empty()).unwrap())
        .await
}

#[tokio::test]
async fn the_public_may_pull_what_a_rule_gives() {
    let app = TestApp::start().await;
    let answer = pull(&app, "192.0.2.1", "public/tool").await;
    assert_eq!(answer.granted(), "repository:public/tool:pull");
    assert_eq!(answer.claims()["sub"], "anonymous");
    assert_eq!(pull(&app, "192.0.2.1", "base/alpine").await.status, 401);
}

#[tokio::test]
async fn a_probe_without_a_credential_is_asked_for_one() {
    let app = TestApp::start().await;
    let answer = app.get(&format!("service={SERVICE}"), None).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.body["errors"][0]["code"], "UNAUTHORIZED");
}

#[tokio::test]
async fn grants_are_counted_per_network_and_repository() {
    let app = TestApp::start().await;
    for address in ["192.0.2.1", "192.0.2.77", "198.51.100.1"] {
        pull(&app, address, "public/tool").await;
    }
    pull(&app, "192.0.2.1", "public/other").await;
    let events = app.events().await;
    let mut counted: Vec<_> = events
        .iter()
        .map(|event| {
            let network = event.body["network"].as_str().unwrap();
            let repository = event.body["repositories"][0].as_str().unwrap();
            format!("{network} {repository} {}", event.count)
        })
        .collect();
    counted.sort();
    let expected = [
        "192.0.2.0/24 public/other 1",
        "192.0.2.0/24 public/tool 2",
        "198.51.100.0/24 public/tool 1",
    ];
    assert_eq!(counted, expected);
}

#[tokio::test]
async fn strangers_cannot_fill_the_disk() {
    let app = TestApp::start().await;
    for index in 0..50 {
        pull(&app, "192.0.2.1", &format!("public/{index}")).await;
        pull(&app, "192.0.2.1", &format!("private/{index}")).await;
    }
    let events = app.events().await;
    // Ten rows of grants and one for the rest; three of refusals and one for the rest.
    assert_eq!(events.len(), 15);
    assert_eq!(events.iter().map(|event| event.count).sum::<i64>(), 100);
}

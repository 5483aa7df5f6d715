//! In place of the shim, by its own variables.

use axum::{body::Body, http::Request};
use portpass::config::Config;
use serde_json::json;

use super::*;
use crate::app::{basic, push_main};

/// The audience of the provider's tokens, as authentik has it.
const CLIENT: &str = "0123456789abcdef";

async fn shim(provider: &Provider, more: &[(&str, &str)]) -> TestApp {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let variables = [
        ("TOKEN_URL", provider.url.as_str()),
        ("CLIENT_ID", CLIENT),
        ("SCOPE", "docker-registry"),
        ("PORTPASS_DATA_DIR", data_dir.to_str().unwrap()),
    ];
    let config = Config::of_variables(|name| {
        let mut all = variables.iter().chain(more);
        let found = all.find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).to_owned())
    });
    let config = config.unwrap_or_else(|error| panic!("{error}"));
    TestApp::serving(&config, folder, Parts::default()).await
}

fn for_client() -> Reply {
    Reply::token(&token_with("aud", json!(CLIENT)))
}

#[tokio::test]
async fn any_registry_is_served_as_its_clients_ask() {
    let provider = Provider::start().await;
    provider.answers(for_client());
    let app = shim(&provider, &[("PASS_JWT_USERNAME", "JWT")]).await;
    let jwt = push_main();
    for service in [CLIENT, "registry.example.com", "another"] {
        let query = format!("account=JWT&service={service}&scope={PUSH}&offline_token=true");
        let answer = app.get(&query, Some(("JWT", &jwt))).await;
        assert_eq!(answer.granted(), PUSH);
        assert_eq!(answer.body["refresh_token"], json!(null));
        assert_eq!(answer.body["expires_in"], 600);
    }
    let asked = format!("{PUSH} docker-registry");
    assert_eq!(provider.last("scope"), Some(asked));
    let events = app.events().await;
    assert_eq!(events.len(), 3);
    for event in events {
        assert_eq!(event.body["trust_provider"], true);
        assert_eq!(event.registry.as_deref(), Some("registry"));
    }
    is_recorded_nowhere(&app, &[&jwt]).await;
}

#[tokio::test]
async fn a_token_is_for_the_service_that_was_asked_or_for_our_client() {
    let provider = Provider::start().await;
    provider.answers(Reply::token(&token_with("aud", json!("another"))));
    let app = shim(&provider, &[]).await;
    let query = |service: &str| format!("service={service}&scope={PUSH}");
    let person = Some(("jo", "secret"));
    assert_eq!(app.get(&query("another"), person).await.granted(), PUSH);
    assert_eq!(app.get(&query("elsewhere"), person).await.status, 503);
    assert_eq!(app.get(&format!("scope={PUSH}"), person).await.status, 503);
    provider.answers(for_client());
    assert_eq!(
        app.get(&format!("scope={PUSH}"), person).await.granted(),
        PUSH
    );
}

#[tokio::test]
async fn a_form_is_as_good_as_a_query() {
    let provider = Provider::start().await;
    provider.answers(for_client());
    let app = shim(&provider, &[]).await;
    let form = [
        ("grant_type", "password"),
        ("username", "jo"),
        ("password", "secret"),
        ("client_id", "containerd-client"),
        ("service", CLIENT),
        ("scope", PUSH),
    ];
    assert_eq!(app.post(&form).await.granted(), PUSH);
    assert_eq!(provider.last("client_id").as_deref(), Some(CLIENT));
}

#[tokio::test]
async fn the_names_for_nobody_count_now() {
    let provider = Provider::start().await;
    provider.answers(for_client());
    let variables = [("ANON_USERNAME", "nobody"), ("ANON_PASSWORD", "hush")];
    let app = shim(&provider, &variables).await;
    let query = format!("service={CLIENT}&scope={PUSH}");
    assert_eq!(app.get(&query, None).await.granted(), PUSH);
    assert_eq!(provider.last("username").as_deref(), Some("nobody"));
    assert_eq!(provider.last("password").as_deref(), Some("hush"));
}

#[tokio::test]
async fn the_old_route_and_probe_are_there() {
    let provider = Provider::start().await;
    provider.answers(for_client());
    let app = shim(&provider, &[]).await;
    let fetch = |path: &str| {
        let request = Request::get(path).header("authorization", basic("jo", "secret"));
        request.body(Body::empty()).unwrap()
    };
    assert_eq!(app.send(fetch("/live")).await.status, 204);
    let path = format!("/token?service={CLIENT}&scope={PUSH}");
    assert_eq!(app.send(fetch(&path)).await.granted(), PUSH);
}

//! Beside an identity provider: what is asked of it, and what comes of its answers.

mod browser;
mod claimed;
mod drop_in;
mod faults;
mod gate;
mod passthrough;
mod people;
pub(crate) mod provider;
mod resigned;
mod verified;

use serde_json::{Map, Value, json};

use self::provider::{Provider, Reply};
use crate::app::{Parts, RULES, SERVICE, START, TestApp, sign};

/// What is asked for in most tests.
const PUSH: &str = "repository:team/web:pull,push";

/// A server beside a provider that passes tokens through, with more keys in
/// `[relay]`.
async fn relay(provider: &Provider, keys: &str) -> TestApp {
    relay_with(&provider.url, keys, Parts::default()).await
}

async fn relay_with(url: &str, keys: &str, parts: Parts) -> TestApp {
    let rules = format!(
        r#"
        {RULES}
        [relay]
        token_url = "{url}"
        allow_private_network = true
        client_id = "registry"
        answer = "passthrough"
        {keys}
        "#
    );
    TestApp::of(Parts {
        rules: Box::leak(rules.into_boxed_str()),
        ..parts
    })
    .await
}

/// The claims of a token of the provider's, which gives all that [`PUSH`] asks.
fn claims() -> Map<String, Value> {
    let now: jiff::Timestamp = START.parse().unwrap();
    let claims = json!({
        "iss": "https://id.example.com",
        "sub": "web's user",
        "aud": SERVICE,
        "iat": now.as_second(),
        "exp": now.as_second() + 600,
        "access": [{ "type": "repository", "name": "team/web", "actions": ["pull", "push"] }],
    });
    let Value::Object(claims) = claims else {
        unreachable!()
    };
    claims
}

/// The same, with a claim set, or taken out where it is null.
fn token_with(name: &str, value: Value) -> String {
    let mut claims = claims();
    claims.insert(name.to_owned(), value);
    claims.retain(|_, value| !value.is_null());
    sign(&claims)
}

fn token() -> String {
    sign(&claims())
}

async fn granting() -> Provider {
    let provider = Provider::start().await;
    provider.answers(Reply::token(&token()));
    provider
}

/// A request for [`PUSH`].
fn query() -> String {
    format!("service={SERVICE}&scope={PUSH}")
}

/// Whether a text is nowhere in what was recorded.
async fn is_recorded_nowhere(app: &TestApp, secrets: &[&str]) {
    let events = serde_json::to_string(&app.events().await).unwrap();
    for secret in secrets {
        assert!(!events.contains(secret), "{secret} in {events}");
    }
}

/// What `docker login` does: it asks for a refresh token, and for no access.
async fn docker_login(app: &TestApp, user: &str, password: &str) -> String {
    let query = format!("account={user}&client_id=docker&offline_token=true&service={SERVICE}");
    let answer = app.get(&query, Some((user, password))).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let token = answer.body["refresh_token"].as_str();
    token
        .unwrap_or_else(|| panic!("{}", answer.body))
        .to_owned()
}

/// What clients send that found an `identitytoken`.
async fn refresh(app: &TestApp, token: &str) -> crate::app::Answer {
    app.post(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", token),
        ("service", SERVICE),
        ("scope", PUSH),
    ])
    .await
}

/// Whether somebody known is refused, in these words among others.
fn is_refused(answer: &crate::app::Answer, words: &str) {
    assert_eq!(answer.status, 401, "{}", answer.body);
    assert!(answer.message().contains(words), "{}", answer.message());
}

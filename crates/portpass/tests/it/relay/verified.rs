//! A provider that is an issuer here: its tokens are verified before they are passed on.

use serde_json::json;

use super::*;
use crate::app::push_main;

const ISSUER: &str = "https://id.example.com";

/// A server that knows the provider's keys: those that all tests sign with.
async fn verifying(provider: &Provider) -> TestApp {
    let keys = format!(
        r#"
        provider = "idp"
        [issuer.idp]
        kind = "oidc"
        url = "{ISSUER}"
        audience = ["{SERVICE}"]
        jwks = '{}'
        "#,
        crate::app::jwks()
    );
    relay(provider, &keys).await
}

#[tokio::test]
async fn a_token_that_the_provider_made_is_passed_on() {
    let provider = granting().await;
    let app = verifying(&provider).await;
    let answer = app.get(&query(), Some(("JWT", &push_main()))).await;
    assert_eq!(answer.granted(), PUSH);
    assert_eq!(answer.body["token"], token());
    // Nobody becomes the provider's subject by it.
    assert_eq!(app.events().await[0].issuer.as_deref(), Some("github"));
}

#[tokio::test]
async fn a_token_of_anybody_else_is_not() {
    let unverified = "its signature or issuer is not the provider's";
    let now: jiff::Timestamp = START.parse().unwrap();
    let damaged = {
        let token = token();
        let (signed, _) = token.rsplit_once('.').unwrap();
        let (_, other) = token_with("sub", json!("other"))
            .rsplit_once('.')
            .map(|(signed, signature)| (signed.to_owned(), signature.to_owned()))
            .unwrap();
        format!("{signed}.{other}")
    };
    for (token, words) in [
        (damaged, unverified),
        (push_main(), unverified),
        (
            token_with("iss", json!("https://other.example.com")),
            unverified,
        ),
        (token_with("sub", json!(null)), unverified),
        ("no-jwt".to_owned(), "it cannot be read"),
        (
            token_with("aud", json!("another")),
            "it is for another audience",
        ),
        (
            token_with("exp", json!(now.as_second() - 3600)),
            "it has expired, or does not say when it does",
        ),
    ] {
        let provider = Provider::start().await;
        provider.answers(Reply::token(&token));
        let app = verifying(&provider).await;
        let answer = app.get(&query(), Some(("jo", "secret"))).await;
        let words = format!("the identity provider's token cannot be used: {words}");
        assert_eq!((answer.status, answer.message()), (503, words.as_str()));
        let events = app.events().await;
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].reason.as_deref(), Some("provider_token"));
        is_recorded_nowhere(&app, &[&token]).await;
    }
}

//! What a token's answer looks like.

use insta::assert_json_snapshot;

use crate::app::{SERVICE, TestApp, push_main};

async fn push() -> crate::app::Answer {
    let app = TestApp::start().await;
    let query = format!(
        "offline_token=true&service={SERVICE}&scope=repository:apps/github/acme/web:pull,push"
    );
    app.get(&query, Some(("JWT", &push_main()))).await
}

#[tokio::test]
async fn an_answer_has_both_names_of_the_token_and_no_time() {
    assert_json_snapshot!(push().await.body, {
        ".token" => "[token]",
        ".access_token" => "[token]",
        ".refresh_token" => "[refresh token]",
    }, @r#"
    {
      "token": "[token]",
      "access_token": "[token]",
      "token_type": "Bearer",
      "expires_in": 900,
      "refresh_token": "[refresh token]",
      "scope": "repository:apps/github/acme/web:pull,push"
    }
    "#);
}

#[tokio::test]
async fn both_tokens_are_the_same() {
    let answer = push().await;
    assert_eq!(answer.body["token"], answer.body["access_token"]);
}

#[tokio::test]
async fn nobody_may_keep_an_answer() {
    let answer = push().await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers["content-type"], "application/json");
}

#[tokio::test]
async fn a_token_says_who_may_do_what_where_and_until_when() {
    assert_json_snapshot!(push().await.claims(), { ".jti" => "[uuid]", ".sub" => insta::dynamic_redaction(|value, _| {
        let sub = value.as_str().unwrap();
        let login = sub.rsplit(':').next().unwrap();
        assert_eq!(login.len(), 16);
        sub.replace(login, "[login]")
    }) }, @r#"
    {
      "iss": "https://registry.example.com",
      "sub": "github:74:acme/web:[login]",
      "aud": "registry.example.com",
      "exp": 1767226500,
      "nbf": 1767225570,
      "iat": 1767225570,
      "jti": "[uuid]",
      "access": [
        {
          "type": "repository",
          "name": "apps/github/acme/web",
          "actions": [
            "pull",
            "push"
          ]
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn a_token_ends_with_the_logins_cap_but_lives_a_minute() {
    let rules = crate::app::RULES;
    let app = TestApp::of(crate::app::Parts {
        rules: Box::leak(
            rules
                .replace(
                    "kind = \"distribution\"",
                    "kind = \"distribution\"\ntoken_ttl = \"2h\"",
                )
                .into_boxed_str(),
        ),
        ..crate::app::Parts::default()
    })
    .await;
    let jwt = push_main();
    let query = format!("service={SERVICE}");
    let lifetime = |answer: crate::app::Answer| answer.body["expires_in"].as_i64();
    // The JWT lives five minutes, its login an hour.
    assert_eq!(
        lifetime(app.get(&query, Some(("JWT", &jwt))).await),
        Some(3600)
    );
    app.portpass
        .clock
        .advance(jiff::SignedDuration::from_secs(270));
    assert_eq!(
        lifetime(app.get(&query, Some(("JWT", &jwt))).await),
        Some(3330)
    );
}

#[tokio::test]
async fn the_event_of_a_token_tells_the_whole_story() {
    let app = TestApp::start().await;
    let query = format!("service={SERVICE}&scope=repository:apps/github/acme/web:pull,push");
    let answer = app.get(&query, Some(("JWT", &push_main()))).await;
    let events = app.events().await;
    assert_eq!(events.len(), 1);
    let event = &events[0];
    assert_eq!(event.id, answer.claims()["jti"]);
    assert_eq!(event.kind, "token");
    assert_eq!(event.registry.as_deref(), Some("prod"));
    assert_eq!(
        (event.issuer.as_deref(), event.identity.as_deref()),
        (Some("github"), Some("74"))
    );
    assert_eq!(event.body["access"], answer.claims()["access"]);
    assert_eq!(event.body["facts"]["ref"], "refs/heads/main");
    assert_eq!(
        event.body["asked"],
        "repository:apps/github/acme/web:pull,push"
    );
    let rules = event.body["rules"].as_array().unwrap();
    assert!(
        rules
            .iter()
            .any(|rule| rule["rule"] == "rule.own-namespace"),
        "{rules:?}"
    );
    assert_eq!(event.body["address"], "192.0.2.1");
}

#[tokio::test]
async fn no_event_holds_a_credential() {
    let app = TestApp::start().await;
    let jwt = push_main();
    let answer = app
        .get(&format!("service={SERVICE}"), Some(("JWT", &jwt)))
        .await;
    let events = serde_json::to_string(&app.events().await).unwrap();
    let signature = jwt.rsplit('.').next().unwrap();
    let token = answer.body["token"]
        .as_str()
        .unwrap()
        .rsplit('.')
        .next()
        .unwrap()
        .to_owned();
    assert!(!events.contains(signature));
    assert!(!events.contains(&token));
}

#[tokio::test]
async fn equal_logins_share_their_login_id() {
    let app = TestApp::start().await;
    let jwt = push_main();
    for _ in 0..2 {
        app.get(&format!("service={SERVICE}"), Some(("JWT", &jwt)))
            .await;
    }
    let events = app.events().await;
    assert_eq!(events.len(), 2);
    assert!(events[0].login.is_some());
    assert_eq!(events[0].login, events[1].login);
    assert_ne!(events[0].id, events[1].id);
}

#[tokio::test]
async fn jwks_and_discovery_are_published() {
    let app = TestApp::start().await;
    let fetch = |path: &str| {
        axum::http::Request::get(path)
            .body(axum::body::Body::empty())
            .unwrap()
    };
    let document = app.send(fetch("/.well-known/openid-configuration")).await;
    assert_eq!(document.body["issuer"], "https://registry.example.com");
    assert_eq!(
        document.body["jwks_uri"],
        "https://registry.example.com/.well-known/jwks.json"
    );
    let jwks = app.send(fetch("/.well-known/jwks.json")).await;
    let keys = jwks.body["keys"].as_array().unwrap();
    assert!(!keys.is_empty());
    assert!(
        keys.iter()
            .all(|key| key["kty"] == "EC" && key.get("d").is_none()),
        "{keys:?}"
    );
}

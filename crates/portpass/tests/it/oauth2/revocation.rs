//! A secret that its bearer gives up.

use jiff::SignedDuration;
use portpass::limits::Rates;
use serde_json::json;

use super::{BEARER, PUSH, of, post, revoke, robot, start, token};
use crate::app::{SERVICE, push_main};

#[tokio::test]
async fn a_refresh_token_that_is_revoked_is_gone_and_its_session_stays() {
    let app = start().await;
    let jwt = push_main();
    let form = [
        ("grant_type", BEARER),
        ("assertion", jwt.as_str()),
        ("scope", "offline_access"),
    ];
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let answer = token(&app, &form).await;
        tokens.push(answer.body["refresh_token"].as_str().unwrap().to_owned());
    }
    let refresh = async |secret: &str| {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", secret),
            ("scope", PUSH),
        ];
        token(&app, &form).await
    };
    assert_eq!(refresh(&tokens[0]).await.granted(), PUSH);
    let form = [
        ("token", tokens[0].as_str()),
        ("token_type_hint", "access_token"),
    ];
    let answer = post(&app, "/oauth2/revoke", &form, None).await;
    assert_eq!((answer.status, answer.bytes.len()), (200, 0));
    assert_eq!(answer.headers["cache-control"], "no-store");

    let refused = refresh(&tokens[0]).await;
    assert_eq!(refused.status, 401);
    assert_eq!(
        refused.message(),
        "the refresh token is not known here; log in again"
    );
    assert_eq!(
        refresh(&tokens[1]).await.granted(),
        PUSH,
        "another of the same session"
    );

    let events = app.events().await;
    let event = events
        .iter()
        .find(|event| event.kind == "operator")
        .unwrap();
    assert_eq!(event.body["actor"], "bearer");
    assert_eq!(event.body["action"], "refresh token revoke");
    assert_eq!(event.body["detail"]["address"], "192.0.2.1");
    assert_eq!(event.issuer.as_deref(), Some("github"));
    assert_eq!(event.identity.as_deref(), Some("74"));
    assert_eq!(event.registry.as_deref(), Some("prod"));
    assert!(event.login.is_some());
    assert!(
        !event.body.to_string().contains("portpass_"),
        "{}",
        event.body
    );
}

#[tokio::test]
async fn an_api_token_that_is_revoked_is_revoked_for_good() {
    let app = start().await;
    let secret = robot(&app).await;
    let pull = async || {
        let query = format!("service={SERVICE}&scope=repository:base/a:pull");
        app.get(&query, Some(("robot", &secret))).await
    };
    assert_eq!(pull().await.status, 200);
    for _ in 0..2 {
        assert_eq!(revoke(&app, &secret).await.status, 200);
    }
    let refused = pull().await;
    assert_eq!(refused.status, 401);
    assert!(
        refused.message().contains("revoked"),
        "{}",
        refused.message()
    );
    let events = app.events().await;
    let revocations: Vec<_> = events
        .iter()
        .filter(|event| event.body["action"] == "tokens revoke")
        .collect();
    assert_eq!(revocations.len(), 1);
    assert_eq!(revocations[0].body["actor"], "bearer");
    assert_eq!(revocations[0].issuer.as_deref(), Some("token"));
    assert_eq!(revocations[0].body["detail"]["name"], "mirror");
}

#[tokio::test]
async fn what_is_good_for_nothing_is_revoked_without_a_word_and_leaves_no_event() {
    let app = start().await;
    let unknown = "portpass_rt_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaascmnldr";
    let jwt = push_main();
    for token in [unknown, "portpass_at_damaged", "hunter2", jwt.as_str()] {
        let answer = revoke(&app, token).await;
        assert_eq!((answer.status, answer.bytes.len()), (200, 0), "{token}");
    }
    assert_eq!(app.events().await, []);
}

#[tokio::test]
async fn an_access_token_cannot_be_revoked() {
    let app = start().await;
    let jwt = push_main();
    let form = [
        ("grant_type", BEARER),
        ("assertion", jwt.as_str()),
        ("scope", PUSH),
    ];
    let answer = token(&app, &form).await;
    let access_token = answer.body["token"].as_str().unwrap();
    let refused = revoke(&app, access_token).await;
    assert_eq!(
        (refused.status, &refused.body["error"]),
        (400, &json!("unsupported_token_type"))
    );
    app.portpass.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(
        revoke(&app, access_token).await.status,
        200,
        "it has expired"
    );
    let missing = post(&app, "/oauth2/revoke", &[("token", "")], None).await;
    assert_eq!(
        (missing.status, missing.message()),
        (400, "the request has no token")
    );
}

#[tokio::test]
async fn guessing_secrets_by_revoking_them_has_to_wait() {
    let rates = Rates {
        identity_per_minute: 100,
        unproven_per_minute: 2,
    };
    let app = of("", rates).await;
    let secret = robot(&app).await;
    let unknown = "portpass_rt_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaascmnldr";
    assert_eq!(revoke(&app, unknown).await.status, 200);
    assert_eq!(revoke(&app, unknown).await.status, 200);
    let limited = revoke(&app, unknown).await;
    assert_eq!(limited.status, 429);
    assert_eq!(limited.headers["retry-after"], "30");
    assert_eq!(
        revoke(&app, &secret).await.status,
        200,
        "whoever has a secret goes through"
    );
}

//! Who is let through to the provider, and what of theirs.

use fixtures::Kind;
use futures_util::StreamExt as _;
use portpass::limits::Rates;
use serde_json::json;

use super::*;
use crate::app::{jwt, push_main};

const TRUST: &str = "trust_provider = true";

/// A JWT that the platform signed, for another owner's repository.
fn strangers() -> String {
    jwt(
        Kind::GithubActions,
        "push-main",
        &[("repository_owner_id", "999"), ("repository_id", "999")],
    )
}

/// A server that hears two wrong guesses a minute from one address.
async fn patient_with_two(provider: &Provider) -> TestApp {
    let parts = Parts {
        rates: Rates {
            identity_per_minute: 100,
            unproven_per_minute: 2,
        },
        ..Parts::default()
    };
    relay_with(&provider.url, "", parts).await
}

#[tokio::test]
async fn a_strangers_jwt_never_reaches_the_provider() {
    let provider = granting().await;
    let app = relay(&provider, "").await;
    let other_audience = jwt(Kind::GithubActions, "push-main", &[("aud", "elsewhere")]);
    for jwt in [strangers(), other_audience] {
        let answer = app.get(&query(), Some(("JWT", &jwt))).await;
        assert_eq!(answer.status, 401, "{}", answer.body);
        assert_eq!(answer.body["token"], json!(null));
    }
    assert_eq!(provider.forms().len(), 0);
    let reasons: Vec<_> = app
        .events()
        .await
        .into_iter()
        .map(|event| event.reason)
        .collect();
    let expected = ["not_pinned", "audience_wrong"].map(|word| Some(word.to_owned()));
    assert_eq!(reasons, expected);
}

#[tokio::test]
async fn a_provider_that_is_trusted_lets_strangers_in_and_every_event_says_so() {
    let provider = granting().await;
    let app = relay(&provider, TRUST).await;
    let jwt = strangers();
    assert_eq!(app.get(&query(), Some(("JWT", &jwt))).await.granted(), PUSH);
    provider.answers(Reply::json(401, &json!({ "error": "invalid_client" })));
    assert_eq!(app.get(&query(), Some(("JWT", &jwt))).await.status, 401);
    assert_eq!(app.get(&query(), None).await.status, 401);
    assert_eq!(app.get("service=elsewhere", None).await.status, 400);
    let events = app.events().await;
    assert_eq!(events.len(), 4);
    for event in &events {
        assert_eq!(event.body["trust_provider"], true, "{event:?}");
    }
    assert_eq!(events[0].issuer, None);
    assert_eq!(events[0].login, events[1].login);
    is_recorded_nowhere(&app, &[&jwt]).await;
}

#[tokio::test]
async fn rows_that_only_count_are_marked_as_well() {
    let provider = granting().await;
    let keys = format!("{TRUST}\nanonymous_username = \"a\"\nanonymous_password = \"b\"");
    let app = relay(&provider, &keys).await;
    app.get(&query(), None).await;
    provider.answers(Reply::json(401, &json!({})));
    for _ in 0..5 {
        app.get(&query(), Some(("jo", "wrong"))).await;
    }
    let events = app.events().await;
    assert!(events.iter().any(|event| event.kind == "anonymous"));
    assert!(events.iter().any(|event| event.body["counted"] == true));
    for event in &events {
        assert_eq!(event.body["trust_provider"], true, "{event:?}");
    }
}

#[tokio::test]
async fn secrets_of_ours_never_leave() {
    let provider = granting().await;
    let app = relay(&provider, TRUST).await;
    let secrets = [
        portpass::credential::SecretKind::ApiToken,
        portpass::credential::SecretKind::RefreshToken,
    ];
    for kind in secrets {
        let secret = portpass::credential::Secret::make(kind).unwrap();
        let answer = app.get(&query(), Some(("jo", secret.expose()))).await;
        assert_eq!(answer.status, 401);
        assert!(
            answer
                .message()
                .starts_with("a token of Portpass is of no use here")
        );
    }
    let events = app.events().await;
    assert_eq!(events[0].reason.as_deref(), Some("own_secret"));
    assert_eq!(provider.forms().len(), 0);
}

#[tokio::test]
async fn under_the_user_name_for_jwts_nothing_else_is_sent() {
    let provider = granting().await;
    let app = relay(&provider, "jwt_username = \"JWT\"").await;
    let answer = app.get(&query(), Some(("JWT", "not-a-jwt"))).await;
    assert_eq!(answer.status, 401);
    assert_eq!(provider.forms().len(), 0);
    assert_eq!(app.events().await[0].reason.as_deref(), Some("no_jwt"));
    assert_eq!(
        app.get(&query(), Some(("jo", "not-a-jwt"))).await.granted(),
        PUSH
    );
    // What looks like a JWT is one, under any name.
    assert_eq!(
        app.get(&query(), Some(("jo", &push_main())))
            .await
            .granted(),
        PUSH
    );
    assert!(provider.last("client_assertion").is_some());
}

#[tokio::test]
async fn a_password_without_a_user_name_is_nobodys_and_never_sent() {
    let provider = granting().await;
    let secret = "client_secret = \"registry-client-secret\"";
    let app = relay(&provider, secret).await;
    for user in ["", " "] {
        let answer = app.get(&query(), Some((user, "anything"))).await;
        assert_eq!(answer.status, 401, "{}", answer.body);
    }
    let form = [
        ("grant_type", "password"),
        ("password", "anything"),
        ("service", SERVICE),
        ("scope", PUSH),
    ];
    assert_eq!(app.post(&form).await.status, 401);
    assert_eq!(provider.forms(), [""; 0]);
    for event in app.events().await {
        assert_eq!(event.reason.as_deref(), Some("password"));
    }
}

#[tokio::test]
async fn nothing_is_kept_of_the_name_beside_a_password_that_is_refused() {
    let provider = granting().await;
    let app = relay(&provider, "").await;
    for reply in [
        Reply::json(401, &json!({ "error": "invalid_client" })),
        Reply::text(503, "text/plain", ""),
    ] {
        provider.answers(reply);
        app.get(&query(), Some(("my-password", "jo"))).await;
    }
    for event in app.events().await {
        assert_eq!(
            event.decision, None,
            "it would be the same for the same name"
        );
    }
    is_recorded_nowhere(&app, &["my-password"]).await;
}

#[tokio::test]
async fn passwords_cannot_be_guessed_at_the_provider_by_many_at_once_either() {
    let provider = granting().await;
    let app = patient_with_two(&provider).await;
    provider.answers(Reply::json(401, &json!({ "error": "invalid_client" })));
    let query = query();
    let guess = || app.get(&query, Some(("jo", "wrong")));
    let guesses = tokio::join!(guess(), guess(), guess(), guess());
    let statuses = [guesses.0, guesses.1, guesses.2, guesses.3].map(|answer| answer.status);
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 2);
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 2);
    assert_eq!(provider.forms().len(), 2);
}

#[tokio::test]
async fn passwords_that_the_provider_takes_are_never_too_many() {
    let provider = granting().await;
    let app = patient_with_two(&provider).await;
    let right = || app.get("service=registry.example.com", Some(("jo", "right")));
    for _ in 0..4 {
        assert_ne!(right().await.status, 429);
    }
    provider.answers(Reply::text(503, "text/plain", ""));
    for _ in 0..4 {
        assert_eq!(right().await.status, 503);
    }
}

#[tokio::test]
async fn passwords_cannot_be_guessed_at_the_provider_through_us() {
    let provider = granting().await;
    let app = patient_with_two(&provider).await;
    provider.answers(Reply::json(401, &json!({ "error": "invalid_client" })));
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(app.get(&query(), Some(("jo", "wrong"))).await.status);
    }
    assert_eq!(statuses, [401, 401, 429, 429]);
    assert_eq!(provider.forms().len(), 2);
    // A proven job behind the same address goes on.
    provider.answers(Reply::token(&token()));
    assert_eq!(
        app.get(&query(), Some(("JWT", &push_main()))).await.status,
        200
    );
}

#[tokio::test]
async fn whom_the_provider_alone_knows_may_not_ask_without_end_either() {
    for (keys, user) in [("", "jo"), (TRUST, "JWT")] {
        let provider = granting().await;
        let parts = Parts {
            rates: Rates {
                identity_per_minute: 2,
                unproven_per_minute: 100,
            },
            ..Parts::default()
        };
        let app = relay_with(&provider.url, keys, parts).await;
        let jwt = strangers();
        let secret = if user == "JWT" { &*jwt } else { "right" };
        let mut statuses = Vec::new();
        // Whatever is asked, and whether it is given.
        for name in ["team/web", "team/other", "team/web", "team/more"] {
            let query = format!("service={SERVICE}&scope=repository:{name}:pull,push");
            statuses.push(app.get(&query, Some((user, secret))).await.status);
        }
        assert_eq!(statuses[2..], [429, 429], "{keys}");
        let reasons = app.events().await.into_iter().map(|event| event.reason);
        let limited = Some("too_many_unproven".to_owned());
        assert_eq!(reasons.filter(|reason| *reason == limited).count(), 2);
    }
}

#[tokio::test]
async fn junk_jwts_reach_a_trusted_provider_no_more_often_than_wrong_passwords() {
    let provider = granting().await;
    let parts = Parts {
        rates: Rates {
            identity_per_minute: 100,
            unproven_per_minute: 2,
        },
        ..Parts::default()
    };
    let app = relay_with(&provider.url, TRUST, parts).await;
    // What the provider takes is never too much.
    for _ in 0..4 {
        let answer = app.get(&query(), Some(("JWT", &strangers()))).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    provider.answers(Reply::json(401, &json!({ "error": "invalid_client" })));
    let before = provider.forms().len();
    let mut statuses = Vec::new();
    for run in ["1", "2", "3", "4"] {
        let junk = jwt(Kind::GithubActions, "push-main", &[("run_id", run)]);
        statuses.push(app.get(&query(), Some(("JWT", &junk))).await.status);
    }
    assert_eq!(statuses, [401, 401, 429, 429]);
    assert_eq!(provider.forms().len() - before, 2);
}

#[tokio::test]
async fn nobody_asks_the_provider_no_more_often_than_an_identity() {
    let provider = granting().await;
    let parts = Parts {
        rates: Rates {
            identity_per_minute: 2,
            unproven_per_minute: 100,
        },
        ..Parts::default()
    };
    let keys = "anonymous_username = \"a\"\nanonymous_password = \"b\"";
    let app = relay_with(&provider.url, keys, parts).await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(app.get(&query(), None).await.status);
    }
    assert_eq!(statuses, [200, 200, 429, 429]);
    assert_eq!(provider.forms().len(), 2);
}

#[tokio::test]
async fn a_provider_that_is_silent_is_asked_about_few_strangers_at_once() {
    let provider = Provider::start().await;
    provider.answers(Reply::Silence);
    let keys = "anonymous_username = \"a\"\nanonymous_password = \"b\"";
    let app = relay(&provider, keys).await;
    let query = query();
    let mut waiting: futures_util::stream::FuturesUnordered<_> =
        (0..17).map(|_| app.get(&query, None)).collect();
    // Sixteen wait for the provider, and the seventeenth for nobody.
    let answer = waiting.next().await.unwrap();
    assert_eq!(answer.status, 429, "{}", answer.body);
    assert_eq!(answer.headers["retry-after"], "1");
}

#[tokio::test]
async fn a_job_that_asks_too_often_does_not_reach_the_provider() {
    let provider = granting().await;
    let parts = Parts {
        rates: Rates {
            identity_per_minute: 1,
            unproven_per_minute: 100,
        },
        ..Parts::default()
    };
    let app = relay_with(&provider.url, "", parts).await;
    let jwt = push_main();
    assert_eq!(app.get(&query(), Some(("JWT", &jwt))).await.status, 200);
    assert_eq!(app.get(&query(), Some(("JWT", &jwt))).await.status, 429);
    assert_eq!(provider.forms().len(), 1);
}

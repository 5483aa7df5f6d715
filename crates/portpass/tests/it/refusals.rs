//! What a refusal looks like, and what of it is recorded.

use axum::{body::Body, http::Request};
use fixtures::Kind;
use insta::assert_json_snapshot;
use jiff::SignedDuration;

use crate::app::{Answer, SERVICE, TestApp, basic, jwt, push_main};

const PUSH: &str = "service=registry.example.com&scope=repository:apps/github/acme/web:pull,push";

#[tokio::test]
async fn a_refused_push_says_which_fact_was_unmet() {
    let app = TestApp::start().await;
    let answer = app
        .get(
            PUSH,
            Some(("JWT", &jwt(Kind::GithubActions, "branch", &[]))),
        )
        .await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.body["errors"].as_array().unwrap().len(), 1);
    assert_eq!(answer.body["errors"][0]["code"], "DENIED");
    assert_eq!(answer.body["error"], "access_denied");
    assert_eq!(
        answer.body["error_description"],
        answer.body["errors"][0]["message"]
    );
    let message = answer.message();
    assert!(
        message.starts_with("push to apps/github/acme/web refused for acme/web (ref refs/heads/"),
        "{message}"
    );
    assert!(message.contains("ref_protected"), "{message}");
    let decision = message.rsplit("decision ").next().unwrap();
    let event = &app.events().await[0];
    assert_eq!(event.decision.as_deref(), Some(decision));
    assert_eq!(event.kind, "refusal");
    assert_eq!(event.body["unmet"], "ref_protected");
}

#[tokio::test]
async fn a_refusal_names_neither_rules_nor_what_they_want() {
    let app = TestApp::start().await;
    let answer = app
        .get(
            PUSH,
            Some(("JWT", &jwt(Kind::GithubActions, "branch", &[]))),
        )
        .await;
    for secret in ["own-namespace", "release", "everyone", "rule."] {
        assert!(!answer.message().contains(secret), "{}", answer.message());
    }
}

#[tokio::test]
async fn a_stranger_hears_only_the_category() {
    let app = TestApp::start().await;
    let good = push_main();
    let forged = format!("{}.{}", good.rsplit_once('.').unwrap().0, "AAAA");
    let answer = app.get(PUSH, Some(("JWT", &forged))).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.body["errors"][0]["code"], "UNAUTHORIZED");
    assert_eq!(answer.body["error"], "invalid_client");
    assert!(!answer.message().contains("acme"), "{}", answer.message());
    let events = app.events().await;
    assert_eq!(events[0].kind, "stranger");
    assert_eq!(events[0].identity, None);
}

#[tokio::test]
async fn a_jwt_of_another_owner_is_a_stranger() {
    let app = TestApp::start().await;
    let other = jwt(
        Kind::GithubActions,
        "push-main",
        &[("repository_owner_id", "999")],
    );
    let answer = app.get(PUSH, Some(("JWT", &other))).await;
    assert_eq!(answer.body["errors"][0]["code"], "UNAUTHORIZED");
    assert_eq!(app.events().await[0].kind, "stranger");
}

#[tokio::test]
async fn an_expired_jwt_of_somebody_known_is_refused_and_recorded() {
    let app = TestApp::start().await;
    let jwt = push_main();
    app.portpass.clock.advance(SignedDuration::from_mins(6));
    let answer = app.get(PUSH, Some(("JWT", &jwt))).await;
    assert_eq!(answer.status, 401);
    assert!(answer.message().contains("expired"), "{}", answer.message());
    let event = &app.events().await[0];
    assert_eq!(
        (event.kind.as_str(), event.reason.as_deref()),
        ("refusal", Some("expired"))
    );
    assert_eq!(event.identity.as_deref(), Some("74"));
    assert!(
        answer
            .message()
            .ends_with(event.decision.as_deref().unwrap())
    );
}

#[tokio::test]
async fn an_expired_jwt_is_refused_with_the_same_bytes_a_moment_later() {
    let app = TestApp::start().await;
    let jwt = push_main();
    app.portpass.clock.advance(SignedDuration::from_mins(6));
    let first = app.get(PUSH, Some(("JWT", &jwt))).await;
    app.portpass.clock.advance(SignedDuration::from_secs(2));
    assert_eq!(first.bytes, app.get(PUSH, Some(("JWT", &jwt))).await.bytes);
}

#[tokio::test]
async fn a_wrong_audience_of_somebody_known_is_refused_and_recorded() {
    let app = TestApp::start().await;
    let other = jwt(
        Kind::GithubActions,
        "push-main",
        &[("aud", "https://github.com/acme")],
    );
    let answer = app.get(PUSH, Some(("JWT", &other))).await;
    let message = answer.message();
    let start = "push to apps/github/acme/web refused for acme/web (ref refs/heads/main, event push): \
                 the JWT is for https://github.com/acme, and not for this server; decision ";
    assert!(message.starts_with(start), "{message}");
    assert_eq!(answer.body["errors"][0]["code"], "DENIED");
    assert!(
        !answer.message().contains(SERVICE),
        "the wanted value is told: {}",
        answer.message()
    );
    let event = &app.events().await[0];
    assert_eq!(
        (event.kind.as_str(), event.reason.as_deref()),
        ("refusal", Some("audience_wrong"))
    );
}

#[tokio::test]
async fn bad_credentials_never_become_anonymous() {
    let app = TestApp::start().await;
    let query = format!("service={SERVICE}&scope=repository:public/tool:pull");
    assert_eq!(app.get(&query, None).await.status, 200);
    for authorization in [
        basic("me", "password"),
        basic("me", ""),
        basic("", ""),
        basic("", "portpass_rt_0123"),
        "Basic !".to_owned(),
        "Basic".to_owned(),
        "Bearer abc".to_owned(),
        format!("Bearer {}", push_main()),
        basic("JWT", "a.b.c"),
        basic("JWT", "eyJhbGciOiJub25lIn0.e30."),
    ] {
        let request =
            Request::get(format!("/token?{query}")).header("authorization", &authorization);
        let answer = app.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 401, "{authorization}");
        assert_eq!(
            answer.body["errors"][0]["code"], "UNAUTHORIZED",
            "{authorization}"
        );
    }
}

#[tokio::test]
async fn a_credential_in_header_and_form_is_refused() {
    let app = TestApp::start().await;
    let form = format!(
        "grant_type=password&username=JWT&password={}&service={SERVICE}",
        push_main()
    );
    let request = Request::post("/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", basic("JWT", &push_main()))
        .body(Body::from(form))
        .unwrap();
    assert_eq!(app.send(request).await.status, 401);
}

#[tokio::test]
async fn nonsense_is_a_bad_request() {
    let app = TestApp::start().await;
    let jwt = push_main();
    let user = Some(("JWT", jwt.as_str()));
    let many = "scope=repository:a:pull&".repeat(65);
    for query in [
        "service=elsewhere",
        "service=registry.example.com&service=elsewhere",
        "scope=repository",
        "scope=repository:a",
        many.as_str(),
    ] {
        let answer = app.get(query, user).await;
        assert_eq!(answer.status, 400, "{query}");
    }
    assert_json_snapshot!(app.get("service=elsewhere", user).await.body, @r#"
    {
      "errors": [
        {
          "code": "UNSUPPORTED",
          "message": "the service is not one of this server's registries"
        }
      ],
      "error": "invalid_request",
      "error_description": "the service is not one of this server's registries"
    }
    "#);
}

#[tokio::test]
async fn forms_that_cannot_be_read_are_bad_requests() {
    let app = TestApp::start().await;
    let send = async |media: &str, body: String| -> Answer {
        let request = Request::post("/token")
            .header("content-type", media)
            .body(Body::from(body))
            .unwrap();
        app.send(request).await
    };
    let form = "application/x-www-form-urlencoded";
    assert_eq!(send("application/json", "{}".to_owned()).await.status, 400);
    let code = send(form, "grant_type=authorization_code&code=x".to_owned()).await;
    assert_eq!(
        (code.status, &code.body["error"]),
        (400, &"unsupported_grant_type".into())
    );
    assert_eq!(
        send(form, "grant_type=password&username=me".to_owned())
            .await
            .status,
        400
    );
    assert_eq!(
        send(form, "x=".to_owned() + &"y".repeat(200 << 10))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn a_user_name_with_a_colon_is_explained() {
    let app = TestApp::start().await;
    let answer = app.get(PUSH, Some(("system:sa", &push_main()))).await;
    assert_eq!(answer.status, 401);
    assert!(
        answer.message().contains("user name"),
        "{}",
        answer.message()
    );
}

#[tokio::test]
async fn a_refusal_carries_a_basic_challenge_and_no_bearer() {
    let app = TestApp::start().await;
    let answer = app.get(PUSH, None).await;
    assert_eq!(answer.status, 401);
    assert_eq!(
        answer.headers["www-authenticate"],
        "Basic realm=\"portpass\""
    );
    assert_eq!(answer.headers["content-type"], "application/json");
}

#[tokio::test]
async fn no_refusal_is_a_stock_text() {
    let app = TestApp::start().await;
    for answer in [
        app.get(PUSH, None).await,
        app.get("service=registry.example.com", None).await,
    ] {
        let message = answer.message();
        assert!(!message.contains("authentication required"), "{message}");
        assert!(
            !message.contains("requested access to the resource is denied"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn a_credential_in_a_query_is_not_read() {
    let app = TestApp::start().await;
    let query = format!(
        "grant_type=password&username=JWT&password={}&{PUSH}",
        push_main()
    );
    assert_eq!(app.get(&query, None).await.status, 400);
}

#[tokio::test]
async fn the_reason_of_each_refusal_under_one_decision_is_kept() {
    let app = TestApp::start().await;
    let jwt = jwt(Kind::GithubActions, "branch", &[]);
    app.get(PUSH, Some(("JWT", &jwt))).await;
    app.portpass.clock.advance(SignedDuration::from_mins(6));
    app.get(PUSH, Some(("JWT", &jwt))).await;
    let events = app.events().await;
    assert_eq!(events[0].decision, events[1].decision);
    let reasons: Vec<_> = events
        .iter()
        .filter_map(|event| event.reason.as_deref())
        .collect();
    assert_eq!(reasons, ["unmet_fact", "expired"]);
}

#[tokio::test]
async fn a_credential_in_the_wrong_place_is_no_anonymous_caller() {
    let app = TestApp::start().await;
    let scope = ("scope", "repository:public/tool:pull");
    assert_eq!(app.post(&[("service", SERVICE), scope]).await.status, 200);
    for name in [
        "refresh_token",
        "client_secret",
        "client_assertion",
        "assertion",
    ] {
        let answer = app.post(&[("service", SERVICE), (name, "x"), scope]).await;
        assert_eq!(answer.status, 400, "{name}");
        let query = format!("service={SERVICE}&{name}=x&scope=repository:public/tool:pull");
        assert_eq!(app.get(&query, None).await.status, 400, "{name}");
    }
}

#[tokio::test]
async fn a_caller_does_not_choose_how_long_an_event_is() {
    let app = TestApp::start().await;
    let jwt = push_main();
    let long = format!(
        "repository:base/a:pull repository:{}:pull",
        "a".repeat(100_000)
    );
    for password in ["wrong", jwt.as_str()] {
        let form = [
            ("grant_type", "password"),
            ("password", password),
            ("service", SERVICE),
            ("scope", long.as_str()),
        ];
        assert_eq!(app.post(&form).await.status, 400);
    }
    for event in app.events().await {
        assert!(event.body.to_string().len() < 1024, "{}", event.body);
    }
}

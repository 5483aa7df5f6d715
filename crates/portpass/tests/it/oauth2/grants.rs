//! Each grant's success, and what each endpoint says of itself.

use axum::{body::Body, http::Request};
use jiff::SignedDuration;
use serde_json::json;

use super::{
    ACCESS_TOKEN, ASSERTION_TYPE, BEARER, EXCHANGE, JWT, PUSH, SECRET, a_token, by_every_grant,
    introspect, post, revoke, robot, start, token,
};
use crate::app::{SERVICE, TestApp, push_main};

#[tokio::test]
async fn a_platforms_jwt_gets_a_registry_token_by_every_grant() {
    let app = start().await;
    let jwt = push_main();
    for (way, answer) in by_every_grant(&app, &jwt, PUSH).await {
        assert_eq!(answer.granted(), PUSH, "{way}");
        assert_eq!(answer.body["token_type"], "Bearer", "{way}");
        assert_eq!(answer.body["access_token"], answer.body["token"], "{way}");
        assert_eq!(answer.headers["cache-control"], "no-store", "{way}");
        let exchanged = (way == "token exchange").then_some(json!(ACCESS_TOKEN));
        let issued = answer.body.get("issued_token_type").cloned();
        assert_eq!(issued, exchanged, "{way}");
        let claims = answer.claims();
        assert_eq!(claims["aud"], SERVICE, "{way}");
        assert_eq!(claims["access"][0]["name"], "apps/github/acme/web", "{way}");
    }
    assert_eq!(app.events().await.len(), 8);
}

#[tokio::test]
async fn the_providers_own_path_answers_with_and_without_a_slash() {
    let app = start().await;
    let jwt = push_main();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", &jwt),
        ("scope", PUSH),
    ];
    for path in [
        "/oauth2/token",
        "/oauth2/token/",
        "/application/o/token",
        "/application/o/token/",
    ] {
        assert_eq!(
            post(&app, path, &form, None).await.granted(),
            PUSH,
            "{path}"
        );
        let get = Request::get(path).body(Body::empty()).unwrap();
        let answer = app.send(get).await;
        assert_eq!(
            (answer.status, &answer.headers["allow"]),
            (405, &"POST".parse().unwrap())
        );
    }
}

#[tokio::test]
async fn the_old_shim_is_answered_as_its_provider_did() {
    let app = start().await;
    let jwt = push_main();
    let ask = async |scope: &str| {
        let form = [
            ("client_assertion", jwt.as_str()),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_id", "693e4e55"),
            ("grant_type", "client_credentials"),
            ("scope", scope),
        ];
        post(&app, "/application/o/token/", &form, None).await
    };
    assert_eq!(ask(" docker-registry").await.granted(), "");
    assert_eq!(
        ask(&format!("{PUSH} docker-registry")).await.granted(),
        PUSH
    );
    let nobody = [
        ("client_id", "693e4e55"),
        ("grant_type", "client_credentials"),
        ("password", ""),
        ("scope", "repository:public/a:pull docker-registry"),
        ("username", ""),
    ];
    let answer = post(&app, "/application/o/token/", &nobody, None).await;
    assert_eq!(answer.granted(), "repository:public/a:pull");
    assert_eq!(answer.claims()["sub"], "anonymous");
}

#[tokio::test]
async fn a_robot_has_its_api_token_as_password_or_secret() {
    let app = start().await;
    let secret = robot(&app).await;
    for (way, answer) in by_every_grant(&app, &secret, "repository:base/a:pull").await {
        assert_eq!(answer.granted(), "repository:base/a:pull", "{way}");
    }
}

#[tokio::test]
async fn nothing_at_all_is_anonymous() {
    let app = start().await;
    let ask = async |scope: &str| {
        token(
            &app,
            &[("grant_type", "client_credentials"), ("scope", scope)],
        )
        .await
    };
    let answer = ask("repository:public/a:pull").await;
    assert_eq!(answer.granted(), "repository:public/a:pull");
    assert_eq!(answer.claims()["sub"], "anonymous");
    let refused = ask(PUSH).await;
    assert_eq!(
        (refused.status, &refused.body["error"]),
        (401, &json!("invalid_client"))
    );
    assert_eq!(
        ask("docker-registry").await.status,
        401,
        "an anonymous probe"
    );
}

#[tokio::test]
async fn a_refresh_token_is_asked_for_and_used() {
    let app = start().await;
    let jwt = push_main();
    for (name, value) in [
        ("scope", "offline_access openid"),
        ("access_type", "offline"),
    ] {
        let form = [
            ("grant_type", BEARER),
            ("assertion", jwt.as_str()),
            (name, value),
        ];
        let answer = token(&app, &form).await;
        let refresh_token = answer.body["refresh_token"].as_str().unwrap();
        app.portpass.clock.advance(SignedDuration::from_mins(1));
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token),
            ("scope", PUSH),
        ];
        assert_eq!(token(&app, &form).await.granted(), PUSH);
    }
    let plain = token(&app, &[("grant_type", BEARER), ("assertion", &jwt)]).await;
    assert!(plain.body.get("refresh_token").is_none(), "{}", plain.body);
}

#[tokio::test]
async fn an_exchange_says_what_it_was_asked_to_make() {
    let app = start().await;
    let jwt = push_main();
    let form = [
        ("grant_type", EXCHANGE),
        ("subject_token", jwt.as_str()),
        (
            "subject_token_type",
            "urn:ietf:params:oauth:token-type:id_token",
        ),
        ("requested_token_type", JWT),
        ("scope", PUSH),
    ];
    let answer = token(&app, &form).await;
    assert_eq!(answer.granted(), PUSH);
    assert_eq!(answer.body["issued_token_type"], JWT);
}

#[tokio::test]
async fn the_words_beside_dockers_scopes_are_read_again_with_the_file() {
    let app = TestApp::start().await;
    let jwt = push_main();
    let ask = async |scope: &str| {
        let form = [
            ("grant_type", BEARER),
            ("assertion", jwt.as_str()),
            ("scope", scope),
        ];
        token(&app, &form).await.status
    };
    assert_eq!(ask("docker-registry").await, 200);
    assert_eq!(ask("images").await, 400);
    app.reload(|text| text + "[oauth2]\nscopes = [\"images\"]\n")
        .await;
    assert_eq!(ask("docker-registry").await, 400);
    assert_eq!(ask("images").await, 200);
}

#[tokio::test]
async fn the_metadata_name_what_is_there() {
    let document = |app: TestApp| async move {
        let path = "/.well-known/oauth-authorization-server";
        let answer = app
            .send(Request::get(path).body(Body::empty()).unwrap())
            .await;
        assert_eq!(answer.status, 200);
        answer.body
    };
    let plain = document(TestApp::start().await).await;
    assert!(plain.get("introspection_endpoint").is_none(), "{plain}");
    insta::assert_json_snapshot!(document(start().await).await, @r#"
    {
      "issuer": "https://registry.example.com",
      "jwks_uri": "https://registry.example.com/.well-known/jwks.json",
      "token_endpoint": "https://registry.example.com/oauth2/token",
      "token_endpoint_auth_methods_supported": [
        "none",
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt"
      ],
      "token_endpoint_auth_signing_alg_values_supported": [
        "EdDSA",
        "ES256",
        "ES384",
        "PS256",
        "PS384",
        "PS512",
        "RS256",
        "RS384",
        "RS512"
      ],
      "grant_types_supported": [
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "password",
        "refresh_token",
        "urn:ietf:params:oauth:grant-type:token-exchange"
      ],
      "response_types_supported": [],
      "scopes_supported": [
        "docker-registry",
        "offline_access"
      ],
      "revocation_endpoint": "https://registry.example.com/oauth2/revoke",
      "revocation_endpoint_auth_methods_supported": [
        "none"
      ],
      "introspection_endpoint": "https://registry.example.com/oauth2/introspect",
      "introspection_endpoint_auth_methods_supported": [
        "client_secret_basic"
      ]
    }
    "#);
}

#[tokio::test]
async fn what_the_endpoints_answer_is_counted() {
    let app = start().await;
    let secret = robot(&app).await;
    revoke(&app, &secret).await;
    introspect(&app, "x", &format!("prod:{SECRET}")).await;
    introspect(&app, "x", "prod:wrong").await;
    a_token(&app).await;
    let request = Request::get("/metrics").body(Body::empty()).unwrap();
    let response = tower::ServiceExt::oneshot(app.ops.clone(), request)
        .await
        .unwrap();
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20)
        .await
        .unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    for line in [
        r#"portpass_oauth2_requests_total{endpoint="revoke",outcome="api_token"} 1"#,
        r#"portpass_oauth2_requests_total{endpoint="introspect",outcome="inactive"} 1"#,
        r#"portpass_oauth2_requests_total{endpoint="introspect",outcome="refused"} 1"#,
        r#"portpass_token_requests_total{outcome="issued",registry="prod",issuer="github"} 1"#,
        r#"portpass_http_request_duration_seconds_count{route="oauth2"} 3"#,
        r#"portpass_http_request_duration_seconds_count{route="token"} 1"#,
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

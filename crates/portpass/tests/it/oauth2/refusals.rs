//! Each refusal, with its status and its body.

use axum::{body::Body, http::Request};
use fixtures::Kind;

use super::{EXCHANGE, JWT, PUSH, a_token, by_every_grant, post, start, token};
use crate::app::{SERVICE, basic, jwt, push_main};

#[tokio::test]
async fn a_strangers_jwt_gets_nothing_by_any_grant() {
    let app = start().await;
    let of_another = |audience: &str| {
        let set = [("repository_owner_id", "999"), ("aud", audience)];
        jwt(Kind::GithubActions, "push-main", &set)
    };
    let good = push_main();
    let forged = format!("{}.{}", good.rsplit_once('.').unwrap().0, "AAAA");
    for stranger in [
        of_another(SERVICE),
        of_another("https://github.com/other"),
        forged,
    ] {
        for scope in [PUSH, "repository:public/a:pull", "docker-registry"] {
            for (way, answer) in by_every_grant(&app, &stranger, scope).await {
                assert_eq!(answer.status, 401, "{way}");
                assert_eq!(answer.body["error"], "invalid_client", "{way}");
                assert!(answer.body.get("token").is_none(), "{way}");
            }
        }
    }
    assert!(
        app.events()
            .await
            .iter()
            .all(|event| event.kind == "stranger")
    );
}

#[tokio::test]
async fn a_registry_token_is_no_credential() {
    let app = start().await;
    let access_token = a_token(&app).await;
    for (way, answer) in by_every_grant(&app, &access_token, PUSH).await {
        assert_eq!(answer.status, 401, "{way}");
        assert_eq!(answer.body["error"], "invalid_client", "{way}");
    }
}

#[tokio::test]
async fn a_refusal_has_the_bytes_of_the_token_endpoint() {
    let app = start().await;
    let not_protected = jwt(Kind::GithubActions, "branch", &[]);
    let elsewhere = jwt(
        Kind::GithubActions,
        "push-main",
        &[("aud", "https://example.org")],
    );
    let other_owner = jwt(
        Kind::GithubActions,
        "push-main",
        &[("repository_owner_id", "999")],
    );
    let damaged = "portpass_at_damaged".to_owned();
    let password = "hunter2".to_owned();
    for credential in [not_protected, elsewhere, other_owner, damaged, password] {
        let query = format!("service={SERVICE}&scope={PUSH}");
        let expected = app.get(&query, Some(("JWT", &credential))).await;
        assert_eq!(expected.status, 401);
        let scope = format!("{PUSH} docker-registry");
        for (way, answer) in by_every_grant(&app, &credential, &scope).await {
            assert_eq!(answer.status, 401, "{way}");
            assert_eq!(answer.bytes, expected.bytes, "{way}");
            let challenge = answer.headers.get("www-authenticate");
            assert_eq!(challenge, expected.headers.get("www-authenticate"), "{way}");
        }
    }
}

#[tokio::test]
async fn a_header_that_is_no_client_is_refused_as_at_the_token_endpoint() {
    let app = start().await;
    let query = format!("/token?service={SERVICE}&scope={PUSH}");
    for header in ["Bearer abc", "Basic !", "Basic bm9jb2xvbg=="] {
        let get = Request::get(&query).header("authorization", header);
        let expected = app.send(get.body(Body::empty()).unwrap()).await;
        let post = Request::post("/oauth2/token")
            .header("authorization", header)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(format!(
                "grant_type=client_credentials&scope={PUSH}"
            )))
            .unwrap();
        let answer = app.send(post).await;
        assert_eq!(
            (answer.status, answer.bytes),
            (401, expected.bytes),
            "{header}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_understood_is_400_and_named() {
    let app = start().await;
    let exchange = [
        ("grant_type", EXCHANGE),
        ("subject_token", "x"),
        ("subject_token_type", JWT),
    ];
    for (form, error, message) in [
        (vec![], "invalid_request", "the request has no grant_type"),
        (
            vec![("grant_type", "authorization_code")],
            "unsupported_grant_type",
            "grant_type must be client_credentials, password, refresh_token, \
             urn:ietf:params:oauth:grant-type:jwt-bearer or \
             urn:ietf:params:oauth:grant-type:token-exchange",
        ),
        (
            vec![
                ("grant_type", "client_credentials"),
                ("client_assertion_type", "x"),
                ("client_assertion", "y"),
            ],
            "invalid_request",
            "client_assertion_type must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
        (
            vec![
                ("grant_type", "password"),
                ("password", "x"),
                ("password", "x"),
            ],
            "invalid_request",
            "the request gives password twice",
        ),
        (
            vec![
                ("grant_type", "client_credentials"),
                ("client_secret", "x"),
                ("refresh_token", "y"),
            ],
            "invalid_request",
            "the request has more than one credential: client_secret and refresh_token",
        ),
        (
            vec![("grant_type", "client_credentials"), ("scope", "write")],
            "invalid_scope",
            "the scope `write` is unknown here; scopes are written as in repository:web:pull, and \
             [oauth2] names the others",
        ),
        (
            vec![
                ("grant_type", "client_credentials"),
                ("scope", "repository:a"),
            ],
            "invalid_scope",
            "a scope names no action",
        ),
        (
            vec![
                ("grant_type", "client_credentials"),
                ("service", "other.example.com"),
            ],
            "invalid_request",
            "the service is not one of this server's registries",
        ),
        (
            [&exchange[..], &[("audience", "other.example.com")]].concat(),
            "invalid_target",
            "the audience is not the service of one of this server's registries",
        ),
        (
            [
                &exchange[..],
                &[("resource", "https://registry.example.com")],
            ]
            .concat(),
            "invalid_target",
            "resource is not supported; name the registry by its service, as audience or service",
        ),
        (
            [&exchange[..], &[("actor_token", "y")]].concat(),
            "invalid_request",
            "actor_token is not supported",
        ),
    ] {
        let answer = token(&app, &form).await;
        assert_eq!(answer.status, 400, "{form:?}");
        assert_eq!(answer.message(), message, "{form:?}");
        assert_eq!(answer.body["error"], error, "{form:?}");
        assert_eq!(answer.body["error_description"], message, "{form:?}");
        assert_eq!(answer.body["errors"][0]["code"], "UNSUPPORTED", "{form:?}");
    }
}

#[tokio::test]
async fn a_credential_in_a_query_is_refused_and_not_used() {
    let app = start().await;
    for (path, name) in [
        ("/oauth2/token", "client_assertion"),
        ("/oauth2/token", "password"),
        ("/oauth2/revoke", "token"),
        ("/oauth2/introspect", "token"),
    ] {
        let path = format!("{path}?{name}={}", push_main());
        let answer = post(&app, &path, &[("grant_type", "client_credentials")], None).await;
        assert_eq!(answer.status, 400, "{path}");
        let message = format!("{name} does not belong in a query; send it in the form");
        assert_eq!(answer.message(), message);
    }
}

#[tokio::test]
async fn two_headers_are_two_credentials() {
    let app = start().await;
    let request = Request::post("/oauth2/token")
        .header("authorization", basic("a", "b"))
        .header("authorization", basic("JWT", &push_main()))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from("grant_type=client_credentials"))
        .unwrap();
    let answer = app.send(request).await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.message(),
        "the request has more than one Authorization header"
    );
}

#[tokio::test]
async fn a_body_that_is_no_form_is_refused() {
    let app = start().await;
    for path in ["/oauth2/token", "/oauth2/revoke", "/oauth2/introspect"] {
        let request = Request::post(path)
            .header("content-type", "application/json")
            .body(Body::from("{}"))
            .unwrap();
        let answer = app.send(request).await;
        assert_eq!(answer.status, 400, "{path}");
        assert_eq!(
            answer.message(),
            "the body is not application/x-www-form-urlencoded"
        );
    }
}

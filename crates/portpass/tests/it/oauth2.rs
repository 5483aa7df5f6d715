//! Portpass in place of an identity provider: its OAuth 2 endpoints.

use axum::{body::Body, http::Request};
use fixtures::Kind;
use jiff::SignedDuration;
use portpass::{admin::CreateApiToken, limits::Rates};
use serde_json::json;

use crate::app::{Answer, Parts, RULES, SERVICE, TestApp, basic, jwt, push_main};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

const PUSH: &str = "repository:apps/github/acme/web:pull,push";

/// Long enough, and with all that a form has to encode.
const SECRET: &str = "a secret+of%41&prod=0123456789abcdef";

const ROBOTS: &str = r#"
    [group.robots]
    operators = true

    [rule.robots]
    group = "robots"
    pull = ["**"]
"#;

const STAGING: &str = r#"
    [registry.staging]
    service = "staging.example.com"
    kind = "distribution"
"#;

/// Two registries of one host, told apart by a port.
const TWO_PORTS: &str = r#"
    [registry.prod]
    service = "registry.example.com:5000"
    kind = "distribution"
    [registry.staging]
    service = "registry.example.com:5001"
    kind = "distribution"
    [rule.push]
    from = ["github"]
    registries = ["prod"]
    when = { event = "push", ref_protected = true }
    push = ["apps/{issuer}/{repository}"]
"#;

/// A server whose one registry may introspect, with robots.
async fn start() -> TestApp {
    of(
        "",
        Rates {
            identity_per_minute: 10_000,
            unproven_per_minute: 10_000,
        },
    )
    .await
}

async fn of(more: &str, rates: Rates) -> TestApp {
    let with_secret = format!("kind = \"distribution\"\nintrospection_secret = \"{SECRET}\"");
    let rules = RULES.replacen("kind = \"distribution\"", &with_secret, 1) + ROBOTS + more;
    let rules = rules.leak();
    TestApp::of(Parts {
        rules,
        rates,
        ..Parts::default()
    })
    .await
}

async fn two_registries() -> TestApp {
    let rules = RULES
        .replace("pull = [", "registries = [\"prod\", \"staging\"]\npull = [")
        .replace("push = [", "registries = [\"prod\", \"staging\"]\npush = [")
        .replace(
            "delete = [",
            "registries = [\"prod\", \"staging\"]\ndelete = [",
        )
        .replace("catalog = true", "registries = [\"prod\"]\ncatalog = true");
    let rules = (rules + STAGING).leak();
    TestApp::of(Parts {
        rules,
        ..Parts::default()
    })
    .await
}

/// `POST` with a form, and with a Basic header if there is a user.
async fn post(app: &TestApp, path: &str, form: &[(&str, &str)], user: Option<&str>) -> Answer {
    let form = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let mut request =
        Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    if let Some(user) = user {
        let (name, password) = user.split_once(':').unwrap();
        request = request.header("authorization", basic(name, password));
    }
    app.send(request.body(Body::from(form)).unwrap()).await
}

async fn token(app: &TestApp, form: &[(&str, &str)]) -> Answer {
    post(app, "/oauth2/token", form, None).await
}

async fn revoke(app: &TestApp, secret: &str) -> Answer {
    post(app, "/oauth2/revoke", &[("token", secret)], None).await
}

async fn introspect(app: &TestApp, secret: &str, user: &str) -> Answer {
    post(app, "/oauth2/introspect", &[("token", secret)], Some(user)).await
}

/// Every way to present a credential, with its name.
fn each_way(credential: &str) -> Vec<(&'static str, Vec<(&'static str, String)>)> {
    let form = |pairs: &[(&'static str, &str)]| -> Vec<(&'static str, String)> {
        pairs
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect()
    };
    vec![
        (
            "assertion of a client",
            form(&[
                ("grant_type", "client_credentials"),
                ("client_assertion_type", ASSERTION_TYPE),
                ("client_assertion", credential),
            ]),
        ),
        (
            "secret as the assertion",
            form(&[
                ("grant_type", "client_credentials"),
                ("client_assertion_type", ASSERTION_TYPE),
                ("client_secret", credential),
            ]),
        ),
        (
            "secret",
            form(&[
                ("grant_type", "client_credentials"),
                ("client_secret", credential),
            ]),
        ),
        (
            "name and password",
            form(&[
                ("grant_type", "client_credentials"),
                ("username", "JWT"),
                ("password", credential),
            ]),
        ),
        (
            "password grant",
            form(&[
                ("grant_type", "password"),
                ("username", "JWT"),
                ("password", credential),
            ]),
        ),
        (
            "jwt-bearer",
            form(&[("grant_type", BEARER), ("assertion", credential)]),
        ),
        (
            "token exchange",
            form(&[
                ("grant_type", EXCHANGE),
                ("subject_token", credential),
                ("subject_token_type", JWT),
                ("audience", SERVICE),
            ]),
        ),
    ]
}

/// The answers of every grant to one credential, the header's last.
async fn by_every_grant(
    app: &TestApp,
    credential: &str,
    scope: &str,
) -> Vec<(&'static str, Answer)> {
    let mut answers = Vec::new();
    for (way, mut form) in each_way(credential) {
        form.push(("scope", scope.to_owned()));
        let form: Vec<(&str, &str)> = form
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        answers.push((way, token(app, &form).await));
    }
    let form = [("grant_type", "client_credentials"), ("scope", scope)];
    let user = format!("JWT:{credential}");
    answers.push((
        "header",
        post(app, "/oauth2/token", &form, Some(&user)).await,
    ));
    answers
}

/// A robot that may pull anything: its secret.
async fn robot(app: &TestApp) -> String {
    let token = CreateApiToken {
        name: "mirror".to_owned(),
        group: "robots".to_owned(),
        pull: vec!["**".to_owned()],
        ..CreateApiToken::default()
    };
    app.operator().ask(&token).await.unwrap().secret
}

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
async fn the_provider_s_own_path_answers_with_and_without_a_slash() {
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
async fn a_stranger_s_jwt_gets_nothing_by_any_grant() {
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
async fn both_parts_of_a_header_are_form_urlencoded() {
    let rules = TWO_PORTS;
    let app = TestApp::of(Parts {
        rules,
        ..Parts::default()
    })
    .await;
    let user = format!("registry.example.com%3A5000:{}", push_main());
    let form = [("grant_type", "client_credentials"), ("scope", PUSH)];
    let answer = post(&app, "/oauth2/token", &form, Some(&user)).await;
    assert_eq!(answer.claims()["aud"], "registry.example.com:5000");
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

#[tokio::test]
async fn one_of_several_registries_is_named_by_service_audience_or_client_id() {
    let app = two_registries().await;
    let jwt = push_main();
    let ask = async |names: &[(&str, &str)]| {
        let form = [("grant_type", BEARER), ("assertion", jwt.as_str())];
        token(&app, &[&form[..], names].concat()).await
    };
    for name in ["service", "audience", "client_id"] {
        for service in [SERVICE, "staging.example.com"] {
            assert_eq!(
                ask(&[(name, service)]).await.claims()["aud"],
                service,
                "{name}"
            );
        }
    }
    let same = [
        ("client_id", SERVICE),
        ("service", SERVICE),
        ("audience", SERVICE),
    ];
    assert_eq!(ask(&same).await.claims()["aud"], SERVICE);
    let none = "the request names no registry: client_id, service or audience must be a registry's \
                service";
    let several = "the request names more than one service";
    for (names, message) in [
        (&[][..], none),
        (&[("client_id", "693e4e55")], none),
        (
            &[("client_id", SERVICE), ("service", "staging.example.com")],
            several,
        ),
        (
            &[("audience", SERVICE), ("service", "staging.example.com")],
            several,
        ),
        (
            &[("audience", SERVICE), ("audience", "staging.example.com")],
            several,
        ),
    ] {
        let answer = ask(names).await;
        assert_eq!(
            (answer.status, answer.message()),
            (400, message),
            "{names:?}"
        );
    }
    let both = [
        ("grant_type", EXCHANGE),
        ("subject_token", jwt.as_str()),
        ("subject_token_type", JWT),
        ("audience", SERVICE),
        ("audience", "staging.example.com"),
    ];
    assert_eq!(token(&app, &both).await.body["error"], "invalid_target");
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
    insta::assert_json_snapshot!(document(start().await).await, @"");
}

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

/// A token of the one registry.
async fn a_token(app: &TestApp) -> String {
    let jwt = push_main();
    let form = [
        ("grant_type", BEARER),
        ("assertion", jwt.as_str()),
        ("scope", PUSH),
    ];
    token(app, &form).await.body["token"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_registry_is_told_what_its_own_token_is() {
    let app = start().await;
    let access_token = a_token(&app).await;
    let encoded: String = form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
    for user in [
        format!("prod:{SECRET}"),
        format!("prod:{encoded}"),
        format!("{SERVICE}:{encoded}"),
    ] {
        let answer = introspect(&app, &access_token, &user).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.headers["cache-control"], "no-store");
        let mut claims = crate::app::claims_of(&access_token);
        claims["active"] = json!(true);
        claims["scope"] = json!(PUSH);
        claims["token_type"] = json!("Bearer");
        assert_eq!(answer.body, claims);
    }
}

#[tokio::test]
async fn of_anything_else_a_registry_is_told_nothing() {
    let app = start().await;
    let user = format!("prod:{SECRET}");
    let access_token = a_token(&app).await;
    let robot = robot(&app).await;
    let forged = format!("{}.AAAA", access_token.rsplit_once('.').unwrap().0);
    for other in [
        robot.as_str(),
        &forged,
        &push_main(),
        "hunter2",
        "portpass_at_damaged",
    ] {
        let answer = introspect(&app, other, &user).await;
        assert_eq!(
            (answer.status, &answer.body),
            (200, &json!({ "active": false }))
        );
    }
    app.portpass.clock.advance(SignedDuration::from_hours(1));
    let expired = introspect(&app, &access_token, &user).await;
    assert_eq!(expired.body, json!({ "active": false }));
    let nothing = post(&app, "/oauth2/introspect", &[], Some(&user)).await;
    assert_eq!(
        (nothing.status, nothing.message()),
        (400, "the request has no token")
    );
}

#[tokio::test]
async fn another_registry_is_told_nothing() {
    let other = "another secret of 32 bytes or more";
    let rules = RULES
        .replace("pull = [", "registries = [\"prod\"]\npull = [")
        .replace("push = [", "registries = [\"prod\"]\npush = [")
        .replace("delete = [", "registries = [\"prod\"]\ndelete = [")
        .replace("catalog = true", "registries = [\"prod\"]\ncatalog = true");
    let rules = format!("{rules}{STAGING}introspection_secret = \"{other}\"");
    let app = TestApp::of(Parts {
        rules: rules.leak(),
        ..Parts::default()
    })
    .await;
    let jwt = push_main();
    let form = [
        ("grant_type", BEARER),
        ("assertion", jwt.as_str()),
        ("scope", PUSH),
        ("service", SERVICE),
    ];
    let answer = token(&app, &form).await;
    let access_token = answer.body["token"].as_str().unwrap();
    let told = introspect(&app, access_token, &format!("staging:{other}")).await;
    assert_eq!((told.status, told.body), (200, json!({ "active": false })));
    let refused = introspect(&app, access_token, &format!("prod:{other}")).await;
    assert_eq!(refused.status, 401, "prod has no secret");
}

#[tokio::test]
async fn nobody_but_a_registry_may_introspect() {
    let rates = Rates {
        identity_per_minute: 100,
        unproven_per_minute: 4,
    };
    let app = of("", rates).await;
    let access_token = a_token(&app).await;
    let wrong = ["prod:wrong", "staging:wrong", "prod:"].map(Some);
    for user in wrong.into_iter().chain([None]) {
        let form = [("token", access_token.as_str())];
        let answer = post(&app, "/oauth2/introspect", &form, user).await;
        assert_eq!(answer.status, 401, "{user:?}");
        assert_eq!(answer.body["error"], "invalid_client");
        assert_eq!(answer.body["errors"][0]["code"], "UNAUTHORIZED");
        assert!(answer.headers.contains_key("www-authenticate"));
        let message =
            "the credentials are not those of a registry that may ask what its tokens are";
        assert_eq!(answer.message(), message);
    }
    let limited = introspect(&app, &access_token, "prod:wrong").await;
    assert_eq!(limited.status, 429);
    let right = introspect(&app, &access_token, &format!("prod:{SECRET}")).await;
    assert_eq!(right.status, 200, "whoever has the secret goes through");
    let events = app.events().await;
    let refused = events
        .iter()
        .find(|event| event.reason.as_deref() == Some("not_a_registry"))
        .unwrap();
    assert_eq!(refused.kind, "stranger");
    assert!(
        !refused.body.to_string().contains("wrong"),
        "{}",
        refused.body
    );
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

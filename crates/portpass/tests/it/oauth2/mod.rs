//! Portpass in place of an identity provider: its OAuth 2 endpoints.

mod grants;
mod introspection;
mod refusals;
mod registries;
mod revocation;

use axum::{body::Body, http::Request};
use portpass::{admin::CreateApiToken, limits::Rates};

use crate::app::{Answer, Parts, RULES, SERVICE, TestApp, basic, push_main};

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

/// Two registries of one host, told apart by a port; one of them may introspect.
const TWO: &str = r#"
    [registry.prod]
    service = "registry.example.com:5000"
    kind = "distribution"
    [registry.staging]
    service = "registry.example.com:5001"
    kind = "distribution"
    introspection_secret = "another secret of 32 bytes or more"
    [rule.push]
    from = ["github"]
    registries = ["prod"]
    when = { event = "push", ref_protected = true }
    push = ["apps/{issuer}/{repository}"]
"#;

/// The services of these two.
const PROD: &str = "registry.example.com:5000";
const STAGING: &str = "registry.example.com:5001";

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
    let rules = TWO;
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

//! Which of several registries a request is for.

use super::{BEARER, EXCHANGE, JWT, PROD, PUSH, STAGING, post, token, two_registries};
use crate::app::push_main;

#[tokio::test]
async fn both_parts_of_a_header_are_form_urlencoded() {
    let app = two_registries().await;
    let user = format!("registry.example.com%3A5000:{}", push_main());
    let form = [("grant_type", "client_credentials"), ("scope", PUSH)];
    let answer = post(&app, "/oauth2/token", &form, Some(&user)).await;
    assert_eq!(answer.claims()["aud"], "registry.example.com:5000");
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
        for service in [PROD, STAGING] {
            assert_eq!(
                ask(&[(name, service)]).await.claims()["aud"],
                service,
                "{name}"
            );
        }
    }
    let same = [("client_id", PROD), ("service", PROD), ("audience", PROD)];
    assert_eq!(ask(&same).await.claims()["aud"], PROD);
    let none = "the request names no registry: client_id, service or audience must be a registry's \
                service";
    let several = "the request names more than one service";
    for (names, message) in [
        (&[][..], none),
        (&[("client_id", "693e4e55")], none),
        (&[("client_id", PROD), ("service", STAGING)], several),
        (&[("audience", PROD), ("service", STAGING)], several),
        (&[("audience", PROD), ("audience", STAGING)], several),
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
        ("audience", PROD),
        ("audience", STAGING),
    ];
    assert_eq!(token(&app, &both).await.body["error"], "invalid_target");
}

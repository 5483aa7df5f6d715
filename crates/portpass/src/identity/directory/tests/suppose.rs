//! A JWT that is read and not believed.

use super::{
    super::super::{Supposed, WrongStage},
    *,
};

fn suppose(directory: &Directory, token: &str) -> Result<Supposed, Stranger> {
    let presented = Presented {
        password: Some(token),
        ..Presented::default()
    };
    match Credential::from_request(&presented).unwrap() {
        Credential::Jwt(jwt) => directory.suppose(&jwt, now()),
        other => panic!("{other:?}"),
    }
}

/// What is wrong, as stages and codes.
fn wrong(supposed: &Supposed) -> Vec<(WrongStage, &'static str)> {
    let wrong = supposed.wrong().iter();
    wrong.map(|wrong| (wrong.stage, wrong.code)).collect()
}

#[tokio::test]
async fn what_is_supposed_of_a_jwt_is_what_it_would_prove() {
    let key = SigningKey::es256("k");
    let token = key.token(&claims(&json!({})));
    let directory = build(vec![github(&[key])]).unwrap();
    let supposed = suppose(&directory, &token).unwrap();
    let proof = present(&directory, &token).await.unwrap();
    assert_eq!(supposed.identity(), proof.identity());
    assert_eq!(supposed.name(), proof.name());
    assert_eq!(supposed.facts(), proof.facts());
    assert_eq!(supposed.claims(), proof.claims());
    assert_eq!(supposed.login(), proof.login());
    assert!(supposed.wrong().is_empty() && !supposed.is_recorded());
}

#[test]
fn a_signature_is_not_asked_for_and_nobody_is_asked_for_keys() {
    let (ours, theirs) = (SigningKey::es256("k"), SigningKey::es256("other"));
    let token = theirs.token(&claims(&json!({})));
    let directory = build(vec![github(&[ours])]).unwrap();
    let supposed = suppose(&directory, &token).unwrap();
    assert_eq!(supposed.identity().to_string(), "github:74");
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let key = SigningKey::es256("k");
    let token = key.token(&claims(&json!({
        "repository_owner_id": "9", "aud": "sts.amazonaws.com", "iat": NOW - 900, "exp": NOW - 600,
    })));
    let directory = build(vec![github(&[key])]).unwrap();
    let supposed = suppose(&directory, &token).unwrap();
    assert_eq!(
        wrong(&supposed),
        [
            (WrongStage::Pin, "not_pinned"),
            (WrongStage::Jwt, "expired"),
            (WrongStage::Jwt, "audience_wrong"),
        ]
    );
}

#[test]
fn of_several_issuers_it_is_of_the_one_whose_tenant_it_is() {
    let key = SigningKey::es256("k");
    let other = IssuerSettings {
        owner_id: located(&["9"]),
        ..settings(
            "other",
            IssuerKind::GithubActions,
            std::slice::from_ref(&key),
        )
    };
    let of_owner = |id: &str| key.token(&claims(&json!({ "repository_owner_id": id })));
    let tokens = [of_owner("9"), of_owner("65"), of_owner("1")];
    let directory = build(vec![github(std::slice::from_ref(&key)), other]).unwrap();
    let issuers = tokens.map(|token| {
        let supposed = suppose(&directory, &token).unwrap();
        (
            supposed.identity().issuer().to_owned(),
            supposed.wrong().len(),
        )
    });
    let named = |name: &str, wrong| (name.to_owned(), wrong);
    assert_eq!(
        issuers,
        [named("other", 0), named("github", 0), named("github", 1)]
    );
}

#[test]
fn what_is_nobodys_or_not_of_its_platform_is_a_strangers() {
    let key = SigningKey::es256("k");
    let foreign = key.token(&claims(&json!({ "iss": "https://elsewhere.example" })));
    let odd = key.token(&claims(&json!({ "repository_id": 74.5 })));
    let directory = build(vec![github(&[key])]).unwrap();
    let stranger = suppose(&directory, &foreign).unwrap_err();
    assert_eq!(stranger.reason, StrangerReason::UnknownIssuer);
    let stranger = suppose(&directory, &odd).unwrap_err();
    assert_eq!(stranger.reason, StrangerReason::Claims);
    assert_eq!(stranger.issuer.as_deref(), Some("github"));
    assert!(stranger.detail.unwrap().contains("repository_id"));
}

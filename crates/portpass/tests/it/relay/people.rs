//! People with a name and a password at the provider.

use jiff::SignedDuration;
use serde_json::json;

use super::{
    resigned::{configured, resigning, token_of},
    *,
};
use crate::app::claims_of;

const PASSWORD: &str = "correct horse battery staple";

pub(super) const PEOPLE: &str = r#"
    [rule.people]
    from = ["idp"]
    when = { idp_groups = "acl_docker_push" }
    push = ["team/**"]
"#;

/// What a provider answers that lets people come back.
fn with_refresh_token(token: &str, refresh_token: &str) -> Reply {
    Reply::json(
        200,
        &json!({ "access_token": token, "token_type": "Bearer", "refresh_token": refresh_token }),
    )
}

/// A provider that knows jo as a member, and a server before it.
async fn jos() -> (Provider, TestApp) {
    let provider = Provider::start().await;
    let token = token_of("jo", &["acl_docker_push"], 0);
    provider.answers(with_refresh_token(&token, "theirs-1"));
    let keys = "password_grant = \"password\"\nscope = \"offline_access\"";
    let app = resigning(&provider, keys, PEOPLE).await;
    (provider, app)
}

#[tokio::test]
async fn a_person_pushes_by_a_group_of_the_providers() {
    let (provider, app) = jos().await;
    let answer = app.get(&query(), Some(("jo", PASSWORD))).await;
    assert_eq!(answer.granted(), PUSH);
    assert!(
        answer.body.get("refresh_token").is_none(),
        "none was asked for"
    );
    let claims = claims_of(answer.body["token"].as_str().unwrap());
    assert!(
        claims["sub"].as_str().unwrap().starts_with("idp:jo:jo:"),
        "{claims}"
    );
    assert_eq!(provider.last("grant_type").as_deref(), Some("password"));
    assert_eq!(provider.last("password").as_deref(), Some(PASSWORD));
    let events = app.events().await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].body["means"], "password");
    is_recorded_nowhere(&app, &[PASSWORD, "theirs-1"]).await;

    provider.answers(Reply::token(&token_of("sam", &["others"], 0)));
    let answer = app.get(&query(), Some(("sam", PASSWORD))).await;
    assert_eq!(answer.status, 401, "{}", answer.body);
    assert_eq!(answer.body["errors"][0]["code"], "DENIED");
}

#[tokio::test]
async fn a_person_comes_back_by_the_providers_refresh_token() {
    let (provider, app) = jos().await;
    let refresh_token = docker_login(&app, "jo", PASSWORD).await;
    assert_eq!(provider.last("scope").as_deref(), Some("offline_access"));
    app.portpass.clock.advance(SignedDuration::from_mins(20));
    provider.answers(Reply::token(&token_of("jo", &["acl_docker_push"], 20)));
    assert_eq!(refresh(&app, &refresh_token).await.granted(), PUSH);
    assert_eq!(
        provider.last("grant_type").as_deref(),
        Some("refresh_token")
    );
    assert_eq!(provider.last("refresh_token").as_deref(), Some("theirs-1"));

    // Who left the group has left it here.
    provider.answers(Reply::token(&token_of("jo", &[], 20)));
    let answer = refresh(&app, &refresh_token).await;
    assert_eq!(
        (answer.status, &answer.body["errors"][0]["code"]),
        (401, &json!("DENIED"))
    );
    is_recorded_nowhere(&app, &[PASSWORD, "theirs-1", &refresh_token]).await;
}

#[tokio::test]
async fn without_a_refresh_token_of_the_providers_a_person_gets_none() {
    let provider = Provider::start().await;
    provider.answers(Reply::token(&token_of("jo", &["acl_docker_push"], 0)));
    let app = resigning(&provider, "", PEOPLE).await;
    let query = format!("service={SERVICE}&offline_token=true");
    let answer = app.get(&query, Some(("jo", PASSWORD))).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(
        answer.body.get("refresh_token").is_none(),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn a_refresh_token_that_the_provider_exchanges_is_kept_in_its_newest_form() {
    let (provider, app) = jos().await;
    let refresh_token = docker_login(&app, "jo", PASSWORD).await;
    for number in 2..5 {
        let token = token_of("jo", &["acl_docker_push"], 0);
        provider.answers(with_refresh_token(&token, &format!("theirs-{number}")));
        assert_eq!(refresh(&app, &refresh_token).await.granted(), PUSH);
        let shown = format!("theirs-{}", number - 1);
        assert_eq!(provider.last("refresh_token"), Some(shown));
    }
}

#[tokio::test]
async fn what_the_provider_exchanged_for_a_request_that_was_denied_is_kept_with_the_next() {
    let (provider, app) = jos().await;
    let refresh_token = docker_login(&app, "jo", PASSWORD).await;
    provider.answers(with_refresh_token(&token_of("jo", &[], 0), "theirs-2"));
    assert_eq!(refresh(&app, &refresh_token).await.status, 401);
    provider.answers(Reply::token(&token_of("jo", &["acl_docker_push"], 0)));
    assert_eq!(refresh(&app, &refresh_token).await.granted(), PUSH);
    assert_eq!(provider.last("refresh_token").as_deref(), Some("theirs-2"));
    // Another relay than before remembers nothing.
    let keys = "password_grant = \"password\"\nscope = \"profile\"";
    let rules = configured(&provider, keys, PEOPLE);
    app.reload(|text| text.replace(RULES, &rules)).await;
    app.portpass
        .snapshot
        .load()
        .open_session_key(&app.folder.path().join("data"))
        .unwrap();
    assert_eq!(refresh(&app, &refresh_token).await.granted(), PUSH);
    assert_eq!(provider.last("refresh_token").as_deref(), Some("theirs-2"));
}

#[tokio::test]
async fn two_requests_at_once_use_each_refresh_token_of_the_providers_once() {
    let (provider, app) = jos().await;
    let refresh_token = docker_login(&app, "jo", PASSWORD).await;
    let token = token_of("jo", &["acl_docker_push"], 0);
    provider.answers(with_refresh_token(&token, "theirs-2"));
    let before = provider.forms().len();
    let both = tokio::join!(refresh(&app, &refresh_token), refresh(&app, &refresh_token));
    assert_eq!((both.0.granted(), both.1.granted()), (PUSH, PUSH));
    let forms = provider.forms().split_off(before);
    let shown = |form: &String| {
        form.split('&')
            .find(|pair| pair.starts_with("refresh_token="))
            .unwrap()
            .to_owned()
    };
    let shown: Vec<_> = forms.iter().map(shown).collect();
    assert_eq!(shown, ["refresh_token=theirs-1", "refresh_token=theirs-2"]);
}

#[tokio::test]
async fn whom_the_provider_does_not_know_any_more_is_out() {
    let (provider, app) = jos().await;
    let refresh_token = docker_login(&app, "jo", PASSWORD).await;
    provider.answers(Reply::json(400, &json!({ "error": "invalid_grant" })));
    let answer = refresh(&app, &refresh_token).await;
    is_refused(&answer, "does not go on with the login");
    let event = app.events().await.pop().unwrap();
    assert_eq!(event.reason.as_deref(), Some("provider_ended"));
    assert_eq!(event.identity.as_deref(), Some("jo"));
}

#[tokio::test]
async fn a_provider_that_is_away_ends_nobodys_login() {
    let (provider, app) = jos().await;
    let refresh_token = docker_login(&app, "jo", PASSWORD).await;
    provider.answers(Reply::text(500, "text/html", "<html>"));
    assert_eq!(refresh(&app, &refresh_token).await.status, 503);
    provider.answers(Reply::token(&token_of("jo", &["acl_docker_push"], 0)));
    assert_eq!(refresh(&app, &refresh_token).await.granted(), PUSH);
}

#[tokio::test]
async fn a_token_about_somebody_else_is_not_taken() {
    let (provider, app) = jos().await;
    let refresh_token = docker_login(&app, "jo", PASSWORD).await;
    provider.answers(Reply::token(&token_of("sam", &["acl_docker_push"], 0)));
    let answer = refresh(&app, &refresh_token).await;
    assert_eq!(answer.status, 503, "{}", answer.body);
    assert!(
        answer.message().contains("about somebody else"),
        "{}",
        answer.message()
    );
}

#[tokio::test]
async fn a_persons_login_ends_at_its_cap_whatever_the_provider_says() {
    let (provider, app) = jos().await;
    let refresh_token = docker_login(&app, "jo", PASSWORD).await;
    app.portpass.clock.advance(SignedDuration::from_mins(70));
    provider.answers(Reply::token(&token_of("jo", &["acl_docker_push"], 70)));
    let answer = refresh(&app, &refresh_token).await;
    is_refused(&answer, "the login ended");
}

#[tokio::test]
async fn a_persons_login_ends_with_the_relay() {
    let (_provider, app) = jos().await;
    let refresh_token = docker_login(&app, "jo", PASSWORD).await;
    let without = format!(
        "{RULES}{PEOPLE}\n[issuer.idp]\nkind = \"oidc\"\nurl = \"https://id.example.com\"\naudience = [\"{SERVICE}\"]\njwks = '{}'",
        crate::app::jwks()
    );
    app.reload(|text| text.replace(RULES, &without)).await;
    let answer = refresh(&app, &refresh_token).await;
    is_refused(&answer, "does not go on with the login");
}

#[tokio::test]
async fn another_session_key_ends_peoples_logins_in_words() {
    let (provider, app) = jos().await;
    let refresh_token = docker_login(&app, "jo", PASSWORD).await;
    let key =
        "session_key = \"another key of at least thirty-two bytes\"\npassword_grant = \"password\"";
    let rules = configured(&provider, key, PEOPLE);
    app.reload(|text| text.replace(RULES, &rules)).await;
    let data_dir = app.folder.path().join("data");
    app.portpass
        .snapshot
        .load()
        .open_session_key(&data_dir)
        .unwrap();
    let answer = refresh(&app, &refresh_token).await;
    is_refused(&answer, "another session_key");
}

//! The provider's own token, passed on.

use serde_json::json;

use super::*;
use crate::app::push_main;

#[tokio::test]
async fn a_jobs_jwt_becomes_the_providers_token() {
    let provider = granting().await;
    let app = relay(&provider, "scope = \"docker-registry\"").await;
    let jwt = push_main();
    let answer = app.get(&query(), Some(("JWT", &jwt))).await;
    assert_eq!(answer.granted(), PUSH);
    assert_eq!(answer.body["token"], token());
    assert_eq!(answer.body["access_token"], token());
    assert_eq!(answer.body["expires_in"], 600);
    assert_eq!(provider.forms().len(), 1);
    assert_eq!(provider.last("client_assertion"), Some(jwt.clone()));
    assert_eq!(provider.last("client_id").as_deref(), Some("registry"));
    let asked = format!("{PUSH} docker-registry");
    assert_eq!(provider.last("scope"), Some(asked));
    assert_eq!(provider.last("username"), None);

    let events = app.events().await;
    let [event] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(event.kind, "token");
    assert_eq!(event.issuer.as_deref(), Some("github"));
    assert_eq!(event.identity.as_deref(), Some("74"));
    assert_eq!(event.registry.as_deref(), Some("prod"));
    assert_eq!(event.body["relay"], "passthrough");
    assert_eq!(event.body["provider_subject"], "web's user");
    assert_eq!(event.body["asked"], PUSH);
    assert_eq!(event.body["access"], claims()["access"]);
    assert_eq!(event.body["name"], "acme/web");
    assert_eq!(event.body["trust_provider"], json!(null));
    is_recorded_nowhere(&app, &[&jwt, &token()]).await;
}

#[tokio::test]
async fn a_person_goes_to_the_provider_by_name_and_password() {
    let provider = granting().await;
    let app = relay(&provider, "password_grant = \"password\"").await;
    let answer = app.get(&query(), Some(("jo", "pass word&1"))).await;
    assert_eq!(answer.granted(), PUSH);
    assert_eq!(provider.last("grant_type").as_deref(), Some("password"));
    assert_eq!(provider.last("username").as_deref(), Some("jo"));
    assert_eq!(provider.last("password").as_deref(), Some("pass word&1"));
    let events = app.events().await;
    assert_eq!(events[0].body["user"], "jo");
    assert_eq!(events[0].issuer, None);
    is_recorded_nowhere(&app, &["pass word", &token()]).await;
}

#[tokio::test]
async fn a_form_is_answered_as_a_query_is_and_never_with_a_refresh_token() {
    let provider = granting().await;
    let app = relay(&provider, "").await;
    let form = [
        ("grant_type", "password"),
        ("username", "jo"),
        ("password", "secret"),
        ("service", SERVICE),
        ("scope", PUSH),
        ("access_type", "offline"),
    ];
    let answer = app.post(&form).await;
    assert_eq!(answer.granted(), PUSH);
    assert_eq!(answer.body["refresh_token"], json!(null));
    assert_eq!(provider.last("scope").as_deref(), Some(PUSH));
}

#[tokio::test]
async fn every_scope_is_asked_for_in_one_order() {
    let provider = granting().await;
    let app = relay(&provider, "").await;
    let query = format!("service={SERVICE}&scope={PUSH}&scope=repository:base/a:pull");
    assert_eq!(
        app.get(&query, Some(("jo", "secret"))).await.granted(),
        PUSH
    );
    let asked = format!("repository:base/a:pull {PUSH}");
    assert_eq!(provider.last("scope"), Some(asked));
}

#[tokio::test]
async fn a_login_without_scopes_is_answered_with_no_access() {
    let provider = granting().await;
    provider.answers(Reply::token(&token_with("access", json!(null))));
    let app = relay(&provider, "").await;
    let query = format!("service={SERVICE}&offline_token=true");
    let answer = app.get(&query, Some(("jo", "secret"))).await;
    assert_eq!(answer.granted(), "");
    assert_eq!(answer.body["refresh_token"], json!(null));
    assert_eq!(provider.last("scope"), None);
}

#[tokio::test]
async fn what_is_withheld_is_refused_with_a_reason() {
    let provider = granting().await;
    let only_pull = json!([{ "type": "repository", "name": "team/web", "actions": ["pull"] }]);
    provider.answers(Reply::token(&token_with("access", only_pull)));
    let app = relay(&provider, "").await;
    let answer = app.get(&query(), Some(("JWT", &push_main()))).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.body["errors"][0]["code"], "DENIED");
    assert_eq!(answer.body["error"], "access_denied");
    let told = answer.message().to_owned();
    assert!(
        told.starts_with(
            "push to team/web refused for acme/web (ref refs/heads/main, event push): the \
             identity provider gives no such access; decision "
        ),
        "{told}"
    );
    let person = app.get(&query(), Some(("jo", "secret"))).await;
    let told_person = person.message().to_owned();
    assert!(
        told_person.starts_with(
            "push to team/web refused for jo: the identity provider gives no such access; decision "
        ),
        "{told_person}"
    );
    let events = app.events().await;
    assert_eq!(events.len(), 2);
    for (event, told) in events.iter().zip([told, told_person]) {
        assert_eq!(event.kind, "refusal");
        assert_eq!(event.reason.as_deref(), Some("provider_withheld"));
        assert!(told.ends_with(event.decision.as_deref().unwrap()), "{told}");
    }
    assert_eq!(events[1].body["user"], "jo");
}

#[tokio::test]
async fn nobody_is_asked_for_who_presents_nothing() {
    let provider = granting().await;
    let app = relay(&provider, "").await;
    let answer = app.get(&query(), None).await;
    assert_eq!(answer.status, 401);
    assert!(answer.message().starts_with("no credential was presented"));
    let events = app.events().await;
    assert_eq!(events[0].reason.as_deref(), Some("nothing_presented"));
    assert_eq!(provider.forms().len(), 0);
}

#[tokio::test]
async fn who_presents_nothing_can_be_presented_as_somebody() {
    let provider = granting().await;
    let keys = "anonymous_username = \"nobody\"\nanonymous_password = \"hush-hush\"";
    let app = relay(&provider, keys).await;
    for _ in 0..2 {
        assert_eq!(app.get(&query(), None).await.granted(), PUSH);
    }
    assert_eq!(provider.last("username").as_deref(), Some("nobody"));
    let events = app.events().await;
    let [event] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!((event.kind.as_str(), event.count), ("anonymous", 2));
    assert_eq!(event.body["repositories"], json!(["team/web"]));
    assert_eq!(event.body["relay"], "passthrough");
    is_recorded_nowhere(&app, &["hush-hush", &token()]).await;
}

#[tokio::test]
async fn a_pods_jwt_is_read_anew_each_time() {
    let provider = granting().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "one.two.three\n").unwrap();
    let keys = format!("anonymous_jwt_file = '{}'", path.display());
    let app = relay(&provider, &keys).await;
    assert_eq!(app.get(&query(), None).await.granted(), PUSH);
    let assertion = || provider.last("client_assertion");
    assert_eq!(assertion().as_deref(), Some("one.two.three"));
    std::fs::write(&path, "four.five.six\n").unwrap();
    assert_eq!(app.get(&query(), None).await.granted(), PUSH);
    assert_eq!(assertion().as_deref(), Some("four.five.six"));
    std::fs::remove_file(&path).unwrap();
    assert_eq!(app.get(&query(), None).await.status, 503);
    assert_eq!(provider.forms().len(), 2);
}

#[tokio::test]
async fn only_a_server_that_relays_answers_the_shims_probe() {
    let live = || {
        axum::http::Request::get("/live")
            .body(axum::body::Body::empty())
            .unwrap()
    };
    let provider = Provider::start().await;
    assert_eq!(relay(&provider, "").await.send(live()).await.status, 204);
    assert_eq!(TestApp::start().await.send(live()).await.status, 404);
}

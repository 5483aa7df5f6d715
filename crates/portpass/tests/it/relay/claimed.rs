//! A token of ours, with the access that the provider's token claims.

use serde_json::json;

use super::{resigned::resigning, *};
use crate::app::push_main;

#[tokio::test]
async fn the_providers_word_is_cut_to_what_was_asked() {
    let given = json!([
        { "type": "repository", "name": "team/web", "actions": ["pull", "push", "delete"] },
        { "type": "repository", "name": "team/other", "actions": ["pull"] },
    ]);
    let provider = Provider::start().await;
    provider.answers(Reply::token(&token_with("access", given)));
    let app = resigning(&provider, "access = \"claim\"", "").await;
    let offline = format!("{}&offline_token=true", query());
    let answer = app.get(&offline, Some(("JWT", &push_main()))).await;
    assert_eq!(answer.granted(), PUSH);
    assert!(
        answer.body.get("refresh_token").is_none(),
        "nothing outlives the JWT"
    );
    assert_eq!(provider.last("scope").as_deref(), Some(PUSH));
}

#[tokio::test]
async fn what_is_withheld_is_refused_in_words() {
    for access in [
        json!(null),
        json!([{ "type": "repository", "name": "team/web", "actions": ["pull"] }]),
    ] {
        let provider = Provider::start().await;
        provider.answers(Reply::token(&token_with("access", access)));
        let app = resigning(&provider, "access = \"claim\"", "").await;
        let answer = app.get(&query(), Some(("JWT", &push_main()))).await;
        assert_eq!(answer.status, 401, "{}", answer.body);
        assert!(
            answer
                .message()
                .contains("the identity provider gives no such access"),
            "{}",
            answer.message()
        );
        let events = app.events().await;
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].reason.as_deref(), Some("provider_withheld"));
    }
}

#[tokio::test]
async fn a_deny_still_counts() {
    let scope = "repository:apps/github/acme/secret:pull";
    let given =
        json!([{ "type": "repository", "name": "apps/github/acme/secret", "actions": ["pull"] }]);
    let provider = Provider::start().await;
    provider.answers(Reply::token(&token_with("access", given)));
    let app = resigning(&provider, "access = \"claim\"", "").await;
    let query = format!("service={SERVICE}&scope={scope}");
    let answer = app.get(&query, Some(("JWT", &push_main()))).await;
    assert_eq!(answer.status, 401, "{}", answer.body);
}

#[tokio::test]
async fn nobody_is_presented_as_somebody_and_stays_anonymous() {
    let access = json!([{ "type": "repository", "name": "team/web", "actions": ["pull"] }]);
    let provider = Provider::start().await;
    provider.answers(Reply::token(&token_with("access", access)));
    let keys =
        "access = \"claim\"\nanonymous_username = \"puller\"\nanonymous_password = \"open sesame\"";
    let app = resigning(&provider, keys, "").await;
    let query = format!("service={SERVICE}&scope=repository:team/web:pull");
    let answer = app.get(&query, None).await;
    assert_eq!(answer.granted(), "repository:team/web:pull");
    assert_eq!(provider.last("username").as_deref(), Some("puller"));
    let events = app.events().await;
    assert_eq!(events[0].kind, "anonymous");
    is_recorded_nowhere(&app, &["open sesame"]).await;
}

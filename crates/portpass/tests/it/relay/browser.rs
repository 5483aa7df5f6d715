//! A registry's UI in a browser: a short login that holds no password.

use axum::{body::Body, http::Request};
use jiff::SignedDuration;
use serde_json::json;

use super::*;
use crate::app::{Answer, basic, push_main};

const PASSWORD: &str = "a-password-of-jo";

/// A `GET` with these lines in its header.
async fn get(app: &TestApp, lines: &[(&str, &str)]) -> Answer {
    let mut request = Request::get(format!("/token?{}", query()));
    for (name, value) in lines {
        request = request.header(*name, *value);
    }
    app.send(request.body(Body::empty()).unwrap()).await
}

/// What a browser sends back of a `Set-Cookie`.
fn cookie(answer: &Answer) -> Option<String> {
    let line = answer.headers.get("set-cookie")?.to_str().unwrap();
    Some(line.split(';').next().unwrap().to_owned())
}

async fn logged_in() -> (Provider, TestApp, String) {
    let provider = granting().await;
    let app = relay(&provider, "").await;
    let header = basic("jo", PASSWORD);
    let lines = [
        ("authorization", header.as_str()),
        ("sec-fetch-site", "none"),
    ];
    let answer = get(&app, &lines).await;
    assert_eq!(answer.granted(), PUSH);
    let kept = cookie(&answer).unwrap();
    (provider, app, kept)
}

#[tokio::test]
async fn a_browser_keeps_a_number_in_place_of_the_password() {
    let provider = granting().await;
    let app = relay(&provider, "").await;
    let header = basic("jo", PASSWORD);
    let lines = [
        ("authorization", header.as_str()),
        ("sec-fetch-site", "same-origin"),
    ];
    let answer = get(&app, &lines).await;
    let line = answer.headers["set-cookie"].to_str().unwrap();
    let attributes = line.split_once(';').unwrap().1;
    assert_eq!(
        attributes,
        " Secure; HttpOnly; SameSite=Strict; Path=/; Max-Age=600"
    );
    let value = cookie(&answer).unwrap();
    let value = value.strip_prefix("__Host-portpass=").unwrap().to_owned();
    let decoded = base64::prelude::BASE64_URL_SAFE_NO_PAD;
    let decoded = base64::Engine::decode(&decoded, &value).unwrap();
    let decoded = String::from_utf8_lossy(&decoded).into_owned();
    assert!(!decoded.contains(PASSWORD) && !decoded.contains("jo:"));
    // Twice the same login is not twice the same cookie.
    assert_ne!(
        cookie(&get(&app, &lines).await).unwrap(),
        format!("__Host-portpass={value}")
    );
}

#[tokio::test]
async fn the_number_is_as_good_as_the_password_for_ten_minutes() {
    let (provider, app, kept) = logged_in().await;
    let lines = [("cookie", kept.as_str()), ("sec-fetch-site", "same-origin")];
    let answer = get(&app, &lines).await;
    assert_eq!(answer.granted(), PUSH);
    assert_eq!(answer.headers.get("set-cookie"), None);
    assert_eq!(provider.last("username").as_deref(), Some("jo"));
    assert_eq!(provider.last("password").as_deref(), Some(PASSWORD));
    assert_eq!(app.events().await[1].body["user"], "jo");
    is_recorded_nowhere(&app, &[PASSWORD, kept.as_str()]).await;
    app.portpass.clock.advance(SignedDuration::from_mins(10));
    assert_eq!(get(&app, &lines).await.status, 401);
    assert_eq!(provider.forms().len(), 2);
}

#[tokio::test]
async fn other_sites_forms_and_programs_have_no_use_of_it() {
    let (provider, app, kept) = logged_in().await;
    let cookie = ("cookie", kept.as_str());
    assert_eq!(get(&app, &[cookie]).await.status, 401);
    let cross = [cookie, ("sec-fetch-site", "cross-site")];
    assert_eq!(get(&app, &cross).await.status, 401);
    let form = Request::post("/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("cookie", &kept)
        .header("sec-fetch-site", "same-origin");
    let form = form.body(Body::from(query())).unwrap();
    assert_eq!(app.send(form).await.status, 401);
    assert_eq!(provider.forms().len(), 1);
    // A credential of the request's own counts before it.
    let header = basic("sam", "other");
    let both = [
        cookie,
        ("sec-fetch-site", "none"),
        ("authorization", header.as_str()),
    ];
    assert_eq!(get(&app, &both).await.granted(), PUSH);
    assert_eq!(provider.last("username").as_deref(), Some("sam"));
}

#[tokio::test]
async fn another_site_logs_nobody_in() {
    let provider = granting().await;
    let app = relay(&provider, "").await;
    let theirs = basic("mallory", "chosen by another site");
    let lines = [
        ("authorization", theirs.as_str()),
        ("sec-fetch-site", "cross-site"),
    ];
    let answer = get(&app, &lines).await;
    assert_eq!((answer.granted(), cookie(&answer)), (PUSH, None));
}

#[tokio::test]
async fn a_cookie_of_anothers_making_is_none() {
    let (provider, app, kept) = logged_in().await;
    let (_, other, _) = logged_in().await;
    let lines = [("cookie", kept.as_str()), ("sec-fetch-site", "none")];
    assert_eq!(get(&other, &lines).await.status, 401);
    let forged = [
        ("cookie", "__Host-portpass=AAAA"),
        ("sec-fetch-site", "none"),
    ];
    assert_eq!(get(&app, &forged).await.status, 401);
    assert_eq!(provider.forms().len(), 1);
}

#[tokio::test]
async fn a_refusal_by_the_provider_ends_it() {
    let (provider, app, kept) = logged_in().await;
    let lines = [("cookie", kept.as_str()), ("sec-fetch-site", "none")];
    provider.answers(Reply::text(503, "text/plain", ""));
    assert_eq!(get(&app, &lines).await.status, 503);
    provider.answers(Reply::json(401, &json!({ "error": "invalid_grant" })));
    assert_eq!(get(&app, &lines).await.status, 401);
    provider.answers(Reply::token(&token()));
    assert_eq!(get(&app, &lines).await.status, 401);
    assert_eq!(provider.forms().len(), 3);
}

#[tokio::test]
async fn only_a_persons_password_in_a_browser_is_kept() {
    let provider = granting().await;
    let app = relay(&provider, "").await;
    let person = basic("jo", PASSWORD);
    let without = get(&app, &[("authorization", person.as_str())]).await;
    assert_eq!((without.granted(), cookie(&without)), (PUSH, None));
    let job = basic("JWT", &push_main());
    let site = ("sec-fetch-site", "none");
    let of_job = get(&app, &[("authorization", job.as_str()), site]).await;
    assert_eq!((of_job.granted(), cookie(&of_job)), (PUSH, None));
    provider.answers(Reply::json(401, &json!({})));
    let refused = get(&app, &[("authorization", person.as_str()), site]).await;
    assert_eq!((refused.status, cookie(&refused)), (401, None));
}

#[tokio::test]
async fn only_a_changed_relay_ends_logins_at_a_reload() {
    let (provider, app, kept) = logged_in().await;
    let lines = [("cookie", kept.as_str()), ("sec-fetch-site", "none")];
    let text = std::fs::read_to_string(app.folder.path().join("portpass.toml")).unwrap();
    app.reload(|_| text.clone()).await;
    assert_eq!(get(&app, &lines).await.granted(), PUSH);
    app.reload(|_| text.replace(r#"client_id = "registry""#, r#"client_id = "other""#))
        .await;
    assert_eq!(get(&app, &lines).await.status, 401);
    let header = basic("jo", PASSWORD);
    let again = get(&app, &[("authorization", header.as_str())]).await;
    assert_eq!(again.granted(), PUSH);
    assert_eq!(provider.last("client_id").as_deref(), Some("other"));
}

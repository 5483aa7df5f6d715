//! What real clients send once `docker login` has stored a refresh token for
//! them, request by request; by then the JWT has expired.
//!
//! Measured as in `clients.rs`.

use axum::{body::Body, http::Request};
use jiff::SignedDuration;

use crate::app::{Answer, SERVICE, TestApp, basic, push_main};

const WEB: &str = "apps/github/acme/web";
const PUSHED: &str = "repository:apps/github/acme/web:pull,push";

/// A server where docker has logged in, and the refresh token that it stored.
/// The JWT has expired since.
async fn logged_in() -> (TestApp, String) {
    let app = TestApp::start().await;
    let query = format!("account=JWT&client_id=docker&offline_token=true&service={SERVICE}");
    let answer = app.get(&query, Some(("JWT", &push_main()))).await;
    let stored = answer.body["refresh_token"].as_str().unwrap().to_owned();
    app.portpass.clock.advance(SignedDuration::from_mins(20));
    let expired = app.get(&query, Some(("JWT", &push_main()))).await;
    assert_eq!(expired.status, 401, "{}", expired.body);
    (app, stored)
}

/// Posts a refresh token as a client of this id does.
async fn post(client: &str, scope: &str) -> Answer {
    let (app, stored) = logged_in().await;
    app.post(&[
        ("client_id", client),
        ("grant_type", "refresh_token"),
        ("refresh_token", &stored),
        ("scope", scope),
        ("service", SERVICE),
    ])
    .await
}

/// Whoever shows a refresh token keeps it: nobody stores another.
fn pushed(answer: &Answer) {
    assert_eq!(answer.granted(), PUSHED);
    assert_eq!(answer.body["access_token"], answer.body["token"]);
    assert!(
        answer.body.get("refresh_token").is_none(),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn dockerd_2026_08_classic_store_posts_a_refresh_token() {
    pushed(&post("docker", &format!("repository:{WEB}:push,pull")).await);
}

#[tokio::test]
async fn dockerd_2026_08_containerd_store_posts_a_refresh_token_with_a_scope_list() {
    let scope = format!("repository:{WEB}:pull repository:{WEB}:pull,push");
    pushed(&post("containerd-client", &scope).await);
}

#[tokio::test]
async fn containerd_2026_08_repeats_a_refused_refresh_token_with_an_empty_user() {
    let (app, stored) = logged_in().await;
    let scope = "repository:apps/github/somebody/else:pull,push";
    let form = [
        ("client_id", "containerd-client"),
        ("grant_type", "refresh_token"),
        ("refresh_token", stored.as_str()),
        ("scope", scope),
        ("service", SERVICE),
    ];
    let post = app.post(&form).await;
    let query = format!("scope={scope}&service={SERVICE}");
    let get = app.get(&query, Some(("", &stored))).await;
    assert_eq!((post.status, get.status), (401, 401));
    assert_eq!(String::from_utf8(post.bytes), String::from_utf8(get.bytes));
    let events = app.events().await;
    let last = events.last().unwrap();
    assert_eq!((last.kind.as_str(), last.count), ("refusal", 2));
}

#[tokio::test]
async fn containerd_2026_08_gets_with_an_empty_user_and_a_refresh_token() {
    let (app, stored) = logged_in().await;
    let query = format!("scope=repository:{WEB}:pull,push&service={SERVICE}");
    pushed(&app.get(&query, Some(("", &stored))).await);
}

#[tokio::test]
async fn buildctl_2026_08_posts_a_refresh_token_with_its_own_client_id() {
    pushed(&post("buildkit-client", PUSHED).await);
}

#[tokio::test]
async fn skopeo_1_9_3_posts_a_refresh_token_in_chunks_and_repeats_the_scope() {
    let (app, stored) = logged_in().await;
    let chunks = [
        "client_id=containers%2Fimage&grant_type=refresh_token&refresh_token=".to_owned(),
        format!("{stored}&scope=repository%3Abase%2Falpine%3Apull&sco"),
        format!("pe=repository%3Aapps%2Fgithub%2Facme%2Fweb%3Apull%2Cpush&service={SERVICE}"),
    ];
    let stream = futures_util::stream::iter(chunks.map(Ok::<_, std::io::Error>));
    let request = Request::post("/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from_stream(stream))
        .unwrap();
    let answer = app.send(request).await;
    let both = format!("{PUSHED} repository:base/alpine:pull");
    assert_eq!(answer.granted(), both);
}

#[tokio::test]
async fn crane_0_22_posts_a_refresh_token() {
    pushed(
        &post(
            "go-containerregistry",
            &format!("repository:{WEB}:push,pull"),
        )
        .await,
    );
}

#[tokio::test]
async fn oras_2_6_posts_a_refresh_token() {
    pushed(&post("oras-go", PUSHED).await);
}

#[tokio::test]
async fn regctl_725072f_posts_a_refresh_token() {
    pushed(&post("regclient", PUSHED).await);
}

#[tokio::test]
async fn a_refresh_token_may_stand_as_a_password_beside_any_user() {
    let (app, stored) = logged_in().await;
    let query = format!("scope=repository:{WEB}:pull,push&service={SERVICE}");
    for user in ["", "JWT", "<token>"] {
        pushed(&app.get(&query, Some((user, &stored))).await);
    }
    let form = [
        ("grant_type", "password"),
        ("username", "JWT"),
        ("password", stored.as_str()),
        ("scope", PUSHED),
        ("service", SERVICE),
    ];
    pushed(&app.post(&form).await);
}

#[tokio::test]
async fn a_refresh_token_is_given_only_where_asked() {
    let app = TestApp::start().await;
    let jwt = push_main();
    let user = Some(("JWT", jwt.as_str()));
    let plain = app.get(&format!("service={SERVICE}"), user).await;
    assert!(plain.body.get("refresh_token").is_none());
    let form = [
        ("grant_type", "password"),
        ("username", "JWT"),
        ("password", &jwt),
        ("service", SERVICE),
        ("access_type", "offline"),
    ];
    let asked = app.post(&form).await;
    assert!(asked.body["refresh_token"].is_string(), "{}", asked.body);
    // Nobody in particular has no session to go on with.
    let query = format!("scope=repository:public/x:pull&offline_token=true&service={SERVICE}");
    let anonymous = app.get(&query, None).await;
    assert_eq!(anonymous.status, 200);
    assert!(anonymous.body.get("refresh_token").is_none());
}

#[tokio::test]
async fn a_refresh_token_in_the_wrong_place_makes_nobody_anonymous() {
    let (app, stored) = logged_in().await;
    let scope = "repository:public/x:pull";
    let in_query = format!("scope={scope}&service={SERVICE}&refresh_token={stored}");
    assert_eq!(app.get(&in_query, None).await.status, 400);
    for form in [
        vec![("refresh_token", stored.as_str())],
        vec![("grant_type", "refresh_token")],
        vec![
            ("grant_type", "password"),
            ("password", "x"),
            ("refresh_token", &stored),
        ],
    ] {
        let mut all = vec![("scope", scope), ("service", SERVICE)];
        all.extend(&form);
        let answer = app.post(&all).await;
        assert_eq!(answer.status, 400, "{form:?}");
        assert_eq!(answer.body["error"], "invalid_request");
    }
    let unused = basic("JWT", "portpass_rt_mistyped");
    let request = Request::get(format!("/token?scope={scope}&service={SERVICE}"))
        .header("authorization", unused)
        .body(Body::empty())
        .unwrap();
    let answer = app.send(request).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.body["error"], "invalid_client");
    assert_eq!(answer.body["errors"][0]["code"], "UNAUTHORIZED");
}

#[tokio::test]
async fn a_login_counts_its_uses_and_opens_one_session() {
    let (app, stored) = logged_in().await;
    let query = format!("scope=repository:{WEB}:pull,push&service={SERVICE}");
    for _ in 0..2 {
        pushed(&app.get(&query, Some(("", &stored))).await);
    }
    let events = app.events().await;
    let tokens: Vec<_> = events
        .iter()
        .filter(|event| event.kind == "token")
        .collect();
    let said = tokens
        .iter()
        .map(|event| {
            let text = |key: &str| event.body[key].as_str().unwrap_or_default().to_owned();
            format!(
                "{} {} {}",
                text("means"),
                text("session"),
                event.body["uses"]
            )
        })
        .collect::<Vec<_>>();
    assert_eq!(
        said,
        [
            "jwt opened 1",
            "refresh_token used 2",
            "refresh_token used 3"
        ]
    );
    let login = tokens[0].login.as_deref();
    assert!(login.is_some() && tokens.iter().all(|event| event.login.as_deref() == login));
}

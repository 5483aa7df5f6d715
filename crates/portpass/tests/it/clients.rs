//! What real clients send, request by request, named after who sends it.
//!
//! The requests were measured on the wire: docker 28.2.2 (the CLI), dockerd with
//! either image store, buildctl and containerd of 2026-08, skopeo 1.9.3 (1.22
//! does the same), crane 0.22. Those of buildkitd without client tokens, oras
//! 2.6, helm 4 and regctl at 725072f are from their sources; podman and buildah
//! have skopeo's code.

use axum::{body::Body, http::Request};
use fixtures::Kind;
use serde_json::json;

use crate::app::{Answer, SERVICE, TestApp, basic, jwt, push_main};

const WEB: &str = "apps/github/acme/web";

async fn get(query: &str) -> Answer {
    let app = TestApp::start().await;
    app.get(query, Some(("JWT", &push_main()))).await
}

async fn post(form: &[(&str, &str)]) -> Answer {
    let app = TestApp::start().await;
    let jwt = push_main();
    let mut all = vec![
        ("grant_type", "password"),
        ("username", "JWT"),
        ("password", jwt.as_str()),
        ("service", SERVICE),
    ];
    all.extend(form);
    app.post(&all).await
}

#[tokio::test]
async fn docker_28_2_2_login_asks_for_no_scope_and_offline_access() {
    let query = format!("account=JWT&client_id=docker&offline_token=true&service={SERVICE}");
    let answer = get(&query).await;
    assert_eq!(answer.granted(), "");
    assert_eq!(answer.claims()["access"], json!([]));
    // Which docker stores in place of the password.
    let refresh_token = answer.body["refresh_token"].as_str().unwrap();
    assert!(refresh_token.starts_with("portpass_rt_"), "{refresh_token}");
}

#[tokio::test]
async fn dockerd_2026_08_classic_store_pushes_with_get() {
    let answer = get(&format!(
        "account=JWT&scope=repository%3A{WEB}%3Apush%2Cpull&service={SERVICE}"
    ))
    .await;
    assert_eq!(
        answer.granted(),
        "repository:apps/github/acme/web:pull,push"
    );
}

#[tokio::test]
async fn dockerd_2026_08_classic_store_mounts_with_a_second_scope() {
    let scopes = format!("scope=repository:{WEB}:push,pull&scope=repository:base/alpine:pull");
    let answer = get(&format!("account=JWT&{scopes}&service={SERVICE}")).await;
    assert_eq!(
        answer.granted(),
        "repository:apps/github/acme/web:pull,push repository:base/alpine:pull"
    );
}

#[tokio::test]
async fn dockerd_2026_08_containerd_store_posts_a_password_grant() {
    let answer = post(&[
        ("client_id", "containerd-client"),
        (
            "scope",
            "repository:apps/github/acme/web:pull repository:apps/github/acme/web:pull,push",
        ),
    ])
    .await;
    // One repository asked for twice is granted once.
    assert_eq!(
        answer.granted(),
        "repository:apps/github/acme/web:pull,push"
    );
    assert_eq!(answer.claims()["access"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn containerd_2026_08_repeats_a_refused_post_as_get_and_reads_the_same_bytes() {
    let app = TestApp::start().await;
    let jwt = jwt(Kind::GithubActions, "branch", &[]);
    let scope = "repository:apps/github/acme/web:pull,push";
    let form = [
        ("client_id", "containerd-client"),
        ("grant_type", "password"),
        ("username", "JWT"),
        ("password", &jwt),
        ("scope", scope),
        ("service", SERVICE),
    ];
    let post = app.post(&form).await;
    let get = app
        .get(
            &format!("scope={scope}&service={SERVICE}"),
            Some(("JWT", &jwt)),
        )
        .await;
    assert_eq!((post.status, get.status), (401, 401));
    assert_eq!(String::from_utf8(post.bytes), String::from_utf8(get.bytes));
    // Which is one decision, and one event that happened twice.
    let events = app.events().await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].count, 2);
}

#[tokio::test]
async fn buildctl_2026_08_posts_with_its_own_client_id() {
    let answer = post(&[
        ("client_id", "buildkit-client"),
        ("scope", "repository:apps/github/acme/web:pull,push"),
    ])
    .await;
    assert_eq!(answer.body["access_token"], answer.body["token"]);
}

#[tokio::test]
async fn buildkitd_2026_08_without_client_tokens_gets() {
    let answer = get(&format!(
        "scope=repository:{WEB}:pull,push&service={SERVICE}"
    ))
    .await;
    assert_eq!(
        answer.granted(),
        "repository:apps/github/acme/web:pull,push"
    );
}

#[tokio::test]
async fn skopeo_1_9_3_gets_with_repeated_scopes() {
    let scopes = format!("scope=repository:{WEB}:pull,push&scope=repository:base/alpine:pull");
    let answer = get(&format!("account=JWT&{scopes}&service={SERVICE}")).await;
    assert_eq!(
        answer.granted(),
        "repository:apps/github/acme/web:pull,push repository:base/alpine:pull"
    );
}

#[tokio::test]
async fn skopeo_1_9_3_login_asks_for_no_scope() {
    let answer = get(&format!("account=JWT&service={SERVICE}")).await;
    assert_eq!(answer.granted(), "");
}

#[tokio::test]
async fn skopeo_1_9_3_posts_in_chunks_without_length_and_repeats_the_scope() {
    let app = TestApp::start().await;
    let jwt = push_main();
    let chunks = [
        "client_id=containers%2Fimage&grant_type=password&username=JWT&password=".to_owned(),
        format!("{jwt}&scope=repository%3Abase%2Falpine%3Apull&sco"),
        format!("pe=repository%3Aapps%2Fgithub%2Facme%2Fweb%3Apush&service={SERVICE}"),
    ];
    let stream = futures_util::stream::iter(chunks.map(Ok::<_, std::io::Error>));
    let request = Request::post("/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from_stream(stream))
        .unwrap();
    let answer = app.send(request).await;
    assert_eq!(
        answer.granted(),
        "repository:apps/github/acme/web:push repository:base/alpine:pull"
    );
}

#[tokio::test]
async fn crane_0_22_gets_without_account_or_client_id() {
    let answer = get(&format!(
        "scope=repository:{WEB}:push,pull&service={SERVICE}"
    ))
    .await;
    assert_eq!(
        answer.granted(),
        "repository:apps/github/acme/web:pull,push"
    );
}

#[tokio::test]
async fn crane_0_22_delete_asks_for_all_three_and_one_of_them_suffices() {
    let answer = get(&format!(
        "scope=repository:{WEB}:push,pull,delete&service={SERVICE}"
    ))
    .await;
    assert_eq!(
        answer.granted(),
        "repository:apps/github/acme/web:pull,push"
    );
}

#[tokio::test]
async fn crane_0_22_catalog_is_granted_by_a_rule_alone() {
    let query = format!("scope=registry:catalog:*&service={SERVICE}");
    assert_eq!(get(&query).await.status, 401);
    let app = TestApp::start().await;
    let jwt = jwt(
        Kind::GithubActions,
        "environment",
        &[("environment", "inventory")],
    );
    let answer = app.get(&query, Some(("JWT", &jwt))).await;
    assert_eq!(
        answer.claims()["access"],
        json!([{ "type": "registry", "name": "catalog", "actions": ["*"] }])
    );
}

#[tokio::test]
async fn skopeo_1_9_3_delete_asks_for_everything_and_gets_what_there_is() {
    let answer = get(&format!(
        "account=JWT&scope=repository:{WEB}:*&service={SERVICE}"
    ))
    .await;
    assert_eq!(
        answer.granted(),
        "repository:apps/github/acme/web:pull,push"
    );
}

#[tokio::test]
async fn dockerd_2026_08_plugin_install_names_a_class() {
    let answer = get(&format!(
        "account=JWT&scope=repository(plugin):{WEB}:pull&service={SERVICE}"
    ))
    .await;
    assert_eq!(
        answer.claims()["access"],
        json!([{
            "type": "repository", "class": "plugin", "name": "apps/github/acme/web", "actions": ["pull"],
        }])
    );
}

#[tokio::test]
async fn a_name_with_a_port_is_read_whole() {
    let answer = get(&format!(
        "scope=repository:localhost:5000/web:pull&service={SERVICE}"
    ))
    .await;
    assert!(
        answer.message().contains("localhost:5000/web"),
        "{}",
        answer.message()
    );
}

#[tokio::test]
async fn oras_2_6_gets_with_the_service_first() {
    let answer = get(&format!(
        "service={SERVICE}&scope=repository:{WEB}:pull,push"
    ))
    .await;
    assert_eq!(
        answer.granted(),
        "repository:apps/github/acme/web:pull,push"
    );
}

#[tokio::test]
async fn regctl_725072f_gets_with_client_id_and_account() {
    let answer = get(&format!(
        "client_id=regclient&service={SERVICE}&scope=repository:{WEB}:pull,push&account=JWT"
    ))
    .await;
    assert_eq!(
        answer.granted(),
        "repository:apps/github/acme/web:pull,push"
    );
}

#[tokio::test]
async fn helm_4_registry_login_posts_without_a_scope() {
    let answer = post(&[("client_id", "oras-go")]).await;
    assert_eq!(answer.granted(), "");
}

#[tokio::test]
async fn a_charset_may_follow_the_form_type() {
    let app = TestApp::start().await;
    let form = format!(
        "grant_type=password&username=JWT&password={}&service={SERVICE}",
        push_main()
    );
    let request = Request::post("/token")
        .header(
            "content-type",
            "application/x-www-form-urlencoded; charset=utf-8",
        )
        .body(Body::from(form))
        .unwrap();
    assert_eq!(app.send(request).await.status, 200);
}

#[tokio::test]
async fn autoredirect_sends_clients_to_auth_token() {
    let app = TestApp::start().await;
    let request = Request::get(format!(
        "/auth/token?service={SERVICE}&scope=repository:{WEB}:pull"
    ))
    .header("authorization", basic("JWT", &push_main()))
    .body(Body::empty())
    .unwrap();
    assert_eq!(
        app.send(request).await.granted(),
        "repository:apps/github/acme/web:pull"
    );
}

#[tokio::test]
async fn any_user_name_will_do_beside_a_jwt() {
    let app = TestApp::start().await;
    let jwt = push_main();
    for user in ["JWT", "oauth2accesstoken", "", "a b@c/d%e", "ü", "<token>"] {
        let answer = app
            .get(&format!("service={SERVICE}"), Some((user, &jwt)))
            .await;
        assert_eq!(answer.status, 200, "{user:?}");
    }
}

#[tokio::test]
async fn a_missing_service_is_the_only_registry() {
    assert_eq!(
        get(&format!("scope=repository:{WEB}:pull")).await.claims()["aud"],
        SERVICE
    );
}

//! Requests of which only a part is granted.

use fixtures::Kind;

use crate::app::{Answer, SERVICE, TestApp, jwt, push_main};

async fn ask(jwt: &str, scopes: &[&str]) -> Answer {
    let app = TestApp::start().await;
    let scopes: Vec<_> = scopes
        .iter()
        .map(|scope| format!("&scope={scope}"))
        .collect();
    app.get(
        &format!("service={SERVICE}{}", scopes.concat()),
        Some(("JWT", jwt)),
    )
    .await
}

#[tokio::test]
async fn a_mount_whose_source_is_denied_still_pushes() {
    let scopes = [
        "repository:apps/github/acme/web:pull,push",
        "repository:elsewhere/private:pull",
    ];
    let answer = ask(&push_main(), &scopes).await;
    assert_eq!(
        answer.granted(),
        "repository:apps/github/acme/web:pull,push"
    );
}

#[tokio::test]
async fn a_mount_whose_target_is_denied_is_refused_whole() {
    let scopes = [
        "repository:apps/github/acme/other:pull,push",
        "repository:base/alpine:pull",
    ];
    let answer = ask(&push_main(), &scopes).await;
    assert_eq!(answer.status, 401);
    assert!(
        answer
            .message()
            .starts_with("push to apps/github/acme/other refused"),
        "{}",
        answer.message()
    );
}

#[tokio::test]
async fn nothing_granted_of_something_asked_is_a_refusal() {
    assert_eq!(
        ask(&push_main(), &["repository:elsewhere:pull"])
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn a_pull_beside_a_refused_pull_is_granted() {
    let answer = ask(
        &push_main(),
        &["repository:elsewhere:pull", "repository:base/alpine:pull"],
    )
    .await;
    assert_eq!(answer.granted(), "repository:base/alpine:pull");
}

#[tokio::test]
async fn a_push_is_not_answered_with_a_pull() {
    let branch = jwt(Kind::GithubActions, "branch", &[]);
    assert_eq!(
        ask(&branch, &["repository:apps/github/acme/web:pull,push"])
            .await
            .status,
        401
    );
    let pull = ask(&branch, &["repository:apps/github/acme/web:pull"]).await;
    assert_eq!(pull.granted(), "repository:apps/github/acme/web:pull");
}

#[tokio::test]
async fn what_is_asked_alone_is_granted_alone() {
    let answer = ask(&push_main(), &["repository:apps/github/acme/web:push"]).await;
    assert_eq!(answer.granted(), "repository:apps/github/acme/web:push");
}

#[tokio::test]
async fn a_deny_takes_from_what_rules_give() {
    let secret = jwt(
        Kind::GithubActions,
        "push-main",
        &[("repository", "acme/secret")],
    );
    let answer = ask(&secret, &["repository:apps/github/acme/secret:pull,push"]).await;
    // A denied pull takes the push away, too.
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn unknown_kinds_and_actions_are_passed_over() {
    let scopes = [
        "repository:base/alpine:pull,fly",
        "artifact:base/alpine:pull",
    ];
    assert_eq!(
        ask(&push_main(), &scopes).await.granted(),
        "repository:base/alpine:pull"
    );
}

#[tokio::test]
async fn the_same_name_at_two_platforms_is_two_repositories() {
    let github = push_main();
    let gitlab = jwt(Kind::Gitlab, "push-main", &[]);
    let of_github = ["repository:apps/github/acme/web:pull,push"];
    let of_gitlab = ["repository:apps/gitlab/acme/web:pull,push"];
    assert_eq!(ask(&github, &of_github).await.status, 200);
    assert_eq!(ask(&gitlab, &of_gitlab).await.status, 200);
    assert_eq!(ask(&github, &of_gitlab).await.status, 401);
    assert_eq!(ask(&gitlab, &of_github).await.status, 401);
}

#[tokio::test]
async fn hostile_names_get_nothing() {
    for repository in [
        "../base/web",
        "acme//web",
        "acme/web:latest",
        "acme/wéb",
        "acme/we b",
        "acme/..",
        "acme/*",
        "acme/**",
    ] {
        let hostile = jwt(
            Kind::GithubActions,
            "push-main",
            &[("repository", repository)],
        );
        for name in ["base/web", "apps/github/acme/web", "apps/github/acme/x"] {
            let answer = ask(&hostile, &[&format!("repository:{name}:pull,push")]).await;
            assert_eq!(answer.status, 401, "{repository} may push {name}");
        }
    }
}

#[tokio::test]
async fn a_name_in_capitals_is_lowered() {
    let capitals = jwt(
        Kind::GithubActions,
        "push-main",
        &[("repository", "Acme/Web")],
    );
    let answer = ask(&capitals, &["repository:apps/github/acme/web:push"]).await;
    assert_eq!(answer.granted(), "repository:apps/github/acme/web:push");
}

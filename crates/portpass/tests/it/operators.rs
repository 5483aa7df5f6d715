//! What operators settle at run time: groups, approvals, owners of names, API tokens.

use std::{pin::pin, time::Duration};

use fixtures::Kind;
use futures_util::poll;
use jiff::SignedDuration;
use portpass::{
    admin::{
        AddMember, Approve, CreateApiToken, Export, Inbox, Issuers, Rebind, RemoveMember,
        RevokeApiToken, Transfer, Waiting,
    },
    audit::Event,
};
use tokio::time::timeout;

use crate::app::{Answer, Parts, SERVICE, TestApp, jwt, push_main};

/// The story of the push group, as the how-to tells it.
const RULES: &str = r#"
    [registry.prod]
    service = "registry.example.com"
    kind = "distribution"

    [group.acl_docker_push]
    operators = true

    [group.robots]
    operators = true

    [group.loose]
    operators = true

    [match.release]
    event = ["push", "tag"]
    ref_protected = true

    [rule.push-group]
    group = "acl_docker_push"
    when = { match = "release" }
    push = ["team/**"]

    [rule.own-namespace]
    from = ["github", "gitlab"]
    when = { match = "release" }
    push = ["apps/{issuer}/{repository}"]

    [rule.robots]
    group = "robots"
    pull = ["team/**", "base/**"]

    [rule.loose]
    group = "loose"
    any_run = true
    push = ["loose/**"]
"#;

async fn start() -> TestApp {
    TestApp::of(Parts {
        rules: RULES,
        ..Parts::default()
    })
    .await
}

async fn push(app: &TestApp, name: &str, jwt: &str) -> Answer {
    let query = format!("service={SERVICE}&scope=repository:{name}:pull,push");
    app.get(&query, Some(("JWT", jwt))).await
}

async fn add(app: &TestApp, group: &str, id: &str) -> Result<bool, String> {
    let question = AddMember {
        name: group.to_owned(),
        issuer: "github".to_owned(),
        id: id.to_owned(),
    };
    let answer = app.operator().ask(&question).await;
    answer
        .map(|answer| answer.changed)
        .map_err(|error| error.to_string())
}

async fn inbox(app: &TestApp) -> Vec<Waiting> {
    let all = Inbox {
        issuer: None,
        registry: None,
        limit: None,
    };
    app.operator().ask(&all).await.unwrap()
}

fn approve(group: Option<&str>) -> Approve {
    Approve {
        issuer: "github".to_owned(),
        id: "74".to_owned(),
        group: group.map(str::to_owned),
    }
}

fn acts(events: Vec<Event>) -> Vec<Event> {
    let of_operators = events.into_iter().filter(|event| event.kind == "operator");
    of_operators.collect()
}

#[tokio::test]
async fn whoever_was_added_before_the_first_build_pushes_at_once() {
    let app = start().await;
    assert_eq!(add(&app, "acl_docker_push", "74").await, Ok(true));
    assert_eq!(add(&app, "acl_docker_push", "74").await, Ok(false));
    push(&app, "team/web", &push_main()).await.granted();
    let events = acts(app.events().await);
    assert_eq!(events.len(), 1, "what changed nothing is no event");
    assert_eq!(events[0].body["actor"], "uid 0");
    let remove = RemoveMember {
        name: "acl_docker_push".to_owned(),
        issuer: "github".to_owned(),
        id: "74".to_owned(),
    };
    app.operator().ask(&remove).await.unwrap();
    assert_eq!(push(&app, "team/web", &push_main()).await.status, 401);
}

#[tokio::test]
async fn what_was_asked_is_in_force_although_whoever_asked_has_hung_up() {
    let app = start().await;
    add(&app, "acl_docker_push", "74").await.unwrap();
    let token = CreateApiToken {
        name: "mirror".to_owned(),
        group: "robots".to_owned(),
        pull: vec!["**".to_owned()],
        ..CreateApiToken::default()
    };
    let token = app.operator().ask(&token).await.unwrap();
    let query = format!("service={SERVICE}&scope=repository:base/a:pull");
    app.get(&query, Some(("robot", &token.secret)))
        .await
        .granted();

    let (operator, revoke) = (app.operator(), RevokeApiToken { id: token.id });
    {
        let mut asking = pin!(operator.ask(&revoke));
        assert!(poll!(asking.as_mut()).is_pending());
    }
    let ended =
        async { while app.get(&query, Some(("robot", &token.secret))).await.status == 200 {} };
    timeout(Duration::from_secs(10), ended).await.unwrap();
    assert_eq!(acts(app.events().await).len(), 3);
}

#[tokio::test]
async fn whoever_was_refused_waits_and_pushes_once_approved() {
    let app = start().await;
    for _ in 0..3 {
        let refused = push(&app, "team/web", &push_main()).await;
        assert!(
            refused.message().contains("no rule gives this"),
            "{}",
            refused.message()
        );
    }
    let waiting = inbox(&app).await;
    assert_eq!(waiting.len(), 1);
    assert_eq!((waiting[0].id.as_str(), waiting[0].count), ("74", 3));
    assert_eq!(waiting[0].name, "acme/web");
    assert_eq!(waiting[0].asked, "repository:team/web:pull,push");
    assert_eq!(waiting[0].facts["ref"], "refs/heads/main");
    let approved = app.operator().ask(&approve(Some("acl_docker_push"))).await;
    assert!(approved.unwrap().changed);
    assert_eq!(inbox(&app).await, []);
    push(&app, "team/web", &push_main()).await.granted();
}

#[tokio::test]
async fn approval_never_gives_a_push_that_any_run_may_do() {
    let app = start().await;
    push(&app, "team/web", &push_main()).await;
    let refused = app.operator().ask(&approve(Some("loose"))).await;
    let message = refused.unwrap_err().to_string();
    assert!(message.contains("groups add"), "{message}");
    assert_eq!(inbox(&app).await.len(), 1);
    assert_eq!(add(&app, "loose", "74").await, Ok(true));
}

#[tokio::test]
async fn without_a_group_the_least_rule_is_told_and_nothing_changes() {
    let app = start().await;
    push(&app, "team/web", &push_main()).await;
    let approved = app.operator().ask(&approve(None)).await.unwrap();
    let rule = approved.rule.unwrap();
    for pin in ["74", "65", "refs/heads/main", "push", "team/web"] {
        assert!(rule.contains(pin), "{pin} is not in {rule}");
    }
    assert_eq!(push(&app, "team/web", &push_main()).await.status, 401);
    assert_eq!(acts(app.events().await), []);
}

#[tokio::test]
async fn unmet_facts_and_strangers_do_not_fill_the_inbox() {
    let app = start().await;
    add(&app, "acl_docker_push", "74").await.unwrap();
    push(&app, "team/web", &jwt(Kind::GithubActions, "branch", &[])).await;
    let stranger = jwt(
        Kind::GithubActions,
        "push-main",
        &[("repository_owner_id", "999")],
    );
    push(&app, "team/web", &stranger).await;
    push(&app, "team/web", &jwt(Kind::Gitlab, "push-main", &[])).await;
    assert_eq!(inbox(&app).await, [], "gitlab has no tenant pin");
}

#[tokio::test]
async fn nobody_is_put_where_the_file_keeps_the_group_or_under_an_id_that_cannot_be() {
    let app = start().await;
    for (group, id) in [
        ("nobody", "74"),
        ("acl_docker_push", "acme/web"),
        ("acl_docker_push", ""),
    ] {
        assert!(add(&app, group, id).await.is_err(), "{group} {id}");
    }
    assert_eq!(acts(app.events().await), []);
}

#[tokio::test]
async fn the_first_id_to_push_owns_the_name() {
    let app = start().await;
    let name = "apps/github/acme/web";
    push(&app, name, &push_main()).await.granted();
    let event = app.events().await.pop().unwrap();
    assert_eq!(event.body["claimed"], serde_json::json!([name]));
    push(&app, name, &push_main()).await.granted();
    assert!(
        app.events()
            .await
            .pop()
            .unwrap()
            .body
            .get("claimed")
            .is_none()
    );

    let reborn = jwt(Kind::GithubActions, "push-main", &[("repository_id", "75")]);
    let refused = push(&app, name, &reborn).await;
    assert_eq!(refused.status, 401);
    assert!(
        refused
            .message()
            .contains("belongs to another repository_id"),
        "{}",
        refused.message()
    );
    assert_eq!(
        app.events().await.pop().unwrap().reason.as_deref(),
        Some("owned")
    );
    let transfer = Transfer {
        registry: None,
        namespace: name.to_owned(),
        issuer: "github".to_owned(),
        id: "75".to_owned(),
    };
    app.operator().ask(&transfer).await.unwrap();
    push(&app, name, &reborn).await.granted();
    assert_eq!(push(&app, name, &push_main()).await.status, 401);
}

#[tokio::test]
async fn of_two_who_come_at_once_one_owns_the_name() {
    let app = start().await;
    let name = "apps/github/acme/web";
    let reborn = jwt(Kind::GithubActions, "push-main", &[("repository_id", "75")]);
    let first = push_main();
    let answers = futures_util::future::join_all((0..20).map(|turn| {
        let jwt = if turn % 2 == 0 { &first } else { &reborn };
        push(&app, name, jwt)
    }))
    .await;
    let granted: Vec<_> = answers.iter().map(|answer| answer.status == 200).collect();
    let (even, odd): (Vec<_>, Vec<_>) = granted.chunks(2).map(|pair| (pair[0], pair[1])).unzip();
    assert_ne!(even[0], odd[0], "one of them, and not the other");
    assert!(even.iter().all(|is| *is == even[0]) && odd.iter().all(|is| *is == odd[0]));
    let tokens = app
        .events()
        .await
        .into_iter()
        .filter(|event| event.kind == "token");
    assert_eq!(tokens.count(), 10);
}

async fn create(app: &TestApp, pull: &[&str], push: &[&str]) -> Result<(String, String), String> {
    let question = CreateApiToken {
        name: "mirror".to_owned(),
        group: "robots".to_owned(),
        pull: pull.iter().map(|text| (*text).to_owned()).collect(),
        push: push.iter().map(|text| (*text).to_owned()).collect(),
        delete: Vec::new(),
        expires: Some("90d".to_owned()),
    };
    let made = app.operator().ask(&question).await;
    made.map(|made| (made.id, made.secret))
        .map_err(|error| error.to_string())
}

async fn pull(app: &TestApp, name: &str, secret: &str) -> Answer {
    let query = format!("service={SERVICE}&scope=repository:{name}:pull&offline_token=true");
    app.get(&query, Some(("mirror", secret))).await
}

#[tokio::test]
async fn an_api_token_does_what_its_group_gives_and_it_was_made_for() {
    let app = start().await;
    assert!(create(&app, &[], &[]).await.is_err(), "made for nothing");
    let (id, secret) = create(&app, &["team/**"], &["other/**"]).await.unwrap();
    assert!(secret.starts_with("portpass_at_"), "{secret}");
    assert!(
        create(&app, &["team/**"], &[]).await.is_err(),
        "the name is taken"
    );

    let answer = pull(&app, "team/web", &secret).await;
    assert_eq!(answer.granted(), "repository:team/web:pull");
    assert!(answer.body.get("refresh_token").is_none());
    let sub = answer.claims()["sub"].as_str().unwrap().to_owned();
    assert!(sub.starts_with(&format!("token:{id}:mirror:")), "{sub}");
    for (name, why) in [
        ("base/alpine", "made for"),
        ("apps/github/acme/web", "no rule"),
    ] {
        let refused = pull(&app, name, &secret).await;
        assert_eq!(refused.status, 401, "{name}");
        assert!(
            refused.message().contains("decision"),
            "{why}: {}",
            refused.message()
        );
    }
    let pushed = push(&app, "other/web", &secret).await;
    assert_eq!(pushed.status, 401, "its group gives no push");
    assert_eq!(inbox(&app).await, [], "robots do not wait");

    app.operator().ask(&RevokeApiToken { id }).await.unwrap();
    let refused = pull(&app, "team/web", &secret).await;
    assert!(
        refused.message().contains("revoked"),
        "{}",
        refused.message()
    );
    let written = serde_json::to_string(&app.events().await).unwrap();
    assert!(!written.contains("portpass_at_"), "{written}");
}

#[tokio::test]
async fn an_api_token_ends_in_its_time() {
    let app = start().await;
    let (_, secret) = create(&app, &["team/**"], &[]).await.unwrap();
    let (clock, signer) = (&app.portpass.clock, &app.portpass.signer);
    clock.advance(SignedDuration::from_hours(24 * 90 - 1));
    signer.maintain(clock.now()).unwrap();
    pull(&app, "team/web", &secret).await.granted();
    clock.advance(SignedDuration::from_hours(2));
    let refused = pull(&app, "team/web", &secret).await;
    assert!(
        refused.message().contains("expired"),
        "{}",
        refused.message()
    );
}

#[tokio::test]
async fn a_repointed_issuer_has_no_members_and_no_names_until_it_is_rebound() {
    let app = start().await;
    add(&app, "acl_docker_push", "74").await.unwrap();
    push(&app, "apps/github/acme/web", &push_main())
        .await
        .granted();
    // The same keys, from another source.
    let keys = app.folder.path().join("keys.json");
    let repoint = |text: String| {
        let (before, _) = text.split_once("[registry.prod]").unwrap();
        let (before, jwks) = before.split_once("jwks = '").unwrap();
        let (jwks, after) = jwks.split_once('\'').unwrap();
        std::fs::write(&keys, jwks).unwrap();
        format!("{before}jwks_file = '{}'{after}{RULES}", keys.display())
    };
    app.reload(repoint).await;
    for name in ["team/web", "apps/github/acme/web"] {
        let refused = push(&app, name, &push_main()).await;
        assert_eq!(refused.status, 401, "{name}");
        assert_eq!(
            app.events().await.pop().unwrap().reason.as_deref(),
            Some("suspended"),
            "{}",
            refused.message()
        );
    }
    let shown = app.operator().ask(&Issuers { name: None }).await.unwrap();
    let suspended: Vec<_> = shown.iter().map(|shown| shown.suspended).collect();
    assert_eq!(suspended, [true, false]);
    let rebind = Rebind {
        name: "github".to_owned(),
    };
    app.operator().ask(&rebind).await.unwrap();
    push(&app, "team/web", &push_main()).await.granted();
    push(&app, "apps/github/acme/web", &push_main())
        .await
        .granted();
}

#[tokio::test]
async fn an_export_is_rows_of_images_that_load() {
    let app = start().await;
    push(&app, "legacy/web", &push_main()).await;
    let exported = app.operator().ask(&Export { issuer: None }).await.unwrap();
    assert!(
        exported.toml.contains("[images.github]"),
        "{}",
        exported.toml
    );
    assert!(exported.toml.contains("legacy/web"), "{}", exported.toml);
    let rows = exported.toml;
    app.reload(|text| {
        let (before, _) = text.split_once("[registry.prod]").unwrap();
        format!("{before}{RULES}\n{rows}")
    })
    .await;
}

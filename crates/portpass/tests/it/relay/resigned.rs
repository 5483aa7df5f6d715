//! A job's JWT, the provider's word, and a token of ours.

use fixtures::Kind;
use jiff::SignedDuration;
use serde_json::json;

use super::{people::PEOPLE, *};
use crate::app::{claims_of, jwt, jwt_of, push_main};

/// Rules over what a job's platform says and what the provider says.
const BY_GROUP: &str = r#"
    [rule.push-group]
    from = ["github"]
    when = { idp_groups = "acl_docker_push", event = "push", ref = "refs/heads/main" }
    push = ["team/**"]
"#;

/// A server that signs anew what the provider says.
pub(super) async fn resigning(provider: &Provider, keys: &str, rules: &str) -> TestApp {
    resigning_with(provider, keys, rules, Parts::default()).await
}

pub(super) async fn resigning_with(
    provider: &Provider,
    keys: &str,
    rules: &str,
    parts: Parts,
) -> TestApp {
    let rules = configured(provider, keys, rules);
    TestApp::of(Parts {
        rules: Box::leak(rules.into_boxed_str()),
        ..parts
    })
    .await
}

pub(super) fn configured(provider: &Provider, keys: &str, rules: &str) -> String {
    format!(
        r#"
        {RULES}
        {rules}
        [issuer.idp]
        kind = "oidc"
        url = "https://id.example.com"
        audience = ["{SERVICE}"]
        jwks = '{}'
        [relay]
        token_url = "{}"
        allow_private_network = true
        client_id = "registry"
        provider = "idp"
        answer = "resign"
        {keys}
        "#,
        crate::app::jwks(),
        provider.url,
    )
}

/// A token of the provider's for somebody in groups, issued at a time.
pub(super) fn token_of(sub: &str, groups: &[&str], minutes: i64) -> String {
    let now: jiff::Timestamp = START.parse().unwrap();
    let issued = now.as_second() + minutes * 60;
    let mut claims = claims();
    for (name, value) in [
        ("sub", json!(sub)),
        ("groups", json!(groups)),
        ("preferred_username", json!(sub)),
        ("iat", json!(issued)),
        ("exp", json!(issued + 300)),
    ] {
        claims.insert(name.to_owned(), value);
    }
    claims.remove("access");
    sign(&claims)
}

/// A provider to which the job is a member of groups.
async fn vouching(groups: &[&str]) -> Provider {
    let provider = Provider::start().await;
    provider.answers(Reply::token(&token_of("web's user", groups, 0)));
    provider
}

#[tokio::test]
async fn a_job_pushes_by_a_group_of_the_providers_and_stays_who_it_is() {
    let provider = vouching(&["acl_docker_push"]).await;
    let app = resigning(&provider, "", BY_GROUP).await;
    let jwt = push_main();
    let answer = app.get(&query(), Some(("JWT", &jwt))).await;
    assert_eq!(answer.granted(), PUSH);
    let claims = claims_of(answer.body["token"].as_str().unwrap());
    assert_eq!(claims["iss"], "https://registry.example.com");
    assert!(
        claims["sub"].as_str().unwrap().starts_with("github:74:"),
        "{claims}"
    );
    assert_eq!(provider.last("client_assertion").as_deref(), Some(&*jwt));
    let events = app.events().await;
    assert_eq!(events.len(), 1);
    assert_eq!(
        events[0].body["facts"]["idp_groups"],
        json!(["acl_docker_push"])
    );
    assert_eq!(events[0].body["facts"]["user"], "web's user");
    assert_eq!(events[0].body["facts"]["repository"], "acme/web");
    is_recorded_nowhere(
        &app,
        &[&jwt, &token_of("web's user", &["acl_docker_push"], 0)],
    )
    .await;
}

#[tokio::test]
async fn neither_the_group_nor_the_ref_alone_is_enough() {
    for (groups, fixture) in [
        (&["others"][..], "push-main"),
        (&["acl_docker_push"][..], "pull-request"),
    ] {
        let provider = vouching(groups).await;
        let app = resigning(&provider, "", BY_GROUP).await;
        let jwt = jwt(Kind::GithubActions, fixture, &[]);
        let answer = app.get(&query(), Some(("JWT", &jwt))).await;
        assert_eq!(answer.status, 401, "{}", answer.body);
        assert_eq!(answer.body["errors"][0]["code"], "DENIED");
        assert_eq!(app.events().await.len(), 1);
    }
}

#[tokio::test]
async fn a_stranger_gets_nothing_and_the_provider_never_sees_the_jwt() {
    let provider = vouching(&["acl_docker_push"]).await;
    let app = resigning(&provider, "", BY_GROUP).await;
    for set in [("repository_owner_id", "999"), ("aud", "another")] {
        let jwt = jwt(Kind::GithubActions, "push-main", &[set]);
        let answer = app.get(&query(), Some(("JWT", &jwt))).await;
        assert_eq!(answer.status, 401, "{}", answer.body);
    }
    assert_eq!(provider.forms(), [""; 0]);
}

#[tokio::test]
async fn whom_only_the_provider_knows_is_its_subject_and_the_login_is_the_jwts() {
    let provider = vouching(&["acl_docker_push"]).await;
    let app = resigning(&provider, "trust_provider = true", PEOPLE).await;
    let jwt = jwt(
        Kind::GithubActions,
        "push-main",
        &[("repository_owner_id", "999")],
    );
    let mut logins = Vec::new();
    for minutes in [0, 1] {
        let token = token_of("web's user", &["acl_docker_push"], minutes);
        provider.answers(Reply::token(&token));
        app.portpass
            .clock
            .advance(SignedDuration::from_mins(minutes));
        let answer = app.get(&query(), Some(("JWT", &jwt))).await;
        assert_eq!(answer.granted(), PUSH);
        let event = app.events().await.pop().unwrap();
        assert_eq!(event.issuer.as_deref(), Some("idp"));
        assert_eq!(event.identity.as_deref(), Some("web's user"));
        assert_eq!(event.body["trust_provider"], true);
        logins.push(event.login.unwrap());
    }
    assert_eq!(logins[0], logins[1], "one JWT, one login");
    // What an operator ends stays ended, whatever new token the provider gives.
    revoke_login(&app, &logins[0]).await;
    let answer = app.get(&query(), Some(("JWT", &jwt))).await;
    is_refused(&answer, "revoked");
}

async fn revoke_login(app: &TestApp, login: &str) {
    let revoke = portpass::admin::RevokeSessions {
        login: Some(login.to_owned()),
        run: None,
        issuer: None,
        id: None,
        all: false,
    };
    app.operator().ask(&revoke).await.unwrap();
}

#[tokio::test]
async fn a_jobs_login_outlives_its_jwt_by_what_the_provider_said_when_it_began() {
    let provider = vouching(&["acl_docker_push"]).await;
    let app = resigning(&provider, "", BY_GROUP).await;
    let refresh_token = docker_login(&app, "JWT", &push_main()).await;
    let asked = provider.forms().len();
    app.portpass.clock.advance(SignedDuration::from_mins(30));
    let answer = refresh(&app, &refresh_token).await;
    assert_eq!(answer.granted(), PUSH);
    assert_eq!(provider.forms().len(), asked, "the provider is not asked");
    app.portpass.clock.advance(SignedDuration::from_mins(40));
    let answer = refresh(&app, &refresh_token).await;
    is_refused(&answer, "the login ended");
}

#[tokio::test]
async fn a_jobs_login_ends_with_the_sooner_of_its_issuers_and_the_providers_sessions() {
    let provider = vouching(&["acl_docker_push"]).await;
    let short = configured(&provider, "", BY_GROUP).replace(
        "url = \"https://id.example.com\"",
        "url = \"https://id.example.com\"\nsession_max = \"10m\"",
    );
    let app = TestApp::of(Parts {
        rules: Box::leak(short.into_boxed_str()),
        ..Parts::default()
    })
    .await;
    let refresh_token = docker_login(&app, "JWT", &push_main()).await;
    app.portpass.clock.advance(SignedDuration::from_mins(9));
    assert_eq!(refresh(&app, &refresh_token).await.granted(), PUSH);
    app.portpass.clock.advance(SignedDuration::from_mins(2));
    let answer = refresh(&app, &refresh_token).await;
    assert!(
        answer.message().contains("the login ended"),
        "{}",
        answer.message()
    );
}

#[tokio::test]
async fn a_provider_that_is_repointed_or_left_out_ends_what_it_vouched_for() {
    for (change, to, words) in [
        (
            "url = \"https://id.example.com\"",
            "url = \"https://new.example.com\"",
            "configured otherwise",
        ),
        (
            "provider = \"idp\"",
            "provider = \"gitlab2\"",
            "does not go on",
        ),
    ] {
        let provider = vouching(&["acl_docker_push"]).await;
        let app = resigning(&provider, "", BY_GROUP).await;
        let refresh_token = docker_login(&app, "JWT", &push_main()).await;
        let other = format!(
            "[issuer.gitlab2]\nkind = \"oidc\"\nurl = \"https://other.example.com\"\naudience = [\"{SERVICE}\"]\njwks = '{}'\n",
            crate::app::jwks()
        );
        let rules = configured(&provider, "", BY_GROUP).replace(change, to);
        app.reload(|text| text.replace(RULES, &format!("{other}{rules}")))
            .await;
        app.portpass
            .snapshot
            .load()
            .open_session_key(&app.folder.path().join("data"))
            .unwrap();
        let answer = refresh(&app, &refresh_token).await;
        assert_eq!(answer.status, 401, "{}", answer.body);
        assert!(answer.message().contains(words), "{}", answer.message());
    }
}

#[tokio::test]
async fn an_expired_jwt_that_is_accepted_again_needs_no_provider() {
    let provider = vouching(&["acl_docker_push"]).await;
    let again = configured(&provider, "", BY_GROUP);
    let app = TestApp::of(Parts {
        rules: Box::leak(again.into_boxed_str()),
        ..Parts::default()
    })
    .await;
    app.reload(|text| {
        let rules = configured(&provider, "", BY_GROUP);
        text.replace(RULES, &rules).replace(
            "owner_id = [\"65\"]",
            "owner_id = [\"65\"]\naccept_jwt_again = true",
        )
    })
    .await;
    let jwt = push_main();
    assert_eq!(app.get(&query(), Some(("JWT", &jwt))).await.granted(), PUSH);
    provider.answers(Reply::Silence);
    app.portpass.clock.advance(SignedDuration::from_mins(30));
    assert_eq!(app.get(&query(), Some(("JWT", &jwt))).await.granted(), PUSH);
}

#[tokio::test]
async fn with_access_by_claim_an_expired_jwt_is_not_given_by_our_rules() {
    let provider = Provider::start().await;
    provider.answers(Reply::token(&token()));
    // What the rules give and the provider does not, to a job that is accepted again.
    let rules = r#"
        [rule.more]
        from = ["github"]
        when = { match = "release" }
        push = ["team/**"]
    "#;
    let app = resigning(&provider, "access = \"claim\"", rules).await;
    let rules = configured(&provider, "access = \"claim\"", rules);
    app.reload(|text| {
        text.replace(RULES, &rules).replace(
            "owner_id = [\"65\"]",
            "owner_id = [\"65\"]\naccept_jwt_again = true",
        )
    })
    .await;
    let jwt = push_main();
    assert_eq!(app.get(&query(), Some(("JWT", &jwt))).await.granted(), PUSH);
    app.portpass.clock.advance(SignedDuration::from_mins(30));
    for scope in [
        "repository:team/web:pull,push",
        "repository:team/other:push",
    ] {
        let query = format!("service={SERVICE}&scope={scope}&offline_token=true");
        let answer = app.get(&query, Some(("JWT", &jwt))).await;
        assert_eq!(answer.status, 401, "{}", answer.body);
        let event = app.events().await.pop().unwrap();
        assert_eq!(event.reason.as_deref(), Some("provider_ended"));
    }
}

#[tokio::test]
async fn jobs_and_the_provider_need_not_meet() {
    let provider = Provider::start().await;
    provider.answers(Reply::Silence);
    let rules = r#"
        [rule.team]
        from = ["github"]
        when = { match = "release" }
        push = ["team/**"]
    "#;
    let app = resigning(&provider, "jwt_grant = \"none\"", rules).await;
    let answer = app.get(&query(), Some(("JWT", &push_main()))).await;
    assert_eq!(answer.granted(), PUSH);
    assert_eq!(provider.forms(), [""; 0]);
}

#[tokio::test]
async fn an_api_token_never_reaches_the_provider() {
    let provider = vouching(&["acl_docker_push"]).await;
    let app = resigning(&provider, "", BY_GROUP).await;
    let answer = app.get(&query(), Some(("jo", "portpass_at_aaaa"))).await;
    assert_eq!(answer.status, 401, "{}", answer.body);
    assert_eq!(provider.forms(), [""; 0]);
}

#[tokio::test]
async fn a_token_of_the_providers_own_is_a_credential_by_itself() {
    let provider = Provider::start().await;
    provider.answers(Reply::Silence);
    let app = resigning(&provider, "", PEOPLE).await;
    let token = token_of("jo", &["acl_docker_push"], 0);
    let answer = app.get(&query(), Some(("jo", &token))).await;
    assert_eq!(answer.granted(), PUSH);
    assert_eq!(provider.forms(), [""; 0]);
}

#[tokio::test]
async fn a_jwt_of_later_does_not_lend_its_groups_to_another_job() {
    // Each job's proof is its own: what the provider says of one is not kept for the next.
    let provider = vouching(&["acl_docker_push"]).await;
    let app = resigning(&provider, "", BY_GROUP).await;
    assert_eq!(
        app.get(&query(), Some(("JWT", &push_main())))
            .await
            .granted(),
        PUSH
    );
    provider.answers(Reply::token(&token_of("other's user", &[], 0)));
    let later = START.parse::<jiff::Timestamp>().unwrap() + SignedDuration::from_secs(1);
    let other = jwt_of(
        Kind::GithubActions,
        "push-main",
        &[("repository_id", "75")],
        later,
    );
    app.portpass.clock.advance(SignedDuration::from_secs(1));
    let answer = app.get(&query(), Some(("JWT", &other))).await;
    assert_eq!(answer.status, 401, "{}", answer.body);
}

#[tokio::test]
async fn a_token_of_the_providers_own_goes_on_within_its_session() {
    let provider = Provider::start().await;
    provider.answers(Reply::Silence);
    let app = resigning(&provider, "", PEOPLE).await;
    app.reload(|text| {
        let again = "url = \"https://id.example.com\"\naccept_jwt_again = true";
        text.replace(RULES, &configured(&provider, "", PEOPLE))
            .replace("url = \"https://id.example.com\"", again)
    })
    .await;
    let token = token_of("jo", &["acl_docker_push"], 0);
    for _ in 0..2 {
        let answer = app.get(&query(), Some(("jo", &token))).await;
        assert_eq!(answer.granted(), PUSH);
        app.portpass.clock.advance(SignedDuration::from_mins(20));
    }
    assert_eq!(provider.forms(), [""; 0]);
}

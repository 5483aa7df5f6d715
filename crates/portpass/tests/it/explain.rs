//! What operators are told of a JWT or a past decision, and callers are not.

use fixtures::Kind;
use jiff::{SignedDuration, Timestamp};
use portpass::{
    admin::{AddMember, Basis, Explain, Story},
    config,
    decision::{Mode, Stage, Verdict},
    snapshot::Snapshot,
};

use crate::app::{Parts, RULES, SERVICE, START, TestApp, configuration, jwt, jwt_of, push_main};

const WEB: &str = "repository:apps/github/acme/web:pull,push";

/// A question about a JWT.
fn of_jwt(jwt: &str, scope: &str) -> Explain {
    Explain {
        jwt: Some(jwt.to_owned()),
        scopes: vec![scope.to_owned()],
        ..Explain::default()
    }
}

fn of_decision(id: &str) -> Explain {
    Explain {
        decision: Some(id.to_owned()),
        ..Explain::default()
    }
}

async fn ask(app: &TestApp, question: &Explain) -> Result<Story, String> {
    let answer = app.operator().ask(question).await;
    answer.map_err(|error| error.to_string())
}

/// The id at the end of a message.
fn decision(message: &str) -> String {
    message.rsplit(' ').next().unwrap().to_owned()
}

fn branch() -> String {
    jwt(Kind::GithubActions, "branch", &[])
}

async fn push(app: &TestApp, jwt: &str) -> crate::app::Answer {
    let query = format!("service={SERVICE}&scope={WEB}");
    app.get(&query, Some(("JWT", jwt))).await
}

/// The codes of what came before the rules.
fn objections(story: &Story) -> Vec<&str> {
    let objections = story.objections.iter();
    objections
        .map(|objection| objection.code.as_str())
        .collect()
}

#[tokio::test]
async fn a_jwt_is_explained_with_the_words_that_the_caller_would_read() {
    let app = TestApp::start().await;
    let story = ask(&app, &of_jwt(&branch(), WEB)).await.unwrap();
    assert_eq!(
        (story.basis, story.name.as_str()),
        (Basis::Presented, "acme/web")
    );
    assert!(story.objections.is_empty() && story.unknown.is_empty());
    let told = push(&app, &branch()).await;
    assert_eq!(story.explanation.message.as_deref(), Some(told.message()));
    let rule = story.explanation.rules.iter();
    let mut rule = rule.filter(|rule| &*rule.rule == "rule.own-namespace");
    let unmet = rule.next().unwrap().unmet.clone().unwrap();
    assert!(!told.message().contains(&unmet.wants), "{unmet:?}");
    let granted = ask(&app, &of_jwt(&push_main(), WEB)).await.unwrap();
    let told = push(&app, &push_main()).await;
    match granted.explanation.verdict {
        Verdict::Granted(access) => assert_eq!(access[0].actions.join(","), "pull,push"),
        other => panic!("{other:?}"),
    }
    assert_eq!(told.granted(), WEB);
}

#[tokio::test]
async fn explaining_gives_nothing_begins_no_login_and_leaves_one_event() {
    let app = TestApp::start().await;
    let jwt = push_main();
    let story = ask(&app, &of_jwt(&jwt, WEB)).await.unwrap();
    let text = serde_json::to_string(&story).unwrap();
    assert!(!text.contains("eyJ"), "no token: {text}");
    let events = app.events().await;
    assert_eq!(events.len(), 1);
    let event = &events[0];
    assert_eq!(
        (event.kind.as_str(), &event.body["action"]),
        ("operator", &"explain".into())
    );
    assert_eq!(event.identity.as_deref(), Some("74"));
    assert!(!event.body.to_string().contains(&jwt));
    // The first use opens the session.
    push(&app, &jwt).await.granted();
    let session = app.events().await.pop().unwrap();
    assert_eq!(session.body["session"], "opened");
    assert!(!format!("{:?}", of_jwt(&jwt, WEB)).contains(&jwt));
}

#[tokio::test]
async fn what_is_wrong_with_a_jwt_is_said_and_the_rules_are_explained_all_the_same() {
    let app = TestApp::start().await;
    let start: Timestamp = START.parse().unwrap();
    let old = start - SignedDuration::from_hours(2);
    let old = jwt_of(Kind::GithubActions, "push-main", &[], old);
    let story = ask(&app, &of_jwt(&old, WEB)).await.unwrap();
    assert_eq!(objections(&story), ["expired"]);
    assert!(matches!(story.explanation.verdict, Verdict::Granted(_)));
    let squatter = [("owner_id", "999")];
    let squatter = jwt(Kind::GithubActions, "push-main", &squatter);
    let story = ask(&app, &of_jwt(&squatter, WEB)).await.unwrap();
    assert_eq!(objections(&story), ["not_pinned"]);
    assert_eq!(story.objections[0].stage, "pin");
    let good = push_main();
    let (rest, _) = good.rsplit_once('.').unwrap();
    let (_, other) = branch()
        .rsplit_once('.')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let story = ask(&app, &of_jwt(&format!("{rest}.{other}"), WEB))
        .await
        .unwrap();
    assert_eq!(objections(&story), ["bad_signature"]);
}

#[tokio::test]
async fn what_is_no_jwt_of_ours_is_refused_in_words() {
    let app = TestApp::start().await;
    let none = ask(&app, &of_jwt("hunter2", WEB)).await.unwrap_err();
    assert_eq!(none, "this is no JWT: it has not three parts, or no header");
    let none = ask(&app, &Explain::default()).await.unwrap_err();
    assert!(none.contains("one of both"), "{none}");
    let none = ask(&app, &of_decision("aaaaaaaaaaaaaaaa"))
        .await
        .unwrap_err();
    assert!(none.contains("no event of a decision"), "{none}");
    let elsewhere = Explain {
        registry: Some("prd".to_owned()),
        ..of_jwt(&push_main(), WEB)
    };
    let none = ask(&app, &elsewhere).await.unwrap_err();
    assert_eq!(none, "there is no registry `prd`; did you mean `prod`?");
    assert!(app.events().await.is_empty());
}

#[tokio::test]
async fn a_past_decision_is_explained_from_what_its_event_says() {
    let app = TestApp::start().await;
    let told = push(&app, &branch()).await;
    let id = decision(told.message());
    let story = ask(&app, &of_decision(&id)).await.unwrap();
    assert_eq!(story.basis, Basis::Recorded);
    let record = story.record.unwrap();
    assert_eq!(record.message.as_deref(), Some(told.message()));
    assert_eq!(record.policy, Some(story.explanation.policy.to_string()));
    assert_eq!(story.explanation.message.as_deref(), Some(told.message()));
    assert!(story.unknown.is_empty(), "{:?}", story.unknown);
    assert_eq!(story.asked, WEB);
}

#[tokio::test]
async fn a_decision_by_other_rules_says_so_and_what_it_cannot_tell() {
    let app = TestApp::start().await;
    let told = push(&app, &branch()).await;
    let id = decision(told.message());
    app.reload(|text| {
        text + "[rule.tier]\nfrom = [\"github\"]\nany_run = true\ncel = 'claims.runner_environment == \"x\"'\npush = [\"apps/**\"]\n"
    })
    .await;
    let story = ask(&app, &of_decision(&id)).await.unwrap();
    let untold = Verdict::Untold(vec!["claims.runner_environment".to_owned()]);
    assert_eq!(story.explanation.verdict, untold);
    assert_eq!(story.explanation.message, None);
    assert_eq!(story.record.unwrap().reason.as_deref(), Some("unmet_fact"));
    let unknown = story.unknown.join("\n");
    assert!(unknown.contains("rules of then"), "{unknown}");
    assert!(unknown.contains("claims.runner_environment"), "{unknown}");
}

#[tokio::test]
async fn an_event_from_before_the_rules_were_asked_keeps_no_claims() {
    let app = TestApp::start().await;
    app.reload(|text| {
        text + "[rule.tier]\nfrom = [\"github\"]\nany_run = true\ncel = 'claims.runner_environment == \"x\"'\npush = [\"apps/**\"]\n"
    })
    .await;
    let start: Timestamp = START.parse().unwrap();
    let old = start - SignedDuration::from_hours(2);
    let old = jwt_of(Kind::GithubActions, "branch", &[], old);
    let told = push(&app, &old).await;
    let story = ask(&app, &of_decision(&decision(told.message()))).await;
    let story = story.unwrap();
    let record = story.record.unwrap();
    assert_eq!(record.reason.as_deref(), Some("expired"));
    assert_eq!(record.policy, Some(story.explanation.policy.to_string()));
    let untold = Verdict::Untold(vec!["claims.runner_environment".to_owned()]);
    assert_eq!(story.explanation.verdict, untold);
}

#[tokio::test]
async fn groups_are_those_of_now_and_those_that_are_supposed() {
    const GROUPS: &str = r#"
        [registry.prod]
        service = "registry.example.com"
        kind = "distribution"
        [group.pushers]
        operators = true
        [rule.pushers]
        group = "pushers"
        any_run = true
        push = ["apps/**"]
    "#;
    let app = TestApp::of(Parts {
        rules: GROUPS,
        ..Parts::default()
    })
    .await;
    let question = of_jwt(&push_main(), WEB);
    let story = ask(&app, &question).await.unwrap();
    assert!(matches!(story.explanation.verdict, Verdict::Refused { .. }));
    let supposed = Explain {
        groups: vec!["pushers".to_owned()],
        ..question.clone()
    };
    let story = ask(&app, &supposed).await.unwrap();
    assert!(matches!(story.explanation.verdict, Verdict::Granted(_)));
    let add = AddMember {
        name: "pushers".to_owned(),
        issuer: "github".to_owned(),
        id: "74".to_owned(),
    };
    app.operator().ask(&add).await.unwrap();
    let story = ask(&app, &question).await.unwrap();
    assert!(matches!(story.explanation.verdict, Verdict::Granted(_)));
}

#[tokio::test]
async fn rules_in_shadow_are_recorded_beside_the_live_ones_and_explained() {
    let app = TestApp::start().await;
    app.reload(|text| {
        text + "[rule.dev]\nmode = \"shadow\"\nfrom = [\"github\"]\nany_run = true\npush = [\"apps/**\"]\n\
                [deny.freeze]\nmode = \"shadow\"\nwhen = { event = \"push\", ref_protected = true }\npush = [\"**\"]\n"
    })
    .await;
    let told = push(&app, &branch()).await;
    let refusal = app.events().await.pop().unwrap();
    assert_eq!(refusal.reason.as_deref(), Some("unmet_fact"));
    assert_eq!(
        refusal.body["shadow"]["access"][0]["name"],
        "apps/github/acme/web"
    );
    assert_eq!(refusal.body["shadow"]["rules"][1]["rule"], "rule.dev");
    push(&app, &push_main()).await.granted();
    let token = app.events().await.pop().unwrap();
    assert_eq!(token.body["shadow"]["reason"], "denied");
    assert!(!token.body["rules"].to_string().contains("freeze"));
    let story = ask(&app, &of_decision(&decision(told.message())))
        .await
        .unwrap();
    let shadow = story.explanation.rules.iter();
    let shadow: Vec<_> = shadow.filter(|rule| rule.mode == Mode::Shadow).collect();
    assert_eq!(shadow.len(), 2);
    assert!(matches!(
        story.explanation.shadow,
        Some(Verdict::Granted(_))
    ));
    assert!(!told.message().contains("shadow"));
}

#[tokio::test]
async fn a_file_alone_explains_and_says_what_it_does_not_know() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("portpass.toml");
    std::fs::write(&path, configuration(folder.path(), "", RULES)).unwrap();
    let config = config::load(&path).unwrap_or_else(|error| panic!("{error}"));
    let now: Timestamp = START.parse().unwrap();
    let snapshot = Snapshot::of(&config, None, now).unwrap_or_else(|error| panic!("{error}"));
    let secret = "repository:apps/github/acme/secret:pull";
    let story = of_jwt(&push_main(), secret)
        .by_file(Basis::Read, &snapshot, now)
        .unwrap();
    assert_eq!(story.basis, Basis::Read);
    match &story.explanation.verdict {
        Verdict::Refused { stage, .. } => assert_eq!(*stage, Stage::Deny),
        other => panic!("{other:?}"),
    }
    assert!(
        story
            .unknown
            .iter()
            .any(|unknown| unknown.contains("signature"))
    );
    assert!(!folder.path().join("data").exists(), "nothing is made");
    assert!(
        of_decision("x")
            .by_file(Basis::Read, &snapshot, now)
            .is_err()
    );
}

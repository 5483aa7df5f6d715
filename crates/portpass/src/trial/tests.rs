//! Fixtures are proven and weighed as the server would, and tests say so.

use super::*;
use crate::{config, credential::JwtAlgorithm, identity::Fact};

const FILE: &str = r#"
public_url = "https://registry.example.com"

[registry.prod]
service = "registry.example.com"
kind = "distribution"

[issuer.forgejo]
kind = "forgejo"
url = "https://git.example.org"
audience = ["registry.example.com"]

[issuer.github]
kind = "github-actions"
audience = ["registry.example.com"]
owner_id = ["65"]

[issuer.gitlab]
kind = "gitlab"
url = "https://gitlab.example.com"
audience = ["first.example.com", "second.example.com"]

[issuer.cluster]
kind = "kubernetes"
url = "https://cluster.example.com"
audience = ["registry.example.com"]
namespace = ["builds"]

[issuer.people]
kind = "oidc"
url = "https://id.example.com"
audience = ["registry.example.com"]

[match.release]
event = ["push", "tag"]
ref_protected = true

[rule.own-namespace]
from = ["github", "gitlab"]
when = { match = "release" }
push = ["apps/{issuer}/{repository}"]

[rule.everyone-pulls]
from = ["github", "gitlab"]
pull = ["**"]

[rule.developers]
from = ["people"]
when = { idp_groups = ["developers"] }
catalog = true

[rule.public]
anonymous = true
pull = ["public/**"]

[rule.push-group]
group = "acl_docker_push"
when = { match = "release" }
push = ["**"]

[group.acl_docker_push]
operators = true

[deny.nobody-changes-base]
push = ["base/**"]
"#;

fn loaded(text: &str) -> Config {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("portpass.toml");
    std::fs::write(&path, text).unwrap();
    config::load(&path).unwrap_or_else(|error| panic!("{error}"))
}

fn trial(text: &str) -> Trial {
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    Trial::of(&loaded(text), now).unwrap()
}

/// What comes of one test: as `expect` is written.
fn got(proof: &str, rest: &str) -> String {
    got_of(FILE, proof, rest)
}

fn got_of(file: &str, proof: &str, rest: &str) -> String {
    let test = format!("[test.one]\nexpect = \"refused\"\nproof = {proof}\n{rest}\n");
    let config = loaded(&format!("{file}\n{test}"));
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    let trial = Trial::of(&config, now).unwrap();
    match trial.run(&config.tests[0]).got {
        Got::Refused { stage, code, .. } => format!("{stage} {code}"),
        other => other.to_string(),
    }
}

const WEB: &str = r#"ask = ["repository:apps/github/acme/web:pull,push"]"#;

#[test]
fn the_test_of_the_design_passes_as_it_is_written() {
    let test = r#"
        [test.squatter]
        registry = "prod"
        proof    = { issuer = "github", fixture = "push-main", set = { repository_owner_id = "999" } }
        ask      = ["repository:apps/github/acme/web:pull,push"]
        expect   = "refused at pin"
    "#;
    let config = loaded(&format!("{FILE}{test}"));
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    let result = &Trial::of(&config, now).unwrap().run_all(&config.tests)[0];
    assert!(result.passed, "{result:?}");
    assert_eq!(result.identity, None, "nobody is proven");
}

#[test]
fn every_kind_proves_its_usual_fixture_under_whatever_iss_and_audience() {
    let trial = trial(FILE);
    for (issuer, id) in [
        ("forgejo", "74"),
        ("github", "74"),
        ("gitlab", "74"),
        ("cluster", "builds/builder"),
        ("people", "b7c9a1e2-5d4f-4a3b-9c8d-7e6f50413223"),
    ] {
        let order = FixtureOrder {
            issuer: issuer.to_owned(),
            ..FixtureOrder::default()
        };
        let proof = trial.proof(&order).unwrap();
        assert_eq!(proof.identity().to_string(), format!("{issuer}:{id}"));
    }
}

#[test]
fn each_stage_refuses_by_itself() {
    let set = |set: &str| {
        let proof = format!(r#"{{ issuer = "github", fixture = "push-main", {set} }}"#);
        got(&proof, WEB)
    };
    assert_eq!(
        set(""),
        "repository:apps/github/acme/web:pull,push",
        "the whole is right to begin with"
    );
    assert_eq!(
        set(r#"set = { aud = "sts.amazonaws.com" }"#),
        "jwt audience_wrong"
    );
    assert_eq!(set("set = { exp = -60 }"), "jwt expired");
    assert_eq!(set(r#"remove = ["repository_id"]"#), "jwt claims");
    assert_eq!(
        set(r#"set = { iss = "https://evil.example.com" }"#),
        "jwt unknown_issuer"
    );
    assert_eq!(set(r#"set = { owner_id = "66" }"#), "pin not_pinned");
    assert_eq!(set("set = { ref_protected = false }"), "rules unmet_fact");
    assert_eq!(
        set(r#"set = { event = "pull_request" }"#),
        "rules unmet_fact"
    );
    assert_eq!(
        set(r#"set = { repository = "acme/../prod" }"#),
        "rules unusable_fact"
    );
    let base = r#"ask = ["repository:base/alpine:push"]"#;
    let in_group = r#"{ issuer = "github", groups = ["acl_docker_push"] }"#;
    assert_eq!(got(in_group, base), "deny denied");
}

#[test]
fn groups_owners_catalogs_and_logins_are_as_the_test_says() {
    let elsewhere = r#"ask = ["repository:elsewhere:push", "repository:base/alpine:pull"]"#;
    let in_group = r#"{ issuer = "github", groups = ["acl_docker_push"] }"#;
    assert_eq!(
        got(in_group, elsewhere),
        "repository:base/alpine:pull repository:elsewhere:push"
    );
    assert_eq!(got(r#"{ issuer = "github" }"#, elsewhere), "rules no_rule");

    let owned = |issuer: &str, id: &str| {
        let owner = format!(r#"{{ issuer = "{issuer}", id = "{id}" }}"#);
        let rest = format!("{WEB}\nowners = {{ \"apps/github/acme/web\" = {owner} }}");
        got(r#"{ issuer = "github" }"#, &rest)
    };
    assert_eq!(owned("github", "9"), "rules owned");
    assert_eq!(owned("gitlab", "74"), "rules owned");
    assert_eq!(
        owned("github", "74"),
        "repository:apps/github/acme/web:pull,push"
    );

    let catalog = r#"ask = ["registry:catalog:*"]"#;
    assert_eq!(
        got(r#"{ issuer = "people" }"#, catalog),
        "registry:catalog:*"
    );
    let operator = r#"{ issuer = "people", set = { idp_groups = ["operators"] } }"#;
    assert_eq!(got(operator, catalog), "rules unmet_fact");

    assert_eq!(got(r#"{ issuer = "cluster" }"#, "ask = []"), "a login");
    assert_eq!(got(r#""anonymous""#, "ask = []"), "rules login_required");
    let public = r#"ask = ["repository:public/web:pull"]"#;
    assert_eq!(got(r#""anonymous""#, public), "repository:public/web:pull");
}

#[test]
fn a_fixture_is_of_the_tenant_that_is_pinned_and_a_stranger_in_it_stays_one() {
    let file = FILE
        .replace(
            r#"owner_id = ["65"]"#,
            "owner_id = [\"4001\", \"4002\"]\nrepository_id = [\"7\"]",
        )
        .replace(
            r#"url = "https://gitlab.example.com""#,
            "url = \"https://gitlab.example.com\"\nowner_id = [\"31\"]\nowner_path = [\"shop\"]",
        );
    let trial = trial(&file);
    let proof = |issuer: &str, fixture: &str| {
        trial.proof(&FixtureOrder {
            issuer: issuer.to_owned(),
            fixture: Some(fixture.to_owned()),
            ..FixtureOrder::default()
        })
    };
    let github = proof("github", "tag").unwrap();
    assert_eq!(github.identity().id(), "7");
    assert_eq!(github.facts().text(Fact::OwnerId), Some("4001"));
    assert_eq!(github.name(), "acme/web");
    let gitlab = proof("gitlab", "push-main").unwrap();
    assert_eq!(gitlab.facts().text(Fact::OwnerPath), Some("shop"));
    assert_eq!(gitlab.name(), "shop/web");
    let stranger = proof("gitlab", "fork").unwrap_err();
    assert_eq!(Stage::from(&stranger), Stage::Pin, "{stranger:?}");
}

#[test]
fn issuers_that_share_an_iss_are_told_apart_as_their_keys_are() {
    let file = format!(
        r#"{FILE}
[issuer.other-org]
kind = "github-actions"
audience = ["registry.example.com"]
owner_id = ["66"]

[issuer.other-cluster]
kind = "kubernetes"
url = "https://cluster.example.com"
jwks_url = "https://elsewhere.example.com/keys"
audience = ["registry.example.com"]
namespace = ["builds"]
"#
    );
    let trial = trial(&file);
    let proof = |issuer: &str, set: &[(&str, &str)]| {
        let set = set
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).into()));
        let order = FixtureOrder {
            issuer: issuer.to_owned(),
            set: set.collect(),
            ..FixtureOrder::default()
        };
        let proof = trial.proof(&order).unwrap();
        proof.identity().issuer().to_owned()
    };
    assert_eq!(proof("cluster", &[]), "cluster");
    assert_eq!(proof("other-cluster", &[]), "other-cluster");
    assert_eq!(proof("github", &[]), "github");
    // One platform signs for both: it is the tenant that says whose it is.
    assert_eq!(proof("github", &[("owner_id", "66")]), "other-org");
}

#[test]
fn whatever_an_issuer_signs_with_is_signed_with() {
    for algorithm in JwtAlgorithm::ALL {
        let line = format!(
            "owner_id = [\"65\"]\nalgorithms = [\"{}\"]",
            algorithm.name()
        );
        let file = FILE.replace(r#"owner_id = ["65"]"#, &line);
        let got = got_of(&file, r#"{ issuer = "github" }"#, "ask = []");
        assert_eq!(got, "a login", "{}", algorithm.name());
    }
}

#[test]
fn what_cannot_be_tried_is_never_as_expected() {
    let trial = trial(FILE);
    let of = |issuer: &str, registry: &str| TestSource {
        name: "one".to_owned(),
        at: config::Place::default(),
        registry: registry.to_owned(),
        proof: TestProof::Fixture(FixtureOrder {
            issuer: issuer.to_owned(),
            ..FixtureOrder::default()
        }),
        ask: scope::Scopes::default(),
        expect: Expected::Refused(None),
        expect_at: config::Place::default(),
        owners: crate::decision::Owners::new(),
        because: None,
    };
    for (issuer, registry) in [("nobody", "prod"), ("github", "nowhere")] {
        let result = trial.run(&of(issuer, registry));
        assert!(!result.passed, "{issuer} {registry}");
        assert!(matches!(result.got, Got::Untried(_)), "{:?}", result.got);
    }
    assert!(
        trial
            .run(&of("nobody", "prod"))
            .complaint()
            .contains("there is no issuer `nobody`")
    );
}

#[test]
fn failing_tests_are_faults_where_their_expectation_stands() {
    let tests = r#"
[test.fine]
proof = { issuer = "github" }
ask = []
expect = "granted"

[test.wrong]
proof = { issuer = "github", fixture = "branch" }
ask = ["repository:apps/github/acme/web:push"]
expect = "granted"
because = "previews"

[test.partial]
proof = { issuer = "github" }
ask = ["repository:apps/github/acme/web:pull,push"]
expect = ["repository:apps/github/acme/web:pull"]
"#;
    let config = loaded(&format!("{FILE}{tests}"));
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    let snapshot = Arc::new(Snapshot::of(&config, None, now).unwrap());
    let error = check(&config, &snapshot, now).unwrap_err();
    let shown = error.diagnostics();
    let shown: Vec<_> = shown
        .iter()
        .map(|shown| (shown.line, shown.message.as_str()))
        .collect();
    assert_eq!(
        shown,
        [
            (
                83,
                "test `wrong` fails: expected granted, got refused at rules: push to \
                 apps/github/acme/web refused for acme/web (ref refs/heads/topic/login, event \
                 push, ref_protected false): no rule allows this ref_protected (previews)"
            ),
            (
                89,
                "test `partial` fails: repository:apps/github/acme/web:push is given, and was \
                 not expected"
            ),
        ]
    );
    let passing = loaded(&format!(
        "{FILE}{}",
        tests.split("[test.wrong]").next().unwrap()
    ));
    check(&passing, &snapshot, now).unwrap();
}

/// A run of what a large file states; how long it takes stands in the page about tests.
#[test]
fn tests_that_ask_alike_are_signed_once() {
    let trial = trial(FILE);
    let order = |set: &str| FixtureOrder {
        issuer: "github".to_owned(),
        set: vec![("repository".to_owned(), set.into())],
        groups: vec![set.to_owned()],
        ..FixtureOrder::default()
    };
    let first = trial.jwt(&order("acme/web")).unwrap();
    let in_no_group = FixtureOrder {
        groups: Vec::new(),
        ..order("acme/web")
    };
    assert!(Arc::ptr_eq(&first, &trial.jwt(&in_no_group).unwrap()));
    assert!(!Arc::ptr_eq(
        &first,
        &trial.jwt(&order("acme/app")).unwrap()
    ));
}

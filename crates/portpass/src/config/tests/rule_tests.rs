//! What `[test.*]` may say.

use super::*;
use crate::trial::{Expected, Stage, TestProof};

#[test]
fn a_test_says_who_asks_what_and_what_comes_of_it() {
    let text = format!(
        r#"{LEAST}
[group.people]
operators = true

[test.whole]
proof = {{ issuer = "github", fixture = "tag", set = {{ owner_id = "65", ref_protected = true }}, remove = ["environment_node_id"], groups = ["people"] }}
ask = ["repository:a/b:pull,push", "registry:catalog:*"]
expect = ["repository:a/b:pull"]
owners = {{ "a/b" = {{ issuer = "github", id = "9" }} }}
because = "of this"
"#
    )
    .replace(r#", remove = ["environment_node_id"]"#, r#", remove = ["actor"]"#);
    let config = load_files(&[("portpass.toml", &text)]).unwrap_or_else(|error| panic!("{error}"));
    let [test] = config.tests.as_slice() else {
        panic!("{:?}", config.tests);
    };
    assert_eq!(test.name, "whole");
    assert_eq!(test.registry, "prod", "the only one there is");
    let TestProof::Fixture(order) = &test.proof else {
        panic!("{:?}", test.proof);
    };
    assert_eq!(order.issuer, "github");
    assert_eq!(order.fixture.as_deref(), Some("tag"));
    assert_eq!(
        order.set,
        [
            ("owner_id".to_owned(), "65".into()),
            ("ref_protected".to_owned(), true.into())
        ]
    );
    assert_eq!(
        (&order.remove[0][..], &order.groups[0][..]),
        ("actor", "people")
    );
    assert_eq!(test.expect.to_string(), "repository:a/b:pull");
    assert_eq!(test.owners["a/b"], ("github".to_owned(), "9".to_owned()));
    assert_eq!(test.because.as_deref(), Some("of this"));
}

#[test]
fn tests_are_spread_over_files_and_anybody_can_ask() {
    let one = format!(
        "include = [\"more.toml\"]\n{LEAST}\n[test.one]\nproof = \"anonymous\"\nask = []\nexpect = \"refused at rules\"\n"
    );
    let more = "[test.two]\nproof = { issuer = \"github\" }\nask = []\nexpect = \"granted\"\n";
    let config = load_files(&[("portpass.toml", &one), ("more.toml", more)]).unwrap();
    assert_eq!(config.tests.len(), 2);
    assert_eq!(config.tests[0].proof, TestProof::Anonymous);
    assert_eq!(
        config.tests[0].expect,
        Expected::Refused(Some(Stage::Rules))
    );
    assert_eq!((config.tests[0].at.file, config.tests[1].at.file), (0, 1));
}

#[test]
fn each_word_that_means_nothing_is_pointed_at() {
    assert_snapshot!(complaint(
        r#"
[group.kept]
members = [{ issuer = "github", id = "74" }]

[test.words]
proof = { issuer = "githup", fixture = "push-main" }
registry = "prd"
ask = ["repository:a:pul", "repository:a", "registry:prod:*", "registry:catalog:pull"]
expect = "refuse"

[test.fixtures]
proof = { issuer = "github", fixture = "push-mian" }
ask = []
expect = "granted"

[test.claims]
proof = { issuer = "github", set = { repository_ownerid = "1", enterprise = "a", "/sub/x" = "1", check_run_id = ["1"], ref = "x" }, remove = ["ref", "environment", "actr"], groups = ["kept", "nobody"] }
ask = ["repository:a:pull"]
expect = ["repository:a:push", "repository:b:pull"]

[test.nothing]
proof = "nobody"
ask = []
expect = "granted"

[test.less]
proof = "anonymous"
ask = ["repository:a:pull"]
expect = []
owners = { "a" = { issuer = "gitlab", id = "1" } }

[test.missing]
proof = "anonymous"
expect = "refused"

[test.unknown]
proof = { issuer = "github", claims = {} }
ask = []
expect = "granted"
"#
    ), @"");
}

#[test]
fn a_claim_of_ones_own_is_written_as_a_pointer() {
    let text = format!(
        r#"{LEAST}
[issuer.people]
kind = "oidc"
url = "https://id.example.com"
audience = ["registry.example.com"]
id_claim = "employee"
groups_claim = "realm.roles"

[test.own]
proof = {{ issuer = "people", set = {{ employee = "7", realm = {{ roles = ["x"] }}, "/team" = "web" }} }}
ask = []
expect = "granted"
"#
    );
    let config = load_files(&[("portpass.toml", &text)]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(config.tests.len(), 1);
}

#[test]
fn with_two_registries_a_test_says_which() {
    assert_snapshot!(complaint(
        r#"
[registry.other]
service = "other.example.com"
kind = "zot"

[test.which]
proof = "anonymous"
ask = []
expect = "refused"
"#
    ), @"");
}

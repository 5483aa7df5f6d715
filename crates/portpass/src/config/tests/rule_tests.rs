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
proof = {{ issuer = "github", fixture = "tag", set = {{ owner_id = "65", ref_protected = true }}, remove = ["actor"], groups = ["people"] }}
ask = ["repository:a/b:pull,push", "registry:catalog:*"]
expect = ["repository:a/b:pull"]
owners = {{ "a/b" = {{ issuer = "github", id = "9" }} }}
because = "of this"
"#
    );
    let config = load_files(&[("portpass.toml", &text)]).unwrap_or_else(|error| panic!("{error}"));
    let [whole] = config.tests.as_slice() else {
        panic!("{:?}", config.tests);
    };
    assert_eq!(whole.name, "whole");
    assert_eq!(whole.registry, "prod", "the only one there is");
    let TestProof::Fixture(order) = &whole.proof else {
        panic!("{:?}", whole.proof);
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
        (order.remove[0].as_str(), order.groups[0].as_str()),
        ("actor", "people")
    );
    assert_eq!(whole.expect.to_string(), "repository:a/b:pull");
    assert_eq!(whole.owners["a/b"], ("github".into(), "9".into()));
    assert_eq!(whole.because.as_deref(), Some("of this"));
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

#[expect(clippy::too_many_lines, reason = "one snapshot of all faults")]
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
expect = "refused"

[test.expectation]
proof = "anonymous"
ask = []
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
    ), @r#"
    error: there is no issuer `githup`; did you mean `github`?
      --> portpass.toml:18:20
       |
    18 | proof = { issuer = "githup", fixture = "push-main" }
       |                    ^^^^^^^^

    error: there is no registry `prd`; did you mean `prod`?
      --> portpass.toml:19:12
       |
    19 | registry = "prd"
       |            ^^^^^

    error: unknown action `pul`; did you mean `pull`?
      --> portpass.toml:20:8
       |
    20 | ask = ["repository:a:pul", "repository:a", "registry:prod:*", "registry:catalog:pull"]
       |        ^^^^^^^^^^^^^^^^^^

    error: a scope names no action
      --> portpass.toml:20:28
       |
    20 | ask = ["repository:a:pul", "repository:a", "registry:prod:*", "registry:catalog:pull"]
       |                            ^^^^^^^^^^^^^^

    error: `registry:prod:*` is neither `repository:NAME:ACTIONS` nor `registry:catalog:*`
      --> portpass.toml:20:44
       |
    20 | ask = ["repository:a:pul", "repository:a", "registry:prod:*", "registry:catalog:pull"]
       |                                            ^^^^^^^^^^^^^^^^^

    error: the catalog is `registry:catalog:*`
      --> portpass.toml:20:63
       |
    20 | ask = ["repository:a:pul", "repository:a", "registry:prod:*", "registry:catalog:pull"]
       |                                                               ^^^^^^^^^^^^^^^^^^^^^^^

    error: unknown word `refuse`; did you mean `refused`?
      --> portpass.toml:26:10
       |
    26 | expect = "refuse"
       |          ^^^^^^^^

    error: kind `github-actions` has no fixture `push-mian`; did you mean `push-main`?
      --> portpass.toml:29:40
       |
    29 | proof = { issuer = "github", fixture = "push-mian" }
       |                                        ^^^^^^^^^^^

    error: no fixture of kind `github-actions` has a claim `repository_ownerid`; did you mean `repository_owner_id`?
      --> portpass.toml:34:38
       |
    34 | proof = { issuer = "github", set = { repository_ownerid = "1", enterprise = "a", "/sub/x" = "1", check_run_id = ["1"], ref = "x" }, remove =
       |                                      ^^^^^^^^^^^^^^^^^^

    error: no fixture of kind `github-actions` has a claim `enterprise`; write "/enterprise" if the platform signs it all the same
      --> portpass.toml:34:64
       |
    34 | proof = { issuer = "github", set = { repository_ownerid = "1", enterprise = "a", "/sub/x" = "1", check_run_id = ["1"], ref = "x" }, remove =
       |                                                                ^^^^^^^^^^

    error: `/sub/x` leads nowhere: a path names the claim and then its members, as in `/kubernetes.io/pod/name`
      --> portpass.toml:34:82
       |
    34 | …suer = "github", set = { repository_ownerid = "1", enterprise = "a", "/sub/x" = "1", check_run_id = ["1"], ref = "x" }, remove = ["ref", "en
       |                                                                       ^^^^^^^^

    error: claim `check_run_id` takes a text, not `["1"]`
      --> portpass.toml:34:113
       |
    34 | …tory_ownerid = "1", enterprise = "a", "/sub/x" = "1", check_run_id = ["1"], ref = "x" }, remove = ["ref", "environment", "actr"], groups = [
       |                                                                       ^^^^^

    error: this is set, and removed too: keep one of both
      --> portpass.toml:34:120
       |
    34 | …nerid = "1", enterprise = "a", "/sub/x" = "1", check_run_id = ["1"], ref = "x" }, remove = ["ref", "environment", "actr"], groups = ["kept",
       |                                                                       ^^^

    error: the fixture has no claim `environment` to remove
      --> portpass.toml:34:150
       |
    34 | … "/sub/x" = "1", check_run_id = ["1"], ref = "x" }, remove = ["ref", "environment", "actr"], groups = ["kept", "nobody"] }
       |                                                                       ^^^^^^^^^^^^^

    error: the fixture has no claim `actr` to remove; did you mean `actor`?
      --> portpass.toml:34:165
       |
    34 | …, check_run_id = ["1"], ref = "x" }, remove = ["ref", "environment", "actr"], groups = ["kept", "nobody"] }
       |                                                                       ^^^^^^

    error: the file says who is in `kept`: whoever has an id of its `members` is, here too; set the id, and name operators' groups alone
      --> portpass.toml:34:184
       |
    34 | …1"], ref = "x" }, remove = ["ref", "environment", "actr"], groups = ["kept", "nobody"] }
       |                                                                       ^^^^^^

    error: there is no group `nobody`; known: `kept`
      --> portpass.toml:34:192
       |
    34 | … = "x" }, remove = ["ref", "environment", "actr"], groups = ["kept", "nobody"] }
       |                                                                       ^^^^^^^^

    error: this is not in `ask`, so it is never given
      --> portpass.toml:36:11
       |
    36 | expect = ["repository:a:push", "repository:b:pull"]
       |           ^^^^^^^^^^^^^^^^^^^

    error: this is not in `ask`, so it is never given
      --> portpass.toml:36:32
       |
    36 | expect = ["repository:a:push", "repository:b:pull"]
       |                                ^^^^^^^^^^^^^^^^^^^

    error: unknown word `nobody`; known: `anonymous`
      --> portpass.toml:39:9
       |
    39 | proof = "nobody"
       |         ^^^^^^^^

    error: whoever is given nothing is refused: write `"refused"`
      --> portpass.toml:46:10
       |
    46 | expect = []
       |          ^^

    error: there is no issuer `gitlab`; known: `github`
      --> portpass.toml:47:29
       |
    47 | owners = { "a" = { issuer = "gitlab", id = "1" } }
       |                             ^^^^^^^^

    error: `ask` is missing
      --> portpass.toml:49:7
       |
    49 | [test.missing]
       |       ^^^^^^^

    error: unknown key `claims`; known: `fixture`, `groups`, `issuer`, `remove`, `set`
      --> portpass.toml:54:30
       |
    54 | proof = { issuer = "github", claims = {} }
       |                              ^^^^^^
    "#);
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
    ), @r"
    error: `registry` is missing, and there are several: `other`, `prod`
      --> portpass.toml:18:7
       |
    18 | [test.which]
       |       ^^^^^
    ");
}

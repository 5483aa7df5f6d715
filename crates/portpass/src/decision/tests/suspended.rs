//! An issuer whose name stands for something else than before.

use super::*;

const OWN: &str = "\
    [group]\nops = 'operators'\nfile = [['github', '74']]\n\
    [rule.own]\nfrom = ['github']\nany_run = true\npush = ['apps/{issuer}/{repository}', 'plain', '{images}']\npull = ['base/{repository}']\n\
    [rule.ops]\ngroup = 'ops'\nany_run = true\npush = ['by-operators']\n\
    [rule.file]\ngroup = 'file'\nany_run = true\npush = ['by-file']\n\
    [images.github]\n74 = ['web']";

fn suspended() -> Proof {
    run("github", &[]).of_issuer(false, false)
}

fn answer_of_operators(proof: Proof, asked: &str) -> String {
    let groups = groups(&["ops"]);
    let held = Held {
        groups: &groups,
        ..Held::default()
    };
    answer_held(&policy(OWN), proof, held, asked)
}

#[test]
fn its_ids_push_nothing_that_an_id_would_own() {
    for name in ["apps/github/acme/web", "web", "by-operators", "by-file"] {
        let asked = format!("repository:{name}:push");
        let bound = answer_of_operators(run("github", &[]), &asked);
        assert_eq!(bound, asked);
        assert_eq!(
            answer_of_operators(suspended(), &asked),
            "refused: suspended"
        );
    }
    for asked in ["repository:plain:push", "repository:base/acme/web:pull"] {
        assert_eq!(answer_of_operators(suspended(), asked), asked);
    }
}

#[test]
fn the_owner_itself_is_nobody_then() {
    let owners = owners(&[("apps/github/acme/web", "github", "74")]);
    let held = Held {
        owners: &owners,
        ..Held::default()
    };
    let push = "repository:apps/github/acme/web:push";
    let answer = answer_held(&policy(OWN), suspended(), held, push);
    assert_eq!(answer, "refused: suspended");
}

#[test]
fn the_reason_is_told_without_what_is_configured() {
    let push = "repository:apps/github/acme/web:push";
    insta::assert_snapshot!(
        told(&policy(OWN), suspended(), Held::default(), push),
        @"push to apps/github/acme/web refused for acme/web (ref refs/heads/main, event push): the issuer's name stands for something else than before; an operator must confirm it; decision ID"
    );
}

#[test]
fn it_is_in_no_group_and_the_record_says_why() {
    let groups = groups(&["ops"]);
    let held = Held {
        groups: &groups,
        ..Held::default()
    };
    let asked = "repository:by-operators:push";
    let denied = decide_held(&policy(OWN), suspended(), held, asked).unwrap_err();
    assert_eq!(denied.decision().groups(), []);
    let outcomes = denied.decision().rules().iter();
    let outcomes: Vec<_> = outcomes
        .map(|rule| json!([*rule.rule, rule.outcome]))
        .collect();
    assert_eq!(
        json!(outcomes),
        json!([
            ["rule.file", "suspended"],
            ["rule.ops", "suspended"],
            ["rule.own", "other_access"],
        ])
    );
    let asked = "repository:web:push";
    let denied = decide_held(&policy(OWN), suspended(), held, asked).unwrap_err();
    assert_eq!(
        json!(denied.decision().rules().last()),
        json!({ "rule": "rule.own", "outcome": "suspended" })
    );
}

#[test]
fn who_is_in_no_such_group_is_not_told_so() {
    let asked = "repository:by-operators:push";
    let answer = answer(&policy(OWN), suspended(), asked);
    assert_eq!(answer, "refused: no_rule");
}

#[test]
fn an_unmet_fact_is_told_first() {
    let text = "[rule.x]\nfrom = ['github']\nwhen = { event = 'tag', ref = '**' }\npush = ['apps/{repository}']";
    let push = "repository:apps/acme/web:push";
    let answer = answer(&policy(text), suspended(), push);
    assert_eq!(answer, "refused: unmet_fact");
}

#[test]
fn what_is_taken_from_a_group_stays_taken() {
    let text = "[group]\nops = 'operators'\nfile = [['github', '74']]\n\
        [rule.x]\nfrom = ['github']\nany_run = true\npush = ['a', 'b', 'web', 'c']\n\
        [deny.one]\ngroup = 'ops'\npush = ['a']\n\
        [deny.two]\ngroup = 'file'\npush = ['b']\n\
        [deny.three]\nfrom = ['github']\npush = ['{images}']\n\
        [images.github]\n74 = ['web']";
    let groups = groups(&["ops"]);
    let held = Held {
        groups: &groups,
        ..Held::default()
    };
    for name in ["a", "b", "web"] {
        let push = format!("repository:{name}:push");
        let answer = answer_held(&policy(text), suspended(), held, &push);
        assert_eq!(answer, "refused: denied", "{name}");
    }
    let push = "repository:c:push";
    assert_eq!(answer_held(&policy(text), suspended(), held, push), push);
}

//! The rule that is proposed for somebody in the inbox serves them, and only them.

use std::io::Write as _;

use super::*;
use crate::{
    config,
    decision::{Asker, NoLeastRule, least_rule},
};

/// The file that the rule is added to.
const FILE: &str = r#"
public_url = "https://registry.example.com"

[registry.prod]
service = "registry.example.com"
kind    = "distribution"

[issuer.cluster]
kind     = "kubernetes"
url      = "https://cluster.example.com"
audience = ["registry.example.com"]

[issuer.github]
kind     = "github-actions"
audience = ["registry.example.com"]
owner_id = ["65"]

[issuer.people]
kind     = "oidc"
url      = "https://people.example.com"
audience = ["registry.example.com"]
"#;

fn proposed(proof: &Proof, asked: &str) -> Result<String, NoLeastRule> {
    proposed_for(proof, None, asked)
}

fn proposed_for(proof: &Proof, registry: Option<&str>, asked: &str) -> Result<String, NoLeastRule> {
    // As it comes back from the store.
    let facts = serde_json::to_string(proof.facts()).unwrap();
    least_rule(&Asker {
        issuer: proof.identity().issuer(),
        id: proof.identity().id(),
        is_code_host: proof.identity().issuer() == "github",
        facts: &serde_json::from_str(&facts).unwrap(),
        asked: &Scopes::parse([asked]).unwrap(),
        registry,
    })
}

/// The policy of a file, as the server reads it.
fn load(text: &str) -> Policy {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let config =
        config::load(file.path()).unwrap_or_else(|error| panic!("{}\n{text}", error.render()));
    Policy::compile(&config.policy).unwrap_or_else(|faults| panic!("{faults:?}\n{text}"))
}

/// The policy with the rule that is proposed.
#[track_caller]
fn served(proof: &Proof, asked: &str) -> Policy {
    let rule = proposed(proof, asked).unwrap();
    let policy = load(&format!("{FILE}\n{rule}"));
    assert_eq!(answer(&policy, proof.clone(), asked), asked, "{rule}");
    policy
}

const PUSH: &str = "repository:shop/web:pull,push";

#[test]
fn the_very_request_is_granted_and_no_other_run() {
    let policy = served(&run("github", &[]), PUSH);
    for (fact, value) in [
        ("ref", json!("refs/heads/dev")),
        ("ref", json!("refs/tags/main")),
        ("event", json!("manual")),
        ("event", json!("pull_request")),
        ("owner_id", json!("66")),
        ("repository_id", json!("75")),
    ] {
        let other = run("github", &[(fact, value.clone())]);
        let answer = answer(&policy, other, PUSH);
        assert_eq!(answer, "refused: unmet_fact", "{fact} {value}");
    }
    for (asked, expected) in [
        ("repository:shop/api:pull,push", "refused: no_rule"),
        ("repository:shop/web:delete", "refused: no_rule"),
        ("repository:shop/web:pull", "repository:shop/web:pull"),
    ] {
        assert_eq!(answer(&policy, run("github", &[]), asked), expected);
    }
    let cluster = proof("cluster", "74", "x", &[("repository_id", json!("74"))]);
    assert_eq!(answer(&policy, cluster, PUSH), "refused: no_rule");
}

#[test]
fn the_text_is_what_an_operator_would_write() {
    let text = proposed(&run("github", &[]), PUSH).unwrap();
    insta::assert_snapshot!(text, @r#"
    [rule.github-74-uduov5]
    from = ["github"]
    when = { repository_id = "74", owner_id = "65", event = "push", ref = "refs/heads/main" }
    push = ["shop/web"]
    "#);
}

#[test]
fn a_run_in_an_environment_is_held_to_it_instead_of_the_ref() {
    let at = |environment: &str, reference: &str| {
        let set = [
            ("environment", json!(environment)),
            ("ref", json!(reference)),
        ];
        run("github", &set)
    };
    let policy = served(&at("prod", "refs/heads/main"), PUSH);
    let elsewhere = at("prod", "refs/tags/v1");
    assert_eq!(answer(&policy, elsewhere, PUSH), PUSH);
    let other = at("test", "refs/heads/main");
    assert_eq!(answer(&policy, other, PUSH), "refused: unmet_fact");
    // A star in a name would mean other names too.
    let policy = served(&at("*", "refs/heads/main"), PUSH);
    let other = at("*", "refs/heads/dev");
    assert_eq!(answer(&policy, other, PUSH), "refused: unmet_fact");
    let stars = proposed(&at("*", "refs/heads/*"), PUSH);
    assert_eq!(stars, Err(NoLeastRule::Run));
}

#[test]
fn no_push_is_given_to_runs_in_which_strangers_have_a_say() {
    for event in [
        "other",
        "pull_request",
        "pull_request_target",
        "workflow_run",
    ] {
        let run = run("github", &[("event", json!(event))]);
        let refused = proposed(&run, "repository:a:delete");
        assert_eq!(refused, Err(NoLeastRule::Strangers(event.to_owned())));
        served(&run, "repository:a:pull");
    }
    let fork = run("github", &[("fork", json!(true))]);
    assert_eq!(proposed(&fork, PUSH), Err(NoLeastRule::Fork));
    served(&run("github", &[("fork", json!(false))]), PUSH);
    let bare = proof(
        "github",
        "74",
        "acme/web",
        &[("repository_id", json!("74"))],
    );
    assert_eq!(proposed(&bare, PUSH), Err(NoLeastRule::Unsaid));
    let event = ("event", json!("push"));
    let without_ref = proof("github", "74", "acme/web", &[event]);
    assert_eq!(proposed(&without_ref, PUSH), Err(NoLeastRule::Run));
}

#[test]
fn a_pull_needs_no_run_and_keeps_the_ids() {
    let asked = "registry:catalog:* repository:a:pull repository:b/c:pull";
    let policy = served(&run("github", &[]), asked);
    let elsewhere = run("github", &[("ref", json!("refs/heads/dev"))]);
    assert_eq!(answer(&policy, elsewhere, asked), asked);
    let other = run("github", &[("repository_id", json!("75"))]);
    assert_eq!(answer(&policy, other, asked), "refused: unmet_fact");
}

#[test]
fn everything_that_was_asked_is_in_it() {
    let asked = "repository:a:delete,pull repository:b:delete,pull,push repository:c:pull";
    served(&run("github", &[]), asked);
}

#[test]
fn a_service_account_is_named_by_both_its_names() {
    let account = |namespace: &str, account: &str| {
        let id = format!("{namespace}/{account}");
        let facts = [
            ("namespace", json!(namespace)),
            ("service_account", json!(account)),
        ];
        proof("cluster", &id, &id, &facts)
    };
    let policy = served(&account("ci", "builder"), PUSH);
    for other in [account("ci", "other"), account("prod", "builder")] {
        assert_eq!(answer(&policy, other, PUSH), "refused: unmet_fact");
    }
}

#[test]
fn who_has_no_fact_bound_to_the_id_gets_a_group_of_one() {
    let person = |id: &str| proof("people", id, "ann", &[("user", json!("ann"))]);
    let id = "auth|\"7\"\\{x}";
    let policy = served(&person(id), PUSH);
    assert_eq!(answer(&policy, person("auth|8"), PUSH), "refused: no_rule");
    let text = proposed(&person("ann"), PUSH).unwrap();
    assert!(text.starts_with("# No fact is bound"), "{text}");
    assert!(!text.contains("user ="), "{text}");
}

#[test]
fn with_several_registries_it_says_where() {
    let rule = proposed_for(&run("github", &[]), Some("prod"), PUSH).unwrap();
    let lab = "[registry.lab]\nservice = \"lab.example.com\"\nkind = \"distribution\"\n";
    let policy = load(&format!("{FILE}\n{lab}\n{rule}"));
    assert_eq!(answer(&policy, run("github", &[]), PUSH), PUSH);
    let asked = Scopes::parse([PUSH]).unwrap();
    let elsewhere = policy.decide(
        run("github", &[]),
        Held::default(),
        &registry("lab"),
        &asked,
    );
    assert!(elsewhere.is_err());
}

#[test]
fn two_rules_for_one_identity_load_together() {
    let run = run("github", &[]);
    let rules = [PUSH, "repository:other:push"].map(|asked| proposed(&run, asked).unwrap());
    load(&format!("{FILE}\n{}", rules.concat()));
    let long = "x".repeat(1024);
    let person = proof("people", &long, "ann", &[]);
    served(&person, PUSH);
}

#[test]
fn nothing_is_proposed_for_nothing() {
    let run = run("github", &[]);
    for asked in ["", "repository:a:look", "thing:a:pull"] {
        assert_eq!(proposed(&run, asked), Err(NoLeastRule::Nothing), "{asked}");
    }
    let bad = proposed(&run, "repository:Bad:push");
    assert_eq!(bad, Err(NoLeastRule::Name("Bad".to_owned())));
}

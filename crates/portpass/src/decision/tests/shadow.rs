//! Rules in shadow say what they would do, and do nothing.

use super::*;

const LIVE: &str = "
[rule.mine]
from = ['github']
any_run = true
push = ['apps/{issuer}/{repository}']
[deny.never]
push = ['apps/github/acme/locked']
";

const SHADOW: &str = "
[rule.wide]
mode = 'shadow'
from = ['github']
any_run = true
push = ['tools/**']
[deny.freeze]
mode = 'shadow'
when = { ref = 'refs/heads/main' }
push = ['apps/**']
";

fn both() -> Policy {
    policy(&format!("{LIVE}{SHADOW}"))
}

fn shadow(policy: &Policy, proof: Proof, asked: &str) -> Value {
    let decided = decide(policy, proof, asked);
    let shadow = match &decided {
        Ok(grant) => grant.decision().shadow(),
        Err(denied) => denied.decision().shadow(),
    };
    json!(shadow)
}

#[test]
fn a_file_without_them_records_nothing_of_them() {
    let mine = "repository:apps/github/acme/web:push";
    assert_eq!(shadow(&policy(LIVE), run("github", &[]), mine), Value::Null);
}

#[test]
fn a_rule_in_shadow_gives_nothing_and_says_what_it_would() {
    let (run, tools) = (run("github", &[]), "repository:tools/a:pull,push");
    assert_eq!(answer(&both(), run.clone(), tools), "refused: no_rule");
    assert_eq!(
        shadow(&both(), run, tools),
        json!({
            "rules": [
                { "rule": "deny.freeze", "outcome": "other_access" },
                { "rule": "rule.wide", "outcome": "matched" },
            ],
            "access": [{ "type": "repository", "name": "tools/a", "actions": ["pull", "push"] }],
        })
    );
}

#[test]
fn a_deny_in_shadow_takes_nothing_and_says_what_it_would() {
    let (run, mine) = (run("github", &[]), "repository:apps/github/acme/web:push");
    let granted = "repository:apps/github/acme/web:push";
    assert_eq!(answer(&both(), run.clone(), mine), granted);
    assert_eq!(
        shadow(&both(), run, mine),
        json!({
            "rules": [
                { "rule": "deny.freeze", "outcome": "matched" },
                { "rule": "rule.wide", "outcome": "other_access" },
            ],
            "reason": "denied",
        })
    );
}

#[test]
fn only_a_difference_says_what_would_have_been_given() {
    let run = run("github", &[("ref", json!("refs/heads/dev"))]);
    let said = shadow(&both(), run.clone(), "repository:apps/github/acme/web:push");
    assert_eq!(said.as_object().unwrap().len(), 1, "{said}");
    let refused = shadow(&both(), run, "repository:other:push");
    assert_eq!(refused.as_object().unwrap().len(), 1, "{refused}");
}

#[test]
fn what_is_recorded_of_the_live_rules_has_none_in_shadow() {
    let grant = decide(&both(), run("github", &[]), "").unwrap();
    let rules = grant.decision().rules().iter();
    let rules: Vec<_> = rules.map(|outcome| outcome.rule.to_string()).collect();
    assert_eq!(rules, ["deny.never", "rule.mine"]);
}

#[test]
fn the_policy_version_is_that_of_the_live_rules() {
    assert_eq!(both().version(), policy(LIVE).version());
    let live = source(&format!("{LIVE}{SHADOW}")).with_shadow_live();
    let live = Policy::compile(&live).unwrap();
    assert_ne!(live.version(), policy(LIVE).version());
    assert!(!live.has_shadow());
    let tools = "repository:tools/a:pull,push";
    assert_eq!(answer(&live, run("github", &[]), tools), tools);
}

#[test]
fn a_rule_in_shadow_is_checked_as_if_it_were_live() {
    let unknown = "[rule.x]\nmode = 'shadow'\nfrom = ['nobody']\npull = ['a']";
    assert!(faults(unknown).contains("unknown issuer `nobody`"));
    let meets = "
[rule.one]
from = ['github']
any_run = true
push = ['x/{repository}']
[rule.two]
mode = 'shadow'
from = ['gitlab']
any_run = true
push = ['x/{repository}']
";
    assert!(faults(meets).contains("can mean the same repository"));
}

#[test]
fn the_owners_of_names_in_shadow_are_asked_for_and_count_for_it_alone() {
    let policy = policy(&format!(
        "{LIVE}[rule.own]\nmode = 'shadow'\nfrom = ['github']\nany_run = true\npush = ['own/{{issuer}}/{{repository}}']"
    ));
    let run = run("github", &[]);
    let names = policy.namespaces(Caller::from(&run), &registry("prod"));
    assert!(
        names.contains(&namespace("own/github/acme/web", "74")),
        "{names:?}"
    );
    let rows = owners(&[("own/github/acme/web", "github", "9")]);
    let held = Held {
        owners: &rows,
        ..Held::default()
    };
    let asked = "repository:own/github/acme/web:push";
    let denied = decide_held(&policy, run.clone(), held, asked).unwrap_err();
    assert_eq!(denied.decision().policy(), policy.version());
    assert_eq!(
        json!(denied.decision().shadow()),
        json!({ "rules": [{ "rule": "rule.own", "outcome": { "owned": "own/github/acme/web" } }] })
    );
    // Nothing is claimed by a rule in shadow, whatever it would give.
    let asked = "repository:own/github/acme/web:push repository:apps/github/acme/web:push";
    let denied = decide(&policy, run, asked).unwrap_err();
    assert_eq!(denied.refusal().code(), "no_rule");
}

#[test]
fn a_claim_that_only_a_rule_in_shadow_names_is_recorded_for_it() {
    let policy = policy(&format!(
        "{LIVE}[rule.tier]\nmode = 'shadow'\nfrom = ['github']\nany_run = true\ncel = 'claims.tier == \"x\"'\npush = ['t']"
    ));
    let grant = decide(&policy, run("github", &[]), "").unwrap();
    assert!(grant.decision().claims().contains_key("tier"));
}

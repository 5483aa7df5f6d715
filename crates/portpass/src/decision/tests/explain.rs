//! What operators are told of a decision, which the caller is not.

use super::*;
use crate::{
    decision::{Explanation, Verdict},
    identity::Supposed,
};

const FILE: &str = "
[match.release]
event = ['push', 'tag']
ref_protected = true
[rule.cel]
from = ['github']
any_run = true
cel = 'claims.tier == \"staging\"'
push = ['staging/{owner}']
[rule.everyone]
anonymous = true
pull = ['base/**']
[rule.mine]
from = ['github']
when = { match = 'release', ref = { not = ['refs/heads/main', 'refs/heads/dev'] } }
push = ['apps/{issuer}/{repository}', '{images}']
[rule.people]
from = ['people']
catalog = true
[rule.wide]
from = ['github']
any_run = true
pull = ['apps/**']
delete = ['x/{service_account}']
[deny.locked]
when = { event = 'push' }
push = ['apps/github/acme/locked/**']
[images.github]
74 = ['web', 'old']
";

fn explain<'c>(policy: &Policy, caller: impl Into<Caller<'c>>, asked: &str) -> Explanation {
    explain_held(policy, caller, Held::default(), asked)
}

fn explain_held<'c>(
    policy: &Policy,
    caller: impl Into<Caller<'c>>,
    held: Held<'_>,
    asked: &str,
) -> Explanation {
    let asked = Scopes::parse([asked]).unwrap();
    policy.explain(caller.into(), held, &registry("prod"), &asked)
}

#[test]
fn each_rule_says_the_first_condition_that_failed_or_what_it_gives() {
    let policy = policy(FILE);
    let asked = "repository:apps/github/acme/web:pull,push";
    let explanation = explain(&policy, &run("github", &[]), asked);
    insta::assert_json_snapshot!(explanation, { ".policy" => "P", ".message" => "M" });
}

#[test]
fn a_rule_that_matches_shows_its_templates_as_rendered_and_what_they_cover() {
    let policy = policy(FILE);
    let tag = run("github", &[("ref", json!("refs/tags/v1"))]);
    let explanation = explain(
        &policy,
        &tag,
        "repository:apps/github/acme/web:pull,push,delete",
    );
    let mine = explanation
        .rules
        .iter()
        .find(|rule| &*rule.rule == "rule.mine");
    insta::assert_json_snapshot!(mine.unwrap());
    let wide = explanation
        .rules
        .iter()
        .find(|rule| &*rule.rule == "rule.wide");
    insta::assert_json_snapshot!(wide.unwrap());
    insta::assert_json_snapshot!(explanation.verdict);
}

#[test]
fn a_deny_shows_what_it_takes() {
    let policy = policy(&format!(
        "{FILE}\n[rule.locked]\nfrom = ['github']\nany_run = true\npush = ['apps/**']"
    ));
    let explanation = explain(
        &policy,
        &run("github", &[]),
        "repository:apps/github/acme/locked/a:pull,push",
    );
    let deny = explanation.rules.first().unwrap();
    assert_eq!(&*deny.rule, "deny.locked");
    insta::assert_json_snapshot!(deny);
    insta::assert_json_snapshot!(explanation.verdict, @r#"
    {
      "refused": {
        "code": "denied",
        "stage": "deny"
      }
    }
    "#);
}

#[test]
fn whoever_owns_a_name_is_told_to_operators() {
    let policy = policy(FILE);
    let rows = owners(&[("apps/github/acme/web", "github", "9")]);
    let held = Held {
        owners: &rows,
        ..Held::default()
    };
    let tag = run("github", &[("ref", json!("refs/tags/v1"))]);
    let explanation = explain_held(&policy, &tag, held, "repository:apps/github/acme/web:push");
    let mine = explanation
        .rules
        .iter()
        .find(|rule| &*rule.rule == "rule.mine")
        .unwrap();
    let withheld = mine.patterns.first().unwrap().withheld.as_deref();
    assert_eq!(withheld, Some("apps/github/acme/web belongs to github:9"));
    assert!(!explanation.message.unwrap().contains("github:9"));
}

#[test]
fn the_caller_is_told_the_same_as_ever_and_no_more() {
    let policy = policy(FILE);
    let asked = "repository:apps/github/acme/web:push";
    let proof = run("github", &[]);
    let explanation = explain(&policy, &proof, asked);
    let denied = decide(&policy, proof.clone(), asked).unwrap_err();
    assert_eq!(explanation.message, Some(denied.refusal().to_string()));
    assert_eq!(explanation.policy, denied.decision().policy());
    let message = denied.refusal().to_string();
    assert!(message.contains("no rule allows this ref"), "{message}");
    assert!(!message.contains("refs/heads/dev"), "{message}");
}

#[track_caller]
fn assert_refused(verdict: &Verdict, wanted: &str) {
    match verdict {
        Verdict::Refused { code, .. } => assert_eq!(code, wanted),
        Verdict::Granted(_) | Verdict::Untold(_) => panic!("{verdict:?}"),
    }
}

/// The proof's story, as an event would have it.
fn recorded(proof: &Proof, claims: &[&str]) -> Supposed {
    let claims = claims.iter().map(|name| {
        let value = proof.claims().get(*name).unwrap();
        ((*name).to_owned(), value.clone())
    });
    let (issuer, id) = (proof.identity().issuer(), proof.identity().id());
    let facts = proof.facts().clone();
    Supposed::recorded(issuer, id, proof.name(), facts, claims.collect())
}

#[test]
fn what_a_record_does_not_tell_is_untold_and_never_guessed() {
    let policy = policy(FILE);
    let proof = run("github", &[]);
    let verdict = |supposed: &Supposed, asked: &str| {
        let asked = Scopes::parse([asked]).unwrap();
        let caller = Caller::from(supposed);
        let verdict = policy.verdict(caller, Held::default(), &registry("prod"), &asked);
        let explained = policy.explain(caller, Held::default(), &registry("prod"), &asked);
        assert_eq!(explained.verdict, verdict);
        verdict
    };
    let bare = recorded(&proof, &[]);
    let push = "repository:staging/acme:push";
    assert_eq!(
        verdict(&bare, push),
        Verdict::Untold(vec!["claims.tier".to_owned()])
    );
    assert_refused(&verdict(&recorded(&proof, &["tier"]), push), "unmet_cel");
    // What the claim says makes no difference.
    assert!(matches!(
        verdict(&bare, "repository:base/x:pull"),
        Verdict::Granted(_)
    ));
    assert!(matches!(
        verdict(&bare, "repository:other:push"),
        Verdict::Refused { .. }
    ));
    // Of rules that named the claim, the record would have had it.
    let asked = Scopes::parse([push]).unwrap();
    let caller = Caller::from(&bare).recorded_under(&policy);
    let verdict = policy.verdict(caller, Held::default(), &registry("prod"), &asked);
    assert_refused(&verdict, "unmet_cel");
}

#[test]
fn an_untold_claim_of_a_deny_may_deny() {
    let policy = policy(
        "
[rule.all]
from = ['github']
any_run = true
push = ['**']
[deny.some]
cel = 'claims.tier != \"production\"'
push = ['a']
",
    );
    let proof = run("github", &[]);
    let bare = recorded(&proof, &[]);
    let explanation = explain(&policy, &bare, "repository:a:push");
    assert_eq!(
        explanation.verdict,
        Verdict::Untold(vec!["claims.tier".to_owned()])
    );
    assert_eq!(explanation.message, None);
    assert_eq!(explanation.rules[0].untold, ["claims.tier"]);
    let told = explain(&policy, &recorded(&proof, &["tier"]), "repository:a:push");
    assert!(matches!(told.verdict, Verdict::Granted(_)));
}

#[test]
fn the_record_of_an_api_token_does_not_tell_its_own_patterns() {
    let policy = policy(
        "[group]\nops = 'operators'\n[rule.robots]\ngroup = 'ops'\nany_run = true\npush = ['a']",
    );
    let token = Supposed::recorded("token", "t-1", "mirror", facts(&[]), Map::new());
    let held_groups = groups(&["ops"]);
    let held = Held {
        groups: &held_groups,
        ..Held::default()
    };
    let explanation = explain_held(&policy, &token, held, "repository:a:push");
    assert_eq!(
        explanation.verdict,
        Verdict::Untold(vec!["the API token's own patterns".to_owned()])
    );
    let explanation = explain_held(&policy, &token, held, "repository:b:push");
    assert_refused(&explanation.verdict, "no_rule");
}

//! What events cannot tell is said to be unknown, and only where it matters.

use serde_json::json;

use super::*;

const BASE: &str = "[rule.base]\nfrom = [\"github\"]\npull = [\"base/**\"]\n";

fn asks(repository: &str, action: &str) -> Value {
    refusal(json!({ "body": { "asked": format!("repository:{repository}:{action}") } }))
}

#[test]
fn a_claim_that_was_not_recorded_is_unknown_where_a_rule_hangs_on_it() {
    let new = BASE.replace("pull", "cel = \"claims.x == '1'\"\npull");
    let pair = pair("", &new);
    assert_eq!(
        found(&pair, &[asks("base/a", "pull"), asks("other/a", "pull")]),
        [r#"github:74 unknown: pull on "base/a" (1); claims.x"#]
    );
    let recorded = |value: &str| {
        let body = json!({ "asked": "repository:base/a:pull", "claims": { "x": value } });
        refusal(json!({ "body": body }))
    };
    assert_eq!(
        found(&pair, &[recorded("1"), recorded("2")]),
        [r#"github:74 gains pull on "base/a" (1)"#]
    );
}

#[test]
fn a_claim_that_the_rules_of_then_named_and_that_is_not_recorded_was_not_there() {
    let old = BASE.replace("pull", "cel = \"claims.x == '1'\"\npull");
    let new = BASE.replace("pull", "cel = \"claims.x == '2'\"\npull");
    let pair = pair(&old, &new);
    let of_then = |policy: String| {
        let body = json!({ "asked": "repository:base/a:pull", "policy": policy });
        refusal(json!({ "body": body }))
    };
    let version = pair.old.policy.version().to_string();
    assert_eq!(found(&pair, &[of_then(version)]), [""; 0]);
    assert_eq!(
        found(&pair, &[of_then("aaaaaaaaaaaaaaaa".to_owned())]),
        [r#"github:74 unknown: pull on "base/a" (1); claims.x"#],
        "decided by other rules"
    );
}

#[test]
fn who_is_in_a_group_that_operators_come_to_keep_is_unknown() {
    let new =
        "[group.team]\noperators = true\n[rule.team]\ngroup = \"team\"\npull = [\"base/**\"]\n";
    let pair = pair("", new);
    let member = refusal(json!({ "body": {
        "asked": "repository:base/a:pull", "groups": ["team"] } }));
    let expected = r#"github:74 unknown: pull on "base/a" (2); who is in `group.team`, which operators do not keep yet"#;
    assert_eq!(found(&pair, &[asks("base/a", "pull"), member]), [expected]);
    assert_eq!(found(&pair, &[asks("other/a", "pull")]), [""; 0]);
}

#[test]
fn whose_a_name_is_is_unknown_unless_push_was_given_in_it() {
    let pulled = event(json!({ "body": {
        "asked": "repository:apps/github/acme/web:pull",
        "access": [{ "type": "repository", "name": "apps/github/acme/web", "actions": ["pull"] }],
    } }));
    let pair = pair(OWN, "");
    let expected = r#"github:74 unknown: pull on "apps/github/acme/web" (1); whose the name apps/github/acme/web is"#;
    assert_eq!(found(&pair, std::slice::from_ref(&pulled)), [expected]);
    let mut decided = pulled;
    put(
        &mut decided,
        json!({ "body": { "policy": pair.old.policy.version().to_string() } }),
    );
    assert_eq!(
        found(&pair, &[decided]),
        [r#"github:74 loses pull on "apps/github/acme/web" (1)"#],
        "the version tells that it was nobody's"
    );
}

#[test]
fn a_name_that_was_anothers_stays_anothers() {
    let owned = refusal(json!({ "body": {
        "rules": [{ "rule": "rule.own", "outcome": { "owned": "apps/github/acme/web" } }] } }));
    assert_eq!(found(&pair(OWN, ""), std::slice::from_ref(&owned)), [""; 0]);
    assert_eq!(found(&pair("", OWN), &[owned]), [""; 0]);
}

#[test]
fn a_platform_that_is_another_says_nobody_knows_what() {
    let other = ISSUERS.replace("https://id.example.com", "https://id2.example.com");
    let rule = "[rule.p]\nfrom = [\"people\"]\npull = [\"**\"]\n";
    let sides = |new: &str| {
        Pair::of(
            side(&format!("{ISSUERS}{rule}"), false),
            side(&format!("{new}{rule}"), false),
        )
    };
    let person = event(json!({
        "issuer": "people", "identity": "u1",
        "body": { "asked": "repository:a:pull", "facts": { "issuer": "people", "user": "alice" } },
    }));
    assert_eq!(
        found(&sides(&other), std::slice::from_ref(&person)),
        [
            r#"people:u1 unknown: pull on "a" (1); what a JWT of `issuer.people` says with another `iss`"#
        ]
    );
    let other = format!("{ISSUERS}id_claim = \"uid\"\n");
    let [line] = <[String; 1]>::try_from(found(&sides(&other), &[person])).unwrap();
    assert!(line.contains("`id_claim`"), "{line}");
}

#[test]
fn what_an_api_token_may_at_most_is_unknown_where_it_was_not_given() {
    let group = "[group.robots]\noperators = true\n";
    let rule = "[rule.robots]\ngroup = \"robots\"\npull = [\"base/**\"]\n";
    let both = format!("{group}{rule}");
    let token = refusal(json!({
        "issuer": "token", "identity": "mirror-1",
        "body": {
            "asked": "repository:base/a:pull", "groups": ["robots"], "facts": { "issuer": "token" },
        },
    }));
    let [line] =
        <[String; 1]>::try_from(found(&pair(group, &both), std::slice::from_ref(&token))).unwrap();
    assert!(
        line.starts_with(r#"token:mirror-1 unknown: pull on "base/a" (1); "#),
        "{line}"
    );
    assert_eq!(
        found(&pair(&both, &both), &[token]),
        [""; 0],
        "it is the same on both sides"
    );
}

#[test]
fn a_file_compared_with_itself_leaves_nothing_unknown() {
    let text = format!(
        "{OWN}{BASE}[group.team]\noperators = true\n\
         [rule.team]\ngroup = \"team\"\nany_run = true\npush = [\"team/**\"]\n\
         [rule.cel]\nfrom = [\"github\"]\ncel = \"claims.x == '1'\"\npull = [\"cel/**\"]\n\
         [deny.cel]\ncel = \"claims.y == '1'\"\npush = [\"apps/**\"]\n"
    );
    let pair = pair(&text, &text);
    let mut events = vec![event(json!({}))];
    for repository in [
        "apps/github/acme/web",
        "base/a",
        "cel/a",
        "team/a",
        "other/a",
    ] {
        for action in ["pull", "push", "delete", "pull,push"] {
            events.push(asks(repository, action));
        }
    }
    assert_eq!(found(&pair, &events), [""; 0]);
}

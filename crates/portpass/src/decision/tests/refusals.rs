//! What a refused caller is told, and what never.

use proptest::prelude::*;

use super::*;

const RELEASE: &str = "[rule.secret-name]\nfrom = ['github']\n\
    when = { event = ['push', 'tag'], ref = ['refs/heads/secret-branch', 'refs/tags/v*'] }\n\
    push = ['apps/{issuer}/{repository}']";

fn message(text: &str, proof: Proof, asked: &str) -> String {
    let denied = decide(&policy(text), proof, asked).unwrap_err();
    let id = denied.decision().id().to_string();
    denied.refusal().to_string().replace(&id, "ID")
}

#[test]
fn the_message_says_what_was_asked_by_whom_and_which_fact_was_unmet() {
    let asked = "repository:apps/github/acme/web:pull,push";
    let dev = ("ref", json!("refs/heads/dev"));
    insta::assert_snapshot!(
        message(RELEASE, run("github", &[dev]), asked),
        @"push to apps/github/acme/web refused for acme/web (ref refs/heads/dev, event push): no rule allows this ref; decision ID"
    );
    insta::assert_snapshot!(
        message(RELEASE, run("github", &[]), "repository:apps/github/acme/other:push"),
        @"push to apps/github/acme/other refused for acme/web (ref refs/heads/main, event push): no rule gives this to the caller; decision ID"
    );
    insta::assert_snapshot!(
        message(RELEASE, run("github", &[]), "repository:Apps:pull"),
        @"pull from Apps refused for acme/web (ref refs/heads/main, event push): this is not a valid repository name; decision ID"
    );
    insta::assert_snapshot!(
        message(RELEASE, anonymous(), "repository:a:pull"),
        @"pull from a refused: no credential was presented; log in with the JWT of your platform as the password; decision ID"
    );
    insta::assert_snapshot!(
        message(RELEASE, anonymous(), ""),
        @"login refused: no credential was presented; log in with the JWT of your platform as the password; decision ID"
    );
    let accented = run("github", &[("repository", json!("acme/w\u{e9}b"))]);
    let text = "[rule.x]\nfrom = ['github']\nany_run = true\npush = ['apps/{repository}']";
    insta::assert_snapshot!(
        message(text, accented, "repository:apps/acme/web:push"),
        @"push to apps/acme/web refused for acme/web (ref refs/heads/main, event push, repository acme/w?b): repository cannot stand in a repository name; decision ID"
    );
}

#[test]
fn an_unmet_fact_that_the_caller_lacks_is_named_as_lacking() {
    let text = "[rule.x]\nfrom = ['github']\nwhen = { environment = 'prod' }\npull = ['a']";
    insta::assert_snapshot!(
        message(text, run("github", &[]), "repository:a:pull"),
        @"pull from a refused for acme/web (ref refs/heads/main, event push): no rule allows this without environment; decision ID"
    );
}

#[test]
fn a_list_with_nothing_in_it_is_said_to_be_none() {
    let text = "[rule.x]\nfrom = ['github']\nwhen = { idp_groups = 'ops' }\npull = ['a']";
    let told = |groups| {
        let caller = run("github", &[("idp_groups", groups)]);
        message(text, caller, "repository:a:pull")
    };
    insta::assert_snapshot!(
        told(json!([])),
        @"pull from a refused for acme/web (ref refs/heads/main, event push, no idp_groups): no rule allows this idp_groups; decision ID"
    );
    insta::assert_snapshot!(
        told(json!(["dev", "qa"])),
        @"pull from a refused for acme/web (ref refs/heads/main, event push, idp_groups dev qa): no rule allows this idp_groups; decision ID"
    );
}

#[test]
fn the_closest_rule_gives_the_reason() {
    let text = "\
        [rule.a-far]\nfrom = ['github']\nwhen = { fork = true, owner = 'x', runner = 'hosted' }\npull = ['a']\n\
        [rule.b-near]\nfrom = ['github']\nwhen = { owner = 'x' }\npull = ['a']\n\
        [rule.c-as-near]\nfrom = ['github']\nwhen = { sha = 'x' }\npull = ['a']\n\
        [rule.d-elsewhere]\nfrom = ['github']\nwhen = { actor = 'x' }\npull = ['b']\n\
        [rule.e-others]\nfrom = ['gitlab']\nwhen = { pod = 'x' }\npull = ['a']";
    let denied = decide(&policy(text), run("github", &[]), "repository:a:pull").unwrap_err();
    assert_eq!(denied.refusal().code(), "unmet_fact");
    assert_eq!(denied.refusal().unmet(), Some(crate::identity::Fact::Owner));
}

#[test]
fn neither_a_wanted_value_nor_a_rules_name_is_told() {
    let dev = ("ref", json!("refs/heads/dev"));
    let told = message(
        RELEASE,
        run("github", &[dev]),
        "repository:apps/github/acme/web:push",
    );
    assert!(
        !told.contains("secret") && !told.contains("tags/v"),
        "{told}"
    );
}

#[test]
fn the_same_question_has_the_same_decision_id() {
    let policy = policy(RELEASE);
    let id = |asked| {
        let denied = decide(&policy, run("github", &[]), asked).unwrap_err();
        denied.decision().id()
    };
    assert_eq!(
        id("repository:a:pull repository:b:pull"),
        id("repository:b:pull repository:a:pull")
    );
    assert_ne!(id("repository:a:pull"), id("repository:b:pull"));
}

#[test]
fn the_decision_keeps_the_claims_that_rules_name() {
    let policy = policy(
        "[rule.x]\nfrom = ['github']\ncel = 'claims.tier == \"production\"'\npull = ['a']\n[rule.y]\nfrom = ['gitlab']\ncel = 'has(claims.absent)'\npull = ['a']",
    );
    let grant = decide(&policy, run("github", &[]), "repository:a:pull").unwrap();
    assert_eq!(
        json!(grant.decision().claims()),
        json!({ "tier": "production" })
    );
}

proptest! {
    #[test]
    fn no_callers_text_breaks_the_message(
        name in "\\PC{0,40}|(::|##\\[|\n|\r|\u{1b}|[a-z]){0,600}",
        reference in "\\PC{0,40}|(::|##\\[|\n|:|[a-z]){0,600}",
        asked in "[!-~]{1,300}",
    ) {
        let scope = format!("repository:{asked}:push");
        prop_assume!(Scopes::parse([scope.as_str()]).is_ok());
        let proof = proof("github", "74", &name, &[
            ("ref", json!(reference)), ("event", json!(reference)), ("environment", json!(name)), ("repository", json!(name)),
        ]);
        let denied = decide(&policy(RELEASE), proof, &scope).unwrap_err();
        let told = denied.refusal().to_string();
        prop_assert!(told.len() < 4096);
        prop_assert!(told.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()));
        prop_assert!(!told.contains("::") && !told.contains("##["), "{}", told);
        prop_assert!(told.contains("; decision "));
    }
}

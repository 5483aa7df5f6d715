//! A claim cut to what was asked, and what is refused.

use super::*;
use crate::relay::ProviderFault;

/// What a run is granted where no rule says anything.
fn cut(asked: &str, said: &[&str]) -> String {
    answer_given("", run("github", &[]), &Owners::new(), asked, said)
}

#[test]
fn what_is_given_is_cut_to_what_was_asked() {
    let all = "repository:a:delete,pull,push";
    for (asked, answer) in [
        ("repository:a:pull", "repository:a:pull"),
        ("repository:a:pull,push", "repository:a:pull,push"),
        ("repository:a:look,pull", "repository:a:pull"),
        ("repository:a:*", all),
        ("repository:b:pull", "refused: provider_withheld"),
    ] {
        assert_eq!(cut(asked, &[all]), answer, "{asked}");
        assert_eq!(cut(asked, &["repository:a:*"]), answer, "{asked} of *");
    }
}

#[test]
fn only_what_is_given_is_granted() {
    let star = "repository:a:*";
    assert_eq!(cut(star, &["repository:a:look,pull"]), "repository:a:pull");
    assert_eq!(
        cut(star, &["repository:a:look"]),
        "refused: provider_withheld"
    );
    assert_eq!(cut(star, &[]), "refused: provider_withheld");
    // Push without pull is what the provider gives, whatever it is good for.
    let push = "repository:a:push";
    assert_eq!(cut("repository:a:pull,push", &[push]), push);
    assert_eq!(cut(star, &[push]), push);
    let two = ["repository:a:pull", "repository:a:push"];
    assert_eq!(cut(star, &two), "repository:a:pull,push");
    // Nothing in a claim is a pattern.
    let patterns = ["repository:*:*", "repository:**:*", "repository:a/*:*"];
    assert_eq!(
        cut("repository:a/b:pull", &patterns),
        "refused: provider_withheld"
    );
}

#[test]
fn another_kind_or_class_is_another_resource() {
    let pull = "repository:a:pull";
    for other in ["registry:a:pull", "repository(plugin):a:pull", "image:a:*"] {
        assert_eq!(cut(pull, &[other]), "refused: provider_withheld", "{other}");
    }
    let plugin = "repository(plugin):a:pull";
    assert_eq!(cut(plugin, &[plugin]), plugin);
    // Many providers know no classes.
    assert_eq!(cut(plugin, &[pull]), plugin);
}

#[test]
fn a_literal_star_is_granted_for_the_catalog_alone() {
    let catalog = "registry:catalog:*";
    assert_eq!(cut(catalog, &[catalog]), catalog);
    for other in [
        "registry:catalog:pull",
        "registry:other:*",
        "repository:catalog:*",
    ] {
        assert_eq!(
            cut(catalog, &[other]),
            "refused: provider_withheld",
            "{other}"
        );
    }
    let denied = "[deny.x]\ncatalog = true";
    let answer = answer_given(
        denied,
        run("github", &[]),
        &Owners::new(),
        catalog,
        &[catalog],
    );
    assert_eq!(answer, "refused: denied");
}

#[test]
fn ungranted_pulls_are_left_out_and_a_push_is_not() {
    let push = "repository:a:pull,push";
    // The source of a mount may be missing.
    assert_eq!(
        cut("repository:a:pull,push repository:b:pull", &[push]),
        push
    );
    let pulls = ["repository:a:pull", "repository:b:pull"];
    assert_eq!(
        cut("repository:a:pull repository:b:pull,push", &pulls),
        "refused: provider_withheld"
    );
    // crane deletes with all three.
    let delete = "repository:a:delete,pull,push";
    assert_eq!(cut(delete, &[push]), push);
    assert_eq!(cut(delete, &["repository:a:delete"]), "repository:a:delete");
    assert_eq!(cut("repository:a:pull", &[]), "refused: provider_withheld");
}

#[test]
fn a_login_that_asks_for_nothing_is_let_in_where_somebody_is_proven() {
    for asked in ["", "image:a:pull", "repository:a:look"] {
        assert_eq!(cut(asked, &["repository:a:*"]), "", "{asked}");
        let answer = answer_given("", anonymous(), &Owners::new(), asked, &["repository:a:*"]);
        assert_eq!(answer, "refused: login_required", "{asked}");
    }
}

#[test]
fn callers_without_a_credential_pull_what_is_given_and_change_nothing() {
    let all = ["repository:a:*", "registry:catalog:*"];
    let answer = |asked: &str| answer_given("", anonymous(), &Owners::new(), asked, &all);
    assert_eq!(answer("repository:a:*"), "repository:a:pull");
    assert_eq!(answer("registry:catalog:*"), "registry:catalog:*");
    assert_eq!(answer("repository:a:pull,push"), "refused: login_required");
    assert_eq!(answer("repository:a:delete"), "refused: login_required");
    assert_eq!(answer("repository:b:pull"), "refused: login_required");
}

#[test]
fn what_is_no_repositorys_name_is_not_given() {
    for name in ["Bad", "../a", "a//b"] {
        let scope = format!("repository:{name}:pull");
        assert_eq!(cut(&scope, &[&scope]), "refused: invalid_name", "{name}");
    }
}

#[test]
fn the_refusal_has_the_words_of_a_relay_that_passes_tokens_on() {
    let asked = "repository:apps/a:pull,push";
    let pull = given(&["repository:apps/a:pull"]);
    let decided = decide_given(
        &policy(""),
        run("github", &[]),
        Held::default(),
        asked,
        &pull,
    );
    let refusal = decided.unwrap_err().refusal().clone();
    let fault = ProviderFault::Withheld(asked.parse().unwrap());
    assert_eq!(refusal.code(), fault.code());
    assert!(
        refusal
            .to_string()
            .contains(&format!(": {fault}; decision "))
    );
    assert_eq!(refusal.unmet(), None);
    insta::assert_snapshot!(
        refusal.to_string().split_once("; decision ").unwrap().0,
        @"push to apps/a refused for acme/web (ref refs/heads/main, event push): the identity provider gives no such access"
    );
}

//! Expressions: what they see, what they may be, and that they are bounded.

use super::*;
use crate::decision::{
    cel::{Expression, NamedClaims},
    variables::Environment,
};

fn is_met(cel: &str) -> bool {
    let policy = policy(&format!(
        "[rule.x]\nfrom = ['github']\ncel = '''{cel}'''\npull = ['a']"
    ));
    let run = run("github", &[("idp_groups", json!(["ops"]))]);
    decide(&policy, run, "repository:a:pull").is_ok()
}

fn fault(cel: &str) -> String {
    Expression::compile(&Environment::new(), cel)
        .unwrap_err()
        .to_string()
}

#[test]
fn an_expression_sees_facts_claims_and_the_registry() {
    for cel in [
        "facts.ref == 'refs/heads/main'",
        "facts.ref_protected",
        "facts.issuer == 'github'",
        "'ops' in facts.idp_groups",
        "claims.tier.startsWith('prod')",
        "claims['tier'] in ['production', 'staging']",
        "claims.groups.exists(g, g == 'dev')",
        "registry == 'prod'",
        "!has(claims.absent)",
        "type(claims.tier) == string",
    ] {
        assert!(is_met(cel), "{cel}");
    }
}

#[test]
fn what_is_not_true_is_unmet() {
    for cel in [
        "false",
        "claims.absent == 'x'",
        "claims.absent != 'x'",
        "facts.environment == 'prod'",
        "claims.tier",
        "size(claims.groups)",
        "1 / 0 == 1",
        "claims.tier > 1",
    ] {
        assert!(!is_met(cel), "{cel}");
    }
}

#[test]
fn an_unmet_expression_is_the_reason() {
    let policy = policy("[rule.x]\nfrom = ['github']\ncel = 'false'\npull = ['a']");
    assert_eq!(
        answer(&policy, run("github", &[]), "repository:a:pull"),
        "refused: unmet_cel"
    );
}

#[test]
fn nonsense_and_unknown_names_are_faults() {
    for (cel, message) in [
        ("facts.ref ==", "no expression"),
        ("", "no expression"),
        ("claim.x == 1", "unknown variable `claim`"),
        ("now() > 1", "unknown function `now`"),
        ("claims.x.matches('a+')", "unknown function `matches`"),
        ("'text'", "never true or false"),
        ("[true]", "never true or false"),
        ("claims.l.all(claims, true)", "has a meaning already"),
    ] {
        let fault = fault(cel);
        assert!(fault.contains(message), "{cel}: {fault}");
    }
}

#[test]
fn a_fact_that_does_not_exist_is_a_fault() {
    for cel in [
        "facts.evnt == 'push'",
        "has(facts.evnt)",
        "facts['evnt'] == 'push'",
        "claims.l.exists(x, x == facts.evnt)",
    ] {
        assert_eq!(
            fault(cel),
            "there is no fact `evnt`; did you mean `event`?",
            "{cel}"
        );
    }
    assert_eq!(fault("facts.colour == 'x'"), "there is no fact `colour`");
}

#[test]
fn what_is_no_cel_is_told_with_its_place_and_without_the_parsers_terms() {
    let told: Vec<_> = [
        "facts.ref ==",
        "facts.ref == 0.5.5",
        "facts.ref = 'x'",
        "facts.ref == 'x' &&\n  claims.a == = 1",
        "facts.ref == 'x",
        "",
    ]
    .map(fault)
    .into();
    insta::assert_snapshot!(told.join("\n"), @r"
    no expression: it ends too early
    no expression: it cannot be read from character 17 on: `.5`
    no expression: it cannot be read from character 11 on: `= 'x'`
    no expression: it cannot be read from line 2, character 15 on: `= 1`
    no expression: it cannot be read from character 14 on: `'x`
    no expression: it is empty
    ");
}

#[test]
fn size_and_nesting_are_bounded() {
    assert!(fault(&format!("'{}' == ''", "a".repeat(4096))).contains("longer than"));
    for nested in [
        format!("{}true{}", "(".repeat(500), ")".repeat(500)),
        format!("{}{}", "[".repeat(1000), "]".repeat(1000)),
        format!("1{} == 1", " + 1".repeat(1000)),
        format!("claims{} == 1", ".a".repeat(1000)),
        format!("{}true", "true ? true : ".repeat(250)),
    ] {
        fault(&nested);
    }
    let nested = "claims.l.all(a, claims.l.all(b, claims.l.all(c, true)))";
    assert!(fault(nested).contains("nest more than 2 levels"));
}

#[test]
fn what_is_just_shallow_enough_is_evaluated_on_a_common_stack() {
    // A test's thread has two megabytes, as the runtime's have.
    let compile = |terms| {
        let text = format!("1{} == {}", " + 1".repeat(terms - 1), terms);
        Expression::compile(&Environment::new(), &text)
    };
    let deepest = (2..100)
        .take_while(|terms| compile(*terms).is_ok())
        .last()
        .unwrap();
    assert!(is_met(&format!(
        "1{} == {deepest}",
        " + 1".repeat(deepest - 1)
    )));
    assert!(is_met(
        "claims.groups.all(a, claims.groups.exists(b, a == b))"
    ));
}

#[test]
fn the_claims_that_an_expression_names_are_known() {
    let named = |cel| {
        Expression::compile(&Environment::new(), cel)
            .unwrap()
            .claims()
            .clone()
    };
    let some =
        |names: &[&str]| NamedClaims::Some(names.iter().map(|name| (*name).to_owned()).collect());
    assert_eq!(
        named("claims.a == claims['b'].c || has(claims.d)"),
        some(&["a", "b", "d"])
    );
    assert_eq!(
        named("claims.l.exists(x, x.claims == facts.ref)"),
        some(&["l"])
    );
    assert_eq!(named("facts.ref == 'x'"), some(&[]));
    assert_eq!(named("'a' in claims"), NamedClaims::All);
    assert_eq!(named("claims[facts.ref] == 1"), NamedClaims::All);
}

#[test]
fn what_names_a_list_that_is_too_long_cannot_be_evaluated() {
    let rule = r#"[rule.a]
        from = ["people"]
        pull = ["**"]
        [deny.b]
        cel = "has(claims.groups) && 'blocked' in claims.groups"
        pull = ["**"]"#;
    let policy = policy(rule);
    let asked = |groups: usize| {
        let groups = vec![json!("other"); groups];
        let claims = Map::from_iter([("groups".to_owned(), json!(groups))]);
        let login = Some(ShortId::of(b"l"));
        let proof = Proof::of("people", "1", "one", facts(&[]), claims, login, None);
        answer(&policy, proof, "repository:a:pull")
    };
    assert_eq!(asked(256), "repository:a:pull");
    assert_eq!(asked(257), "refused: denied");
}

#[test]
fn a_fact_that_is_too_long_cannot_be_evaluated() {
    let rule = r#"[rule.a]
        from = ["people"]
        cel = "facts.idp_groups.exists(a, facts.idp_groups.exists(b, a + b == 'never')) || true"
        pull = ["**"]"#;
    let policy = policy(rule);
    let asked = |groups: usize| {
        let groups = json!(vec!["other"; groups]);
        let proof = proof("people", "1", "one", &[("idp_groups", groups)]);
        answer(&policy, proof, "repository:a:pull")
    };
    assert_eq!(asked(256), "repository:a:pull");
    assert!(asked(257).starts_with("refused"));
}

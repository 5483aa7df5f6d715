//! What holds for any rules and any caller.

use proptest::{collection::vec, prelude::*, sample::select};

use super::*;

const PATTERNS: &[&str] = &[
    "**",
    "a",
    "a/*",
    "*",
    "b/**",
    "x/{issuer}/{owner}",
    "x/{issuer}/{repository}/*",
    "{images}",
];
const WHENS: &[&str] = &[
    "",
    "when = { fork = true }",
    "when = { fork = { not = true } }",
    "when = { owner = ['acme', 'b*'] }",
    "when = { match = ['m', 'n'] }",
    "when = { environment = { not = 'prod' } }",
];
const CELS: &[&str] = &[
    "",
    "cel = 'claims.tier == \"production\"'",
    "cel = 'claims.absent == 1'",
    "cel = 'facts.fork'",
];
const NAMES: &[&str] = &[
    "a",
    "a/b",
    "b/c/d",
    "x/github/acme",
    "x/github/acme/web/z",
    "web",
    "Bad",
    "../a",
];

fn table() -> impl Strategy<Value = String> {
    let patterns = || vec(select(PATTERNS), 0..3);
    (
        select(&["from = ['github']", "from = ['gitlab', 'people']", "group = 'ops'"][..]),
        select(WHENS),
        select(CELS),
        (patterns(), patterns(), patterns()),
    )
        .prop_map(|(who, when, cel, (pull, push, delete))| {
            format!("{who}\n{when}\n{cel}\nany_run = true\npull = {pull:?}\npush = {push:?}\ndelete = {delete:?}\ncatalog = true\n")
        })
}

fn file(rules: &[String], denies: &[String]) -> Policy {
    let mut text = "[match.m]\nfork = false\n[match.n]\nref_protected = true\n[group]\nops = [['github', '74']]\n[images.github]\n74 = ['web']\n".to_owned();
    for (index, rule) in rules.iter().enumerate() {
        text.extend(["[rule.r", &index.to_string(), "]\n", rule]);
    }
    for (index, deny) in denies.iter().enumerate() {
        let deny = deny.replace("any_run = true\n", "");
        text.extend(["[deny.d", &index.to_string(), "]\n", &deny]);
    }
    policy(&text)
}

fn caller() -> impl Strategy<Value = Proof> {
    let flag = || {
        prop::option::of(prop_oneof![
            Just(json!(true)),
            Just(json!(false)),
            Just(json!("x"))
        ])
    };
    (
        select(&["github", "gitlab", "people", "cluster"][..]),
        flag(),
        flag(),
        select(&["acme", "beta", "ACME", "no good"][..]),
    )
        .prop_map(|(issuer, fork, environment, owner)| {
            let mut set = vec![("owner", json!(owner))];
            set.extend(fork.map(|value| ("fork", value)));
            set.extend(environment.map(|value| ("environment", value)));
            run(issuer, &set)
        })
}

fn asked() -> impl Strategy<Value = String> {
    let actions = select(
        &[
            "pull",
            "push",
            "delete",
            "pull,push",
            "*",
            "delete,pull,push",
            "look",
        ][..],
    );
    let scope =
        (select(NAMES), actions).prop_map(|(name, actions)| format!("repository:{name}:{actions}"));
    vec(
        prop_oneof![9 => scope, 1 => Just("registry:catalog:*".to_owned())],
        0..4,
    )
    .prop_map(|scopes| scopes.join(" "))
}

/// Everything that is granted, as pairs of name and action.
fn granted(
    policy: &Policy,
    proof: &Proof,
    asked: &str,
) -> std::collections::BTreeSet<(String, String)> {
    // One by one: a refusal of one scope would hide what the others give.
    let scopes = Scopes::parse([asked]).unwrap();
    let mut granted = std::collections::BTreeSet::new();
    for scope in &scopes {
        for action in &scope.actions {
            let one = format!("{}:{}:{action}", scope.kind, scope.name);
            for access in
                decide(policy, proof.clone(), &one).map_or(vec![], |grant| grant.access().to_vec())
            {
                granted.extend(
                    access
                        .actions
                        .into_iter()
                        .map(|action| (access.name.clone(), action)),
                );
            }
        }
    }
    granted
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_grant_is_a_subset_of_the_request(rules in vec(table(), 0..4), denies in vec(table(), 0..2), proof in caller(), asked in asked()) {
        let scopes = Scopes::parse([asked.as_str()]).unwrap();
        if let Ok(grant) = decide(&file(&rules, &denies), proof, &asked) {
            for access in grant.access() {
                let scope = scopes.iter().find(|scope| scope.name == access.name).unwrap();
                let star = scope.actions.contains("*");
                prop_assert_eq!(&scope.kind, &access.kind);
                for action in &access.actions {
                    prop_assert!(scope.actions.contains(action) || star);
                    prop_assert!(action != "*" || access.kind == "registry");
                }
                prop_assert!(access.actions.is_sorted() && !access.actions.is_empty());
            }
        }
    }

    #[test]
    fn less_is_granted_by_fewer_rules_and_more_denies(
        rules in vec(table(), 1..4), denies in vec(table(), 0..2), one_more in table(), proof in caller(), asked in asked(),
    ) {
        let all = granted(&file(&rules, &denies), &proof, &asked);
        let fewer = granted(&file(&rules[1..], &denies), &proof, &asked);
        prop_assert!(fewer.is_subset(&all));
        let more_denies = [denies, vec![one_more]].concat();
        let denied = granted(&file(&rules, &more_denies), &proof, &asked);
        prop_assert!(denied.is_subset(&all));
    }

    #[test]
    fn a_deny_whose_facts_are_missing_denies(
        when in select(&WHENS[1..]), cel in select(&["", "cel = 'facts.fork'", "cel = 'claims.absent == 1'"][..]), name in select(&NAMES[..6]),
    ) {
        let everything = "from = ['people']\npush = ['**']\ndelete = ['**']\n".to_owned();
        let policy = file(&[everything], &[format!("{when}\n{cel}\npull = ['**']\ndelete = ['**']\n")]);
        let bare = proof("people", "1", "ann", &[]);
        let granted = granted(&policy, &bare, &format!("repository:{name}:*"));
        prop_assert!(granted.is_empty());
    }

    #[test]
    fn the_anonymous_get_nothing_that_is_not_given_to_them(rules in vec(table(), 0..4), asked in asked()) {
        prop_assert!(decide(&file(&rules, &[]), anonymous(), &asked).is_err());
    }
}

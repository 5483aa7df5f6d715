//! What holds for any rules and any caller.

use proptest::{collection::vec, prelude::*, sample::select};

use super::*;
use crate::{decision::Ceiling, identity::ApiToken, session::Evidence};

const PATTERNS: &[&str] = &[
    "**",
    "a",
    "a/*",
    "*",
    "b/**",
    "x/{issuer}/{owner}",
    "x/{issuer}/{repository}/*",
    "y/{issuer}",
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
pub(super) const NAMES: &[&str] = &[
    "a",
    "a/b",
    "b/c/d",
    "x/github/acme",
    "x/github/acme/web/z",
    "y/token",
    "web",
    "Bad",
    "../a",
];

pub(super) fn table() -> impl Strategy<Value = String> {
    let patterns = || vec(select(PATTERNS), 0..3);
    (
        select(
            &[
                "from = ['github']",
                "from = ['gitlab', 'people']",
                "group = 'ops'",
                "group = 'kept'",
            ][..],
        ),
        select(WHENS),
        select(CELS),
        (patterns(), patterns(), patterns()),
    )
        .prop_map(|(who, when, cel, (pull, push, delete))| {
            format!("{who}\n{when}\n{cel}\nany_run = true\npull = {pull:?}\npush = {push:?}\ndelete = {delete:?}\ncatalog = true\n")
        })
}

pub(super) fn file(rules: &[String], denies: &[String]) -> Policy {
    policy(&text(rules, denies))
}

pub(super) fn text(rules: &[String], denies: &[String]) -> String {
    let mut text = "[match.m]\nfork = false\n[match.n]\nref_protected = true\n[group]\nops = [['github', '74']]\nkept = 'operators'\n[images.github]\n74 = ['web']\n".to_owned();
    for (index, rule) in rules.iter().enumerate() {
        text.extend(["[rule.r", &index.to_string(), "]\n", rule]);
    }
    for (index, deny) in denies.iter().enumerate() {
        let deny = deny.replace("any_run = true\n", "");
        text.extend(["[deny.d", &index.to_string(), "]\n", &deny]);
    }
    text
}

pub(super) fn caller() -> impl Strategy<Value = Proof> {
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

pub(super) fn asked() -> impl Strategy<Value = String> {
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

/// An API token's ceiling, as its proof.
fn token() -> impl Strategy<Value = (Proof, Ceiling)> {
    const GLOBS: &[&str] = &["**", "a", "a/*", "*", "b/**", "x/**", "y/token"];
    let globs = || {
        let globs = vec(select(GLOBS), 0..3);
        globs.prop_map(|globs| globs.into_iter().map(str::to_owned).collect::<Vec<_>>())
    };
    (globs(), globs(), globs()).prop_map(|(pull, push, delete)| {
        let ceiling = Ceiling::parse(&pull, &push, &delete).unwrap();
        let proof = proof("token", "t-1", "mirror", &[("issuer", json!("token"))]);
        let token = ApiToken {
            identity: proof.identity().clone(),
            name: "mirror".to_owned(),
            group: "kept".into(),
            ceiling: ceiling.clone(),
            expires: None,
            revoked: None,
            last_used: None,
        };
        let evidence = Evidence::ApiToken(Arc::new(token));
        (proof.by(evidence), ceiling)
    })
}

/// Some owners of names that the patterns render, the caller's own among them.
pub(super) fn some_owners() -> impl Strategy<Value = Owners> {
    let names = select(
        &[
            "x/github/acme",
            "x/github/acme/web",
            "x/gitlab/acme",
            "x/people/beta",
        ][..],
    );
    let issuer = select(&["github", "gitlab", "people"][..]);
    let id = select(&["65", "74", "12"][..]);
    vec((names, issuer, id), 0..4).prop_map(|rows| owners(&rows))
}

/// Everything that is granted, as pairs of name and action.
fn granted(
    policy: &Policy,
    proof: &Proof,
    asked: &str,
) -> std::collections::BTreeSet<(String, String)> {
    granted_held(policy, proof, Held::default(), asked)
}

fn granted_held(
    policy: &Policy,
    proof: &Proof,
    held: Held<'_>,
    asked: &str,
) -> std::collections::BTreeSet<(String, String)> {
    // One by one: a refusal of one scope would hide what the others give.
    let scopes = Scopes::parse([asked]).unwrap();
    let mut granted = std::collections::BTreeSet::new();
    for scope in &scopes {
        for action in &scope.actions {
            let one = format!("{}:{}:{action}", scope.kind, scope.name);
            for access in decide_held(policy, proof.clone(), held, &one)
                .map_or(vec![], |grant| grant.access().to_vec())
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

    #[test]
    fn an_api_token_is_granted_a_subset_of_its_ceiling(
        rules in vec(table(), 0..4), denies in vec(table(), 0..2), (proof, ceiling) in token(), asked in asked(),
    ) {
        let policy = file(&rules, &denies);
        for (name, action) in granted(&policy, &proof, &asked) {
            let allowed = ceiling.allows(&name).words();
            prop_assert!(allowed.contains(&action), "{} {}: {:?}", name, action, ceiling);
        }
    }

    #[test]
    fn less_is_granted_where_others_own_and_out_of_groups_and_to_the_suspended(
        rules in vec(table(), 1..4), denies in vec(table(), 0..2), proof in caller(), asked in asked(), owners in some_owners(),
    ) {
        // A deny of a group takes less from whoever is not in it.
        let denies: Vec<_> = denies.iter().map(|deny| deny.replace("group = 'kept'", "")).collect();
        let policy = file(&rules, &denies);
        let kept = groups(&["kept"]);
        let all = granted_held(&policy, &proof, Held { groups: &kept, ..Held::default() }, &asked);
        let held = Held { groups: &kept, owners: &owners };
        let owned = granted_held(&policy, &proof, held, &asked);
        prop_assert!(owned.is_subset(&all));
        let out = granted_held(&policy, &proof, Held { groups: &[], ..held }, &asked);
        prop_assert!(out.is_subset(&owned));
        let suspended = granted_held(&policy, &proof.of_issuer(false, false), held, &asked);
        prop_assert!(suspended.is_subset(&owned));
    }

    #[test]
    fn the_suspended_get_no_more_whatever_the_denies(
        rules in vec(table(), 1..4), denies in vec(table(), 0..3), proof in caller(), asked in asked(),
    ) {
        let policy = file(&rules, &denies);
        let kept = groups(&["kept"]);
        let held = Held { groups: &kept, ..Held::default() };
        let all = granted_held(&policy, &proof, held, &asked);
        let suspended = granted_held(&policy, &proof.of_issuer(false, false), held, &asked);
        prop_assert!(suspended.is_subset(&all));
    }

    #[test]
    fn a_claim_is_of_a_name_that_was_asked_for_and_that_nobody_owns(
        rules in vec(table(), 1..4), proof in caller(), asked in asked(), owners in some_owners(),
    ) {
        let policy = file(&rules, &[]);
        let names = policy.namespaces(Caller::from(&proof), &registry("prod"));
        let kept = groups(&["kept"]);
        let held = Held { groups: &kept, owners: &owners };
        if let Ok(grant) = decide_held(&policy, proof, held, &asked) {
            for claim in grant.claims() {
                prop_assert!(names.contains(claim), "{:?} is not in {:?}", claim, names);
                prop_assert!(!owners.contains_key(&claim.name));
                let is_pushed = grant.access().iter().any(|access| {
                    access.name.starts_with(&claim.name) && access.actions.iter().any(|action| action == "push")
                });
                prop_assert!(is_pushed);
            }
        }
    }
}

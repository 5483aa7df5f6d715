//! What holds for any rules and any caller.

use proptest::{collection::vec, prelude::*, sample::select};

use super::*;
use crate::{
    decision::{Ceiling, Stage, Verdict},
    identity::{ApiToken, Supposed},
    session::Evidence,
};

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

/// The same with some more in shadow.
fn file_with_shadow(
    live: (&[String], &[String]),
    shadow_rules: &[String],
    shadow_denies: &[String],
) -> PolicySource {
    let mut text = text(live.0, live.1);
    for (index, rule) in shadow_rules.iter().enumerate() {
        // Some before and some after the live ones.
        let name = ["a", "z"][index % 2];
        let index = index.to_string();
        text.extend(["[rule.", name, &index, "]\nmode = 'shadow'\n", rule]);
    }
    for (index, deny) in shadow_denies.iter().enumerate() {
        let deny = deny.replace("any_run = true\n", "");
        let index = index.to_string();
        text.extend(["[deny.s", &index, "]\nmode = 'shadow'\n", &deny]);
    }
    source(&text)
}

/// What a decision comes to, as what explains it says.
fn verdict(decided: &Result<Grant, Box<Denied>>) -> Verdict {
    match decided {
        Ok(grant) => Verdict::Granted(grant.access().to_vec()),
        Err(denied) => Verdict::Refused {
            code: denied.refusal().code().into(),
            stage: if denied.refusal().code() == "denied" {
                Stage::Deny
            } else {
                Stage::Rules
            },
            unmet: denied.refusal().unmet(),
        },
    }
}

/// Everything of a decision that must not depend on rules in shadow.
fn live_story(decided: &Result<Grant, Box<Denied>>) -> Value {
    let (decision, outcome) = match decided {
        Ok(grant) => (grant.decision(), json!([grant.access(), grant.claims()])),
        Err(denied) => (denied.decision(), json!(denied.refusal().to_string())),
    };
    json!([
        outcome,
        decision.id(),
        decision.policy(),
        decision.groups(),
        decision.rules(),
    ])
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
            name: "mirror".into(),
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

    #[test]
    fn what_is_explained_is_what_is_decided(
        rules in vec(table(), 0..4), denies in vec(table(), 0..3), shadow in vec(table(), 0..2),
        proof in prop_oneof![4 => caller(), 1 => token().prop_map(|(proof, _)| proof), 1 => Just(anonymous())],
        is_bound in any::<bool>(), asked in asked(), owners in some_owners(),
    ) {
        let source = file_with_shadow((&rules, &denies), &shadow, &shadow);
        let policy = Policy::compile(&source).unwrap();
        let kept = groups(&["kept"]);
        let held = Held { groups: &kept, owners: &owners };
        let proof = proof.of_issuer(false, is_bound);
        let scopes = Scopes::parse([asked.as_str()]).unwrap();
        let (caller, registry) = (Caller::from(&proof), registry("prod"));
        let explained = policy.explain(caller, held, &registry, &scopes);
        let short = policy.verdict(caller, held, &registry, &scopes);
        let decided = decide_held(&policy, proof.clone(), held, &asked);
        let decision = decided.as_ref().map_or_else(|denied| denied.decision(), Grant::decision);
        prop_assert_eq!(&explained.verdict, &verdict(&decided));
        prop_assert_eq!(&short, &explained.verdict);
        prop_assert_eq!(explained.policy, decision.policy());
        prop_assert_eq!(&explained.groups, decision.groups());
        let message = decided.as_ref().err().map(|denied| denied.refusal().to_string());
        prop_assert_eq!(&explained.message, &message);
        let of_mode = |mode| {
            let rules = explained.rules.iter().filter(move |rule| rule.mode == mode);
            rules.map(|rule| json!({ "rule": rule.rule, "outcome": rule.outcome })).collect::<Vec<_>>()
        };
        prop_assert_eq!(json!(of_mode(Mode::Live)), json!(decision.rules()));
        let shadow = decision.shadow().map(|shadow| shadow.rules().to_vec());
        prop_assert_eq!(json!(of_mode(Mode::Shadow)), json!(shadow.unwrap_or_default()));
        // Whatever is given, some live rule says that it gives it.
        for access in decided.iter().flat_map(Grant::access) {
            for action in &access.actions {
                let gives = explained.rules.iter().any(|rule| {
                    rule.mode == Mode::Live && rule.rule.starts_with("rule.")
                        && rule.access.iter().any(|gave| gave.name == access.name && gave.actions.contains(action))
                });
                prop_assert!(gives, "{} {}", access.name, action);
            }
        }
    }

    #[test]
    fn what_was_recorded_is_judged_as_it_was_or_untold(
        rules in vec(table(), 0..4), denies in vec(table(), 0..3), proof in caller(), asked in asked(), owners in some_owners(),
    ) {
        let policy = file(&rules, &denies);
        let kept = groups(&["kept"]);
        let held = Held { groups: &kept, owners: &owners };
        let decided = decide_held(&policy, proof.clone(), held, &asked);
        let decision = decided.as_ref().map_or_else(|denied| denied.decision(), Grant::decision);
        let record = |claims: &Map<String, Value>| Supposed::recorded(
            proof.identity().issuer(), proof.identity().id(), proof.name(), proof.facts().clone(), claims.clone(),
        );
        let scopes = Scopes::parse([asked.as_str()]).unwrap();
        let registry = registry("prod");
        let weigh = |caller| policy.verdict(caller, held, &registry, &scopes);
        let (whole, bare) = (record(decision.claims()), record(&Map::new()));
        prop_assert_eq!(weigh(Caller::from(&whole).recorded_under(&policy)), verdict(&decided));
        let untold = weigh(Caller::from(&bare));
        prop_assert!(matches!(untold, Verdict::Untold(_)) || untold == verdict(&decided), "{:?}", untold);
    }

    #[test]
    fn rules_in_shadow_change_nothing_and_say_what_they_would(
        rules in vec(table(), 0..3), denies in vec(table(), 0..2),
        shadow_rules in vec(table(), 0..3), shadow_denies in vec(table(), 0..2),
        proof in prop_oneof![4 => caller(), 1 => token().prop_map(|(proof, _)| proof), 1 => Just(anonymous())],
        asked in asked(), owners in some_owners(),
    ) {
        let live = file(&rules, &denies);
        let source = file_with_shadow((&rules, &denies), &shadow_rules, &shadow_denies);
        let both = Policy::compile(&source).unwrap();
        let as_live = Policy::compile(&source.with_shadow_live()).unwrap();
        let kept = groups(&["kept"]);
        let held = Held { groups: &kept, owners: &owners };
        let without = decide_held(&live, proof.clone(), held, &asked);
        let with = decide_held(&both, proof.clone(), held, &asked);
        prop_assert_eq!(live_story(&with), live_story(&without));
        prop_assert_eq!(both.version(), live.version());
        let decision = with.as_ref().map_or_else(|denied| denied.decision(), Grant::decision);
        let would = verdict(&decide_held(&as_live, proof, held, &asked));
        match decision.shadow() {
            None => prop_assert!(shadow_rules.is_empty() && shadow_denies.is_empty()),
            Some(shadow) => {
                prop_assert_eq!(shadow.rules().len(), shadow_rules.len() + shadow_denies.len());
                match (&would, verdict(&with)) {
                    (Verdict::Granted(access), is) => {
                        let differs = is != would;
                        prop_assert_eq!(shadow.access(), differs.then_some(access.as_slice()));
                        prop_assert_eq!(shadow.reason(), None);
                    }
                    (Verdict::Refused { code, .. }, Verdict::Granted(_)) => {
                        prop_assert_eq!((shadow.access(), shadow.reason()), (None, Some(&**code)));
                    }
                    (_, _) => prop_assert_eq!((shadow.access(), shadow.reason()), (None, None)),
                }
            }
        }
    }
}

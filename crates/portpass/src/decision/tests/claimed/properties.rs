//! What holds for any claim.

use proptest::{collection::vec, prelude::*, sample::select};

use super::{
    super::properties::{NAMES, asked, caller, file, some_owners, table},
    *,
};

/// Any claim.
fn claim() -> impl Strategy<Value = Vec<Access>> {
    let words = vec(select(&["pull", "push", "delete", "*", "look"][..]), 0..4);
    let kind = select(&["repository", "repository", "repository(plugin)", "registry"][..]);
    let name = prop_oneof![8 => select(NAMES), 1 => Just("catalog"), 1 => Just("**")];
    let entry = (kind, name, words).prop_map(|(kind, name, words)| {
        let (kind, class) = kind.split_once('(').unwrap_or((kind, ""));
        let class = class.strip_suffix(')').map(str::to_owned);
        Access {
            kind: kind.to_owned(),
            class,
            name: name.to_owned(),
            actions: words.into_iter().map(str::to_owned).collect(),
        }
    });
    vec(entry, 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_grant_is_a_subset_of_the_request_and_of_the_claim(
        rules in vec(table(), 0..3), denies in vec(table(), 0..2), proof in prop_oneof![6 => caller(), 1 => Just(anonymous())],
        asked in asked(), given in claim(), owners in some_owners(),
    ) {
        let scopes = Scopes::parse([asked.as_str()]).unwrap();
        let held = Held { owners: &owners, ..Held::default() };
        let changes = |action: &String| action == "push" || action == "delete";
        let is_anonymous = proof.is_anonymous();
        if let Ok(grant) = decide_given(&file(&rules, &denies), proof, held, &asked, &given) {
            prop_assert!(grant.claims().is_empty());
            for access in grant.access() {
                let scope = scopes.iter().find(|scope| {
                    (&scope.kind, &scope.class, &scope.name) == (&access.kind, &access.class, &access.name)
                });
                let scope = scope.unwrap();
                prop_assert!(access.actions.is_sorted() && !access.actions.is_empty());
                for action in &access.actions {
                    let is_said = |word: &String| word == action || word == "*";
                    prop_assert!(scope.actions.iter().any(is_said));
                    let mut entries = given.iter().filter(|given| {
                        (&given.kind, &given.name) == (&access.kind, &access.name)
                            && (given.class.is_none() || given.class == access.class)
                    });
                    prop_assert!(entries.any(|given| given.actions.iter().any(is_said)));
                    prop_assert!(action != "*" || access.kind == "registry");
                    prop_assert!(!is_anonymous || !changes(action));
                }
            }
            for scope in scopes.iter().filter(|scope| scope.actions.iter().any(changes)) {
                let access = grant.access().iter().find(|access| access.name == scope.name);
                prop_assert!(access.is_some_and(|access| access.actions.iter().any(changes)));
            }
        }
    }

    #[test]
    fn less_is_granted_by_a_smaller_claim_and_by_more_denies_and_where_others_own(
        rules in vec(table(), 0..3), denies in vec(table(), 1..3), proof in caller(), asked in asked(), given in claim(),
        owners in some_owners(),
    ) {
        let granted = |denies: &[String], owners: &Owners, given: &[Access]| {
            let policy = file(&rules, denies);
            let mut granted = Vec::new();
            // One by one: a refusal of one would hide what the others give.
            for scope in &Scopes::parse([asked.as_str()]).unwrap() {
                for action in &scope.actions {
                    let one = format!("{}:{}:{action}", scope.kind, scope.name);
                    let held = Held { owners, ..Held::default() };
                    let decided = decide_given(&policy, proof.clone(), held, &one, given);
                    let access = decided.map_or(vec![], |grant| grant.access().to_vec());
                    granted.extend(access.into_iter().flat_map(|access| {
                        let name = access.name;
                        access.actions.into_iter().map(move |action| (name.clone(), action))
                    }));
                }
            }
            granted
        };
        let all = granted(&denies[1..], &Owners::new(), &given);
        let is_less = |some: Vec<(String, String)>| some.iter().all(|one| all.contains(one));
        prop_assert!(is_less(granted(&denies, &Owners::new(), &given)));
        prop_assert!(is_less(granted(&denies[1..], &owners, &given)));
        prop_assert!(is_less(granted(&denies[1..], &Owners::new(), given.get(1..).unwrap_or_default())));
    }
}

//! A file under a ceiling gives, claims and takes nothing outside of it.

use std::collections::BTreeSet;

use proptest::{collection::vec, prelude::*, sample::select};

use super::{
    properties::{NAMES, asked, caller, some_owners},
    *,
};

/// A rule of a file under a ceiling.
fn under(within: &str, rule: &str) -> String {
    format!("[rule.x]\nfrom = ['github']\nany_run = true\nwithin = [{within}]\n{rule}\n")
}

#[test]
fn a_rule_gives_nothing_outside() {
    let policy = policy(&under(
        "['shop/**']",
        "pull = ['**']\npush = ['*/web', '**/api']\ndelete = ['**']",
    ));
    for (asked, expected) in [
        (
            "repository:shop/web:pull,push",
            "repository:shop/web:pull,push",
        ),
        ("repository:shop/a/api:push", "repository:shop/a/api:push"),
        ("repository:shop/x:*", "repository:shop/x:delete,pull"),
        ("repository:other/web:push", "refused: no_rule"),
        ("repository:other/web:pull", "refused: no_rule"),
        ("repository:shop:delete", "refused: no_rule"),
        ("repository:shops/web:delete", "refused: no_rule"),
        ("registry:catalog:*", "refused: no_rule"),
    ] {
        assert_eq!(
            answer(&policy, run("github", &[]), asked),
            expected,
            "{asked}"
        );
    }
}

#[test]
fn two_ceilings_both_hold() {
    let policy = policy(&under("['shop/**'], ['*/web', '*/api']", "push = ['**']"));
    let answer = |name: &str| {
        let asked = format!("repository:{name}:push");
        answer(&policy, run("github", &[]), &asked) == asked
    };
    assert!(answer("shop/web") && answer("shop/api"));
    assert!(!answer("shop/app") && !answer("other/web"));
}

#[test]
fn a_deny_takes_nothing_outside() {
    let all = "[rule.all]\nfrom = ['github']\nany_run = true\npush = ['**']\ndelete = ['**']\n";
    // A template without its fact means all below its fixed text, which here is nothing.
    for deny in [
        "pull = ['**']\ndelete = ['**']",
        "pull = ['{namespace}']\ndelete = ['{namespace}']\nallow_root = true",
        "when = { environment = 'x' }\npull = ['**']\ndelete = ['**']",
    ] {
        let text = format!("{all}[deny.x]\nwithin = [['shop/**']]\n{deny}\n");
        let policy = policy(&text);
        let answer = |asked: &str| answer(&policy, run("github", &[]), asked);
        assert_eq!(
            answer("repository:web:*"),
            "repository:web:delete,pull,push"
        );
        assert_eq!(answer("repository:shop/web:*"), "refused: denied", "{deny}");
        assert_eq!(answer("repository:shop:pull"), "repository:shop:pull");
    }
}

#[test]
fn rows_of_images_outside_are_not_given() {
    let rows = "[images.github]\n74 = ['web', 'shop/web']\n";
    let policy = policy(&format!(
        "{rows}{}",
        under("['shop/*']", "push = ['{images}']")
    ));
    let answer = |asked: &str| answer(&policy, run("github", &[]), asked);
    assert_eq!(
        answer("repository:shop/web:push"),
        "repository:shop/web:push"
    );
    assert_eq!(answer("repository:web:push"), "refused: no_rule");
}

#[test]
fn what_would_be_claimed_outside_is_neither_given_nor_asked_for() {
    // All that it gives lies within, and what is owned by giving it does not.
    let rule = "push = ['shop/{owner}/x', 'shop/{owner}/y/**']\ndelete = ['shop/{owner}/x']\n\
                pull = ['shop/{owner}/x']";
    let text = under("['shop/*/x', 'shop/acme/y/*', 'shop/beta']", rule);
    let policy = policy(&text);
    let proof = run("github", &[]);
    assert_eq!(
        policy.namespaces(Caller::from(&proof), &registry("prod")),
        []
    );
    for (asked, expected) in [
        ("repository:shop/acme/x:push", "refused: no_rule"),
        ("repository:shop/acme/x:delete", "refused: no_rule"),
        ("repository:shop/acme/y/z:pull,push", "refused: no_rule"),
        ("repository:shop/acme/x:pull", "repository:shop/acme/x:pull"),
    ] {
        assert_eq!(answer(&policy, proof.clone(), asked), expected, "{asked}");
    }
    let beta = run("github", &[("owner", json!("beta"))]);
    let claimed = namespace("shop/beta", "65");
    assert_eq!(
        policy.namespaces(Caller::from(&beta), &registry("prod")),
        std::slice::from_ref(&claimed)
    );
    let grant = decide(&policy, beta, "repository:shop/beta/x:push").unwrap();
    assert_eq!(grant.claims(), [claimed]);
}

#[test]
fn a_claim_with_wildcards_lies_within_only_if_all_that_it_means_does() {
    let names = |ceiling: &str| {
        let text = under(&format!("['{ceiling}']"), "push = ['shop/*/{repository}']");
        policy(&text).namespaces(Caller::from(&run("github", &[])), &registry("prod"))
    };
    assert_eq!(names("shop/**"), [namespace("shop/*/acme/web", "74")]);
    assert_eq!(names("shop/a/**"), []);
}

#[test]
fn it_keeps_no_provider_from_giving_outside() {
    // To another id than the owner a template gives nothing, and so no provider does.
    let rule = "allow_root = true\npush = ['{repository}']";
    let open = format!("[rule.x]\nfrom = ['github']\nany_run = true\n{rule}\n");
    let taken = owners(&[("acme/web", "github", "12")]);
    let answer = |text: &str| {
        let held = Held {
            owners: &taken,
            ..Held::default()
        };
        let given = crate::decision::Access {
            kind: "repository".to_owned(),
            class: None,
            name: "acme/web".to_owned(),
            actions: vec!["push".to_owned()],
        };
        let asked = Scopes::parse(["repository:acme/web:push"]).unwrap();
        let (registry, proof) = (registry("prod"), run("github", &[]));
        let decided = policy(text).decide_claimed(proof, held, &registry, &asked, &[given]);
        decided.is_ok()
    };
    assert!(!answer(&open));
    assert!(!answer(&under("['acme/**']", rule)));
    assert!(answer(&under("['shop/**', 'acme']", rule)));
}

#[test]
fn what_can_never_lie_within_is_refused() {
    insta::assert_snapshot!(
        faults(&under("['shop/**']", "catalog = true\npull = ['web/**', 'shop/a', 'shop']\npush = ['apps/{repository}']")),
        @r"
    : `catalog` is of all repositories, and this file of those within `shop/**`: say it in a file without a ceiling
    'web/**': `web/**` can never lie within `shop/**`, which is the ceiling of this file: change it, or say it in a file without this ceiling
    'shop': `shop` can never lie within `shop/**`, which is the ceiling of this file: change it, or say it in a file without this ceiling
    'apps/{repository}': whoever pushes by `apps/{repository}` comes to own `apps/{repository}`, which can never lie within `shop/**`, the ceiling of this file: begin with a text that does, or let the ceiling hold that name too
    "
    );
    let deny = "[deny.x]\nwithin = [['shop/**']]\ncatalog = true\npull = ['web/{repository}']";
    let deny = faults(deny);
    assert!(deny.contains("`catalog` is of all"), "{deny}");
    assert!(
        deny.contains("`web/{repository}` can never lie within"),
        "{deny}"
    );
}

#[test]
fn what_can_never_be_claimed_within_is_refused() {
    let rule = "pull = ['shop/{service_account}/x']\npush = ['shop/{service_account}/x']";
    insta::assert_snapshot!(
        faults(&under("['shop/*/x']", rule)),
        @"'shop/{service_account}/x': whoever pushes by `shop/{service_account}/x` comes to own `shop/{service_account}`, which can never lie within `shop/*/x`, the ceiling of this file: begin with a text that does, or let the ceiling hold that name too"
    );
}

#[test]
fn a_template_need_lie_within_for_one_of_its_issuers_only() {
    let rule = |from: &str| {
        format!(
            "[group]\nops = 'operators'\nnobody = []\n[rule.x]\n{from}\nany_run = true\n\
             within = [['apps/github/**']]\npush = ['apps/{{issuer}}/x']"
        )
    };
    policy(&rule("from = ['github', 'gitlab']"));
    policy(&rule("group = 'ops'"));
    policy(&rule("group = 'nobody'"));
    assert!(faults(&rule("from = ['gitlab']")).contains("can never lie within"));
}

#[test]
fn names_that_only_meet_outside_do_not() {
    let text = |within: &str| {
        format!(
            "[rule.one]\nfrom = ['github']\nany_run = true\nallow_root = true\npush = ['{{repository}}']\n\
             within = [['hub/**']]\n\
             [rule.other]\nfrom = ['gitlab']\nany_run = true\nallow_root = true\npush = ['{{repository}}']\n\
             within = [['{within}']]\n[images.gitlab]\n7 = ['web']"
        )
    };
    policy(&text("lab/**"));
    assert!(faults(&text("*/web")).contains("can mean the same repository"));
    assert!(faults(&text("w*")).contains("could render for another identity"));
}

#[test]
fn the_version_covers_it() {
    let version = |within: &str| policy(&under(within, "push = ['**']")).version();
    let open = version("");
    assert_eq!(
        open,
        policy(&under("", "push = ['**']").replace("within = []\n", "")).version()
    );
    assert_ne!(version("['a/**']"), open);
    assert_ne!(version("['a/**']"), version("['a/**', 'b']"));
    assert_ne!(version("['a/**', 'b']"), version("['a/**'], ['**', 'b']"));
    assert_eq!(version("['a/**', 'b']"), version("['b', 'a/**', 'b']"));
    assert_eq!(version("['a/**'], ['**/b']"), version("['**/b'], ['a/**']"));
}

/// Lists of a ceiling, and whether a name lies under them.
fn ceiling() -> impl Strategy<Value = (String, Within)> {
    let pattern = select(
        &[
            "a/**",
            "a",
            "b/*/d",
            "x/**",
            "x/github/*",
            "y/token",
            "**/web",
        ][..],
    );
    vec(vec(pattern, 1..3), 1..3).prop_filter_map("lists that never meet", |lists| {
        let mut within = Within::default();
        for list in &lists {
            let list: Vec<_> = list
                .iter()
                .map(|text| Located {
                    value: (*text).to_owned(),
                    ..Located::default()
                })
                .collect();
            let list = Within::of(&list).unwrap();
            if !within.meets(&list) {
                return None;
            }
            within.and(list);
        }
        Some((format!("within = {lists:?}\n"), within))
    })
}

/// The rules of a file under a ceiling: as many of those that were made as it lets load.
fn with(base: &str, section: &str, tables: &[String], within: &str) -> String {
    let mut text = base.to_owned();
    for (index, table) in tables.iter().enumerate() {
        let table = table.replace("catalog = true\n", "allow_root = true\n");
        let table = if section == "deny" {
            table.replace("any_run = true\n", "")
        } else {
            table
        };
        let more = format!("{text}[{section}.t{index}]\n{table}{within}");
        if Policy::compile(&source(&more)).is_ok() {
            text = more;
        }
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn nothing_outside_is_given_claimed_or_taken(
        ours in vec(properties::table(), 0..3),
        theirs in vec(properties::table(), 1..4),
        denies in vec(properties::table(), 0..2),
        (written, within) in ceiling(),
        proof in caller(),
        asked in asked(),
        owners in some_owners(),
        is_bound in any::<bool>(),
    ) {
        let base = properties::text(&ours, &[]);
        let text = with(&base, "rule", &theirs, &written);
        let text = with(&text, "deny", &denies, &written);
        let (base, both) = (policy(&base), policy(&text));
        let proof = proof.of_issuer(is_bound, is_bound);
        let kept = groups(&["kept"]);
        let held = Held { groups: &kept, owners: &owners };
        let all = asked.split(' ').filter(|scope| !scope.is_empty());
        let all = all.map(str::to_owned).chain(NAMES.iter().map(|name| format!("repository:{name}:*")));
        for scope in all {
            let name = scope.split(':').nth(1).unwrap();
            if within.allows(name) {
                continue;
            }
            let asked = Scopes::parse([scope.as_str()]).unwrap();
            let given = [crate::decision::Access {
                kind: "repository".to_owned(),
                class: None,
                name: name.to_owned(),
                actions: vec!["*".to_owned()],
            }];
            let story = |policy: &Policy| {
                let registry = registry("prod");
                [
                    policy.decide(proof.clone(), held, &registry, &asked),
                    policy.decide_claimed(proof.clone(), held, &registry, &asked, &given),
                ]
                .map(|decided| match decided {
                    Ok(grant) => (grant.scope_text(), grant.claims().to_vec()),
                    Err(denied) => (denied.refusal().code().to_owned(), Vec::new()),
                })
            };
            prop_assert_eq!(story(&base), story(&both), "{} {}", scope, text);
        }
        let names = |policy: &Policy| -> BTreeSet<_> {
            let names = policy.namespaces(Caller::from(&proof), &registry("prod"));
            names.into_iter().map(|namespace| namespace.name).collect()
        };
        let known = names(&base);
        for name in names(&both) {
            prop_assert!(known.contains(&name) || within.allows(&name), "{} {}", name, text);
        }
        if let Ok(grant) = decide_held(&both, proof.clone(), held, &asked) {
            for claim in grant.claims() {
                prop_assert!(known.contains(&claim.name) || within.allows(&claim.name));
            }
        }
    }
}

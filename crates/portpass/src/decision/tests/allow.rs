//! What rules give.

use super::*;

const OWN: &str = r#"
    [match.release]
    event = ["push", "tag"]
    ref_protected = true
    [rule.own-namespace]
    from = ["github", "gitlab"]
    when = { match = "release" }
    push = ["apps/{issuer}/{repository}", "{images}"]
    [rule.everyone-pulls]
    from = ["github"]
    pull = ["base/**"]
    [images.github]
    74 = ["web"]
"#;

#[test]
fn a_caller_pushes_to_its_own_name_and_nowhere_else() {
    let policy = policy(OWN);
    let own = "repository:apps/github/acme/web:pull,push";
    assert_eq!(answer(&policy, run("github", &[]), own), own);
    assert_eq!(answer(&policy, run("gitlab", &[]), own), "refused: no_rule");
    let other = "repository:apps/github/acme/other:push";
    assert_eq!(
        answer(&policy, run("github", &[]), other),
        "refused: no_rule"
    );
}

#[test]
fn a_caller_has_the_rows_of_its_own_id() {
    let policy = policy(OWN);
    assert_eq!(
        answer(&policy, run("github", &[]), "repository:web:push"),
        "repository:web:push"
    );
    let other = proof(
        "github",
        "75",
        "acme/web",
        &[
            ("repository", json!("acme/web")),
            ("event", json!("push")),
            ("ref_protected", json!(true)),
        ],
    );
    assert_eq!(
        answer(&policy, other, "repository:web:push"),
        "refused: no_rule"
    );
    assert_eq!(
        answer(&policy, run("gitlab", &[]), "repository:web:push"),
        "refused: no_rule"
    );
}

#[test]
fn push_implies_pull_and_delete_stands_alone() {
    let policy =
        policy("[rule.x]\nfrom = ['github']\nany_run = true\npush = ['a']\ndelete = ['b']");
    for (asked, given) in [
        ("repository:a:pull", "repository:a:pull"),
        ("repository:a:*", "repository:a:pull,push"),
        ("repository:b:*", "repository:b:delete"),
        ("repository:b:delete,pull,push", "repository:b:delete"),
        ("repository:a:delete,pull,push", "repository:a:pull,push"),
        ("repository:b:pull", "refused: no_rule"),
        ("repository:a:delete", "refused: no_rule"),
    ] {
        assert_eq!(answer(&policy, run("github", &[]), asked), given, "{asked}");
    }
}

#[test]
fn ungranted_pulls_are_dropped_and_ungranted_pushes_refused() {
    let policy = policy(OWN);
    let run = || run("github", &[]);
    assert_eq!(
        answer(
            &policy,
            run(),
            "repository:apps/github/acme/web:push repository:team/b:pull"
        ),
        "repository:apps/github/acme/web:push"
    );
    assert_eq!(
        answer(
            &policy,
            run(),
            "repository:apps/github/acme/web:push repository:team/b:push"
        ),
        "refused: no_rule"
    );
    assert_eq!(
        answer(&policy, run(), "repository:base/a:pull,push"),
        "refused: no_rule"
    );
}

#[test]
fn no_scope_is_a_login_probe_and_unknown_scopes_are_none() {
    let policy = policy(OWN);
    for asked in [
        "",
        "future:thing:pull",
        "repository:a:look",
        "registry:stats:*",
    ] {
        assert_eq!(answer(&policy, run("github", &[]), asked), "", "{asked}");
        assert_eq!(
            answer(&policy, anonymous(), asked),
            "refused: login_required"
        );
    }
    assert_eq!(
        answer(
            &policy,
            run("github", &[]),
            "future:thing:pull repository:base/a:look,pull"
        ),
        "repository:base/a:pull"
    );
}

#[test]
fn the_catalog_is_given_by_its_own_key_as_a_star() {
    let policy = policy(
        "[rule.x]\nfrom = ['people']\ncatalog = true\n[rule.y]\nfrom = ['github']\npull = ['**']",
    );
    let catalog = "registry:catalog:*";
    assert_eq!(answer(&policy, run("people", &[]), catalog), catalog);
    assert_eq!(
        answer(&policy, run("github", &[]), catalog),
        "refused: no_rule"
    );
    assert_eq!(
        answer(&policy, run("people", &[]), "registry:catalog:pull"),
        ""
    );
}

#[test]
fn a_class_is_kept_and_a_port_is_part_of_the_name() {
    let policy = policy("[rule.x]\nfrom = ['github']\npull = ['**']");
    for asked in [
        "repository(plugin):vieux/sshfs:pull",
        "repository:host:5000/a:pull",
    ] {
        assert_eq!(answer(&policy, run("github", &[]), asked), asked);
    }
}

#[test]
fn groups_are_sets_of_identities_not_of_names() {
    let policy =
        policy("[group]\nops = [['github', '74']]\n[rule.x]\ngroup = 'ops'\npull = ['**']");
    let grant = decide(&policy, run("github", &[]), "repository:a:pull").unwrap();
    assert_eq!(grant.decision().groups(), [Arc::from("ops")]);
    assert_eq!(
        answer(&policy, run("gitlab", &[]), "repository:a:pull"),
        "refused: no_rule"
    );
    let other = proof("github", "75", "acme/web", &[]);
    assert_eq!(
        answer(&policy, other, "repository:a:pull"),
        "refused: no_rule"
    );
}

#[test]
fn what_the_anonymous_get_everybody_gets() {
    let policy = policy("[rule.x]\nanonymous = true\npull = ['public/*']");
    let asked = "repository:public/a:pull";
    assert_eq!(answer(&policy, anonymous(), asked), asked);
    assert_eq!(answer(&policy, run("github", &[]), asked), asked);
    assert_eq!(
        answer(&policy, anonymous(), "repository:a:pull"),
        "refused: login_required"
    );
}

#[test]
fn a_rule_is_about_its_registries() {
    let policy = policy(
        "registries = ['prod', 'lab']\n[rule.x]\nfrom = ['github']\nregistries = ['lab']\npull = ['**']",
    );
    let asked = Scopes::parse(["repository:a:pull"]).unwrap();
    assert!(
        policy
            .decide(
                run("github", &[]),
                Held::default(),
                &registry("lab"),
                &asked
            )
            .is_ok()
    );
    assert!(
        policy
            .decide(
                run("github", &[]),
                Held::default(),
                &registry("prod"),
                &asked
            )
            .is_err()
    );
}

#[test]
fn names_are_lower_cased_and_anything_else_gives_nothing() {
    let policy = policy(OWN);
    let asked = "repository:apps/github/acme/web:push";
    let named = |name: &str| run("github", &[("repository", json!(name))]);
    assert_eq!(answer(&policy, named("Acme/Web"), asked), asked);
    for name in [
        "../prod/web",
        "acme//web",
        "acme/web:x",
        "acme/*",
        "**",
        "",
        "/acme/web",
        "acme/web/",
        "a\u{212a}me/web",
        "acm\u{e9}/web",
        "acme/web\n",
        "acme/..",
        "host:5000/web",
    ] {
        let denied = decide(&policy, named(name), asked).unwrap_err();
        let rules = denied.decision().rules();
        assert!(
            matches!(rules[1].outcome, crate::decision::Outcome::Void(_)),
            "{name:?}: {rules:?}"
        );
        // One pattern that cannot be rendered voids the whole rule.
        assert!(decide(&policy, named(name), "repository:web:push").is_err());
    }
    let long = "a/".repeat(120) + "a";
    assert!(decide(&policy, named(&long), asked).is_err());
}

#[test]
fn only_paths_may_hold_a_slash() {
    let policy = policy("[rule.x]\nfrom = ['people']\npush = ['home/{user}/*']");
    let user = |name: &str| proof("people", "1", name, &[("user", json!(name))]);
    let asked = "repository:home/ann/x:push";
    assert_eq!(answer(&policy, user("ann"), asked), asked);
    assert_eq!(
        answer(&policy, user("ann/x"), "repository:home/ann/x/y:push"),
        "refused: no_rule"
    );
    assert_eq!(answer(&policy, user("bob"), asked), "refused: no_rule");
}

#[test]
fn every_rule_leaves_its_outcome() {
    let policy = policy(OWN);
    let grant = decide(
        &policy,
        run("github", &[("ref_protected", json!(false))]),
        "",
    )
    .unwrap();
    insta::assert_json_snapshot!(grant.decision().rules(), @r#"
    [
      {
        "rule": "rule.everyone-pulls",
        "outcome": "matched"
      },
      {
        "rule": "rule.own-namespace",
        "outcome": {
          "unmet_fact": "ref_protected"
        }
      }
    ]
    "#);
}

#[test]
fn the_version_follows_the_content_only() {
    let version = |text: &str| policy(text).version();
    let one = "[rule.a]\nfrom = ['github', 'people']\npull = ['a', 'b']\n[rule.b]\nanonymous = true\npull = ['c']";
    let same = "[rule.b]\npull = ['c']\nanonymous = true\n[rule.a]\npull = ['b', 'a', 'b']\nfrom = ['people', 'github']";
    assert_eq!(version(one), version(same));
    for other in [
        one.replace("'c'", "'d'"),
        one.replace("rule.b", "deny.b"),
        one.replace("rule.b", "rule.c"),
        format!("{one}\n[images.github]\n1 = ['x']"),
        format!("{one}\n[match.m]\nfork = true"),
        format!("{one}\n[group]\ng = [['github', '1']]"),
    ] {
        assert_ne!(version(one), version(&other), "{other}");
    }
}

#[test]
fn a_rule_that_is_about_other_access_is_recorded_as_such() {
    use crate::{
        decision::Outcome::{Matched, OtherAccess, UnmetFact},
        identity::Fact,
    };
    let policy = policy(
        "[rule.a]\nfrom = ['github']\npush = ['apps/{repository}']\nany_run = true\n\
         [rule.b]\nfrom = ['github']\npull = ['base/**']\n\
         [rule.c]\nfrom = ['github']\ncatalog = true\n\
         [rule.d]\nfrom = ['github']\nwhen = { event = 'tag' }\npull = ['**']\n\
         [deny.base]\npush = ['base/**']\n\
         [deny.apps]\npull = ['apps/x/**']",
    );
    let outcomes = |asked: &str| {
        let decided = decide(&policy, run("github", &[]), asked);
        let decision = match &decided {
            Ok(grant) => grant.decision(),
            Err(denied) => denied.decision(),
        };
        let rules = decision.rules().iter();
        rules.map(|it| it.outcome.clone()).collect::<Vec<_>>()
    };
    let tag = || UnmetFact(Fact::Event);
    // In the order of the denies, then of the rules.
    for (asked, expected) in [
        (
            "repository:apps/acme/web:pull",
            [
                OtherAccess,
                OtherAccess,
                Matched,
                OtherAccess,
                OtherAccess,
                tag(),
            ],
        ),
        (
            "repository:apps/x/y:push",
            [
                Matched,
                OtherAccess,
                OtherAccess,
                OtherAccess,
                OtherAccess,
                tag(),
            ],
        ),
        (
            "repository:base/a:pull",
            [
                OtherAccess,
                OtherAccess,
                OtherAccess,
                Matched,
                OtherAccess,
                tag(),
            ],
        ),
        (
            "repository:base/a:push",
            [
                OtherAccess,
                Matched,
                OtherAccess,
                OtherAccess,
                OtherAccess,
                tag(),
            ],
        ),
        (
            "registry:catalog:*",
            [
                OtherAccess,
                OtherAccess,
                OtherAccess,
                OtherAccess,
                Matched,
                tag(),
            ],
        ),
        (
            "repository:Base:pull",
            [
                OtherAccess,
                OtherAccess,
                OtherAccess,
                OtherAccess,
                OtherAccess,
                tag(),
            ],
        ),
        ("", [Matched, Matched, Matched, Matched, Matched, tag()]),
    ] {
        assert_eq!(outcomes(asked), expected, "{asked}");
    }
}

//! Who owns what templates render: the first id to push there.

use super::*;

const OWN: &str = "\
    [rule.own]\nfrom = ['github', 'gitlab']\nany_run = true\n\
    push = ['apps/{issuer}/{repository}', 'apps/{issuer}/{repository}/**']\n\
    delete = ['apps/{issuer}/{repository}']";

const WEB: &str = "apps/github/acme/web";

fn held(owners: &Owners) -> Held<'_> {
    Held {
        owners,
        ..Held::default()
    }
}

/// What a push to each of the policy's namespaces would claim, and be.
fn names(text: &str, proof: &Proof) -> Vec<Namespace> {
    policy(text).namespaces(Caller::from(proof), &registry("prod"))
}

fn claims(policy: &Policy, proof: Proof, owners: &Owners, asked: &str) -> Vec<Namespace> {
    let grant = decide_held(policy, proof, held(owners), asked).unwrap();
    grant.claims().to_vec()
}

#[test]
fn the_first_push_claims_and_later_ones_do_not() {
    let policy = policy(OWN);
    let push = "repository:apps/github/acme/web:pull,push";
    let claimed = claims(&policy, run("github", &[]), &Owners::new(), push);
    assert_eq!(claimed, [namespace(WEB, "74")]);
    let own = owners(&[(WEB, "github", "74")]);
    assert_eq!(claims(&policy, run("github", &[]), &own, push), []);
}

#[test]
fn only_a_push_that_is_given_claims() {
    let policy = policy(OWN);
    for asked in [
        "",
        "repository:apps/github/acme/web:pull",
        "repository:apps/github/acme/web:delete,pull",
    ] {
        let claimed = claims(&policy, run("github", &[]), &Owners::new(), asked);
        assert_eq!(claimed, [], "{asked}");
    }
    let both = policy_of_two();
    let asked = "repository:a/acme/x:push repository:b/acme/y:pull";
    let claimed = claims(&both, run("github", &[]), &Owners::new(), asked);
    assert_eq!(claimed, [namespace("a/acme", "65")]);
}

fn policy_of_two() -> Policy {
    policy("[rule.x]\nfrom = ['github']\nany_run = true\npush = ['a/{owner}/x', 'b/{owner}/y']")
}

#[test]
fn whatever_is_asked_for_in_a_star_is_claimed_too() {
    let asked = "repository:apps/github/acme/web:*";
    let claimed = claims(&policy(OWN), run("github", &[]), &Owners::new(), asked);
    assert_eq!(claimed, [namespace(WEB, "74")]);
}

#[test]
fn another_id_under_the_same_name_is_refused_and_told_so() {
    let policy = policy(OWN);
    let owners = owners(&[(WEB, "github", "12")]);
    for asked in ["push", "pull,push", "delete", "pull"] {
        let asked = format!("repository:apps/github/acme/web/api:{asked}");
        let answer = answer_held(&policy, run("github", &[]), held(&owners), &asked);
        let expected = if asked.ends_with("delete") {
            "refused: no_rule"
        } else {
            "refused: owned"
        };
        assert_eq!(answer, expected, "{asked}");
    }
    let delete = "repository:apps/github/acme/web:delete";
    let answer = answer_held(&policy, run("github", &[]), held(&owners), delete);
    assert_eq!(answer, "refused: owned");
    let push = "repository:apps/github/acme/web/api:pull,push";
    insta::assert_snapshot!(
        told(&policy, run("github", &[]), held(&owners), push),
        @"push to apps/github/acme/web/api refused for acme/web (ref refs/heads/main, event push): apps/github/acme/web belongs to another repository_id; an operator can transfer it; decision ID"
    );
    let denied = decide_held(&policy, run("github", &[]), held(&owners), push).unwrap_err();
    assert_eq!(
        json!(denied.decision().rules()),
        json!([{ "rule": "rule.own", "outcome": { "owned": WEB } }])
    );
    assert_eq!(denied.refusal().unmet(), None);
}

#[test]
fn the_same_id_of_another_issuer_is_another_id() {
    let owners = owners(&[(WEB, "gitlab", "74")]);
    let push = "repository:apps/github/acme/web:push";
    let answer = answer_held(&policy(OWN), run("github", &[]), held(&owners), push);
    assert_eq!(answer, "refused: owned");
}

#[test]
fn what_another_rule_gives_is_given_without_a_claim() {
    let text = format!(
        "{OWN}\n[group]\nall = [['github', '74']]\n[rule.all]\ngroup = 'all'\nany_run = true\npush = ['**']"
    );
    let policy = policy(&text);
    let push = "repository:apps/github/acme/web:push";
    let taken = owners(&[(WEB, "github", "12")]);
    assert_eq!(
        answer_held(&policy, run("github", &[]), held(&taken), push),
        push
    );
    assert_eq!(claims(&policy, run("github", &[]), &taken, push), []);
    let elsewhere = "repository:other:push";
    let claimed = claims(&policy, run("github", &[]), &Owners::new(), elsewhere);
    assert_eq!(claimed, []);
}

#[test]
fn a_template_in_two_rules_is_one_name() {
    let again = OWN.replace("rule.own", "rule.again");
    let both = format!("{OWN}\n{again}");
    let web = [namespace(WEB, "74")];
    assert_eq!(names(&both, &run("github", &[])), web);
    let push = "repository:apps/github/acme/web:push";
    let claimed = claims(&policy(&both), run("github", &[]), &Owners::new(), push);
    assert_eq!(claimed, web);
}

#[test]
fn what_is_owned_ends_with_the_last_placeholder_that_can_come_to_be_anothers() {
    let of = |issuer: &str, pattern: &str, proof: &Proof| {
        let text = format!("[rule.x]\nfrom = ['{issuer}']\nany_run = true\ndelete = ['{pattern}']");
        names(&text, proof)
    };
    let run = run("github", &[]);
    for (pattern, name, owner) in [
        ("apps/{repository}", "apps/acme/web", "74"),
        ("apps/{repository}-cache/**", "apps/acme/web", "74"),
        ("apps/{owner}/*", "apps/acme", "65"),
        ("apps/{owner}/{repository_id}", "apps/acme", "65"),
        ("apps/{repository_id}/{owner}", "apps/74/acme", "65"),
        ("apps/*/{repository}/x", "apps/*/acme/web", "74"),
    ] {
        assert_eq!(of("github", pattern, &run), [namespace(name, owner)]);
    }
    for pattern in ["apps/{issuer}/x", "apps/{repository_id}", "apps/x", "**"] {
        assert_eq!(of("github", pattern, &run), [], "{pattern}");
    }
    let account = proof(
        "cluster",
        "ci/builder",
        "ci/builder",
        &[
            ("namespace", json!("ci")),
            ("service_account", json!("builder")),
        ],
    );
    let (pattern, name) = ("k/{namespace}/{service_account}", "k/ci/builder");
    let expected = [namespace(name, "ci/builder")];
    assert_eq!(of("cluster", pattern, &account), expected);
    let expected = [namespace("k/ci", "ci/builder")];
    assert_eq!(of("cluster", "k/{namespace}/*", &account), expected);
    let ann = proof("people", "u-1", "ann", &[("user", json!("Ann"))]);
    assert_eq!(of("people", "u/{user}", &ann), [namespace("u/ann", "u-1")]);
}

#[test]
fn a_template_gives_nothing_to_whom_the_owning_id_is_missing() {
    let text = "[rule.x]\nfrom = ['github']\nany_run = true\npush = ['a/{owner}/x', 'b']\npull = ['a/{owner}/x']";
    let policy = policy(text);
    let bare = proof("github", "74", "acme/web", &[("owner", json!("acme"))]);
    let push = "repository:a/acme/x:pull,push";
    let denied = decide(&policy, bare.clone(), push).unwrap_err();
    assert_eq!(denied.refusal().code(), "unusable_fact");
    insta::assert_snapshot!(
        told(&policy, bare.clone(), Held::default(), push),
        @"push to a/acme/x refused for acme/web: the caller has no owner_id; decision ID"
    );
    let denied = decide(&policy, bare.clone(), "repository:a/acme/x:push").unwrap_err();
    assert_eq!(
        json!(denied.decision().rules()),
        json!([{ "rule": "rule.x", "outcome": { "void": "there is no owner_id" } }])
    );
    let pull = "repository:a/acme/x:pull";
    assert_eq!(answer(&policy, bare.clone(), pull), pull);
    let other = "repository:b:push";
    assert_eq!(answer(&policy, bare.clone(), other), other);
    assert_eq!(
        policy.namespaces(Caller::from(&bare), &registry("prod")),
        []
    );
}

#[test]
fn ownership_is_the_reason_where_nothing_else_is_in_the_way() {
    let owners = owners(&[("apps/acme/web", "github", "12")]);
    let reason = |text: &str| {
        let push = "repository:apps/acme/web:push";
        let denied = decide_held(&policy(text), run("github", &[]), held(&owners), push);
        denied.unwrap_err().refusal().code()
    };
    let rule = |name: &str, more: &str| {
        format!("[rule.{name}]\nfrom = ['github']\nany_run = true\n{more}\n")
    };
    let owned = rule("z-owned", "push = ['apps/{repository}']");
    let far = rule("a-far", "when = { actor = 'x' }\npush = ['apps/**']");
    let void = rule("a-void", "push = ['apps/{repository}', 'x/{user}']");
    assert_eq!(reason(&(far.clone() + &owned)), "owned");
    assert_eq!(reason(&(void + &owned)), "owned");
    let unmet = rule("x", "when = { actor = 'x' }\npush = ['apps/{repository}']");
    assert_eq!(reason(&unmet), "unmet_fact");
    let denied = "[deny.x]\npush = ['**']\n".to_owned();
    assert_eq!(reason(&(owned + &denied)), "owned");
}

#[test]
fn a_rules_wildcards_are_not_told() {
    let text =
        "[rule.x]\nfrom = ['github']\nany_run = true\npush = ['apps/*/secret-*/{repository}']";
    let owners = owners(&[("apps/*/secret-*/acme/web", "github", "12")]);
    let push = "repository:apps/a/secret-b/acme/web:push";
    insta::assert_snapshot!(
        told(&policy(text), run("github", &[]), held(&owners), push),
        @"push to apps/a/secret-b/acme/web refused for acme/web (ref refs/heads/main, event push): apps/a/secret-b/acme/web belongs to another repository_id; an operator can transfer it; decision ID"
    );
}

#[test]
fn only_names_that_could_matter_are_asked_for() {
    let text = "registries = ['prod', 'lab']\n[group]\nops = 'operators'\nfew = [['github', '1']]\n\
        [rule.a]\nfrom = ['github']\nregistries = ['prod']\nany_run = true\npull = ['z/{repository}']\npush = ['b/{owner}/x']\n\
        [rule.b]\nfrom = ['gitlab']\nregistries = ['prod']\nany_run = true\npush = ['c/{repository}']\n\
        [rule.c]\nfrom = ['github']\nregistries = ['lab']\nany_run = true\npush = ['d/{repository}']\n\
        [rule.d]\nfrom = ['github']\nregistries = ['prod']\nwhen = { event = 'tag', ref = 'refs/**' }\npush = ['e/{repository}']\n\
        [rule.e]\ngroup = 'ops'\nregistries = ['prod']\nany_run = true\npush = ['a/{issuer}/{repository}']\n\
        [rule.f]\ngroup = 'few'\nregistries = ['prod']\nany_run = true\npush = ['f/{repository}']\n";
    assert_eq!(
        names(text, &run("github", &[])),
        [
            namespace("a/github/acme/web", "74"),
            namespace("b/acme", "65")
        ]
    );
    assert_eq!(names(text, &anonymous()), []);
    assert_eq!(names(text, &run("github", &[]).of_issuer(false, false)), []);
}

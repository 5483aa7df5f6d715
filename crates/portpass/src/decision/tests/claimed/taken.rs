//! What denies and owners take from a claim, and the record of it.

use super::*;

const OWN: &str = "[rule.own]\nfrom = ['github']\nany_run = true\n\
    push = ['apps/{issuer}/{repository}/**']\ndelete = ['apps/{issuer}/{repository}/**']";

fn record(text: &str, held: Held<'_>, asked: &str, said: &[&str]) -> Value {
    let decided = decide_given(&policy(text), run("github", &[]), held, asked, &given(said));
    match decided {
        Ok(grant) => json!(grant.decision().rules()),
        Err(denied) => json!(denied.decision().rules()),
    }
}

#[test]
fn rules_give_nothing_and_denies_take() {
    let rule = "[rule.all]\nfrom = ['github']\nany_run = true\npush = ['**']\ndelete = ['**']\ncatalog = true";
    let answer = |text: &str, said: &[&str]| {
        let asked = "repository:a:*";
        answer_given(text, run("github", &[]), &Owners::new(), asked, said)
    };
    assert_eq!(answer(rule, &[]), "refused: provider_withheld");
    assert_eq!(answer(rule, &["repository:a:pull"]), "repository:a:pull");
    let all = ["repository:a:*"];
    for (deny, given_of_all) in [
        ("pull = ['a']", "repository:a:delete"),
        ("push = ['a']", "repository:a:delete,pull"),
        ("pull = ['a']\ndelete = ['**']", "refused: denied"),
        ("pull = ['b']", "repository:a:delete,pull,push"),
        (
            "from = ['gitlab']\npull = ['a']",
            "repository:a:delete,pull,push",
        ),
        (
            "when = { ref = 'refs/tags/*' }\npull = ['a']",
            "repository:a:delete,pull,push",
        ),
        // A fact that is missing is met.
        (
            "when = { actor = 'x' }\npush = ['a']",
            "repository:a:delete,pull",
        ),
    ] {
        assert_eq!(
            answer(&format!("[deny.x]\n{deny}"), &all),
            given_of_all,
            "{deny}"
        );
    }
    // What was never given is not what a deny took.
    assert_eq!(
        answer("[deny.x]\npull = ['a']", &[]),
        "refused: provider_withheld"
    );
}

#[test]
fn a_deny_of_a_group_takes_from_its_members() {
    let text = "[group]\nops = 'operators'\n[deny.x]\ngroup = 'ops'\npush = ['**']";
    let all = given(&["repository:a:*"]);
    let ops = groups(&["ops"]);
    let held = Held {
        groups: &ops,
        ..Held::default()
    };
    let decide = |held| {
        decide_given(
            &policy(text),
            run("github", &[]),
            held,
            "repository:a:*",
            &all,
        )
    };
    let inside = decide(held).unwrap();
    assert_eq!(inside.scope_text(), "repository:a:delete,pull");
    assert_eq!(inside.decision().groups(), ops);
    let outside = decide(Held::default()).unwrap();
    assert_eq!(outside.scope_text(), "repository:a:delete,pull,push");
    assert_ne!(inside.decision().policy(), outside.decision().policy());
    assert_eq!(outside.decision().policy(), policy(text).version());
}

#[test]
fn what_a_template_renders_and_another_id_owns_is_only_pulled() {
    let asked = "repository:apps/github/acme/web/api:pull,push";
    let delete = "repository:apps/github/acme/web/api:delete";
    let pull = "repository:apps/github/acme/web/api:pull";
    let star = "repository:apps/github/acme/web/api:*";
    let answer = |owner: &str, asked: &str| {
        let owners = owners(&[("apps/github/acme/web", "github", owner)]);
        answer_given(OWN, run("github", &[]), &owners, asked, &[star])
    };
    assert_eq!(answer("12", asked), "refused: owned");
    assert_eq!(answer("12", delete), "refused: owned");
    assert_eq!(answer("12", star), pull);
    assert_eq!(answer("12", pull), pull);
    assert_eq!(answer("74", asked), asked);
    assert_eq!(answer("74", delete), delete);
    // What the provider does not give is not for the owner to withhold.
    let owners = owners(&[("apps/github/acme/web", "github", "12")]);
    let answer = answer_given(OWN, run("github", &[]), &owners, asked, &[pull]);
    assert_eq!(answer, "refused: provider_withheld");
}

#[test]
fn an_owner_of_what_no_template_renders_for_the_caller_is_no_bar() {
    let owners = owners(&[("apps/github/acme/web", "github", "12")]);
    let push = "repository:apps/github/acme/web/api:push";
    let elsewhere = "repository:apps/github/acme/webs/api:push";
    let other_run = run("github", &[("repository", json!("acme/other"))]);
    for (text, proof, asked) in [
        (OWN, run("gitlab", &[]), push),
        (OWN, proof("people", "u-1", "ann", &[]), push),
        (OWN, other_run, push),
        (OWN, run("github", &[]), elsewhere),
        ("", run("github", &[]), push),
    ] {
        assert_eq!(answer_given(text, proof, &owners, asked, &[asked]), asked);
    }
}

#[test]
fn a_suspended_issuers_ids_change_nothing_that_templates_render() {
    let push = "repository:apps/github/acme/web/api:push";
    let other = "repository:other:push";
    let answer = |asked: &str| {
        let suspended = run("github", &[]).of_issuer(false, false);
        answer_given(OWN, suspended, &Owners::new(), asked, &[push, other])
    };
    assert_eq!(answer(push), "refused: suspended");
    assert_eq!(answer(other), other);
}

#[test]
fn no_name_is_claimed() {
    let push = "repository:apps/github/acme/web/api:push";
    let proof = run("github", &[]);
    let policy = policy(OWN);
    let grant = decide_given(&policy, proof, Held::default(), push, &given(&[push])).unwrap();
    assert_eq!(grant.scope_text(), push);
    assert_eq!(grant.claims(), []);
}

#[test]
fn the_record_says_that_access_came_from_the_claim() {
    let text = format!("{OWN}\n[deny.x]\npush = ['b']");
    let deny = |outcome: &str| json!({ "rule": "deny.x", "outcome": outcome });
    let claim = |outcome: Value| json!({ "rule": "relay.access", "outcome": outcome });
    let push = "repository:b:push";
    assert_eq!(
        record(&text, Held::default(), push, &[push]),
        json!([deny("matched"), claim(json!("matched"))])
    );
    let probe = json!([deny("matched"), claim(json!("matched"))]);
    assert_eq!(record(&text, Held::default(), "", &[]), probe);
    for (asked, said) in [
        ("repository:a:push", "repository:a:pull"),
        ("repository:Bad:pull", "repository:Bad:pull"),
        ("registry:catalog:*", "registry:catalog:pull"),
    ] {
        let none = json!([deny("other_access"), claim(json!("other_access"))]);
        assert_eq!(
            record(&text, Held::default(), asked, &[said]),
            none,
            "{asked}"
        );
    }
    let name = "apps/github/acme/web";
    let owners = owners(&[(name, "github", "12")]);
    let held = Held {
        owners: &owners,
        ..Held::default()
    };
    let push = "repository:apps/github/acme/web/api:push";
    assert_eq!(
        record(&text, held, push, &[push]),
        json!([deny("other_access"), claim(json!({ "owned": name }))])
    );
}

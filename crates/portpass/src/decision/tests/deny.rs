//! What denies take.

use super::*;

fn given(deny: &str, proof: Proof, asked: &str) -> String {
    let text = format!(
        "[rule.all]\nfrom = ['github', 'people']\nany_run = true\npush = ['**']\ndelete = ['**']\ncatalog = true\n\
         [rule.public]\nanonymous = true\npull = ['**']\n[deny.x]\n{deny}"
    );
    answer(&policy(&text), proof, asked)
}

#[test]
fn a_denied_action_takes_what_needs_it() {
    for (deny, given_of_all) in [
        ("pull = ['a']", "repository:a:delete"),
        ("push = ['a']", "repository:a:delete,pull"),
        ("delete = ['a']", "repository:a:pull,push"),
        ("pull = ['a']\ndelete = ['a']", "refused: denied"),
        ("pull = ['b']", "repository:a:delete,pull,push"),
    ] {
        assert_eq!(
            given(deny, run("github", &[]), "repository:a:*"),
            given_of_all,
            "{deny}"
        );
    }
}

#[test]
fn a_deny_that_names_nobody_is_for_everybody() {
    let deny = "pull = ['a']";
    assert_eq!(
        given(deny, run("github", &[]), "repository:a:pull"),
        "refused: denied"
    );
    assert_eq!(
        given(deny, anonymous(), "repository:a:pull"),
        "refused: login_required"
    );
    let deny = "anonymous = true\npull = ['a']";
    assert_eq!(
        given(deny, run("github", &[]), "repository:a:pull"),
        "repository:a:pull"
    );
    assert_eq!(
        given(deny, anonymous(), "repository:a:pull"),
        "refused: login_required"
    );
    let deny = "from = ['people']\npull = ['a']";
    assert_eq!(
        given(deny, run("github", &[]), "repository:a:pull"),
        "repository:a:pull"
    );
}

#[test]
fn the_catalog_can_be_denied() {
    let asked = "registry:catalog:*";
    assert_eq!(
        given("catalog = true", run("github", &[]), asked),
        "refused: denied"
    );
    assert_eq!(given("pull = ['**']", run("github", &[]), asked), asked);
}

#[test]
fn what_cannot_be_told_is_denied() {
    for (when, set, is_denied) in [
        ("fork = true", None, true),
        ("fork = true", Some(json!(true)), true),
        ("fork = true", Some(json!(false)), false),
        ("fork = true", Some(json!("false")), true),
        ("fork = { not = false }", None, true),
        ("fork = { not = false }", Some(json!(false)), false),
        ("fork = { not = false }", Some(json!("x")), true),
    ] {
        let set: Vec<_> = set.map(|value| ("fork", value)).into_iter().collect();
        let given = given(
            &format!("when = {{ {when} }}\npull = ['a']"),
            run("github", &set),
            "repository:a:pull",
        );
        assert_eq!(given == "refused: denied", is_denied, "{when} {set:?}");
    }
}

#[test]
fn an_expression_that_fails_denies() {
    for (cel, is_denied) in [
        ("false", false),
        ("true", true),
        ("claims.absent == 'x'", true),
        ("size(claims.tier)", true),
        ("1 / 0 == 1", true),
    ] {
        let deny = format!("cel = \"{cel}\"\npull = ['a']");
        let given = given(&deny, run("github", &[]), "repository:a:pull");
        assert_eq!(given == "refused: denied", is_denied, "{cel}");
    }
}

#[test]
fn a_placeholder_without_a_value_denies_everything_under_its_prefix() {
    let deny = "push = ['apps/x/{repository}']";
    let named = |name| run("github", &[("repository", json!(name))]);
    let asked = "repository:apps/x/other:push";
    assert_eq!(given(deny, named("acme/web"), asked), asked);
    assert_eq!(
        given(deny, named("acme/web"), "repository:apps/x/acme/web:push"),
        "refused: denied"
    );
    assert_eq!(given(deny, named("../web"), asked), "refused: denied");
    assert_eq!(
        given(deny, run("people", &[("repository", json!(true))]), asked),
        "refused: denied"
    );
    assert_eq!(
        given(deny, named("../web"), "repository:apps/y:push"),
        "repository:apps/y:push"
    );
}

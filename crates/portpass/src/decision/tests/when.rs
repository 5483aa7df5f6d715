//! Conditions: how they are read, and when they are met.

use super::*;

fn is_met(when: &str, set: &[(&str, Value)]) -> bool {
    let text = format!(
        "[match.m]\nfork = false\n[match.n]\nowner = 'acme'\n[rule.x]\nfrom = ['github']\nwhen = {{ {when} }}\npull = ['a']"
    );
    decide(&policy(&text), run("github", set), "repository:a:pull").is_ok()
}

fn error(when: &str) -> String {
    #[derive(Deserialize)]
    struct Table {
        #[expect(dead_code, reason = "only whether it can be read matters")]
        when: When,
    }
    let text = format!("when = {{ {when} }}");
    let error = toml::from_str::<Table>(&text).err().unwrap();
    let marked = error.span().map(|span| text.get(span).unwrap().to_owned());
    format!("{}: {}", marked.unwrap(), error.message())
}

#[test]
fn fields_and_lists_or() {
    assert!(is_met("event = ['tag', 'push'], owner = 'acme'", &[]));
    assert!(!is_met("event = ['tag', 'push'], owner = 'evil'", &[]));
    assert!(!is_met("event = 'tag'", &[]));
    assert!(is_met("ref = ['refs/heads/*', 'refs/tags/v*']", &[]));
    assert!(is_met(
        "idp_groups = 'ops'",
        &[("idp_groups", json!(["dev", "ops"]))]
    ));
}

#[test]
fn a_job_may_need_a_group_of_its_identity_provider() {
    let policy = policy(
        "[rule.x]\nfrom = ['github']\n\
         when = { idp_groups = 'acl_docker_push', event = 'push', ref = 'refs/heads/main' }\n\
         push = ['apps/{issuer}/{repository}']",
    );
    let push = "repository:apps/github/acme/web:push";
    let told = |groups: &[(&str, Value)]| answer(&policy, run("github", groups), push);
    assert_eq!(told(&[("idp_groups", json!(["acl_docker_push"]))]), push);
    assert_eq!(
        told(&[("idp_groups", json!(["other"]))]),
        "refused: unmet_fact"
    );
    assert_eq!(told(&[]), "refused: unmet_fact");
}

#[test]
fn not_needs_the_fact_present() {
    assert!(is_met("owner = { not = 'evil' }", &[]));
    assert!(!is_met("owner = { not = ['evil', 'ac*'] }", &[]));
    assert!(!is_met("environment = { not = 'prod' }", &[]));
    assert!(!is_met("fork = { not = true }", &[]));
    assert!(is_met("fork = { not = true }", &[("fork", json!(false))]));
    let groups = [("idp_groups", json!(["dev", "ops"]))];
    assert!(!is_met("idp_groups = { not = 'ops' }", &groups));
}

#[test]
fn a_wrong_type_does_not_match() {
    for value in [json!("true"), json!(["true"])] {
        assert!(!is_met("fork = true", &[("fork", value.clone())]));
        assert!(!is_met("fork = { not = false }", &[("fork", value)]));
    }
    assert!(!is_met("owner_id = '65'", &[("owner_id", json!(["65"]))]));
    assert!(!is_met("owner = { not = 'x' }", &[("owner", json!(true))]));
}

#[test]
fn ids_compare_exactly() {
    assert!(is_met("owner_id = '65'", &[]));
    assert!(!is_met("owner_id = ['6', '655']", &[]));
    assert!(is_met("issuer = 'git*'", &[("issuer", json!("forged"))]));
}

#[test]
fn of_several_matches_one_must_be_met() {
    assert!(is_met("match = ['m', 'n']", &[]));
    assert!(!is_met("match = 'm'", &[]));
    assert!(!is_met("match = ['m', 'n'], event = 'tag'", &[]));
}

#[test]
fn a_faulty_condition_is_refused_at_the_word_itself() {
    assert!(
        error("evnt = 'push'").starts_with("evnt: unknown field `evnt`, expected one of `actor`, ")
    );
    insta::assert_snapshot!(error("event = 'pusg'"), @"'pusg': `event` is never `pusg`; it is one of api, manual, other, pull_request, pull_request_target, push, release, schedule, tag, workflow_run; did you mean `push`?");
    insta::assert_snapshot!(error("ref = ['refs/heads/a', 'main']"), @"'main': `ref` is always the full ref: `refs/heads/main` or `refs/tags/main`");
    insta::assert_snapshot!(error("ref_protected = 'yes'"), @r#"'yes': invalid type: string "yes", expected true or false"#);
    insta::assert_snapshot!(error("owner = true"), @"true: invalid type: boolean `true`, expected a string or a list of strings");
    insta::assert_snapshot!(error("owner_id = 65"), @r#"65: `owner_id` is a string: write "65""#);
    insta::assert_snapshot!(error("owner_id = '6*'"), @"'6*': `owner_id` compares exactly, so `6*` can never be met");
    insta::assert_snapshot!(error("owner = []"), @"[]: an empty list can never be met");
    insta::assert_snapshot!(error("owner = { nit = 'x' }"), @"nit: unknown field `nit`, expected `not`");
    insta::assert_snapshot!(error("owner = {}"), @"{}: missing field `not`");
    insta::assert_snapshot!(error("owner = 'a***'"), @"'a***': `***` means nothing: `*` stays within a segment, `**` crosses `/`");
    insta::assert_snapshot!(error("match = []"), @"[]: an empty list can never be met");
}

#[test]
fn the_schema_has_every_fact() {
    let schema = json!(schemars::schema_for!(When));
    for fact in crate::identity::Fact::ALL {
        assert!(schema["properties"][fact.name()].is_object());
    }
    assert_eq!(schema["additionalProperties"], json!(false));
}

#[test]
fn the_reference_has_every_fact() {
    let page = crate::decision::reference();
    for fact in crate::identity::Fact::ALL {
        assert!(page.contains(&format!("| `{}` |", fact.name())));
    }
}

//! Groups that operators keep.

use super::*;

const OPS: &str = "\
    [group]\nops = 'operators'\nfile = [['github', '74']]\n\
    [rule.ops]\ngroup = 'ops'\nwhen = { event = 'push', ref = 'refs/heads/*' }\npush = ['by-operators']\n\
    [rule.file]\ngroup = 'file'\nany_run = true\npush = ['by-file']\n";

fn answer_as(held_groups: &[&str], asked: &str) -> String {
    let groups = groups(held_groups);
    let held = Held {
        groups: &groups,
        ..Held::default()
    };
    answer_held(&policy(OPS), run("github", &[]), held, asked)
}

#[test]
fn members_have_what_the_groups_rules_give() {
    let push = "repository:by-operators:push";
    assert_eq!(answer_as(&["ops"], push), push);
    assert_eq!(answer_as(&[], push), "refused: no_rule");
    assert_eq!(answer_as(&["other", "ops"], push), push);
}

#[test]
fn a_deny_takes_from_its_members() {
    let text = format!("{OPS}[deny.x]\ngroup = 'ops'\npush = ['by-file']");
    let groups = groups(&["ops"]);
    let held = Held {
        groups: &groups,
        ..Held::default()
    };
    let push = "repository:by-file:push";
    let answer = answer_held(&policy(&text), run("github", &[]), held, push);
    assert_eq!(answer, "refused: denied");
    assert_eq!(answer_as(&["ops"], push), push);
}

#[test]
fn whoever_presents_nothing_is_in_no_group() {
    let groups = groups(&["ops"]);
    let held = Held {
        groups: &groups,
        ..Held::default()
    };
    let push = "repository:by-operators:push";
    let denied = decide_held(&policy(OPS), anonymous(), held, push).unwrap_err();
    assert_eq!(denied.refusal().code(), "login_required");
    assert_eq!(denied.decision().groups(), []);
}

#[test]
fn a_name_that_is_no_operators_group_of_the_file_counts_for_nothing() {
    let text = OPS.replace("[['github', '74']]", "[['github', '75']]");
    let groups = groups(&["file", "gone"]);
    let held = Held {
        groups: &groups,
        ..Held::default()
    };
    let push = "repository:by-file:push";
    let denied = decide_held(&policy(&text), run("github", &[]), held, push).unwrap_err();
    assert_eq!(denied.refusal().code(), "no_rule");
    assert_eq!(denied.decision().groups(), []);
}

#[test]
fn the_groups_of_both_kinds_are_recorded_in_order() {
    let more = "[group]\na = [['github', '74']]\nz = 'operators'\n";
    let text = OPS.replacen("[group]\n", more, 1);
    let groups = groups(&["ops", "z"]);
    let held = Held {
        groups: &groups,
        ..Held::default()
    };
    let grant = decide_held(&policy(&text), run("github", &[]), held, "").unwrap();
    let names: Vec<_> = grant
        .decision()
        .groups()
        .iter()
        .map(|name| &**name)
        .collect();
    assert_eq!(names, ["a", "file", "ops", "z"]);
}

#[test]
fn such_a_group_may_come_to_hold_a_code_hosts_run() {
    let rule = |more: &str| format!("[group]\nops = 'operators'\n[rule.x]\ngroup = 'ops'\n{more}");
    for wrong in [
        "push = ['a']",
        "delete = ['a']",
        "when = { ref_protected = true }\npush = ['a']",
        "when = { event = 'push' }\npush = ['a']",
    ] {
        let faults = faults(&rule(wrong));
        assert!(faults.contains("by a code host need `event`"), "{wrong}");
    }
    for right in [
        "pull = ['**']",
        "any_run = true\npush = ['a']",
        "when = { event = 'push', environment = 'prod' }\npush = ['a']",
    ] {
        policy(&rule(right));
    }
    let mut without = source(&rule("push = ['a']"));
    without.issuers.retain(|_, is_code_host| !*is_code_host);
    Policy::compile(&without).unwrap();
}

#[test]
fn templates_for_such_a_group_name_the_issuer_if_there_are_several() {
    let text = "[group]\nops = 'operators'\n[rule.x]\ngroup = 'ops'\nany_run = true\npush = ['apps/{repository}']";
    assert!(faults(text).contains("put `{issuer}` into it"));
    policy(&text.replace("apps/", "apps/{issuer}/"));
    let mut one = source(text);
    one.issuers.retain(|name, _| name == "github");
    Policy::compile(&one).unwrap();
}

#[test]
fn what_such_a_group_renders_meets_no_others_names() {
    let text = |pattern: &str| {
        format!(
            "[group]\nops = 'operators'\n[rule.x]\ngroup = 'ops'\nany_run = true\npush = ['{pattern}']\n\
             [rule.y]\nfrom = ['github']\nany_run = true\npush = ['apps/{{owner}}/x']"
        )
    };
    assert!(faults(&text("apps/{issuer}/{repository}")).contains("can mean the same repository"));
    // GitHub's owner `token` against an API token.
    let mut one = source(&text("apps/{issuer}/x"));
    one.issuers.retain(|name, _| name == "github");
    let faults = Policy::compile(&one).unwrap_err();
    assert!(
        faults.iter().any(|fault| fault.message.contains("`token`")),
        "{faults:?}"
    );
    policy(&text("ops/{issuer}/{repository}"));
}

#[test]
fn the_groups_and_their_rules_for_any_run_can_be_listed() {
    let text = "[group]\nb = 'operators'\na = 'operators'\nfile = [['github', '74']]\n\
        [rule.free]\ngroup = 'a'\nany_run = true\npush = ['x']\n\
        [rule.cleans]\ngroup = 'a'\nwhen = { event = 'push' }\nany_run = true\ndelete = ['x']\n\
        [rule.held]\ngroup = 'a'\nwhen = { event = 'push', ref = 'refs/heads/main' }\npush = ['x']\n\
        [rule.pulls]\ngroup = 'a'\npull = ['x']\n\
        [rule.others]\ngroup = 'b'\nany_run = true\npush = ['x']\n\
        [deny.x]\ngroup = 'a'\npush = ['x']";
    let policy = policy(text);
    assert_eq!(policy.operators_groups().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(
        policy.any_run_rules("a"),
        ["rule.cleans".into(), "rule.free".into()]
    );
    assert_eq!(policy.any_run_rules("b"), ["rule.others".into()]);
    assert_eq!(policy.any_run_rules("file"), []);
}

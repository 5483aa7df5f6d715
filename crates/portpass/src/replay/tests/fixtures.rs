//! What changes for the fixtures.

use super::*;
use crate::{
    replay::{Situation, Trials},
    trial::Trial,
};

/// Everything that changes for the fixtures: who, what, where and in which situations.
fn situations(old: &str, new: &str) -> Vec<String> {
    let (old, new) = (config(old), config(new));
    let now = Timestamp::from_second(1_790_000_000).unwrap();
    let sides = [&old, &new].map(|config| Side::of(config, false, now).unwrap());
    let [one, other] = sides;
    let pair = Pair::of(one, other);
    let [one, other] = [&old, &new].map(|config| Trial::of(config, now).unwrap());
    let (situations, more) = Trials::of(&pair, one, other).situations();
    assert_eq!(more, 0);
    let line = |situation: &Situation| {
        let group = situation.group.as_deref();
        let group = group
            .map(|group| format!(" in {group}"))
            .unwrap_or_default();
        format!(
            "{}:{}{group} {} on {:?} ({})",
            situation.issuer,
            situation.identity,
            situation.change,
            situation.repository,
            situation.fixtures.join(" ")
        )
    };
    situations.iter().map(line).collect()
}

fn with_issuers(rules: &str) -> String {
    format!("{ISSUERS}{rules}")
}

#[test]
fn nothing_changes_between_a_file_and_itself() {
    let text = with_issuers(OWN);
    assert_eq!(situations(&text, &text), [""; 0]);
}

#[test]
fn a_situation_that_is_let_push_no_more_is_named() {
    let tags = OWN.replace("\"push\"", "[\"push\", \"tag\"]").replace(
        "\"refs/heads/main\"",
        "[\"refs/heads/main\", \"refs/tags/*\"]",
    );
    assert_eq!(
        situations(&with_issuers(&tags), &with_issuers(OWN)),
        [r#"github:74 loses pull,push on "apps/github/acme/web" (tag)"#]
    );
}

#[test]
fn names_that_rules_and_images_write_out_are_tried_and_wildcards_by_an_example() {
    let rules = "[rule.base]\nfrom = [\"people\"]\npull = [\"base/go\", \"tools/**\"]\n";
    let found = situations(ISSUERS, &with_issuers(rules));
    let of = |name: &str| found.iter().filter(|line| line.contains(name)).count();
    assert!(
        found.iter().all(|line| line.starts_with("people:")),
        "{found:?}"
    );
    assert_eq!(
        (of("base/go"), of("tools/any")),
        (found.len() / 2, found.len() / 2)
    );
    let images = "[rule.images]\nfrom = [\"github\"]\nany_run = true\npush = [\"{images}\"]\n\
                  [images.github]\n\"80\" = [\"web\"]\n";
    assert_eq!(
        situations(ISSUERS, &with_issuers(images)),
        [r#"github:80 gains pull,push on "web" (push-main)"#],
        "an id that a file names is tried, too"
    );
}

#[test]
fn members_of_an_operators_group_are_tried_as_well() {
    let group = "[group.team]\noperators = true\n";
    let rule = "[rule.team]\ngroup = \"team\"\npull = [\"base/go\"]\n";
    let found = situations(
        &with_issuers(group),
        &with_issuers(&format!("{group}{rule}")),
    );
    assert!(!found.is_empty());
    for line in found {
        assert!(
            line.contains(" in team gains pull on \"base/go\""),
            "{line}"
        );
    }
}

#[test]
fn a_tenant_that_is_pinned_no_more_loses_its_login_with_all_else() {
    let narrowed = ISSUERS.replace("[\"65\"]", "[\"65\"]\nrepository_id = [\"80\"]");
    let found = situations(&with_issuers(OWN), &format!("{narrowed}{OWN}"));
    let pushes = r#"github:74 loses pull,push on "apps/github/acme/web" ("#;
    assert!(
        found.iter().any(|line| line.starts_with(pushes)),
        "{found:?}"
    );
    let logs_in = |line: &&String| line.starts_with(r#"github:74 loses login on "" ("#);
    assert_eq!(found.iter().filter(logs_in).count(), 1, "{found:?}");
}

#[test]
fn whom_a_test_makes_up_is_tried_as_well() {
    let rule = "[rule.release]\nfrom = [\"github\"]\npush = [\"release/web\"]\n\
                when = { repository_id = \"512\", event = \"tag\", ref = \"refs/tags/v*\", environment = \"release\" }\n";
    let nobodys = format!("{ISSUERS}{rule}");
    let test = "[test.release]\nask = [\"repository:release/web:push\"]\nexpect = \"granted\"\n\
                proof = { issuer = \"github\", fixture = \"tag\", set = { repository = \"acme/cart\", repository_id = \"512\", environment = \"release\" } }\n";
    assert_eq!(situations(ISSUERS, &nobodys), [""; 0]);
    let gains = [r#"github:512 gains pull,push on "release/web" (tag)"#];
    assert_eq!(situations(ISSUERS, &format!("{nobodys}{test}")), gains);
    let loses = [r#"github:512 loses pull,push on "release/web" (tag)"#];
    assert_eq!(
        situations(&format!("{nobodys}{test}"), ISSUERS),
        loses,
        "whichever file has the test"
    );
}

//! Events that are named by what they are not.

use super::{
    Level, Lint,
    stranger_triggers_push::let_through,
    subject::{Findings, Subject},
};
use crate::{decision::Way, identity::Fact};

pub(super) static LINT: Lint = Lint {
    code: "PP013",
    name: "events-by-exclusion",
    level: Level::Warning,
    summary: "Push is given for the event `other`, which is whatever has no word of its own.",
    why: "GitHub has some thirty events, and anybody can set off those of comments and issues, \
          with the repository's own identity. `other` is all of them, and those that will be \
          invented; `{ not = … }` lets it through.",
    mend: "Name the events that are meant: `event = [\"push\", \"tag\", \"release\"]`.",
    bad: r#"
[rule.apps]
from = ["github"]
when = { event = { not = ["pull_request", "pull_request_target", "workflow_run"] }, ref = "refs/heads/main" }
push = ["apps/{repository}"]
"#,
    good: r#"
[rule.apps]
from = ["github"]
when = { event = ["push", "manual"], ref = "refs/heads/main" }
push = ["apps/{repository}"]
"#,
    find,
};

fn find(subject: &Subject<'_>, found: &mut Findings) {
    // What names the platform's own word has chosen one of the others.
    let is_open = |way: &Way<'_>| {
        way.looks_at(Fact::Event)
            && way.admits(Fact::Event, "other")
            && way.named(Fact::EventRaw).next().is_none()
            && !way.looks_at(Fact::Fork)
    };
    for table in subject.writing() {
        let is_worse = table
            .ways
            .iter()
            .any(|way| let_through(way).next().is_some());
        if table.like_github().next().is_some()
            && !table.cel_has(&["event"])
            && !is_worse
            && table.ways.iter().any(is_open)
        {
            let message = "events without a word of their own may push, such as comments";
            found.in_table(table, table.conditions_at(), message);
        }
    }
}

//! Push in runs that strangers set off, with the repository's own identity.

use super::{
    Level, Lint,
    subject::{Findings, Subject, listed},
};
use crate::{decision::Way, identity::Fact};

pub(super) static LINT: Lint = Lint {
    code: "PP005",
    name: "stranger-triggers-push",
    level: Level::Error,
    summary: "`pull_request_target` or `workflow_run` reaches push or delete.",
    why: "Runs of these events have the identity, the secrets and the default branch of the \
          repository, and are set off by whoever opens a pull request. A workflow that builds \
          what the pull request brings then pushes a stranger's image under your name.",
    mend: "Name the events that only those can set off who may push code: \
           `event = [\"push\", \"tag\"]`. Build what others propose in a run of `pull_request`, \
           and give it a place of its own.",
    bad: r#"
[rule.apps]
from = ["github"]
when = { event = ["push", "pull_request_target"], ref = "refs/heads/main" }
push = ["apps/{repository}"]
"#,
    good: r#"
[rule.apps]
from = ["github"]
when = { event = ["push", "tag"], ref_protected = true }
push = ["apps/{repository}"]
"#,
    find,
};

/// The events that strangers set off, by the words of GitHub and of ours, which
/// are the same.
const STRANGERS: [&str; 2] = ["pull_request_target", "workflow_run"];

/// The events of them that a way lets through, if it speaks of events at all.
pub(super) fn let_through(way: &Way<'_>) -> impl Iterator<Item = &'static str> {
    // `fork` is absent where strangers have a say, so what asks for it lets none
    // of them through.
    let is_open = way.looks_at(Fact::Event) && !way.looks_at(Fact::Fork);
    STRANGERS.into_iter().filter(move |event| {
        is_open && way.admits(Fact::Event, event) && way.admits(Fact::EventRaw, event)
    })
}

fn find(subject: &Subject<'_>, found: &mut Findings) {
    for table in subject.writing() {
        if table.like_github().next().is_none() || table.cel_has(&["event"]) {
            continue;
        }
        let reaching = STRANGERS.into_iter().filter(|event| {
            table
                .ways
                .iter()
                .any(|way| let_through(way).any(|one| one == *event))
        });
        let reaching: Vec<&str> = reaching.collect();
        if !reaching.is_empty() {
            let message = format!(
                "runs of {} may push, which strangers set off",
                listed(reaching)
            );
            found.in_table(table, table.conditions_at(), message);
        }
    }
}

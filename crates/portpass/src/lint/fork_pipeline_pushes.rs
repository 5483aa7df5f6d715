//! Pipelines of merge requests from forks.

use super::{
    Level, Lint,
    subject::{Findings, Subject},
};
use crate::{
    decision::Way,
    identity::{Fact, IssuerKind},
};

pub(super) static LINT: Lint = Lint {
    code: "PP016",
    name: "fork-pipeline-pushes",
    level: Level::Warning,
    summary: "Merge requests may push, and those of forks are not kept out.",
    why: "GitLab runs the pipeline of a fork's merge request in the parent project when a member \
          starts it. Before 18.2.2 it then signs the parent's identity, and a stranger's code \
          pushes as your project.",
    mend: "Add `fork = false`, which GitLab says from 18.4 on, or `ref_protected = true`.",
    bad: r#"
[rule.previews]
from = ["gitlab"]
when = { event = "pull_request", ref = "refs/heads/**" }
push = ["previews/{repository_id}"]
"#,
    good: r#"
[rule.previews]
from = ["gitlab"]
when = { event = "pull_request", ref = "refs/heads/**", fork = false }
push = ["previews/{repository_id}"]
"#,
    find,
};

fn find(subject: &Subject<'_>, found: &mut Findings) {
    let is_open = |way: &Way<'_>| {
        way.looks_at(Fact::Event)
            && way.admits(Fact::Event, "pull_request")
            && (!way.looks_at(Fact::Fork) || way.admits_flag(Fact::Fork, true))
            && (!way.looks_at(Fact::RefProtected) || way.admits_flag(Fact::RefProtected, false))
    };
    for table in subject.writing() {
        let mut issuers = table.issuers.iter();
        if issuers.any(|issuer| issuer.kind.value == IssuerKind::Gitlab)
            && !table.cel_has(&["fork", "job_project_id", "event", "pipeline_source"])
            && table.ways.iter().any(is_open)
        {
            let message = "a fork's merge request may push";
            found.in_table(table, table.conditions_at(), message);
        }
    }
}

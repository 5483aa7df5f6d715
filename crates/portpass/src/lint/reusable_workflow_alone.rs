//! A called workflow as the only condition on who calls.

use super::{
    Level, Lint,
    subject::{Findings, Subject, is_pinned, says_who},
};
use crate::{decision::Way, identity::Fact};

pub(super) static LINT: Lint = Lint {
    code: "PP006",
    name: "reusable-workflow-alone",
    level: Level::Error,
    summary: "Push depends on the called workflow alone, and not on who calls it.",
    why: "`reusable_workflow` says which workflow was called. Every repository that may call it \
          has the same there, a stranger's too where the workflow is public, and the inputs are \
          the caller's.",
    mend: "Say who may call: `owner_id` or `repository_id` in `when`, or a pin in the issuer's \
           table.",
    bad: r#"
[rule.release]
from = ["forgejo"]
when = { reusable_workflow = "acme/ci/.forgejo/workflows/image.yml@refs/tags/v2", event = "push", ref = "refs/heads/main" }
push = ["prod/**"]
"#,
    good: r#"
[rule.release]
from = ["forgejo"]
when = { owner_id = "65", reusable_workflow = "acme/ci/.forgejo/workflows/image.yml@refs/tags/v2", event = "push", ref = "refs/heads/main" }
push = ["prod/**"]
"#,
    find,
};

fn find(subject: &Subject<'_>, found: &mut Findings) {
    for table in subject.writing() {
        // A group's members are known by their ids, and `cel` may look at them.
        if table.rule.group.is_some() || table.cel_has(&["repository", "owner", "project", "sub"]) {
            continue;
        }
        let by_cel = table.cel_has(&["reusable_workflow", "job_workflow_ref"]);
        let names_it = |way: &Way<'_>| by_cel || way.looks_at(Fact::ReusableWorkflow);
        let mut ways = table.ways.iter();
        if !ways.any(|way| names_it(way) && !says_who(way)) {
            continue;
        }
        let mut open = table.like_github().filter(|issuer| !is_pinned(issuer));
        if let Some(issuer) = open.next() {
            let message = format!(
                "every repository of `{}` that calls this workflow may push",
                issuer.name
            );
            found.in_table(table, table.conditions_at(), message);
        }
    }
}

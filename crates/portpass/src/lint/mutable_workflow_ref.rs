//! A called workflow by a branch or tag, which can be moved.

use super::{
    Level, Lint,
    any_workflow_ref::{is_any, ref_of},
    subject::{Findings, Subject},
};
use crate::identity::Fact;

pub(super) static LINT: Lint = Lint {
    code: "PP015",
    name: "mutable-workflow-ref",
    level: Level::Note,
    summary: "A called workflow is named by a branch or tag, and not by its commit.",
    why: "Whoever may move the branch or tag changes what runs under your rule, without any \
          change to be reviewed here.",
    mend: "Protect the branch, and tags against being moved; or call the workflow by its commit, \
           and name that: `…/image.yml@0123…`, with 40 digits.",
    bad: r#"
[rule.release]
from = ["github"]
when = { repository_id = "74", reusable_workflow = "acme/ci/.github/workflows/image.yml@refs/heads/main", event = "push", ref = "refs/heads/main" }
push = ["prod/web"]
"#,
    good: r#"
[rule.release]
from = ["github"]
when = { repository_id = "74", reusable_workflow = "acme/ci/.github/workflows/image.yml@3f2504e04f8911d39a0c0305e82c33017f2a9b1c", event = "push", ref = "refs/heads/main" }
push = ["prod/web"]
"#,
    find,
};

fn find(subject: &Subject<'_>, found: &mut Findings) {
    for table in &subject.rules {
        let mut named = table
            .ways
            .iter()
            .flat_map(|way| way.named(Fact::ReusableWorkflow));
        let is_movable = |workflow: &&str| {
            let at = ref_of(workflow);
            !is_any(at) && !is_commit(at)
        };
        if !table.cel_has(&["job_workflow_sha"])
            && let Some(workflow) = named.find(is_movable)
        {
            let message = format!("`{}` can be moved to other code", ref_of(workflow));
            found.in_table(table, table.conditions_at(), message);
        }
    }
}

fn is_commit(at: &str) -> bool {
    matches!(at.len(), 40 | 64) && at.bytes().all(|byte| byte.is_ascii_hexdigit())
}

//! A called workflow of any branch.

use super::{
    Level, Lint,
    subject::{Findings, Subject},
};
use crate::identity::Fact;

pub(super) static LINT: Lint = Lint {
    code: "PP014",
    name: "any-workflow-ref",
    level: Level::Warning,
    summary: "A called workflow is named with whatever branch it is on.",
    why: "Whoever may push any branch to the workflow's repository, or open a pull request there, \
          can call their own version of it, which the rule takes for yours.",
    mend: "Name the ref: `…/image.yml@refs/tags/v2*` where tags are protected, or the commit.",
    bad: r#"
[rule.release]
from = ["github"]
when = { repository_id = "74", reusable_workflow = "acme/ci/.github/workflows/image.yml@**", event = "push", ref = "refs/heads/main" }
push = ["prod/web"]
"#,
    good: r#"
[rule.release]
from = ["github"]
when = { repository_id = "74", reusable_workflow = "acme/ci/.github/workflows/image.yml@refs/tags/v2*", event = "push", ref = "refs/heads/main" }
push = ["prod/web"]
"#,
    find,
};

/// The ref of a called workflow that a rule names.
pub(super) fn ref_of(workflow: &str) -> &str {
    workflow.rsplit_once('@').map_or("**", |(_, at)| at)
}

/// Whether a named ref can be any branch.
pub(super) fn is_any(at: &str) -> bool {
    let branch = at.strip_prefix("refs/heads/");
    !at.starts_with("refs/tags/")
        && at.contains('*')
        && branch.is_none_or(|branch| matches!(branch, "*" | "**"))
}

fn find(subject: &Subject<'_>, found: &mut Findings) {
    for table in &subject.rules {
        let mut named = table
            .ways
            .iter()
            .flat_map(|way| way.named(Fact::ReusableWorkflow));
        if !table.cel_has(&["job_workflow_sha"])
            && let Some(workflow) = named.find(|workflow| is_any(ref_of(workflow)))
        {
            let message = format!("`{workflow}` can be of any branch");
            found.in_table(table, table.conditions_at(), message);
        }
    }
}

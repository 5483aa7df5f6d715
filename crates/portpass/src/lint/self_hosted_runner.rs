//! Runners that jobs share, where the platform has its own.

use super::{
    Level, Lint,
    subject::{Findings, Subject, is_public},
};
use crate::identity::Fact;

pub(super) static LINT: Lint = Lint {
    code: "PP017",
    name: "self-hosted-runner",
    level: Level::Note,
    summary: "Any runner may push what others use, also one that jobs share.",
    why: "A machine of your own that outlives its job can be prepared by an earlier one, of \
          another repository, to read the JWT of a later one. The platform's own are new for each \
          job.",
    mend: "Add `runner = \"hosted\"`, or use machines of your own that live for one job.",
    bad: r#"
[rule.release]
from = ["github"]
when = { repository_id = "74", event = "push", ref = "refs/heads/main" }
push = ["prod/web"]
"#,
    good: r#"
[rule.release]
from = ["github"]
when = { repository_id = "74", event = "push", ref = "refs/heads/main", runner = "hosted" }
push = ["prod/web"]
"#,
    find,
};

fn find(subject: &Subject<'_>, found: &mut Findings) {
    for table in subject.writing() {
        if table.issuers.iter().any(|issuer| is_public(issuer))
            && table.rule.group.is_none()
            && !table.cel_has(&["runner"])
            && table.writes_what_is_shared()
            && table.ways.iter().any(|way| !way.looks_at(Fact::Runner))
        {
            let message = "jobs on runners of any kind may push here";
            found.in_table(table, table.conditions_at(), message);
        }
    }
}

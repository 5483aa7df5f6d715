//! Push for whatever set the run off.

use super::{
    Level, Lint,
    subject::{Findings, Subject},
};
use crate::{decision::Way, identity::Fact};

pub(super) static LINT: Lint = Lint {
    code: "PP004",
    name: "any-run",
    level: Level::Note,
    summary: "`any_run = true` lets runs push that strangers can set off.",
    why: "Without a condition on `event`, the runs of pull requests and of comments may push too, \
          also those of `pull_request_target`, in which a stranger's code can run with the \
          repository's own identity.",
    mend: "Say which events: `event = [\"push\", \"tag\"]`. Where every run is meant, give it a \
           place where nothing is deployed from.",
    bad: r#"
[rule.scratch]
from    = ["github"]
any_run = true
push    = ["scratch/{repository_id}/**"]
"#,
    good: r#"
[rule.scratch]
from    = ["github"]
when    = { event = "push" }
any_run = true
push    = ["scratch/{repository_id}/**"]
"#,
    find,
};

fn find(subject: &Subject<'_>, found: &mut Findings) {
    for table in subject.writing() {
        let is_any = |way: &Way<'_>| !way.looks_at(Fact::Event);
        if table.rule.any_run
            && table
                .issuers
                .iter()
                .any(|issuer| issuer.kind.value.is_code_host())
            && !table.cel_has(&["event", "pipeline_source"])
            && table.ways.iter().any(is_any)
        {
            let message = "every run may push here, whoever set it off";
            found.in_table(table, table.rule.at, message);
        }
    }
}

//! Platforms that say nothing of the run that a rule could hold to.

use super::{
    Level, Lint,
    subject::{Findings, Subject},
};
use crate::identity::Fact;

pub(super) static LINT: Lint = Lint {
    code: "PP026",
    name: "weak-platform",
    level: Level::Warning,
    summary: "Push is given to a platform that vouches for neither ref nor environment of a run.",
    why: "Nothing in `when` can tell a run of your main branch from one of a pull request, or one \
          that somebody typed a branch's name for. What the traps of its kind say in the reference \
          of platforms is all that stands between.",
    mend: "Ask in `cel` for what the platform does vouch for, or let a group of its identities \
           push, each approved for what it builds; and give them names of their own.",
    bad: r#"
[issuer.buildkite]
kind     = "buildkite"
audience = ["registry.example.com"]
owner_id = ["01980000-0000-7000-8000-000000000065"]

[rule.builds]
from    = ["buildkite"]
any_run = true
push    = ["builds/{repository_id}"]
"#,
    good: r#"
[issuer.buildkite]
kind     = "buildkite"
audience = ["registry.example.com"]
owner_id = ["01980000-0000-7000-8000-000000000065"]

[rule.builds]
from    = ["buildkite"]
any_run = true
cel     = 'claims.build_source == "schedule" && claims.build_branch == "main"'
push    = ["builds/{repository_id}"]
"#,
    find,
};

fn find(subject: &Subject<'_>, found: &mut Findings) {
    for table in subject.writing() {
        if table.rule.cel.is_some() || table.rule.group.is_some() {
            continue;
        }
        for name in &table.rule.from {
            let mut issuers = table.issuers.iter();
            let is_weak = issuers
                .find(|issuer| issuer.name == name.value)
                .is_some_and(|issuer| {
                    let kind = issuer.kind.value;
                    let facts = kind.facts();
                    let told = [Fact::Environment, Fact::Ref, Fact::RefProtected];
                    kind.is_code_host() && !told.iter().any(|fact| facts.contains(fact))
                });
            if is_weak {
                let message = format!(
                    "`{}` vouches for neither ref nor environment of what may push here",
                    name.value
                );
                found.in_table(table, name.at, message);
            }
        }
    }
}

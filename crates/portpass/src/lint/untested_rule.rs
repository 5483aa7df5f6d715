//! Rules and denies that no test shows at work.

use super::{
    Level, Lint,
    subject::{Findings, Subject, Table},
};
use crate::{
    decision::Outcome,
    trial::{Got, TestResult},
};

pub(super) static LINT: Lint = Lint {
    code: "PP009",
    name: "untested-rule",
    level: Level::Note,
    summary: "No test shows what a rule gives, or what a deny takes.",
    why: "A rule that says too much or too little looks like one that is right. A test says what \
          was meant, and fails before a change reaches the server.",
    mend: "Write a `[test.*]` in which the rule gives what is asked for; of a deny, one in which \
           it takes it.",
    bad: r#"
[rule.apps]
from = ["github"]
when = { event = "push", ref = "refs/heads/main" }
push = ["apps/{repository}"]

[rule.web]
from = ["github"]
pull = ["prod/web"]

[test.main-pushes]
proof  = { issuer = "github", fixture = "push-main", set = { repository = "acme/web" } }
ask    = ["repository:apps/acme/web:pull,push"]
expect = "granted"
"#,
    good: r#"
[rule.apps]
from = ["github"]
when = { event = "push", ref = "refs/heads/main" }
push = ["apps/{repository}"]

[rule.web]
from = ["github"]
pull = ["prod/web"]

[test.main-pushes]
proof  = { issuer = "github", fixture = "push-main", set = { repository = "acme/web" } }
ask    = ["repository:apps/acme/web:pull,push", "repository:prod/web:pull"]
expect = "granted"
"#,
    find,
};

fn find(subject: &Subject<'_>, found: &mut Findings) {
    if subject.config.tests.is_empty() {
        let places = subject.tables().map(|table| table.rule.at);
        if let Some(first) = places.min() {
            found.elsewhere(first, "there is no test of this or any other rule");
        }
        return;
    }
    for table in subject.rules.iter().filter(|table| table.is_live()) {
        let gives = |result: &TestResult| matches!(result.got, Got::Granted(_));
        if !is_shown(subject, table, gives) {
            found.in_table(table, table.rule.at, "no test shows what it gives");
        }
    }
    for table in subject.denies.iter().filter(|table| table.is_live()) {
        if !is_shown(subject, table, |_| true) {
            found.in_table(table, table.rule.at, "no test shows what it takes");
        }
    }
}

/// Whether a test in which it had its part came out as expected.
fn is_shown(subject: &Subject<'_>, table: &Table<'_>, is_fit: fn(&TestResult) -> bool) -> bool {
    subject.tried.iter().any(|result| {
        let mut rules = result.rules.iter();
        result.passed
            && is_fit(result)
            && rules.any(|said| *said.rule == *table.path && said.outcome == Outcome::Matched)
    })
}

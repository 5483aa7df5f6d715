//! Keys that allow what is not done.

use super::{
    Level, Lint,
    subject::{Findings, Subject},
};
use crate::{decision::Shape, identity::Fact};

pub(super) static LINT: Lint = Lint {
    code: "PP022",
    name: "needless-key",
    level: Level::Note,
    summary: "`any_run` or `allow_root` allows what the rule does not do.",
    why: "The next change to the rule may do it, and nothing will be said.",
    mend: "Take the key away.",
    bad: r#"
[rule.apps]
from    = ["github"]
when    = { event = "push", ref = "refs/heads/main" }
any_run = true
push    = ["apps/{repository}"]
"#,
    good: r#"
[rule.apps]
from = ["github"]
when = { event = "push", ref = "refs/heads/main" }
push = ["apps/{repository}"]
"#,
    find,
};

fn find(subject: &Subject<'_>, found: &mut Findings) {
    let narrow = [Fact::Environment, Fact::Ref, Fact::RefProtected];
    for table in &subject.rules {
        let is_narrow = !table.ways.is_empty()
            && table.ways.iter().all(|way| {
                way.looks_at(Fact::Event) && narrow.iter().any(|fact| way.looks_at(*fact))
            });
        let has_runs = table
            .issuers
            .iter()
            .any(|issuer| issuer.kind.value.is_code_host());
        let writes = table.written().next().is_some();
        if table.rule.any_run && (is_narrow || !writes || !has_runs) {
            found.in_table(table, table.rule.at, "`any_run` allows nothing here");
        }
        let is_at_root = |text: &str| Shape::of(text).is_some_and(|shape| shape.is_at_root());
        if table.rule.allow_root && !table.patterns().any(|text| is_at_root(&text.value)) {
            found.in_table(table, table.rule.at, "`allow_root` allows nothing here");
        }
    }
}

//! Names of callers at the registry's root.

use super::{
    Level, Lint,
    subject::{Findings, Subject},
};
use crate::decision::Shape;

pub(super) static LINT: Lint = Lint {
    code: "PP007",
    name: "root-template",
    level: Level::Note,
    summary: "A template begins with what the caller is called.",
    why: "Owners and repositories then name top-level folders of the registry, beside your own: \
          whoever is called `base` or `library` comes to push there.",
    mend: "Begin with a fixed text, such as `apps/`.",
    bad: r#"
[rule.root]
from       = ["github"]
when       = { event = "push", ref = "refs/heads/main" }
allow_root = true
push       = ["{repository}"]
"#,
    good: r#"
[rule.root]
from = ["github"]
when = { event = "push", ref = "refs/heads/main" }
push = ["apps/{repository}"]
"#,
    find,
};

fn find(subject: &Subject<'_>, found: &mut Findings) {
    for table in &subject.rules {
        for pattern in table.written() {
            if Shape::of(&pattern.value).is_some_and(|shape| shape.is_at_root()) {
                let message = format!("`{}` can be any top-level name", pattern.value);
                found.in_table(table, pattern.at, message);
            }
        }
    }
}

//! Templates that were never tried with a name of somebody else.

use super::{
    Level, Lint,
    subject::{Findings, Subject, Table},
};
use crate::{
    decision::Shape,
    identity::Fact,
    trial::{Expected, TestProof, TestSource},
};

pub(super) static LINT: Lint = Lint {
    code: "PP023",
    name: "hostile-name-untested",
    level: Level::Note,
    summary: "No test tries a template with the name of somebody else.",
    why: "A template puts what callers are called into repository names. Whether a stranger of the \
          same name, or one who is called `../prod`, is kept out, shows only when it is tried.",
    mend: "Write a `[test.*]` that sets the name or the owner's id of somebody else, and expects \
           `\"refused\"`.",
    bad: r#"
[rule.apps]
from = ["github"]
when = { event = "push", ref = "refs/heads/main" }
push = ["apps/{repository}"]

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

[test.main-pushes]
proof  = { issuer = "github", fixture = "push-main", set = { repository = "acme/web" } }
ask    = ["repository:apps/acme/web:pull,push"]
expect = "granted"

[test.squatter]
proof  = { issuer = "github", fixture = "push-main", set = { repository = "acme/web", owner_id = "999" } }
ask    = ["repository:apps/acme/web:pull,push"]
expect = "refused at pin"
"#,
    find,
};

/// The placeholders whose values callers choose.
const CHOSEN: [Fact; 5] = [
    Fact::Namespace,
    Fact::Owner,
    Fact::Repository,
    Fact::ServiceAccount,
    Fact::User,
];

/// What stands in the names of claims, and in the words of rules, that say who
/// somebody is.
const WHO: [&str; 7] = [
    "namespace",
    "owner",
    "path",
    "project",
    "repository",
    "serviceaccount",
    "user",
];

fn find(subject: &Subject<'_>, found: &mut Findings) {
    // Without any test there is another finding.
    if subject.config.tests.is_empty() {
        return;
    }
    for table in subject.writing().filter(|table| table.is_live()) {
        let is_chosen = |text: &str| {
            let facts = Shape::of(text).map(|shape| shape.facts());
            facts.is_some_and(|facts| facts.iter().any(|fact| CHOSEN.contains(fact)))
        };
        let mut tests = subject.config.tests.iter();
        if let Some(template) = table.written().find(|text| is_chosen(&text.value))
            && !tests.any(|test| is_hostile(test, table))
        {
            let message = format!("no test tries `{}` with another's name", template.value);
            found.in_table(table, template.at, message);
        }
    }
}

/// Whether a test of a caller whom the rule is for has somebody else's name in
/// it, and a refusal.
fn is_hostile(test: &TestSource, table: &Table<'_>) -> bool {
    let TestProof::Fixture(order) = &test.proof else {
        return false;
    };
    let mut issuers = table.issuers.iter();
    let is_who = |claim: &str| {
        let claim = claim.to_lowercase().replace('_', "");
        WHO.iter().any(|word| claim.contains(word))
    };
    matches!(test.expect, Expected::Refused(_))
        && issuers.any(|issuer| issuer.name == order.issuer)
        && order.set.iter().any(|(claim, _)| is_who(claim))
}

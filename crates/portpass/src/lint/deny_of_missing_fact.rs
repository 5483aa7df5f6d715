//! A deny that takes everything from those of whom it cannot be told.

use super::{
    Level, Lint,
    subject::{Findings, Subject, listed},
};
use crate::identity::{Fact, IssuerSettings};

pub(super) static LINT: Lint = Lint {
    code: "PP021",
    name: "deny-of-missing-fact",
    level: Level::Warning,
    summary: "A deny asks for facts that an issuer never gives, and so takes from all of it.",
    why: "In a deny, a fact that is missing counts as what it must be: what cannot be told is \
          denied. Where the kind of issuer never gives the fact, nobody of it keeps anything.",
    mend: "Say in `from` whom it is for.",
    bad: r#"
[deny.forks]
when = { fork = true }
push = ["**"]
"#,
    good: r#"
[deny.forks]
from = ["github", "gitlab", "forgejo"]
when = { fork = true }
push = ["**"]
"#,
    find,
};

fn find(subject: &Subject<'_>, found: &mut Findings) {
    for table in subject
        .denies
        .iter()
        .filter(|table| table.rule.cel.is_none())
    {
        let missing = |issuer: &IssuerSettings| -> Option<Vec<Fact>> {
            let given = subject.facts_of(issuer);
            let ways = table.ways.iter();
            let mut facts = ways.map(|way| way.facts().collect::<Vec<_>>());
            facts.find(|facts| !facts.is_empty() && facts.iter().all(|fact| !given.contains(fact)))
        };
        for issuer in &table.issuers {
            if let Some(facts) = missing(issuer) {
                let message = format!(
                    "`{}` never gives {}, so this takes from everybody of it",
                    issuer.name,
                    listed(facts.into_iter().map(Fact::name))
                );
                found.in_table(table, table.conditions_at(), message);
            }
        }
    }
}

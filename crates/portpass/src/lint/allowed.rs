//! `allow_lints`: findings that somebody knows of and means.

use std::collections::BTreeSet;

use super::{ALL, Finding, Level, Lint, subject::Subject};
use crate::config::{Located, closest};

/// A code that there is not.
pub(super) static UNKNOWN: Lint = Lint {
    code: "PP024",
    name: "unknown-lint",
    level: Level::Warning,
    summary: "`allow_lints` names a code that there is not.",
    why: "It acknowledges nothing, and whoever wrote it meant something.",
    mend: "Write the code of the finding, as this page and `portpass check` have it.",
    bad: r#"
[rule.web]
from        = ["github"]
pull        = ["**"]
allow_lints = ["PP5"]
"#,
    good: r#"
[rule.web]
from = ["github"]
pull = ["**"]
"#,
    find: |_, _| {},
};

/// A code of which there is no finding.
pub(super) static NEEDLESS: Lint = Lint {
    code: "PP025",
    name: "needless-allow",
    level: Level::Warning,
    summary: "`allow_lints` acknowledges a finding that there is not.",
    why: "It would hide the finding when it comes back, for a reason that nobody remembers.",
    mend: "Take the code away.",
    bad: r#"
[rule.web]
from        = ["github"]
pull        = ["**"]
allow_lints = ["PP005"]
"#,
    good: r#"
[rule.web]
from = ["github"]
pull = ["**"]
"#,
    find: |_, _| {},
};

/// Leaves out what is acknowledged beside it, and adds what is acknowledged in
/// vain.
pub(super) fn settle(subject: &Subject<'_>, findings: &[Finding]) -> Vec<Finding> {
    let there: BTreeSet<(&str, &str)> = findings
        .iter()
        .filter_map(|finding| Some((finding.table.as_deref()?, finding.lint.code)))
        .collect();
    let mut allowed: BTreeSet<(String, &str)> = BTreeSet::new();
    let mut vain = Vec::new();
    for (table, codes) in tables(subject) {
        for code in codes {
            let is_there = there.contains(&(table.as_str(), code.value.as_str()));
            let is_new = allowed.insert((table.clone(), code.value.as_str()));
            if !is_there || !is_new {
                vain.push(in_vain(&table, code));
            }
        }
    }
    let is_allowed = |finding: &Finding| {
        let table = finding.table.clone();
        table.is_some_and(|table| allowed.contains(&(table, finding.lint.code)))
    };
    let kept: Vec<Finding> = findings
        .iter()
        .filter(|finding| !is_allowed(finding))
        .cloned()
        .collect();
    kept.into_iter().chain(vain).collect()
}

/// The tables that can acknowledge something, and what they do.
fn tables<'s>(subject: &'s Subject<'_>) -> impl Iterator<Item = (String, &'s [Located<String>])> {
    let rules = subject.tables();
    let rules = rules.map(|table| (table.path.clone(), table.rule.allow_lints.as_slice()));
    let issuers = subject.config.issuers.iter();
    rules.chain(issuers.map(|issuer| {
        let path = format!("issuer.{}", issuer.name);
        (path, issuer.allow_lints.as_slice())
    }))
}

fn in_vain(table: &str, code: &Located<String>) -> Finding {
    let lint = ALL.iter().find(|lint| lint.code == code.value);
    let (lint, message) = if let Some(lint) = lint {
        (
            &NEEDLESS,
            format!("there is no finding {} ({}) here", lint.code, lint.name),
        )
    } else {
        let known = ALL.iter().flat_map(|lint| [lint.code, lint.name]);
        let meant = closest(&code.value, known);
        let meant = ALL
            .iter()
            .find(|lint| meant == Some(lint.code) || meant == Some(lint.name));
        let hint = meant.map(|lint| format!("; did you mean `{}` ({})?", lint.code, lint.name));
        let hint = hint.unwrap_or_default();
        (&UNKNOWN, format!("there is no lint `{}`{hint}", code.value))
    };
    Finding {
        lint,
        at: code.at,
        table: Some(table.to_owned()),
        message,
    }
}

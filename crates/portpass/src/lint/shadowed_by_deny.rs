//! What a rule gives and a deny always takes.

use super::{
    Level, Lint,
    subject::{Findings, Subject, Table},
};
use crate::{
    config::Located,
    decision::{RuleSource, Shape},
};

pub(super) static LINT: Lint = Lint {
    code: "PP012",
    name: "shadowed-by-deny",
    level: Level::Warning,
    summary: "A deny without conditions takes all that a pattern of a rule gives.",
    why: "Denies win, wherever they stand. The pattern gives nothing to anybody, and whoever wrote \
          it meant something.",
    mend: "Take the pattern away, or let the deny make the exception: by `from`, or by a condition.",
    bad: r#"
[rule.base]
from = ["github"]
when = { repository_id = "74", event = "push", ref = "refs/heads/main" }
push = ["base/web"]

[deny.base]
push = ["base/**"]
"#,
    good: r#"
[rule.base]
from = ["github"]
when = { repository_id = "74", event = "push", ref = "refs/heads/main" }
push = ["base/web"]

[deny.base]
from = ["forgejo", "github", "gitlab"]
when = { repository_id = { not = "74" } }
push = ["base/**"]
"#,
    find,
};

fn find(subject: &Subject<'_>, found: &mut Findings) {
    for table in &subject.rules {
        let denies = subject.denies.iter();
        let denies: Vec<_> = denies
            .filter(|deny| deny.is_live() && takes_always(deny.rule, table.rule))
            .collect();
        let given = given(table.rule);
        for (action, patterns) in given {
            for pattern in patterns {
                let mut denies = denies.iter();
                let takes = |deny: &&&Table<'_>| takes(deny.rule, action, pattern, table);
                if let Some(deny) = denies.find(takes) {
                    let message = format!(
                        "`[{}]` takes every {action} that `{}` gives",
                        deny.path, pattern.value
                    );
                    found.in_table(table, pattern.at, message);
                }
            }
        }
        if let Some(deny) = denies
            .iter()
            .find(|deny| deny.rule.catalog && table.rule.catalog)
        {
            let message = format!("`[{}]` takes the catalog that this gives", deny.path);
            found.in_table(table, table.rule.at, message);
        }
    }
}

fn given(rule: &RuleSource) -> [(&'static str, &[Located<String>]); 3] {
    [
        ("pull", &rule.pull),
        ("push", &rule.push),
        ("delete", &rule.delete),
    ]
}

/// Whether a deny is for everybody whom a rule is for, wherever and whenever.
fn takes_always(deny: &RuleSource, rule: &RuleSource) -> bool {
    let names = |list: &[Located<String>], name: &Located<String>| {
        list.iter().any(|one| one.value == name.value)
    };
    let is_everybody = deny.from.is_empty() && deny.group.is_none() && !deny.anonymous;
    let is_for_them = !rule.from.is_empty() && rule.from.iter().all(|name| names(&deny.from, name));
    let same_group =
        matches!((&deny.group, &rule.group), (Some(one), Some(other)) if one.value == other.value);
    let is_there = deny.registries.is_empty()
        || !rule.registries.is_empty()
            && rule
                .registries
                .iter()
                .all(|name| names(&deny.registries, name));
    deny.when.is_none()
        && deny.cel.is_none()
        && is_there
        && (is_everybody || is_for_them || same_group)
}

/// Whether a deny takes an action on all that a pattern could mean.
fn takes(deny: &RuleSource, action: &str, pattern: &Located<String>, table: &Table<'_>) -> bool {
    let Some(shape) = Shape::of(&pattern.value) else {
        return false;
    };
    // Without pull, push is of no use: a deny of one takes both.
    let (own, pull): (_, &[_]) = match action {
        "delete" => (&deny.delete, &[]),
        "push" => (&deny.push, &deny.pull),
        _ => (&deny.pull, &[]),
    };
    let nobody = String::new();
    let issuers: Vec<&String> = match table.issuers.as_slice() {
        [] => vec![&nobody],
        issuers => issuers.iter().map(|issuer| &issuer.name).collect(),
    };
    own.iter().chain(pull).any(|taken| {
        Shape::of(&taken.value)
            .is_some_and(|taken| issuers.iter().all(|issuer| shape.is_within(&taken, issuer)))
    })
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::messages;

    /// What is said of a rule that gives `gives`, beside a deny.
    fn said(gives: &str, deny: &str) -> Vec<String> {
        let rule = "[rule.r]\nfrom = [\"github\"]\n\
                    when = { repository_id = \"74\", event = \"push\", ref = \"refs/heads/main\" }\n";
        messages("PP012", &format!("{rule}{gives}\n[deny.d]\n{deny}\n"))
    }

    #[test]
    fn what_is_always_taken_is_found() {
        for (gives, deny) in [
            ("push = ['base/web']", "push = ['base/**']"),
            ("push = ['base/*']", "pull = ['base/**']"),
            ("pull = ['base/web']", "pull = ['**']"),
            ("delete = ['base/**']", "delete = ['**']"),
            ("push = ['base/{repository}']", "push = ['base/**']"),
            (
                "push = ['base/{repository}']",
                "push = ['base/{repository}']",
            ),
            (
                "push = ['base/web']",
                "from = ['github', 'gitlab']\npush = ['base/**']",
            ),
            ("catalog = true", "catalog = true"),
        ] {
            assert_eq!(said(gives, deny).len(), 1, "{gives} {deny}");
        }
    }

    #[test]
    fn what_is_left_to_somebody_is_not_found() {
        for (gives, deny) in [
            ("push = ['base/**']", "push = ['base/web']"),
            ("pull = ['base/web']", "push = ['base/**']"),
            ("pull = ['base/web']", "delete = ['base/**']"),
            (
                "push = ['base/web']",
                "from = ['gitlab']\npush = ['base/**']",
            ),
            (
                "push = ['base/web']",
                "anonymous = true\npull = ['base/**']",
            ),
            (
                "push = ['base/web']",
                "when = { fork = true }\npush = ['base/**']",
            ),
            ("push = ['base/web']", "cel = 'true'\npush = ['base/**']"),
            ("push = ['base/{repository}']", "push = ['base/{owner}']"),
        ] {
            assert_eq!(said(gives, deny), [""; 0], "{gives} {deny}");
        }
    }
}

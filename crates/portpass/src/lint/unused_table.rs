//! Tables that no rule leads to.

use super::{
    Level, Lint,
    subject::{Findings, Subject},
};
use crate::decision::{GroupSource, Shape};

pub(super) static LINT: Lint = Lint {
    code: "PP019",
    name: "unused-table",
    level: Level::Note,
    summary: "A group, a match, an issuer or a table of images is named by no rule.",
    why: "It changes nothing. A rule that was to name it may name another, or be missing.",
    mend: "Name it in a rule, or take it away.",
    bad: r#"
[match.release]
event         = ["push", "tag"]
ref_protected = true

[rule.apps]
from = ["github"]
when = { event = "push", ref = "refs/heads/main" }
push = ["apps/{repository}"]

[rule.pull]
from = ["cluster", "forgejo", "gitlab"]
pull = ["**"]
"#,
    good: r#"
[match.release]
event         = ["push", "tag"]
ref_protected = true

[rule.apps]
from = ["github"]
when = { match = "release" }
push = ["apps/{repository}"]

[rule.pull]
from = ["cluster", "forgejo", "gitlab"]
pull = ["**"]
"#,
    find,
};

fn find(subject: &Subject<'_>, found: &mut Findings) {
    let (config, policy) = (subject.config, &subject.config.policy);
    let mut unused = |table: String| {
        if let Some(at) = config.tables.get(&table) {
            found.elsewhere(*at, format!("no rule leads to `[{table}]`"));
        }
    };
    let matches = policy.named_matches();
    for name in policy
        .matches
        .keys()
        .filter(|name| !matches.contains(name.as_str()))
    {
        unused(format!("match.{name}"));
    }
    for name in policy.groups.keys() {
        let is_for = |group: Option<&str>| group == Some(name);
        let mut tables = subject.tables();
        if !tables.any(|table| is_for(table.rule.group.as_ref().map(|group| &*group.value))) {
            unused(format!("group.{name}"));
        }
    }
    for issuer in policy.images.keys() {
        let mut tables = subject.tables().filter(|table| {
            let mut issuers = table.issuers.iter();
            issuers.any(|one| one.name == *issuer)
        });
        let is_named = |text: &str| Shape::of(text).is_some_and(|shape| shape.is_images());
        if !tables.any(|table| table.patterns().any(|pattern| is_named(&pattern.value))) {
            unused(format!("images.{issuer}"));
        }
    }
    unused_issuers(subject, found);
}

/// Issuers of which nobody gets anything that callers without a credential do
/// not. Beside an identity provider, who is proven is enough.
fn unused_issuers(subject: &Subject<'_>, found: &mut Findings) {
    let config = subject.config;
    let groups = config.policy.groups.values();
    let has_operators = groups
        .into_iter()
        .any(|group| *group == GroupSource::Operators);
    if config.relay.is_some() || has_operators {
        return;
    }
    for issuer in &config.issuers {
        let mut rules = subject.rules.iter();
        if !rules.any(|table| table.issuers.iter().any(|one| one.name == issuer.name)) {
            let message = format!("no rule is for `{}`", issuer.name);
            found.in_issuer(issuer, issuer.at, message);
        }
    }
}

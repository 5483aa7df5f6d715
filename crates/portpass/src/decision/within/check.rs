//! What a rule says that can never lie under its file's ceiling: refused when read.

use std::collections::BTreeSet;

use crate::{
    config::{Fault, Located},
    decision::{
        GroupSource, PolicySource, RuleSource, Within,
        compile::located_patterns,
        namespace,
        pattern::Pattern,
        rule::{Rule, Who},
        template::Template,
    },
    identity::TOKEN,
};

/// Whether a rule gives or takes, of which only what is given is ever claimed.
pub(in crate::decision) fn check(
    source: &PolicySource,
    rule: &RuleSource,
    compiled: &Rule,
    gives: bool,
) -> Vec<Fault> {
    let within = &compiled.within;
    if within.is_open() {
        return Vec::new();
    }
    let mut faults = Vec::new();
    if rule.catalog {
        let message = format!(
            "`catalog` is of all repositories, and this file of those within {within}: say it in \
             a file without a ceiling"
        );
        faults.push(Fault::new(rule.at, message));
    }
    let issuers = issuers(source, &compiled.who);
    for (pattern, writes) in located_patterns(rule) {
        let is_outside = match Pattern::parse(&pattern.value) {
            Ok(Pattern::Glob(glob)) => !within.may_hold(glob.steps()),
            Ok(Pattern::Template(template)) => {
                if gives && writes && is_owned_outside(&template, within, &issuers) {
                    faults.push(owned_outside(pattern, &template, within));
                    continue;
                }
                let reaches = issuers.iter().map(|issuer| template.reach(issuer));
                is_never(reaches, within)
            }
            Ok(Pattern::Images) | Err(_) => false,
        };
        if is_outside {
            let message = format!(
                "`{}` can never lie within {within}, which is the ceiling of this file: change \
                 it, or say it in a file without this ceiling",
                pattern.value
            );
            faults.push(Fault::new(pattern.at, message));
        }
    }
    faults
}

/// The issuers of everybody whom a rule is for.
fn issuers<'s>(source: &'s PolicySource, who: &'s Who) -> BTreeSet<&'s str> {
    let mut issuers = namespace::issuers(source, who);
    let is_operators = match who {
        Who::Group(group) => source.groups.get(group) == Some(&GroupSource::Operators),
        Who::Anonymous | Who::Everybody | Who::Issuers(_) => false,
    };
    if is_operators {
        issuers.insert(TOKEN);
    }
    issuers
}

/// Whether nothing that is reached by anybody could lie under a ceiling; where there is
/// nobody, nothing can be said.
fn is_never(
    reaches: impl ExactSizeIterator<Item = Vec<crate::decision::glob::Step>>,
    within: &Within,
) -> bool {
    let mut reaches = reaches;
    reaches.len() > 0 && !reaches.any(|steps| within.may_hold(&steps))
}

/// Whether whoever writes through a template would come to own a name outside.
fn is_owned_outside(template: &Template, within: &Within, issuers: &BTreeSet<&str>) -> bool {
    let reaches = issuers.iter();
    template.has_owner() && is_never(reaches.map(|issuer| template.owned_reach(issuer)), within)
}

fn owned_outside(pattern: &Located<String>, template: &Template, within: &Within) -> Fault {
    let owned = template.owned_text();
    let message = format!(
        "whoever pushes by `{}` comes to own `{owned}`, which can never lie within {within}, the \
         ceiling of this file: begin with a text that does, or let the ceiling hold that name too",
        pattern.value
    );
    Fault::new(pattern.at, message)
}

//! Names that callers of different issuers could both reach: refused when read.
//!
//! A template means whatever its placeholders can be. Where two templates, or
//! a template and a row of `[images]`, can mean the same repository for
//! different issuers, one platform's project could write another's images.

use std::collections::{BTreeSet, HashSet};

use super::{
    GroupSource, PolicySource, Within,
    compile::located_patterns,
    glob::{self, Step},
    images, overlap,
    pattern::Pattern,
    placeholder::Placeholder,
    rule::{Rule, Who},
};
use crate::{
    config::{Fault, Place},
    identity::TOKEN,
};

/// Everything that one pattern of one rule can mean for one issuer.
struct Reach<'s> {
    rule: &'s str,
    text: &'s str,
    at: Place,
    issuer: &'s str,
    registries: &'s [String],
    within: &'s Within,
    steps: Vec<Step>,
}

/// The issuers whose identities a rule can be for. Operators can put identities
/// of any of them into their groups.
pub(super) fn issuers<'s>(source: &'s PolicySource, who: &'s Who) -> BTreeSet<&'s str> {
    match who {
        Who::Anonymous => BTreeSet::new(),
        Who::Everybody => source.issuers.keys().map(String::as_str).collect(),
        Who::Group(group) => match source.groups.get(group) {
            Some(GroupSource::Members(members)) => {
                members.iter().map(|(issuer, _)| issuer.as_str()).collect()
            }
            Some(GroupSource::Operators) => issuers(source, &Who::Everybody),
            None => BTreeSet::new(),
        },
        Who::Issuers(issuers) => issuers.iter().map(String::as_str).collect(),
    }
}

/// Finds templates that meet each other or a row of `[images]`.
pub(super) fn check(source: &PolicySource, rules: &[Rule], faults: &mut Vec<Fault>) {
    let reaches = reaches(source, rules);
    let mut met = HashSet::new();
    for (index, one) in reaches.iter().enumerate() {
        for other in reaches.iter().skip(index + 1) {
            if one.meets(other) && met.insert((one.at.file, one.at.start, other.at.start)) {
                faults.push(Fault {
                    message: format!(
                        "`{}` can mean the same repository for `{}` as `{}` of {} does for `{}`: \
                         put `{{issuer}}` into both",
                        other.text, other.issuer, one.text, one.rule, one.issuer
                    ),
                    at: other.at,
                });
            }
        }
    }
    for (name, at) in images::names(&source.images) {
        let taken = reaches
            .iter()
            .find(|reach| glob::matches(&reach.steps, name) && reach.within.allows(name));
        if let Some(reach) = taken {
            faults.push(Fault {
                message: format!(
                    "`{name}` is a name that `{}` of {} could render for another identity",
                    reach.text, reach.rule
                ),
                at,
            });
        }
    }
}

impl Reach<'_> {
    fn meets(&self, other: &Self) -> bool {
        let same_place = self.registries.is_empty()
            || other.registries.is_empty()
            || self
                .registries
                .iter()
                .any(|name| other.registries.contains(name));
        self.issuer != other.issuer
            && same_place
            && overlap::intersect(&self.steps, &other.steps)
            && self.within.may_hold(&other.steps)
            && other.within.may_hold(&self.steps)
            && self.within.meets(other.within)
    }
}

fn is_operators(source: &PolicySource, who: &Who) -> bool {
    match who {
        Who::Group(group) => source.groups.get(group) == Some(&GroupSource::Operators),
        Who::Anonymous | Who::Everybody | Who::Issuers(_) => false,
    }
}

fn reaches<'s>(source: &'s PolicySource, rules: &'s [Rule]) -> Vec<Reach<'s>> {
    let mut reaches = Vec::new();
    for (rule, compiled) in source.rules.values().zip(rules) {
        let issuers = issuers(source, &compiled.who);
        for (pattern, _) in located_patterns(rule) {
            let Ok(Pattern::Template(template)) = Pattern::parse(&pattern.value) else {
                continue;
            };
            // One rule that forgets `{issuer}` has been told so already; its
            // first issuer stands for all.
            let several = template.names_issuer();
            let take = if several { issuers.len() } else { 1 };
            // API tokens, which may be in such a group, have no fact but `issuer`.
            let tokens = is_operators(source, &compiled.who)
                && template
                    .placeholders()
                    .all(|one| one == Placeholder::Issuer);
            let tokens = tokens.then_some(TOKEN);
            for issuer in issuers.iter().copied().take(take).chain(tokens) {
                reaches.push(Reach {
                    rule: &compiled.name,
                    text: &pattern.value,
                    at: pattern.at,
                    issuer,
                    registries: &compiled.registries,
                    within: &compiled.within,
                    steps: template.reach(issuer),
                });
            }
        }
    }
    reaches
}

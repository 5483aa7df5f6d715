//! The rules as whoever reviews them sees them: nothing here decides.
//!
//! What is answered errs on one side, and says on which: a reviewer keeps
//! silent where it cannot be told.

mod shape;
mod way;

use std::collections::BTreeSet;

pub use self::{shape::Shape, way::Way};
use super::{GroupSource, Policy, PolicySource, RuleSource, cel::NamedClaims, rule::Rule};

impl PolicySource {
    /// The issuers whose identities a rule or deny can be for. Operators can put
    /// identities of any of them into their groups.
    pub fn issuers_of<'s>(&'s self, rule: &'s RuleSource) -> BTreeSet<&'s str> {
        let all = || self.issuers.keys().map(String::as_str).collect();
        if rule.anonymous {
            return BTreeSet::new();
        }
        let Some(group) = &rule.group else {
            return match rule.from.as_slice() {
                [] => all(),
                named => named.iter().map(|issuer| issuer.value.as_str()).collect(),
            };
        };
        match self.groups.get(&group.value) {
            Some(GroupSource::Operators) => all(),
            Some(members) => {
                let members = members.members().iter();
                members.map(|(issuer, _)| issuer.as_str()).collect()
            }
            None => BTreeSet::new(),
        }
    }

    /// The `[match.*]` tables that rules, denies or other matches name.
    pub fn named_matches(&self) -> BTreeSet<&str> {
        let rules = self.rules.values().chain(self.denies.values());
        let whens = rules.filter_map(|rule| Some(&rule.when.as_ref()?.value));
        let whens = whens.chain(self.matches.values().map(|table| &table.value));
        whens
            .flat_map(|when| when.matches.iter())
            .map(|name| name.get_ref().as_str())
            .collect()
    }
}

impl Policy {
    /// Whether the `cel` of a table, `rule.NAME` or `deny.NAME`, names a claim;
    /// `false` too where it looks at all of them at once.
    pub fn names_claim(&self, table: &str, claim: &str) -> bool {
        let named = |rule: &Rule| match rule.cel.as_ref()?.claims() {
            NamedClaims::All => None,
            NamedClaims::Some(names) => Some(names.contains(claim)),
        };
        self.rules
            .iter()
            .chain(&self.denies)
            .chain(&self.shadow_rules)
            .chain(&self.shadow_denies)
            .filter(|rule| &*rule.name == table)
            .any(|rule| named(rule) == Some(true))
    }
}

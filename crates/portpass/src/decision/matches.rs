//! `[match.*]`: conditions written once, resolved where they are named.

use std::collections::{BTreeMap, HashMap};

use super::{
    When,
    condition::{Clause, Comparison, Conjunction, Test},
    glob::Glob,
    suggestion::did_you_mean,
    vocabulary::{self, Kind},
    when::{Expected, Wanted},
};
use crate::{
    config::{Fault, Located, Place},
    identity::Fact,
};

/// So many conditions may one table stand for, with all of the matches that it names: each is
/// weighed at each request, and tables that name tables double with each of them.
const MOST_CONDITIONS: usize = 1024;

/// The named conditions, compiled.
#[derive(Debug, Default)]
pub(super) struct Matches(HashMap<String, Conjunction>);

impl Matches {
    /// Compiles every table; a match may name others, but not itself.
    pub(super) fn compile(
        source: &BTreeMap<String, Located<When>>,
        faults: &mut Vec<Fault>,
    ) -> Self {
        let mut matches = Self::default();
        // In rounds, each table after those that it names: what is left over
        // when a round adds nothing names itself by some way round.
        loop {
            let known = matches.0.len();
            for (name, table) in source {
                let mut names = table.value.matches.iter().map(toml::Spanned::get_ref);
                if !matches.0.contains_key(name)
                    && names.all(|name| matches.0.contains_key(name) || !source.contains_key(name))
                {
                    let known = source.keys();
                    let compiled = matches.resolve(&table.value, table.at.file, &known, faults);
                    matches.0.insert(name.clone(), compiled);
                }
            }
            if matches.0.len() == known {
                break;
            }
        }
        for (name, table) in source {
            if !matches.0.contains_key(name) {
                faults.push(Fault {
                    message: format!("match `{name}` names itself, or one that leads back to it"),
                    at: table.at,
                });
                matches.0.insert(name.clone(), Conjunction::default());
            }
        }
        matches
    }

    /// A `when`, with its matches resolved. `file` is where it stands.
    pub(super) fn conjunction(
        &self,
        when: &When,
        file: usize,
        faults: &mut Vec<Fault>,
    ) -> Conjunction {
        self.resolve(when, file, &self.0.keys(), faults)
    }

    fn resolve<'s>(
        &self,
        when: &When,
        file: usize,
        known: &(impl Iterator<Item = &'s String> + Clone),
        faults: &mut Vec<Fault>,
    ) -> Conjunction {
        let mut clauses: Vec<_> = when
            .facts
            .iter()
            .map(|(fact, expected)| Clause::Fact(*fact, test(*fact, expected)))
            .collect();
        let mut alternatives = Vec::new();
        let mut conditions = clauses.len();
        for name in &when.matches {
            let message = match self.0.get(name.get_ref()) {
                Some(conjunction) => {
                    conditions += conjunction.conditions();
                    if conditions <= MOST_CONDITIONS {
                        alternatives.push(conjunction.clone());
                        continue;
                    }
                    format!(
                        "with match `{}` these are more than {MOST_CONDITIONS} conditions: name \
                         fewer matches that name others",
                        name.get_ref()
                    )
                }
                None => format!(
                    "unknown match `{}`{}",
                    name.get_ref(),
                    did_you_mean(name.get_ref(), known.clone().map(String::as_str)),
                ),
            };
            faults.push(Fault {
                message,
                at: Place {
                    file,
                    start: name.span().start,
                    end: name.span().end,
                },
            });
        }
        match alternatives.len() {
            0 => {}
            // One alternative is no choice: its clauses are the table's own.
            1 => clauses.extend(alternatives.into_iter().flat_map(|one| one.0)),
            _ => clauses.push(Clause::Any(alternatives)),
        }
        Conjunction(clauses)
    }
}

/// What a fact must be, compiled.
pub(super) fn test(fact: Fact, expected: &Expected) -> Test {
    let (negated, wanted) = match expected {
        Expected::Is(wanted) => (false, wanted),
        Expected::Not(wanted) => (true, wanted),
    };
    let wanted = match wanted {
        Wanted::Flag(flag) => Comparison::Flag(*flag),
        Wanted::Texts(texts) if vocabulary::kind(fact) == Kind::Id => {
            Comparison::Ids(texts.clone())
        }
        Wanted::Texts(texts) => {
            let glob = |text: &String| Glob::parse(text).expect("`when` holds parsed globs only");
            Comparison::Globs(texts.iter().map(glob).collect())
        }
    };
    Test { negated, wanted }
}

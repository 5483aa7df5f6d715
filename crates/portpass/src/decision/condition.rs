//! `when`, compiled: facts against what they must be, without allocating.

use std::{collections::BTreeSet, fmt};

use super::{glob::Glob, request::Request};
use crate::identity::{Fact, FactValue};

/// Clauses that must all be met.
#[derive(Clone, Debug, Default)]
pub(super) struct Conjunction(pub(super) Vec<Clause>);

/// One condition.
#[derive(Clone, Debug)]
pub(super) enum Clause {
    /// One of several named matches must be met.
    Any(Vec<Conjunction>),
    /// A fact must pass a test.
    Fact(Fact, Test),
}

/// What a fact must be, or must not.
#[derive(Clone, Debug)]
pub(super) struct Test {
    pub(super) negated: bool,
    pub(super) wanted: Comparison,
}

/// What a fact is compared with.
#[derive(Clone, Debug)]
pub(super) enum Comparison {
    Flag(bool),
    Globs(Vec<Glob>),
    Ids(Vec<String>),
}

/// Which way a condition leans where a fact is missing or of a wrong type.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Leaning {
    /// Of an allow: what cannot be told is unmet.
    Unmet,
    /// Of a deny: what cannot be told is met.
    Met,
}

/// What is not met: the first fact with what it must be, and how many
/// conditions in all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unmet<'c> {
    pub(super) fact: Fact,
    pub(super) test: &'c Test,
    pub(super) count: usize,
}

impl Conjunction {
    /// What of it is not met by a request's facts; `None` where all is.
    pub(super) fn unmet(&self, request: &Request<'_>, leaning: Leaning) -> Option<Unmet<'_>> {
        let mut first: Option<Unmet<'_>> = None;
        let mut count = 0;
        for clause in &self.0 {
            if let Some(unmet) = clause.unmet(request, leaning) {
                count += unmet.count;
                first = first.or(Some(unmet));
                if leaning == Leaning::Met {
                    // A deny is told from no other, so how far it is off
                    // interests nobody.
                    break;
                }
            }
        }
        first.map(|first| Unmet { count, ..first })
    }

    /// How many conditions it is, in all of its alternatives: at least one, for what is empty
    /// is looked at, too.
    pub(super) fn conditions(&self) -> usize {
        let of_clause = |clause: &Clause| match clause {
            Clause::Any(alternatives) => alternatives.iter().map(Self::conditions).sum(),
            Clause::Fact(..) => 1,
        };
        self.0.iter().map(of_clause).sum::<usize>().max(1)
    }

    /// Whether it says what sets a run of a code host off, and of which ref or
    /// environment the run is.
    pub(super) fn narrows_runs(&self) -> bool {
        let facts = self.facts();
        let narrow = [Fact::Environment, Fact::Ref, Fact::RefProtected];
        facts.contains(&Fact::Event) && narrow.iter().any(|fact| facts.contains(fact))
    }

    /// The facts that are looked at whichever way it is met.
    pub(super) fn facts(&self) -> BTreeSet<Fact> {
        let mut facts = BTreeSet::new();
        for clause in &self.0 {
            match clause {
                Clause::Any(alternatives) => {
                    let common = alternatives
                        .iter()
                        .map(Self::facts)
                        .reduce(|one, other| &one & &other);
                    facts.extend(common.unwrap_or_default());
                }
                Clause::Fact(fact, _) => {
                    facts.insert(*fact);
                }
            }
        }
        facts
    }
}

impl Clause {
    fn unmet(&self, request: &Request<'_>, leaning: Leaning) -> Option<Unmet<'_>> {
        match self {
            Self::Any(alternatives) => {
                let mut nearest: Option<Unmet<'_>> = None;
                for alternative in alternatives {
                    let unmet = alternative.unmet(request, leaning)?;
                    if nearest.is_none_or(|nearest| unmet.count < nearest.count) {
                        nearest = Some(unmet);
                    }
                }
                nearest
            }
            Self::Fact(fact, test) => {
                let met = match request.fact(*fact).and_then(|value| test.passes(value)) {
                    Some(passes) => passes,
                    None => leaning == Leaning::Met,
                };
                (!met).then_some(Unmet {
                    fact: *fact,
                    test,
                    count: 1,
                })
            }
        }
    }
}

impl Test {
    /// Whether a value passes; `None` where it is of another type.
    pub(super) fn passes(&self, value: &FactValue) -> Option<bool> {
        let equal = match (&self.wanted, value) {
            (Comparison::Flag(wanted), FactValue::Flag(flag)) => wanted == flag,
            (Comparison::Globs(globs), FactValue::Text(text)) => {
                globs.iter().any(|glob| glob.matches(text))
            }
            (Comparison::Globs(globs), FactValue::List(texts)) => texts
                .iter()
                .any(|text| globs.iter().any(|glob| glob.matches(text))),
            (Comparison::Ids(ids), FactValue::Text(text)) => ids.contains(text),
            (Comparison::Flag(_), FactValue::List(_) | FactValue::Text(_))
            | (Comparison::Globs(_), FactValue::Flag(_))
            | (Comparison::Ids(_), FactValue::Flag(_) | FactValue::List(_)) => return None,
        };
        Some(equal != self.negated)
    }
}

/// What the fact must be, for operators: `push or tag`, `not production`.
impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wanted: Vec<String> = match &self.wanted {
            Comparison::Flag(flag) => vec![flag.to_string()],
            Comparison::Globs(globs) => globs.iter().map(Glob::to_string).collect(),
            Comparison::Ids(ids) => ids.clone(),
        };
        match (self.negated, wanted.as_slice()) {
            (false, _) => f.write_str(&wanted.join(" or ")),
            (true, [only]) => write!(f, "not {only}"),
            (true, _) => write!(f, "neither {}", wanted.join(" nor ")),
        }
    }
}

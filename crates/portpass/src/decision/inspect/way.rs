//! One way in which the conditions of a rule can be met.

use std::collections::BTreeMap;

use crate::{
    decision::{
        PolicySource, RuleSource, When,
        condition::Test,
        glob::Glob,
        inclusion, matches, overlap,
        vocabulary::{self, Kind},
        when::{Expected, Wanted},
    },
    identity::{Fact, FactValue},
};

/// How many ways of a rule are looked at.
const MOST_WAYS: usize = 256;

/// Through how many matches that name matches a way is followed.
const MOST_NAMED: usize = 256;

/// One way in which a `when` can be met: of lists of matches, one is chosen.
#[derive(Clone, Debug, Default)]
pub struct Way<'p> {
    facts: BTreeMap<Fact, Vec<&'p Expected>>,
}

impl<'p> Way<'p> {
    /// Every way in which a rule's conditions can be met, `cel` aside; `None`
    /// where there are too many to look at. A rule without conditions has one.
    pub fn all(policy: &'p PolicySource, rule: &'p RuleSource) -> Option<Vec<Self>> {
        let Some(when) = &rule.when else {
            return Some(vec![Self::default()]);
        };
        ways(policy, &when.value, MOST_NAMED)
    }

    /// Whether anything is asked of a fact, which must then be there.
    pub fn looks_at(&self, fact: Fact) -> bool {
        self.facts.contains_key(&fact)
    }

    /// The facts that must be there.
    pub fn facts(&self) -> impl Iterator<Item = Fact> {
        self.facts.keys().copied()
    }

    /// What a fact is said to be, as the file says it; nothing where it is only
    /// said what it is not.
    pub fn named(&self, fact: Fact) -> impl Iterator<Item = &'p str> {
        let asked = self.facts.get(&fact).into_iter().flatten();
        asked
            .flat_map(|expected| match expected {
                Expected::Is(Wanted::Texts(texts)) => texts.as_slice(),
                Expected::Is(Wanted::Flag(_)) | Expected::Not(_) => &[],
            })
            .map(String::as_str)
    }

    /// Whether a fact may be this text.
    pub fn admits(&self, fact: Fact, text: &str) -> bool {
        self.admits_value(fact, &FactValue::Text(text.to_owned()))
    }

    /// Whether a fact may be true, or false.
    pub fn admits_flag(&self, fact: Fact, flag: bool) -> bool {
        self.admits_value(fact, &FactValue::Flag(flag))
    }

    fn admits_value(&self, fact: Fact, value: &FactValue) -> bool {
        self.tests(fact)
            .all(|test| test.passes(value) == Some(true))
    }

    /// Whether some value can be all that is asked of a fact; `true` where that
    /// cannot be told.
    pub fn can_be(&self, fact: Fact) -> bool {
        match vocabulary::kind(fact) {
            Kind::Flag => [true, false]
                .iter()
                .any(|flag| self.admits_flag(fact, *flag)),
            Kind::Id => {
                let mut named = self.named(fact).peekable();
                named.peek().is_none() || named.any(|id| self.admits(fact, id))
            }
            Kind::Word(words) => words.iter().any(|word| self.admits(fact, word)),
            Kind::List | Kind::Text => self.can_be_like(fact, "**"),
        }
    }

    /// Whether a text that a glob means can be all that is asked of a fact;
    /// `true` where that cannot be told.
    pub fn can_be_like(&self, fact: Fact, shape: &str) -> bool {
        let Ok(shape) = Glob::parse(shape) else {
            return true;
        };
        let is_list = vocabulary::kind(fact) == Kind::List;
        let (mut positive, mut negative) = (Vec::new(), Vec::new());
        for expected in self.facts.get(&fact).into_iter().flatten() {
            match expected {
                Expected::Is(Wanted::Texts(texts)) => positive.push(globs(texts)),
                Expected::Not(Wanted::Texts(texts)) => negative.extend(globs(texts)),
                Expected::Is(Wanted::Flag(_)) | Expected::Not(Wanted::Flag(_)) => {}
            }
        }
        let meets = |one: &Glob, other: &Glob| overlap::intersect(one.steps(), other.steps());
        let is_taken = |glob: &Glob| {
            let mut all = negative.iter();
            all.any(|taken| inclusion::includes(taken.steps(), glob.steps()))
        };
        if is_taken(&shape) {
            return false;
        }
        // Each list must have a text left, and any two of them one in common;
        // of a fact that is a list, each may be met by another of its texts.
        let left: Vec<Vec<Glob>> = positive
            .into_iter()
            .map(|globs: Vec<Glob>| {
                let fits = |glob: &Glob| meets(glob, &shape) && !is_taken(glob);
                globs.into_iter().filter(fits).collect()
            })
            .collect();
        left.iter().enumerate().all(|(index, one)| {
            !one.is_empty()
                && (is_list
                    || left.iter().skip(index + 1).all(|other| {
                        one.iter()
                            .any(|glob| other.iter().any(|next| meets(glob, next)))
                    }))
        })
    }

    fn tests(&self, fact: Fact) -> impl Iterator<Item = Test> {
        let tests = self.facts.get(&fact).into_iter().flatten();
        tests.map(move |expected| matches::test(fact, expected))
    }

    fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        for (fact, expected) in &other.facts {
            both.facts.entry(*fact).or_default().extend(expected);
        }
        both
    }
}

fn globs(texts: &[String]) -> Vec<Glob> {
    texts
        .iter()
        .filter_map(|text| Glob::parse(text).ok())
        .collect()
}

/// The ways of one table: each of its own, with each of one of its matches. The
/// policy was compiled, so no match leads back to itself; it may yet lead far.
fn ways<'p>(policy: &'p PolicySource, when: &'p When, far: usize) -> Option<Vec<Way<'p>>> {
    let mut own = Way::default();
    for (fact, expected) in &when.facts {
        own.facts.entry(*fact).or_default().push(expected);
    }
    if when.matches.is_empty() {
        return Some(vec![own]);
    }
    let far = far.checked_sub(1)?;
    let mut all = Vec::new();
    for name in &when.matches {
        let table = policy.matches.get(name.get_ref())?;
        let ways = ways(policy, &table.value, far)?;
        all.extend(ways.iter().map(|way| own.and(way)));
        if all.len() > MOST_WAYS {
            return None;
        }
    }
    Some(all)
}

//! What may have been so, as far as a record does not tell: who is in which
//! group, and whose a name is.

use std::sync::Arc;

use super::{Pair, case::Case, side::Side};
use crate::{
    decision::{Caller, Held, Owners},
    identity::TOKEN,
};

/// More names than patterns render for one repository; beyond that they are all
/// the caller's together, or all another's.
const NAMES: usize = 3;

/// One way it may have been.
#[derive(Clone, Debug, Default)]
pub(super) struct Scenario {
    owners: Owners,
    old_groups: Vec<Arc<str>>,
    new_groups: Vec<Arc<str>>,
    /// What of it is not known, in words; nothing where it is as it mostly is.
    pub(super) supposed: Vec<String>,
}

/// Every way it may have been; the first is the one that supposes nothing.
#[derive(Debug)]
pub(super) struct Scenarios {
    pub(super) all: Vec<Scenario>,
    /// Whether the old side's rules decided the request: a claim that they name,
    /// and that the record lacks, was not there.
    pub(super) is_of_old: bool,
}

/// A name that rules render for the caller.
#[derive(Debug)]
struct Name {
    text: String,
    /// The caller's id that it belongs to.
    id: String,
    is_of_old: bool,
    /// Whether something of what was asked for is in it.
    is_asked: bool,
}

impl Scenario {
    /// What the caller holds under the old rules.
    pub(super) fn under_old(&self) -> Held<'_> {
        Held {
            groups: &self.old_groups,
            owners: &self.owners,
        }
    }

    /// What the caller holds under the new rules.
    pub(super) fn under_new(&self) -> Held<'_> {
        Held {
            groups: &self.new_groups,
            owners: &self.owners,
        }
    }
}

impl Scenarios {
    /// How it may have been when a request was recorded.
    pub(super) fn of(pair: &Pair, case: &Case) -> Self {
        let names = names(pair, case);
        let mut known = Scenario {
            old_groups: pair.groups(&pair.old, case),
            new_groups: pair.groups(&pair.new, case),
            ..Scenario::default()
        };
        let settled = settled(pair, case, &known.old_groups, &names);
        let is_of_old = settled.is_some();
        known.owners = settled.unwrap_or_default();
        let mut open = Vec::new();
        for name in names.iter().filter(|name| name.is_asked) {
            match case.is_owned_by_another(&name.text) {
                Some(true) => own_by_another(&mut known.owners, &name.text),
                Some(false) => {}
                None if is_of_old && name.is_of_old => {}
                None => open.push(name.text.as_str()),
            }
        }
        let owned = with_owners(&known, &open);
        Self {
            all: owned
                .iter()
                .flat_map(|one| pair.with_groups(one, case))
                .collect(),
            is_of_old,
        }
    }
}

impl Pair {
    /// The operators' groups of a side that the caller was in, as far as the
    /// record tells: those that operators keep by the old file, too.
    fn groups(&self, side: &Side, case: &Case) -> Vec<Arc<str>> {
        let is_kept = |group: &&Arc<str>| {
            self.old.operators.contains(*group) && side.operators.contains(*group)
        };
        case.groups.iter().filter(is_kept).cloned().collect()
    }

    /// A scenario, and the same with the caller in one of the groups that only
    /// the new side's operators keep. What several of them would change together,
    /// one of them changes alone.
    fn with_groups(&self, scenario: &Scenario, case: &Case) -> Vec<Scenario> {
        let is_token = case.who.identity().issuer() == TOKEN;
        let is_in_its_only_group = is_token && !case.groups.is_empty();
        let mut all = vec![scenario.clone()];
        if case.who.is_anonymous() || is_in_its_only_group {
            return all;
        }
        for group in self.new.operators.difference(&self.old.operators) {
            let mut member = scenario.clone();
            member.new_groups.push(Arc::clone(group));
            let words = format!("who is in `group.{group}`, which operators do not keep yet");
            member.supposed.push(words);
            all.push(member);
        }
        all
    }
}

/// The names that either side renders for the caller.
fn names(pair: &Pair, case: &Case) -> Vec<Name> {
    let mut names: Vec<Name> = Vec::new();
    for (side, is_of_old) in [(&pair.old, true), (&pair.new, false)] {
        let Some(registry) = side.registry(&case.registry) else {
            continue;
        };
        for namespace in side.policy.namespaces(Caller::from(&case.who), registry) {
            if !names.iter().any(|known| known.text == namespace.name) {
                names.push(Name {
                    is_asked: case.is_about(&namespace.name),
                    text: namespace.name,
                    id: namespace.owner,
                    is_of_old,
                });
            }
        }
    }
    names
}

/// Who owned the old side's names, if its rules decided the request: the version
/// that was recorded is theirs, with these owners.
///
/// Only asked where it tells more than the record does: it takes digests.
fn settled(pair: &Pair, case: &Case, groups: &[Arc<str>], names: &[Name]) -> Option<Owners> {
    let registry = pair.old.registry(&case.registry)?;
    let caller = Caller::from(&case.who);
    let is_open = |name: &Name| name.is_asked && case.is_owned_by_another(&name.text).is_none();
    let tells_all = |side: &Side| side.policy.is_told_all_by(caller);
    if tells_all(&pair.old) && tells_all(&pair.new) && !names.iter().any(is_open) {
        return None;
    }
    let version = case.policy.as_deref()?;
    let caller = caller.recorded_under(&pair.old.policy);
    let issuer = case.who.identity().issuer();
    let of_old: Vec<_> = names.iter().filter(|name| name.is_of_old).collect();
    let subsets = subsets(of_old.len());
    let mut possible = subsets.map(|is_in| -> Owners {
        let taken = of_old.iter().enumerate().filter(|(index, _)| is_in(*index));
        let owned = |name: &Name| (name.text.clone(), (issuer.into(), name.id.as_str().into()));
        taken.map(|(_, name)| owned(name)).collect()
    });
    possible.find(|owners| {
        let held = Held { groups, owners };
        let policy = &pair.old.policy;
        policy.version_for(caller, held, registry).to_string() == version
    })
}

/// A scenario, and the same with some of these names another's.
fn with_owners(known: &Scenario, open: &[&str]) -> Vec<Scenario> {
    let with = |is_in: &dyn Fn(usize) -> bool| {
        let mut scenario = known.clone();
        for (_, name) in open.iter().enumerate().filter(|(index, _)| is_in(*index)) {
            own_by_another(&mut scenario.owners, name);
            scenario.supposed.push(format!("whose the name {name} is"));
        }
        scenario
    };
    subsets(open.len()).map(|is_in| with(&is_in)).collect()
}

/// The subsets of so many things, the empty one first; where they are too many,
/// the empty and the whole one.
fn subsets(count: usize) -> impl Iterator<Item = impl Fn(usize) -> bool> {
    let masks: Vec<usize> = if count <= NAMES {
        (0..1 << count).collect()
    } else {
        vec![0, usize::MAX]
    };
    masks
        .into_iter()
        .map(|mask| move |index: usize| mask & (1 << index.min(NAMES)) != 0)
}

/// Gives a name to nobody that anybody is.
fn own_by_another(owners: &mut Owners, name: &str) {
    owners.insert(name.to_owned(), Default::default());
}

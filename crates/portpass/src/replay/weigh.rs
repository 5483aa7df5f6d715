//! Weighs one recorded request by both sides.
//!
//! What the record does not tell is tried both ways, on both sides alike: only
//! where that makes a difference is the outcome unknown, and a rule that is the
//! same in both files never is.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    Pair,
    case::{Case, Wish},
    change::{Action, Change},
    scenario::{Scenario, Scenarios},
    side::Side,
};
use crate::{
    decision::{Access, Caller, Gives, Held, Verdict},
    identity::TOKEN,
    registry::Registry,
};

/// What becomes of one resource of a request, and why what is unknown is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Outcome {
    pub(super) repository: String,
    pub(super) change: Change,
    pub(super) because: BTreeSet<String>,
}

/// One side as one caller meets it; no registry where the rules are never asked.
#[derive(Clone, Copy)]
struct Met<'a> {
    side: &'a Side,
    caller: Caller<'a>,
    registry: Option<&'a Arc<Registry>>,
}

/// What becomes of one action.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Fate {
    Known { old: bool, new: bool },
    Unknown(Vec<String>),
}

impl Fate {
    /// Whether both change the same, or cannot be told.
    fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Known { old, new }, Self::Known { old: o, new: n }) => {
                (old == new && o == n) || (old, new) == (o, n)
            }
            (Self::Unknown(_), Self::Unknown(_)) => true,
            (Self::Known { .. }, Self::Unknown(_)) | (Self::Unknown(_), Self::Known { .. }) => {
                false
            }
        }
    }

    /// What is not told.
    fn untold(self) -> Vec<String> {
        match self {
            Self::Known { .. } => Vec::new(),
            Self::Unknown(what) => what,
        }
    }
}

impl Pair {
    /// What changes for a request; nothing where all stays.
    pub(super) fn weigh(&self, case: &Case) -> Vec<Outcome> {
        let who = case.who.identity();
        if let Some(why) = self.read_otherwise(who.issuer()) {
            return unknown(case, why);
        }
        let scenarios = Scenarios::of(self, case);
        let mut caller = Caller::from(&case.who);
        if scenarios.is_of_old {
            caller = caller.recorded_under(&self.old.policy);
        }
        let (old, new) = (
            Met::of(&self.old, case, caller),
            Met::of(&self.new, case, caller),
        );
        if old.registry.is_none() && new.registry.is_none() {
            return Vec::new();
        }
        if case.wishes().next().is_none() {
            return login(case, &old, &new);
        }
        let is_same = |scenario: &Scenario| {
            let old = old.verdict(scenario.old(), case);
            let new = new.verdict(scenario.new(), case);
            old.is_some() && old == new
        };
        if scenarios.all.iter().all(is_same) {
            return Vec::new();
        }
        let mut outcomes: Vec<Outcome> = Vec::new();
        for wish in case.wishes() {
            let fate = fate(case, &wish, &old, &new, &scenarios);
            note(&mut outcomes, &wish, fate);
        }
        outcomes.retain(|outcome| !outcome.change.is_none());
        outcomes
    }
}

impl<'a> Met<'a> {
    fn of(side: &'a Side, case: &'a Case, caller: Caller<'a>) -> Self {
        Self {
            side,
            caller,
            registry: side.admits(case.who.identity(), case.who.facts(), &case.registry),
        }
    }

    /// What is given of all that was asked, and nothing where it is refused;
    /// `None` where it cannot be told.
    fn verdict(&self, held: Held<'_>, case: &Case) -> Option<Vec<Access>> {
        let Some(registry) = self.registry else {
            return Some(Vec::new());
        };
        let policy = &self.side.policy;
        match policy.verdict(self.caller, held, registry, &case.asked) {
            Verdict::Granted(access) => Some(access),
            Verdict::Refused { .. } => Some(Vec::new()),
            Verdict::Untold(_) => None,
        }
    }

    fn gives(&self, held: Held<'_>, wish: &Wish<'_>) -> Gives {
        let Some(registry) = self.registry else {
            return Gives::No;
        };
        let policy = &self.side.policy;
        policy.gives(self.caller, held, registry, &wish.asked)
    }
}

/// A login probe: whoever gets as far as the rules is given it, but for those
/// who present nothing.
fn login(case: &Case, old: &Met<'_>, new: &Met<'_>) -> Vec<Outcome> {
    let mut change = Change::default();
    if !case.who.is_anonymous() {
        let (old, new) = (old.registry.is_some(), new.registry.is_some());
        change.note(Action::Login, old, new);
    }
    let outcome = Outcome {
        repository: String::new(),
        change,
        because: BTreeSet::new(),
    };
    Some(outcome)
        .filter(|_| !change.is_none())
        .into_iter()
        .collect()
}

/// All that was asked for, of which nothing can be told.
fn unknown(case: &Case, why: String) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for wish in case.wishes() {
        note(&mut outcomes, &wish, Fate::Unknown(vec![why.clone()]));
    }
    outcomes
}

/// What becomes of one action, whatever the record does not tell.
fn fate(case: &Case, wish: &Wish<'_>, old: &Met<'_>, new: &Met<'_>, scenarios: &Scenarios) -> Fate {
    let fate = |scenario: &Scenario| fate_in(scenario, case, wish, old, new);
    let Some(mostly) = scenarios.all.first().map(fate) else {
        return Fate::Unknown(Vec::new());
    };
    let fates = scenarios.all.iter().map(|one| (fate(one), &one.supposed));
    let differing: Vec<_> = fates.filter(|(fate, _)| !fate.is_like(&mostly)).collect();
    // What makes a difference alone is named alone.
    let Some(fewest) = differing.iter().map(|(_, supposed)| supposed.len()).min() else {
        return mostly;
    };
    let mut untold = mostly.untold();
    for (fate, supposed) in differing {
        untold.extend(fate.untold());
        untold.extend(
            supposed
                .iter()
                .filter(|_| supposed.len() == fewest)
                .cloned(),
        );
    }
    Fate::Unknown(untold)
}

fn fate_in(
    scenario: &Scenario,
    case: &Case,
    wish: &Wish<'_>,
    old: &Met<'_>,
    new: &Met<'_>,
) -> Fate {
    let is_same_file = old.side.policy.version() == new.side.policy.version();
    let is_token = case.who.identity().issuer() == TOKEN;
    // What an API token was given, its ceiling allows.
    let settled = |gives: Gives| match gives {
        Gives::Untold(_) if is_token && case.was_given(wish.repository, wish.action) => Gives::Yes,
        Gives::No | Gives::Untold(_) | Gives::Yes => gives,
    };
    let old = settled(old.gives(scenario.old(), wish));
    let new = settled(new.gives(scenario.new(), wish));
    match (old, new) {
        // The same rules, or the same ceiling, whatever they hang on.
        (Gives::Untold(one), Gives::Untold(other)) if is_same_file || is_token && one == other => {
            Fate::Known {
                old: false,
                new: false,
            }
        }
        (Gives::Untold(one), Gives::Untold(other)) => Fate::Unknown([one, other].concat()),
        (Gives::Untold(what), Gives::No | Gives::Yes)
        | (Gives::No | Gives::Yes, Gives::Untold(what)) => Fate::Unknown(what),
        (old @ (Gives::No | Gives::Yes), new @ (Gives::No | Gives::Yes)) => Fate::Known {
            old: old == Gives::Yes,
            new: new == Gives::Yes,
        },
    }
}

/// Puts one action's fate to those of its resource.
fn note(outcomes: &mut Vec<Outcome>, wish: &Wish<'_>, fate: Fate) {
    let known = outcomes
        .iter()
        .position(|outcome| outcome.repository == wish.repository);
    let at = known.unwrap_or_else(|| {
        outcomes.push(Outcome {
            repository: wish.repository.to_owned(),
            change: Change::default(),
            because: BTreeSet::new(),
        });
        outcomes.len() - 1
    });
    let Some(outcome) = outcomes.get_mut(at) else {
        return;
    };
    match fate {
        Fate::Known { old, new } => outcome.change.note(wish.action, old, new),
        Fate::Unknown(because) => {
            outcome.change.unknown.add(wish.action);
            outcome.because.extend(because);
        }
    }
}

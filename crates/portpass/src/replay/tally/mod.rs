//! What was found, in groups: as many as there is room for, whatever events say.
//!
//! Of more groups than that the first in their order are kept, so that it does
//! not matter who counted what, or when.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::{Change, shadow::Shadowed};

/// How many reasons for what is unknown one group keeps.
const REASONS: usize = 8;

/// What is counted of some events.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// What was read, and what became of it.
    pub counts: Counts,
    /// Who gains or loses what.
    pub groups: Groups,
    /// What was recorded of the shadow rules.
    pub shadow: Shadowed,
}

/// How many events were read, and what became of them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Counts {
    /// Lines or rows.
    pub events: u64,
    /// Requests that they stand for, of those that were weighed.
    pub requests: u64,
    /// Requests that come out otherwise.
    pub changed: u64,
    /// Requests of which it cannot be told.
    pub unknown: u64,
    /// Events that could not be read.
    pub malformed: u64,
    /// Events of what an identity provider decided.
    pub by_provider: u64,
    /// Events of what ended before any rule was asked, and of what operators did.
    pub without_rules: u64,
}

/// One identity, one resource, one change.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Group {
    /// What weighs most comes first.
    #[serde(skip)]
    weight: Weight,
    /// The issuer's name.
    pub issuer: Box<str>,
    /// The immutable id under that issuer.
    pub identity: Box<str>,
    /// The registry's name.
    pub registry: Box<str>,
    /// The repository; nothing for a login, and for the list of repositories.
    pub repository: Box<str>,
    /// What becomes of its access.
    #[serde(flatten)]
    pub change: Change,
}

/// How much a change matters to whoever reviews it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Weight {
    Loses,
    Gains,
    Unknown,
}

/// How often a group came, and when last.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Found {
    /// What people call the identity.
    pub name: String,
    /// How many requests.
    pub requests: u64,
    /// The last of them.
    pub last: Timestamp,
    /// Why what is unknown cannot be told.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub because: BTreeSet<String>,
}

/// Groups, of which there are not more than there is room for.
#[derive(Clone, Debug)]
pub struct Groups {
    room: usize,
    kept: BTreeMap<Group, Found>,
    /// The requests of groups that found no room.
    pub rest: u64,
}

impl Default for Groups {
    fn default() -> Self {
        Self::with_room_for(Self::ROOM)
    }
}

impl Group {
    /// A group by what it is of.
    pub fn of(who: (&str, &str), registry: &str, repository: &str, change: Change) -> Self {
        Self {
            weight: match change {
                _ if !change.loses.is_empty() => Weight::Loses,
                _ if !change.gains.is_empty() => Weight::Gains,
                _ => Weight::Unknown,
            },
            issuer: who.0.into(),
            identity: who.1.into(),
            registry: registry.into(),
            repository: repository.into(),
            change,
        }
    }
}

impl Groups {
    /// As many as anybody reads; a few megabytes.
    const ROOM: usize = 5000;

    fn with_room_for(room: usize) -> Self {
        Self {
            room,
            kept: BTreeMap::new(),
            rest: 0,
        }
    }

    /// Counts requests of a group.
    pub fn add(&mut self, group: Group, found: Found) {
        let is_full = self.kept.len() >= self.room;
        if is_full
            && self
                .kept
                .last_key_value()
                .is_some_and(|(last, _)| *last < group)
        {
            self.rest += found.requests;
            return;
        }
        match self.kept.get_mut(&group) {
            Some(before) => before.join(found),
            None => {
                self.kept.insert(group, found);
            }
        }
        while self.kept.len() > self.room {
            if let Some((_, dropped)) = self.kept.pop_last() {
                self.rest += dropped.requests;
            }
        }
    }

    /// The groups that found room, those that lose first.
    pub fn iter(&self) -> impl Iterator<Item = (&Group, &Found)> {
        self.kept.iter()
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    fn join(&mut self, other: Self) {
        self.rest += other.rest;
        for (group, found) in other.kept {
            self.add(group, found);
        }
    }
}

impl Found {
    /// So many requests at this time.
    pub fn of(name: &str, requests: u64, last: Timestamp) -> Self {
        Self {
            name: name.to_owned(),
            requests,
            last,
            because: BTreeSet::new(),
        }
    }

    fn join(&mut self, other: Self) {
        self.requests += other.requests;
        if (other.last, &other.name) > (self.last, &self.name) {
            self.name = other.name;
            self.last = other.last;
        }
        self.because.extend(other.because);
        while self.because.len() > REASONS {
            self.because.pop_last();
        }
    }
}

impl Tally {
    /// What was counted here and there.
    #[must_use]
    pub fn joined(mut self, other: Self) -> Self {
        self.counts = self.counts.joined(other.counts);
        self.groups.join(other.groups);
        self.shadow.join(other.shadow);
        self
    }
}

impl Counts {
    fn joined(self, other: Self) -> Self {
        Self {
            events: self.events + other.events,
            requests: self.requests + other.requests,
            changed: self.changed + other.changed,
            unknown: self.unknown + other.unknown,
            malformed: self.malformed + other.malformed,
            by_provider: self.by_provider + other.by_provider,
            without_rules: self.without_rules + other.without_rules,
        }
    }
}

#[cfg(test)]
mod tests;

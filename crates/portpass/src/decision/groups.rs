//! Who is in which groups: by the file, or by operators.

use std::{
    collections::{BTreeSet, HashMap},
    slice,
    sync::Arc,
};

use super::{Caller, GroupSource};
use crate::identity::Identity;

/// Who is in which groups.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// The file's: issuer → id → groups in alphabetical order.
    members: HashMap<String, HashMap<String, Vec<Arc<str>>>>,
    /// The names of the operators' groups.
    operators: BTreeSet<Arc<str>>,
}

impl Groups {
    /// Turns lists of members round.
    pub(super) fn new<'s>(groups: impl IntoIterator<Item = (&'s String, &'s GroupSource)>) -> Self {
        let mut all = Self::default();
        for (name, source) in groups {
            let group: Arc<str> = name.as_str().into();
            for (issuer, id) in source.members() {
                let ids = all.members.entry(issuer.clone()).or_default();
                let held = ids.entry(id.clone()).or_default();
                if held.last() != Some(&group) {
                    held.push(Arc::clone(&group));
                }
            }
            match source {
                GroupSource::Members(_) => {}
                GroupSource::Operators => {
                    all.operators.insert(group);
                }
            }
        }
        all
    }

    /// The names of the file's, as often as they have members.
    pub(super) fn of_file(&self) -> impl Iterator<Item = &str> {
        let held = self.members.values().flat_map(HashMap::values).flatten();
        held.map(|name| &**name)
    }

    /// The groups of a caller, in alphabetical order: the file's,
    /// and of the operators' the ones that it holds. A name that is no
    /// operators' group in the file (any more) counts for nothing. Nobody in
    /// particular is in no group, and an API token in its own alone.
    pub(super) fn of(&self, caller: Caller<'_>, held: &[Arc<str>]) -> Vec<Arc<str>> {
        let held = match caller.token() {
            Some(token) => slice::from_ref(&token.group),
            None if caller.is_anonymous() => &[],
            None => held,
        };
        let held = held.iter().filter(|name| self.is_operators(name));
        self.joined(caller.identity(), held)
    }

    /// The groups that a caller can be in, whatever operators say.
    pub(super) fn possible(&self, caller: Caller<'_>) -> Vec<Arc<str>> {
        match caller.token() {
            Some(_) => self.of(caller, &[]),
            None => self.joined(caller.identity(), self.operators.iter()),
        }
    }

    /// Whether operators keep a group.
    pub(super) fn is_operators(&self, name: &str) -> bool {
        self.operators.contains(name)
    }

    /// The operators' groups, in alphabetical order.
    pub(super) fn operators(&self) -> impl Iterator<Item = &str> {
        self.operators.iter().map(|name| &**name)
    }

    fn joined<'g>(
        &self,
        identity: &Identity,
        held: impl Iterator<Item = &'g Arc<str>>,
    ) -> Vec<Arc<str>> {
        let of_file = self.members.get(identity.issuer());
        let of_file = of_file.and_then(|ids| ids.get(identity.id()));
        let mut groups = of_file.cloned().unwrap_or_default();
        groups.extend(held.cloned());
        groups.sort_unstable();
        groups.dedup();
        groups
    }
}

//! Who is in which groups: by the file, or by operators.

use std::{
    collections::{BTreeSet, HashMap},
    slice,
    sync::Arc,
};

use super::GroupSource;
use crate::{
    identity::{Identity, Proof},
    session::Evidence,
};

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

    /// The groups of whoever a proof is of, in alphabetical order: the file's,
    /// and of the operators' the ones that it holds. A name that is no
    /// operators' group in the file (any more) counts for nothing. Nobody in
    /// particular is in no group, and an API token in its own alone.
    pub(super) fn of(&self, proof: &Proof, held: &[Arc<str>]) -> Vec<Arc<str>> {
        let held = match proof.evidence() {
            Evidence::ApiToken(token) => slice::from_ref(&token.group),
            Evidence::Anonymous
            | Evidence::Jwt(_)
            | Evidence::Password { .. }
            | Evidence::RefreshToken { .. } => {
                if proof.is_anonymous() {
                    &[]
                } else {
                    held
                }
            }
        };
        let held = held.iter().filter(|name| self.is_operators(name));
        self.joined(proof.identity(), held)
    }

    /// The groups that whoever a proof is of can be in, whatever operators say.
    pub(super) fn possible(&self, proof: &Proof) -> Vec<Arc<str>> {
        match proof.evidence() {
            Evidence::ApiToken(_) => self.of(proof, &[]),
            Evidence::Anonymous
            | Evidence::Jwt(_)
            | Evidence::Password { .. }
            | Evidence::RefreshToken { .. } => self.joined(proof.identity(), self.operators.iter()),
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

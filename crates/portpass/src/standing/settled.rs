//! What operators have settled, as one request sees it.

use std::{collections::HashMap, sync::Arc};

use crate::{
    identity::Identity,
    session::Revocations,
    short_id::ShortId,
    store::{Store, StoreError},
};

/// What operators have settled: all of one reading of the store.
#[derive(Debug, Default)]
pub struct Settled {
    /// How many changes operators had made.
    pub revision: i64,
    /// What ends logins.
    pub revocations: Revocations,
    /// What each issuer's name stands for.
    pub bindings: HashMap<String, ShortId>,
    /// The operators' groups that each identity is in, in alphabetical order.
    pub members: HashMap<Identity, Vec<Arc<str>>>,
}

impl Settled {
    /// Reads all of it.
    ///
    /// The revision comes first: what changes while we read is then read again.
    ///
    /// # Errors
    ///
    /// When the database fails, or holds what we never write.
    pub(super) async fn read(store: &Store) -> Result<Self, StoreError> {
        let revision = store.revision().await?;
        let revocations = Revocations::of(store.revocations().await?);
        let mut bindings = HashMap::new();
        for row in store.bindings().await? {
            let binding = row.binding.parse().map_err(|_no_id| StoreError::Row {
                table: "bindings",
                column: "binding",
            })?;
            bindings.insert(row.issuer, binding);
        }
        let mut groups: HashMap<String, Arc<str>> = HashMap::new();
        let mut members: HashMap<Identity, Vec<Arc<str>>> = HashMap::new();
        for row in store.members().await? {
            let identity = Identity::stored(&row.issuer, &row.identity);
            let name = Arc::from(row.group_name.as_str());
            let group = groups.entry(row.group_name).or_insert(name);
            members.entry(identity).or_default().push(Arc::clone(group));
        }
        for groups in members.values_mut() {
            groups.sort_unstable();
        }
        Ok(Self {
            revision,
            revocations,
            bindings,
            members,
        })
    }

    /// The operators' groups that an identity is in.
    pub fn groups(&self, identity: &Identity) -> &[Arc<str>] {
        self.members.get(identity).map_or(&[], Vec::as_slice)
    }

    /// Whether an issuer's name stands for what it did when an operator last
    /// said so. A name that was never bound has nothing to lose.
    pub fn is_bound(&self, issuer: &str, binding: ShortId) -> bool {
        self.bindings
            .get(issuer)
            .is_none_or(|bound| *bound == binding)
    }
}

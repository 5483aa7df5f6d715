//! What operators have settled, as one request sees it.

use std::{collections::HashMap, sync::Arc};

use crate::{identity::Identity, session::Revocations, short_id::ShortId};

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

//! The compiled rules, and the one function that weighs a request by them.

use std::sync::Arc;

use scope::Scopes;

use super::{Denied, Grant, PolicySource};
use crate::{config::Fault, identity::Proof, registry::Registry, short_id::ShortId};

/// The compiled rules.
#[derive(Debug)]
pub struct Policy {
    version: ShortId,
}

impl Policy {
    /// Compiles rules, and refuses those that cannot mean what they should.
    ///
    /// # Errors
    ///
    /// Every fault, not only the first.
    pub fn compile(source: PolicySource) -> Result<Self, Vec<Fault>> {
        let _ = source;
        todo!()
    }

    /// A digest over rules, denies, matches, groups and images: it changes
    /// whenever they do, and not with their order or form in the file.
    pub fn version(&self) -> ShortId {
        self.version
    }

    /// What the rules give of what was asked.
    ///
    /// # Errors
    ///
    /// When nothing is given of what was asked, when a scope that asks for push
    /// or delete gets neither, and when the anonymous ask for nothing.
    pub fn decide(
        &self,
        proof: Proof,
        registry: &Arc<Registry>,
        asked: &Scopes,
    ) -> Result<Grant, Box<Denied>> {
        let _ = (proof, registry, asked);
        todo!()
    }
}

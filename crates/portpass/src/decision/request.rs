//! One request as the rules see it; what is costly is worked out once, if at all.

use std::{
    cell::OnceCell,
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use super::{
    GroupSource,
    template::Values,
    variables::{Environment, Variables},
};
use crate::identity::{Fact, FactValue, Identity, Proof};

/// Who asks, and where.
pub(super) struct Request<'p> {
    pub(super) proof: &'p Proof,
    pub(super) registry: &'p str,
    pub(super) groups: &'p [Arc<str>],
    pub(super) images: Option<&'p BTreeSet<String>>,
    pub(super) values: Values<'p>,
    issuer: FactValue,
    environment: &'p Environment,
    variables: OnceCell<Variables<'p>>,
}

impl<'p> Request<'p> {
    pub(super) fn new(
        proof: &'p Proof,
        registry: &'p str,
        groups: &'p [Arc<str>],
        images: Option<&'p BTreeSet<String>>,
        environment: &'p Environment,
    ) -> Self {
        let issuer = proof.identity().issuer();
        Self {
            proof,
            registry,
            groups,
            images,
            values: Values::new(issuer, proof.facts()),
            issuer: FactValue::Text(issuer.to_owned()),
            environment,
            variables: OnceCell::new(),
        }
    }

    /// A fact of the caller; `issuer` is the proven identity's, always.
    pub(super) fn fact(&self, fact: Fact) -> Option<&FactValue> {
        if fact == Fact::Issuer {
            Some(&self.issuer)
        } else {
            self.proof.facts().get(fact)
        }
    }

    /// What expressions see.
    pub(super) fn variables(&self) -> &Variables<'p> {
        self.variables
            .get_or_init(|| Variables::new(self.environment, self.proof, self.registry))
    }
}

/// Who is in which groups.
#[derive(Debug, Default)]
pub(super) struct Groups(HashMap<String, HashMap<String, Vec<Arc<str>>>>);

impl Groups {
    /// Turns lists of members round. Groups come in alphabetical order.
    pub(super) fn new<'s>(groups: impl IntoIterator<Item = (&'s String, &'s GroupSource)>) -> Self {
        let mut members: HashMap<String, HashMap<String, Vec<Arc<str>>>> = HashMap::new();
        for (group, list) in groups {
            let group: Arc<str> = group.as_str().into();
            for (issuer, id) in list.members() {
                let ids = members.entry(issuer.clone()).or_default();
                let held = ids.entry(id.clone()).or_default();
                if held.last() != Some(&group) {
                    held.push(Arc::clone(&group));
                }
            }
        }
        Self(members)
    }

    /// The groups of one identity.
    pub(super) fn of(&self, identity: &Identity) -> &[Arc<str>] {
        self.0
            .get(identity.issuer())
            .and_then(|ids| ids.get(identity.id()))
            .map_or(&[], Vec::as_slice)
    }
}

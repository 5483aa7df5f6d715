//! One request as the rules see it; what is costly is worked out once, if at all.

use std::{cell::OnceCell, collections::BTreeSet, sync::Arc};

use super::{
    Caller, Owners,
    values::Values,
    variables::{Environment, Variables},
    version::Owned,
};
use crate::identity::{Fact, FactValue};

/// Who asks, and where.
pub(super) struct Request<'p> {
    pub(super) caller: Caller<'p>,
    pub(super) registry: &'p str,
    /// The groups that the identity is in, if its issuer is not suspended.
    pub(super) groups: &'p [Arc<str>],
    pub(super) images: Option<&'p BTreeSet<String>>,
    pub(super) owners: &'p Owners,
    pub(super) values: Values<'p>,
    issuer: FactValue,
    environment: &'p Environment,
    variables: OnceCell<Variables<'p>>,
}

impl<'p> Request<'p> {
    pub(super) fn new(
        caller: Caller<'p>,
        registry: &'p str,
        groups: &'p [Arc<str>],
        images: Option<&'p BTreeSet<String>>,
        owners: &'p Owners,
        environment: &'p Environment,
    ) -> Self {
        let issuer = caller.identity().issuer();
        Self {
            caller,
            registry,
            groups,
            images,
            owners,
            values: Values::new(caller),
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
            self.caller.facts().get(fact)
        }
    }

    /// The owner of a name, if it has one.
    pub(super) fn owned(&self, name: &str) -> Option<Owned<'p>> {
        let (name, (issuer, id)) = self.owners.get_key_value(name)?;
        Some(Owned { name, issuer, id })
    }

    /// What expressions see.
    pub(super) fn variables(&self) -> &Variables<'p> {
        self.variables
            .get_or_init(|| Variables::new(self.environment, self.caller, self.registry))
    }
}

//! One request as the rules see it; what is costly is worked out once, if at all.

use std::{borrow::Cow, cell::OnceCell, collections::BTreeSet, sync::Arc};

use super::{
    Caller, Ceiling, Owners,
    cel::Expression,
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
    issuer: OnceCell<FactValue>,
    environment: &'p Environment,
    variables: OnceCell<Variables<'p>>,
    assumed: Option<Assumed>,
}

/// What is taken for true where a record does not tell.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Assumed {
    /// Whatever gives the least.
    Least,
    /// Whatever gives the most.
    Most,
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
        Self {
            caller,
            registry,
            groups,
            images,
            owners,
            values: Values::new(caller),
            issuer: OnceCell::new(),
            environment,
            variables: OnceCell::new(),
            assumed: None,
        }
    }

    /// The same, where what the record does not tell is taken for one or the other.
    pub(super) fn assuming(self, assumed: Assumed) -> Self {
        Self {
            assumed: Some(assumed),
            ..self
        }
    }

    /// Whether an expression is true; `None` where it cannot be evaluated.
    ///
    /// One that hangs on what the record does not tell is true if `if_true` is
    /// what is assumed.
    pub(super) fn evaluate(&self, expression: &Expression, if_true: Assumed) -> Option<bool> {
        match self.assumed {
            Some(assumed) if !self.caller.tells_all_of(expression.claims()) => {
                Some(assumed == if_true)
            }
            Some(_) | None => expression.evaluate(self.variables()),
        }
    }

    /// What bounds everything that is given, as far as it is told.
    pub(super) fn ceiling(&self) -> Option<Cow<'p, Ceiling>> {
        match self.assumed {
            Some(Assumed::Least) if self.caller.has_untold_ceiling() => {
                Some(Cow::Owned(Ceiling::default()))
            }
            Some(_) | None => self.caller.ceiling().map(Cow::Borrowed),
        }
    }

    /// A fact of the caller; `issuer` is the proven identity's, always.
    pub(super) fn fact(&self, fact: Fact) -> Option<&FactValue> {
        if fact == Fact::Issuer {
            let issuer = || FactValue::Text(self.caller.identity().issuer().to_owned());
            Some(self.issuer.get_or_init(issuer))
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
    fn variables(&self) -> &Variables<'p> {
        self.variables
            .get_or_init(|| Variables::new(self.environment, self.caller, self.registry))
    }
}

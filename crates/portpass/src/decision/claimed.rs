//! The other way to a grant: by the `access` claim of an identity provider's token.

use std::{collections::BTreeSet, sync::Arc};

use scope::{Scope, Scopes, is_repository_name};

use super::{
    Access, Denied, Grant, Held, Outcome, Policy, RuleOutcome, actions::Actions, hold::Withheld,
    policy::Basis, refusal::Reason, request::Request, resource::Resource, rule::Rule,
    version::Owned,
};
use crate::{identity::Proof, registry::Registry};

/// The key of the file that lets the claim give; it stands in the record where
/// the rules would.
const KEY: &str = "relay.access";

impl Policy {
    /// What the identity provider gives of what was asked, by the `access` claim
    /// of its token: the rules give nothing, the denies take as always.
    ///
    /// Nothing is claimed. Where a rule's template renders a name for this
    /// caller that is another id's, the provider's word is no push to it and no
    /// delete in it, so [`Policy::namespaces`] must be asked for here too.
    ///
    /// # Errors
    ///
    /// As of [`Policy::decide`].
    pub fn decide_claimed(
        &self,
        proof: Proof,
        held: Held<'_>,
        registry: &Arc<Registry>,
        asked: &Scopes,
        given: &[Access],
    ) -> Result<Grant, Box<Denied>> {
        self.decide_on(Basis::Claim(given), proof, held, registry, asked)
    }
}

/// What the provider's token gives to one caller.
pub(super) struct Claimed<'r, 'p> {
    request: &'r Request<'p>,
    rules: Vec<&'p Rule>,
    given: &'r [Access],
}

impl<'r, 'p> Claimed<'r, 'p> {
    pub(super) fn new(
        request: &'r Request<'p>,
        rules: impl IntoIterator<Item = &'p Rule>,
        given: &'r [Access],
    ) -> Self {
        Self {
            request,
            rules: rules.into_iter().collect(),
            given,
        }
    }

    /// The names whose owners mattered and that have one, with that owner.
    pub(super) fn owners(&self) -> BTreeSet<Owned<'p>> {
        let names = self.rules.iter();
        let names = names.flat_map(|rule| rule.namespaces(self.request));
        names
            .filter_map(|namespace| self.request.owned(&namespace.name))
            .collect()
    }

    /// What is recorded of the claim, as of a rule.
    pub(super) fn outcome(&self, asked: &Scopes) -> RuleOutcome {
        let gives = |scope: &Scope| match Resource::of(scope) {
            None => false,
            Some(Resource::Catalog) => self.gives_catalog(scope),
            Some(Resource::Repository(name, wanted)) => {
                is_repository_name(name) && self.gives(scope).and(wanted).any()
            }
        };
        let is_probe = asked.iter().all(|scope| Resource::of(scope).is_none());
        let outcome = if is_probe || asked.iter().any(gives) {
            Outcome::Matched
        } else {
            let withheld = asked.iter().find_map(|scope| self.withheld(scope));
            withheld.map_or(Outcome::OtherAccess, |withheld| withheld.outcome())
        };
        RuleOutcome {
            rule: KEY.into(),
            outcome,
        }
    }

    /// What may be done with the repository that a scope is about. Push does not
    /// imply pull: the provider says what it gives.
    pub(super) fn gives(&self, scope: &Scope) -> Actions {
        let said = self.said(scope);
        match self.withheld(scope) {
            Some(_) => said.and(Actions::PULL),
            None => said,
        }
    }

    /// Whether the catalog, which a scope is about, may be read.
    pub(super) fn gives_catalog(&self, scope: &Scope) -> bool {
        self.words(scope).any(|word| word == "*")
    }

    /// Why it does not give what was missed of a scope.
    pub(super) fn why(&self, scope: &Scope) -> Reason {
        let withheld = self.withheld(scope);
        withheld
            .and_then(|withheld| withheld.reason())
            .unwrap_or(Reason::ProviderWithheld)
    }

    /// What the claim says of a repository.
    fn said(&self, scope: &Scope) -> Actions {
        let words = self.words(scope).map(Actions::of_word);
        let said = words.fold(Actions::default(), Actions::or);
        if self.request.caller.is_anonymous() {
            // Whoever is nobody changes nothing, by whichever way.
            said.and(Actions::PULL)
        } else {
            said
        }
    }

    fn words(&self, scope: &Scope) -> impl Iterator<Item = &str> {
        let entries = self.given.iter().filter(|access| access.is_of(scope));
        entries
            .flat_map(|access| &access.actions)
            .map(String::as_str)
    }

    /// What keeps the caller from changing a repository that the claim lets it
    /// change.
    ///
    /// Owners are of the names that our templates render, and most names in a
    /// claim have none: there the provider's word counts, as a rule with
    /// `push = ["**"]` does. But a provider gives by name, and where a name is
    /// another id's than the caller's it may not know that it changed hands.
    fn withheld(&self, scope: &Scope) -> Option<Withheld> {
        let said = self.said(scope);
        let asked = match Resource::of(scope)? {
            Resource::Catalog => return None,
            Resource::Repository(_, wanted) => wanted,
        };
        let changes = said.and(asked).minus(Actions::PULL);
        let mut rules = self.rules.iter().filter(|_| changes.any());
        rules.find_map(|rule| rule.withheld(self.request, &scope.name))
    }
}

//! What gives access, before the denies take from it.

use std::collections::BTreeSet;

use scope::{Scope, Scopes};

use super::Allows;
use crate::decision::{
    Namespace, RuleOutcome,
    actions::Actions,
    claimed::Claimed,
    refusal::Reason,
    resource::Resource,
    rule::{Judged, Rule},
    version::Owned,
};

/// What gives access.
pub(in crate::decision) enum Giver<'r, 'p> {
    /// The identity provider.
    Claim(Claimed<'r, 'p>),
    /// Our rules.
    Rules(Allows<'r, 'p>),
}

impl<'p> Giver<'_, 'p> {
    /// The names whose owners mattered and that have one, with that owner.
    pub(super) fn owners(&self) -> BTreeSet<Owned<'p>> {
        match self {
            Self::Claim(claimed) => claimed.owners(),
            Self::Rules(allows) => allows.owners(),
        }
    }

    /// What each rule says, where rules give.
    pub(super) fn judged(&self) -> &[(&'p Rule, Judged<'p>)] {
        match self {
            Self::Claim(_) => &[],
            Self::Rules(allows) => allows.judged(),
        }
    }

    /// What is recorded of it.
    pub(super) fn outcomes(&self, asked: &Scopes) -> Vec<RuleOutcome> {
        match self {
            Self::Claim(claimed) => vec![claimed.outcome(asked)],
            Self::Rules(allows) => allows.outcomes(asked),
        }
    }

    /// What may be done with the repository that a scope is about.
    pub(super) fn gives(&self, scope: &Scope) -> Actions {
        match self {
            Self::Claim(claimed) => claimed.gives(scope),
            Self::Rules(allows) => allows.gives(&scope.name),
        }
    }

    /// Whether the catalog, which a scope is about, may be read.
    pub(super) fn gives_catalog(&self, scope: &Scope) -> bool {
        match self {
            Self::Claim(claimed) => claimed.gives_catalog(scope),
            Self::Rules(allows) => allows.gives_catalog(),
        }
    }

    /// The names that are nobody's yet and that a push to a repository claims.
    pub(super) fn claims(&self, name: &str) -> Vec<&Namespace> {
        match self {
            // Names are claimed by those whose facts render them.
            Self::Claim(_) => Vec::new(),
            Self::Rules(allows) => allows.claims(name),
        }
    }

    /// Why it does not give what was missed of a scope.
    pub(super) fn why(&self, scope: &Scope, missed: Resource<'_>) -> Reason {
        match self {
            Self::Claim(claimed) => claimed.why(scope),
            Self::Rules(allows) => allows.closest(missed),
        }
    }
}

//! What a scope asks for, in the words that rules have.

use scope::Scope;

use super::actions::Actions;

/// What a scope asks for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Resource<'s> {
    /// The list of repositories.
    Catalog,
    /// A repository's name, which may be none, and what is to be done with it.
    Repository(&'s str, Actions),
}

impl<'s> Resource<'s> {
    /// `None` for kinds, names and actions that nothing can be said about.
    pub(super) fn of(scope: &'s Scope) -> Option<Self> {
        let asks = |action: &str| scope.actions.contains(action);
        match (scope.kind.as_str(), scope.name.as_str()) {
            ("registry", "catalog") => asks("*").then_some(Self::Catalog),
            ("repository", name) if asks("*") => Some(Self::Repository(name, Actions::ALL)),
            ("repository", name) => {
                let actions = Actions {
                    delete: asks("delete"),
                    pull: asks("pull"),
                    push: asks("push"),
                };
                actions.any().then_some(Self::Repository(name, actions))
            }
            _ => None,
        }
    }
}

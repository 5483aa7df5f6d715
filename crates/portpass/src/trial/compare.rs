//! What was expected beside what came: scope by scope.

use std::collections::{BTreeMap, BTreeSet};

use scope::{Scope, Scopes};

use crate::decision::Access;

/// Whether something that was expected came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Change {
    /// It came, and was not expected.
    Extra,
    /// It was expected, and did not come.
    Missing,
    /// It was expected, and came.
    Same,
}

/// Actions on one resource, all of which came alike.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Line {
    pub(crate) change: Change,
    pub(crate) scope: Scope,
}

/// Kind, class and name of a resource.
type Resource = (String, Option<String>, String);

/// What may be done, by resource.
#[derive(Debug, Default, Eq, PartialEq)]
struct Allowed(BTreeMap<Resource, BTreeSet<String>>);

impl Allowed {
    fn add(&mut self, resource: Resource, actions: impl IntoIterator<Item = String>) {
        self.0.entry(resource).or_default().extend(actions);
    }

    fn of_scopes(scopes: &Scopes) -> Self {
        let mut allowed = Self::default();
        for scope in scopes {
            let resource = (scope.kind.clone(), scope.class.clone(), scope.name.clone());
            if scope.kind == "repository" && scope.actions.contains("*") {
                // As the rules take it: each action that there is.
                let all = ["delete", "pull", "push"];
                allowed.add(resource, all.map(str::to_owned));
            } else {
                allowed.add(resource, scope.actions.iter().cloned());
            }
        }
        allowed
    }

    fn of_access(access: &[Access]) -> Self {
        let mut allowed = Self::default();
        for entry in access {
            let resource = (entry.kind.clone(), entry.class.clone(), entry.name.clone());
            allowed.add(resource, entry.actions.iter().cloned());
        }
        allowed
    }

    fn actions(&self, resource: &Resource) -> BTreeSet<String> {
        self.0.get(resource).cloned().unwrap_or_default()
    }
}

/// Whether exactly what some scopes say was given.
pub(super) fn is_exactly(expected: &Scopes, given: &[Access]) -> bool {
    Allowed::of_scopes(expected) == Allowed::of_access(given)
}

/// Line by line, what some scopes say beside what was given; in alphabetical order of resources.
pub(super) fn lines(expected: &Scopes, given: &[Access]) -> Vec<Line> {
    let (expected, given) = (Allowed::of_scopes(expected), Allowed::of_access(given));
    let resources: BTreeSet<&Resource> = expected.0.keys().chain(given.0.keys()).collect();
    let mut lines = Vec::new();
    for resource in resources {
        let (wanted, came) = (expected.actions(resource), given.actions(resource));
        let parts = [
            (Change::Same, &wanted & &came),
            (Change::Missing, &wanted - &came),
            (Change::Extra, &came - &wanted),
        ];
        for (change, actions) in parts {
            if !actions.is_empty() {
                let (kind, class, name) = resource.clone();
                let scope = Scope {
                    kind,
                    class,
                    name,
                    actions,
                };
                lines.push(Line { change, scope });
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(text: &str) -> Access {
        let scope: Scope = text.parse().unwrap();
        Access {
            kind: scope.kind,
            class: scope.class,
            name: scope.name,
            actions: scope.actions.into_iter().collect(),
        }
    }

    #[test]
    fn each_action_is_same_missing_or_extra() {
        let expected = ["repository:a:pull,push", "repository:b:*"];
        let expected = Scopes::parse(expected).unwrap();
        let given = ["repository:a:pull,delete", "repository:c:pull"].map(access);
        let lines = lines(&expected, &given);
        let shown: Vec<String> = lines
            .iter()
            .map(|line| format!("{:?} {}", line.change, line.scope))
            .collect();
        assert_eq!(
            shown,
            [
                "Same repository:a:pull",
                "Missing repository:a:push",
                "Extra repository:a:delete",
                "Missing repository:b:delete,pull,push",
                "Extra repository:c:pull",
            ]
        );
        assert!(!is_exactly(&expected, &given));
    }

    #[test]
    fn the_same_access_in_another_form_is_exactly_it() {
        let given = ["repository:b:delete,pull,push", "repository(plugin):a:pull"].map(access);
        let expected = Scopes::parse(["repository:b:*", "repository(plugin):a:pull"]).unwrap();
        assert!(is_exactly(&expected, &given));
        assert!(is_exactly(&Scopes::default(), &[]));
        let other_class = Scopes::parse(["repository:b:*", "repository:a:pull"]).unwrap();
        assert!(!is_exactly(&other_class, &given));
    }
}

//! The tenants that an issuer is configured for.

use std::collections::BTreeSet;

use super::{Fact, Facts};

/// What a caller's facts must be; a dimension without values says nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Pins {
    /// The identities themselves.
    pub(super) id: BTreeSet<String>,
    pub(super) namespace: BTreeSet<String>,
    pub(super) owner_id: BTreeSet<String>,
    /// Each with everything below it.
    pub(super) owner_path: BTreeSet<String>,
    pub(super) repository_id: BTreeSet<String>,
}

impl Pins {
    /// Whether anything is pinned at all.
    pub(super) fn are_any(&self) -> bool {
        let all = [
            &self.id,
            &self.namespace,
            &self.owner_id,
            &self.owner_path,
            &self.repository_id,
        ];
        all.into_iter().any(|values| !values.is_empty())
    }

    /// Whether the identity is one of those pinned, or none is.
    pub(super) fn has_id(&self, id: &str) -> bool {
        self.id.is_empty() || self.id.contains(id)
    }

    /// The fact that is not one of those pinned, if any is not.
    pub(super) fn unmet(&self, facts: &Facts) -> Option<Fact> {
        let exact = |pins: &BTreeSet<String>, fact| {
            let met = facts.text(fact).is_some_and(|value| pins.contains(value));
            (!pins.is_empty() && !met).then_some(fact)
        };
        exact(&self.owner_id, Fact::OwnerId)
            .or_else(|| exact(&self.repository_id, Fact::RepositoryId))
            .or_else(|| exact(&self.namespace, Fact::Namespace))
            .or_else(|| {
                let path = facts.text(Fact::OwnerPath);
                let met = path.is_some_and(|path| {
                    self.owner_path.iter().any(|pin| is_at_or_below(path, pin))
                });
                (!self.owner_path.is_empty() && !met).then_some(Fact::OwnerPath)
            })
    }

    /// What somebody of the tenant has instead of `value` for a fact, if that is not one of those
    /// pinned: the first of them.
    pub(super) fn instead(&self, fact: &str, value: &str) -> Option<&str> {
        let (pins, is_met): (_, fn(&str, &str) -> bool) = match fact {
            "namespace" => (&self.namespace, str::eq),
            "owner_id" => (&self.owner_id, str::eq),
            "owner_path" => (&self.owner_path, is_at_or_below),
            "repository_id" => (&self.repository_id, str::eq),
            _ => return None,
        };
        let first = pins.first()?;
        let is_pinned = pins.iter().any(|pin| is_met(value, pin));
        (!is_pinned).then_some(first)
    }

    /// Whether one caller could meet both.
    pub(super) fn overlap(&self, other: &Self) -> bool {
        let may_share = |mine: &BTreeSet<String>, theirs: &BTreeSet<String>| {
            mine.is_empty() || theirs.is_empty() || !mine.is_disjoint(theirs)
        };
        let paths_may_share = self.owner_path.is_empty()
            || other.owner_path.is_empty()
            || self.owner_path.iter().any(|mine| {
                other
                    .owner_path
                    .iter()
                    .any(|theirs| is_at_or_below(mine, theirs) || is_at_or_below(theirs, mine))
            });
        may_share(&self.id, &other.id)
            && may_share(&self.owner_id, &other.owner_id)
            && may_share(&self.repository_id, &other.repository_id)
            && may_share(&self.namespace, &other.namespace)
            && paths_may_share
    }
}

/// Whether a path is another one, or has it as its first whole segments.
fn is_at_or_below(path: &str, top: &str) -> bool {
    path.strip_prefix(top)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(values: &[&str]) -> BTreeSet<String> {
        values.iter().map(|&value| value.to_owned()).collect()
    }

    fn owners(ids: &[&str]) -> Pins {
        Pins {
            owner_id: set(ids),
            ..Pins::default()
        }
    }

    fn paths(paths: &[&str]) -> Pins {
        Pins {
            owner_path: set(paths),
            ..Pins::default()
        }
    }

    #[test]
    fn one_value_anywhere_pins() {
        assert!(!Pins::default().are_any());
        assert!(owners(&["65"]).are_any());
        assert!(paths(&["acme"]).are_any());
    }

    #[test]
    fn every_dimension_must_be_met() {
        let mut facts = Facts::default();
        facts.set_text(Fact::OwnerId, Some("65"));
        assert_eq!(owners(&["65"]).unmet(&facts), None);
        assert_eq!(
            owners(&["6", "655", "*"]).unmet(&facts),
            Some(Fact::OwnerId)
        );
        let both = Pins {
            repository_id: set(&["74"]),
            ..owners(&["65"])
        };
        assert_eq!(both.unmet(&facts), Some(Fact::RepositoryId));
        assert_eq!(Pins::default().unmet(&Facts::default()), None);
    }

    #[test]
    fn an_identity_is_pinned_by_its_very_id() {
        let pins = Pins {
            id: set(&["74"]),
            ..Pins::default()
        };
        assert!(pins.are_any() && pins.has_id("74"));
        assert!(!pins.has_id("7") && !pins.has_id("740") && !pins.has_id(""));
        assert!(Pins::default().has_id("74"));
        let others = Pins {
            id: set(&["75"]),
            ..Pins::default()
        };
        assert!(!pins.overlap(&others) && pins.overlap(&owners(&["65"])));
    }

    #[test]
    fn a_path_covers_what_is_below_it_and_no_neighbour() {
        for (path, unmet) in [
            ("acme", None),
            ("acme/team", None),
            ("acme-evil", Some(Fact::OwnerPath)),
            ("evil/acme", Some(Fact::OwnerPath)),
        ] {
            let mut facts = Facts::default();
            facts.set_text(Fact::OwnerPath, Some(path));
            assert_eq!(paths(&["acme"]).unmet(&facts), unmet, "{path}");
        }
    }

    #[test]
    fn a_value_that_is_not_pinned_gives_way_to_the_first_that_is() {
        let pins = owners(&["70", "71"]);
        assert_eq!(pins.instead("owner_id", "65"), Some("70"));
        assert_eq!(pins.instead("owner_id", "71"), None);
        assert_eq!(pins.instead("repository_id", "74"), None);
        assert_eq!(paths(&["acme"]).instead("owner_path", "acme/team"), None);
        assert_eq!(paths(&["b"]).instead("owner_path", "acme"), Some("b"));
    }

    #[test]
    fn pins_overlap_unless_one_dimension_keeps_them_apart() {
        assert!(!owners(&["1", "2"]).overlap(&owners(&["3"])));
        assert!(owners(&["1", "2"]).overlap(&owners(&["2", "3"])));
        assert!(owners(&["1"]).overlap(&Pins::default()));
        assert!(owners(&["1"]).overlap(&paths(&["acme"])));
        assert!(paths(&["acme"]).overlap(&paths(&["acme/team"])));
        assert!(!paths(&["acme"]).overlap(&paths(&["acme-evil"])));
    }
}

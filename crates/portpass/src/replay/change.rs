//! What becomes of one identity's access to one resource.

use std::fmt;

use serde::{Serialize, Serializer};

/// Something that can be asked for.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum Action {
    /// To read the list of repositories.
    Catalog = 1,
    /// To delete in a repository.
    Delete = 2,
    /// To log in, and no more.
    Login = 4,
    /// To pull from a repository.
    Pull = 8,
    /// To push to a repository.
    Push = 16,
}

/// Some actions.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Actions(u8);

/// What becomes of the access to one resource. What stays is in none of the three.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Change {
    /// What the old rules give and the new ones do not.
    #[serde(skip_serializing_if = "Actions::is_empty")]
    pub loses: Actions,
    /// What the new rules give and the old ones do not.
    #[serde(skip_serializing_if = "Actions::is_empty")]
    pub gains: Actions,
    /// What cannot be told.
    #[serde(skip_serializing_if = "Actions::is_empty")]
    pub unknown: Actions,
}

impl Action {
    /// Every action, in the order of their names.
    pub const ALL: [Self; 5] = [
        Self::Catalog,
        Self::Delete,
        Self::Login,
        Self::Pull,
        Self::Push,
    ];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Catalog => "catalog",
            Self::Delete => "delete",
            Self::Login => "login",
            Self::Pull => "pull",
            Self::Push => "push",
        }
    }
}

impl Actions {
    /// One more.
    pub fn add(&mut self, action: Action) {
        self.0 |= action as u8;
    }

    /// Whether an action is among them.
    pub fn has(self, action: Action) -> bool {
        self.0 & action as u8 != 0
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0 == 0
    }

    /// The actions, in the order of their names.
    pub fn iter(self) -> impl Iterator<Item = Action> {
        Action::ALL
            .into_iter()
            .filter(move |action| self.has(*action))
    }
}

impl FromIterator<Action> for Actions {
    fn from_iter<I: IntoIterator<Item = Action>>(actions: I) -> Self {
        let mut all = Self::default();
        actions.into_iter().for_each(|action| all.add(action));
        all
    }
}

impl fmt::Display for Actions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, action) in self.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{}", action.name())?;
        }
        Ok(())
    }
}

impl Serialize for Actions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Action::name))
    }
}

impl Change {
    /// What becomes of an action that each side gives or not.
    pub(super) fn note(&mut self, action: Action, old: bool, new: bool) {
        match (old, new) {
            (true, false) => self.loses.add(action),
            (false, true) => self.gains.add(action),
            (true, true) | (false, false) => {}
        }
    }

    /// Whether nothing changes, as far as can be told, and all can be told.
    pub fn is_none(self) -> bool {
        self == Self::default()
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            ("loses", self.loses),
            ("gains", self.gains),
            ("unknown:", self.unknown),
        ];
        let parts = parts.iter().filter(|(_, actions)| !actions.is_empty());
        for (index, (word, actions)) in parts.enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{word} {actions}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_in_words_and_to_programs() {
        let mut change = Change::default();
        assert!(change.is_none());
        change.note(Action::Pull, true, true);
        change.note(Action::Login, false, false);
        assert!(change.is_none(), "what stays is no change");
        change.note(Action::Push, true, false);
        change.note(Action::Delete, true, false);
        change.note(Action::Pull, false, true);
        change.unknown.add(Action::Catalog);
        assert!(!change.is_none());
        assert_eq!(
            change.to_string(),
            "loses delete,push, gains pull, unknown: catalog"
        );
        assert_eq!(
            serde_json::to_string(&change).unwrap(),
            r#"{"loses":["delete","push"],"gains":["pull"],"unknown":["catalog"]}"#
        );
    }

    #[test]
    fn actions_hold_each_of_them_apart() {
        for action in Action::ALL {
            let one: Actions = [action].into_iter().collect();
            assert_eq!(one.iter().collect::<Vec<_>>(), [action]);
            assert_eq!(one.to_string(), action.name());
        }
        assert!(Action::ALL.is_sorted_by_key(|action| action.name()));
    }
}

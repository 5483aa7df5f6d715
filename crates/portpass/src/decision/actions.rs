//! What may be done with a repository.

/// What may be done with a repository, or is asked for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Actions {
    pub(super) delete: bool,
    pub(super) pull: bool,
    pub(super) push: bool,
}

impl Actions {
    pub(super) const ALL: Self = Self {
        delete: true,
        pull: true,
        push: true,
    };

    pub(super) const PULL: Self = Self {
        delete: false,
        pull: true,
        push: false,
    };

    /// What a word of an `access` claim says; `*` is each action that there is,
    /// and any other word none.
    pub(super) fn of_word(word: &str) -> Self {
        let is = |action| word == action || word == "*";
        Self {
            delete: is("delete"),
            pull: is("pull"),
            push: is("push"),
        }
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self {
            delete: self.delete || other.delete,
            pull: self.pull || other.pull,
            push: self.push || other.push,
        }
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self {
            delete: self.delete && other.delete,
            pull: self.pull && other.pull,
            push: self.push && other.push,
        }
    }

    pub(super) fn minus(self, other: Self) -> Self {
        Self {
            delete: self.delete && !other.delete,
            pull: self.pull && !other.pull,
            push: self.push && !other.push,
        }
    }

    pub(super) fn any(self) -> bool {
        self != Self::default()
    }

    /// The words, in alphabetical order.
    pub(super) fn words(self) -> Vec<String> {
        let words = [
            (self.delete, "delete"),
            (self.pull, "pull"),
            (self.push, "push"),
        ];
        words
            .into_iter()
            .filter(|(is_in, _)| *is_in)
            .map(|(_, word)| word.to_owned())
            .collect()
    }
}

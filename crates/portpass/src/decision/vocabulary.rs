//! What conditions compare each fact with.

use crate::identity::{Fact, FactType};

/// What a condition may compare a fact with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// `true` or `false`.
    Flag,
    /// A string that compares exactly: an immutable id.
    Id,
    /// Several strings, of which one suffices.
    List,
    /// A glob.
    Text,
    /// A glob that meets at least one of these words.
    Word(&'static [&'static str]),
}

/// What `event` can be.
const EVENTS: &[&str] = &[
    "api",
    "manual",
    "other",
    "pull_request",
    "pull_request_target",
    "push",
    "release",
    "schedule",
    "tag",
    "workflow_run",
];

/// What a fact is compared with.
pub(super) const fn kind(fact: Fact) -> Kind {
    match (fact, fact.value_type()) {
        (Fact::Event, _) => Kind::Word(EVENTS),
        (Fact::RefType, _) => Kind::Word(&["branch", "tag"]),
        (Fact::Runner, _) => Kind::Word(&["hosted", "self-hosted"]),
        (_, FactType::Flag) => Kind::Flag,
        (_, FactType::List) => Kind::List,
        (_, FactType::Text) if fact.is_immutable_id() => Kind::Id,
        (_, FactType::Text) => Kind::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_says_the_words_that_it_may_be() {
        for fact in Fact::ALL {
            if let Kind::Word(words) = kind(fact) {
                for word in words {
                    assert!(fact.doc().contains(&format!("`{word}`")), "{fact}: {word}");
                }
            }
        }
    }
}

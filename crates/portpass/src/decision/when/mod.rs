//! `when`: what the facts must be, as a table of the file.

mod read;
mod schema;

use std::collections::BTreeMap;

use toml::Spanned;

use crate::identity::Fact;

/// What the caller's facts must be. Fields AND, lists OR.
///
/// The spans of `matches` are bytes of the file that the table stands in.
#[derive(Clone, Debug, Default)]
pub struct When {
    pub(super) facts: BTreeMap<Fact, Expected>,
    pub(super) matches: Vec<Spanned<String>>,
}

impl When {
    /// The matches that it names, each with where.
    pub(crate) fn matches(&self) -> &[Spanned<String>] {
        &self.matches
    }
}

/// What one fact must, or must not, be.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Expected {
    /// One of these.
    Is(Wanted),
    /// There, and none of these.
    Not(Wanted),
}

/// What a fact is compared with.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Wanted {
    /// A flag's value.
    Flag(bool),
    /// Globs, or ids that compare exactly; never none.
    Texts(Vec<String>),
}

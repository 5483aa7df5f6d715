//! Who owns the names that templates render, and what a caller holds already.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use serde::Serialize;

/// A name that a template of the caller's renders, up to its last placeholder
/// that has an immutable id, and the id of the caller that it stands for.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Namespace {
    /// The rendered text: `apps/github/acme/web`.
    pub name: String,
    /// The caller's id that belongs to the placeholder: `74`.
    pub owner: String,
}

/// The owners of some namespaces of one registry, as issuer and id; a
/// namespace that is not in it is nobody's yet.
pub type Owners = HashMap<String, (Arc<str>, Arc<str>)>;

/// What a request is weighed with beside the rules: what operators and earlier
/// requests have settled.
#[derive(Clone, Copy, Debug)]
pub struct Held<'a> {
    /// The operators' groups that the identity is in, in alphabetical order.
    pub groups: &'a [Arc<str>],
    /// Who owns which of [`Policy::namespaces`](super::Policy::namespaces).
    pub owners: &'a Owners,
}

impl Default for Held<'_> {
    /// No groups, and no owners.
    fn default() -> Self {
        static NOBODYS: LazyLock<Owners> = LazyLock::new(Owners::new);
        Self {
            groups: &[],
            owners: &NOBODYS,
        }
    }
}

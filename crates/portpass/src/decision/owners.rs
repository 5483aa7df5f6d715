//! Who owns the names that templates render.

use std::collections::HashMap;

use serde::Serialize;

/// A name that a template of the caller's renders, up to its last placeholder
/// that has an immutable id, and the id of the caller that it stands for.
#[derive(Clone, Debug, Eq, Hash, PartialEq, Serialize)]
pub struct Namespace {
    /// The rendered text: `apps/github/acme/web`.
    pub name: String,
    /// The caller's id that belongs to the placeholder: `74`.
    pub owner: String,
}

/// The owners of some namespaces of one registry, as issuer and id; a
/// namespace that is not in it is nobody's yet.
pub type Owners = HashMap<String, (String, String)>;

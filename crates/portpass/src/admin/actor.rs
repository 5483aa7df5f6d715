//! Who an operator is: the name that events carry.

use std::{fmt, sync::Arc};

/// The operator behind a request, as the system or a token vouches for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Actor(Arc<str>);

impl Actor {
    /// A process on this machine.
    pub(super) fn uid(uid: u32) -> Self {
        Self(format!("uid {uid}").into())
    }

    /// The holder of a token.
    pub(super) fn token(name: &str) -> Self {
        Self(format!("token {name}").into())
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

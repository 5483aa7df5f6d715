//! Who an operator is: the name that events carry.

use std::{fmt, sync::Arc};

/// The operator behind a request, as the system or a token vouches for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Actor {
    name: Arc<str>,
    is_here: bool,
}

impl Actor {
    /// A process on this machine.
    pub(super) fn uid(uid: u32) -> Self {
        Self {
            name: format!("uid {uid}").into(),
            is_here: true,
        }
    }

    /// The holder of a token.
    pub(super) fn token(name: &str) -> Self {
        Self {
            name: format!("token {name}").into(),
            is_here: false,
        }
    }

    /// Whether it is a process on this machine that may enter our folders.
    pub(super) fn is_here(&self) -> bool {
        self.is_here
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

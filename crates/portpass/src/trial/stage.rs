//! Where a request ended that got nothing.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::{
    decision::{self, Denied},
    identity::{Stranger, StrangerReason, Unproven},
};

/// Where a request ended that got nothing.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Stage {
    /// The JWT itself: its signature, audience, times or claims.
    Jwt,
    /// The tenant: the JWT is right, and of somebody that the issuer is not configured for.
    Pin,
    /// No rule gives it.
    Rules,
    /// A deny takes it.
    Deny,
}

impl Stage {
    /// Every stage, in the order of a request.
    pub const ALL: [Self; 4] = [Self::Jwt, Self::Pin, Self::Rules, Self::Deny];

    /// The stage in the words of `expect`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Jwt => "jwt",
            Self::Pin => "pin",
            Self::Rules => "rules",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Stage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl From<&Unproven> for Stage {
    fn from(unproven: &Unproven) -> Self {
        match unproven {
            Unproven::Stranger(Stranger {
                reason: StrangerReason::NotPinned,
                ..
            }) => Self::Pin,
            Unproven::Stranger(_) | Unproven::Rejected(_) | Unproven::Unavailable { .. } => {
                Self::Jwt
            }
        }
    }
}

impl From<&Denied> for Stage {
    fn from(denied: &Denied) -> Self {
        match denied.refusal().stage() {
            decision::Stage::Deny => Self::Deny,
            decision::Stage::Rules => Self::Rules,
        }
    }
}

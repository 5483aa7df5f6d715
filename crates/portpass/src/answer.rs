//! What is answered with: a token that we signed, or the provider's own.

use crate::{relay::PassedToken, token::SignedToken};

/// A token that a request ends with.
#[derive(Debug)]
pub enum Answer {
    /// The provider's, as it came; never a grant of ours.
    Passed(Box<PassedToken>),
    /// Ours, for what was decided.
    Signed(Box<SignedToken>),
}

impl Answer {
    /// The token of ours, if it is one.
    pub fn signed(&self) -> Option<&SignedToken> {
        match self {
            Self::Passed(_) => None,
            Self::Signed(token) => Some(token),
        }
    }
}

impl From<SignedToken> for Answer {
    fn from(token: SignedToken) -> Self {
        Self::Signed(Box::new(token))
    }
}

//! Why the provider gave nothing that can be used.

use std::time::Duration;

use scope::Scope;

/// Why the provider gave nothing that can be used; `Display` is for the caller.
#[derive(Debug, thiserror::Error)]
pub enum ProviderFault {
    /// It has too much to do (its 429).
    #[error("the identity provider is asked too often; try again")]
    Busy {
        /// When to come again, if it said so; a minute at most is passed on.
        retry_after: Option<Duration>,
    },
    /// It does not take us for a client of its, or does not know what we ask.
    #[error(
        "the identity provider does not accept how it is asked: its client or grant is not set up for this"
    )]
    Misconfigured {
        /// Its `error` (RFC 6749 §5.2), or its status, for the operator.
        code: String,
    },
    /// It does not take the caller's credential.
    #[error("the identity provider refused the credential")]
    Refused {
        /// Its `error`, for the operator.
        code: Option<String>,
    },
    /// Its token cannot be used.
    #[error("the identity provider's token cannot be used: {0}")]
    Token(#[from] TokenFault),
    /// It cannot be asked, is too slow, or answers what cannot be read.
    #[error("the identity provider cannot be asked right now; try again")]
    Unavailable {
        /// What went wrong, for the operator.
        reason: String,
    },
    /// Its token gives nothing of this, which was asked to push or delete, or
    /// nothing at all.
    #[error("the identity provider gives no such access")]
    Withheld(Scope),
}

/// Whose fault it is that the provider gave nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Blame {
    /// The caller's: what was presented, or what was asked.
    Caller,
    /// The provider's, or that of who set it up.
    Provider,
}

impl ProviderFault {
    /// The fault in a word that does not change, for metrics.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Busy { .. } => "busy",
            Self::Misconfigured { .. } => "misconfigured",
            Self::Refused { .. } => "refused",
            Self::Token(_) => "token",
            Self::Unavailable { .. } => "unavailable",
            Self::Withheld(_) => "withheld",
        }
    }

    /// The reason's stable name in events.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Busy { .. } => "provider_busy",
            Self::Misconfigured { .. } => "provider_misconfigured",
            Self::Refused { .. } => "provider_refused",
            Self::Token(_) => "provider_token",
            Self::Unavailable { .. } => "provider_unavailable",
            Self::Withheld(_) => "provider_withheld",
        }
    }

    /// Whose fault it is.
    pub const fn blame(&self) -> Blame {
        match self {
            Self::Busy { .. }
            | Self::Misconfigured { .. }
            | Self::Token(_)
            | Self::Unavailable { .. } => Blame::Provider,
            Self::Refused { .. } | Self::Withheld(_) => Blame::Caller,
        }
    }

    /// What only the operator is told.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Misconfigured { code } => Some(code.clone()),
            Self::Refused { code } => code.clone(),
            Self::Unavailable { reason } => Some(reason.clone()),
            Self::Withheld(scope) => Some(scope.to_string()),
            Self::Busy { .. } | Self::Token(_) => None,
        }
    }
}

/// What is wrong with a provider's token; `Display` is for the caller.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TokenFault {
    /// Its `aud` is not the registry.
    #[error("it is for another audience")]
    Audience,
    /// Its time is over, not yet come, or not said.
    #[error("it has expired, or does not say when it does")]
    Expired,
    /// It gives more than was asked.
    #[error("it gives more access than was asked")]
    Exceeds,
    /// It is no JWT with the claims of a token.
    #[error("it cannot be read")]
    Unreadable,
    /// No key of the provider made its signature, or it is another issuer's.
    #[error("its signature or issuer is not the provider's")]
    Unverified,
    /// It is about somebody else than the login began with.
    #[error("it is about somebody else")]
    OtherIdentity,
}

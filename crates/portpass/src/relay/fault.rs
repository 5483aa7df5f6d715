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
        /// Its `error` (RFC 6749 §5.2), for the operator.
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
    /// Its token gives nothing of what was asked to push or delete, or nothing at all.
    #[error("the identity provider gives no such access: {0}")]
    Withheld(Scope),
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

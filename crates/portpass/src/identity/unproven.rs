//! Why a credential gave no proof, and how much of it the caller may read.

use std::sync::Arc;

use super::Rejected;
use crate::{
    credential::{JwtFault, Malformed},
    short_id::ShortId,
    store::StoreError,
};

/// Why a credential gave no proof.
#[derive(Debug)]
pub enum Unproven {
    /// Signature and tenant are right, yet the JWT cannot be accepted now.
    Rejected(Box<Rejected>),
    /// Nobody was proven: only the category may be told.
    Stranger(Stranger),
    /// What it takes to tell is not to be had right now.
    Unavailable {
        /// What that is; its `Display` may be read by the caller.
        what: Missing,
        /// The issuer whose keys they are, or whose login it is.
        issuer: Option<Arc<str>>,
        /// The login that could not be judged.
        login: Option<ShortId>,
        /// What went wrong, for the operator.
        reason: String,
    },
}

/// What is missing to tell whether a credential proves anybody.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Missing {
    /// The issuer's keys.
    #[error("the keys of the JWT's issuer cannot be had right now; try again")]
    Keys,
    /// What we have in store.
    #[error("the login cannot be looked up right now; try again")]
    Store,
}

/// A caller who proved nothing.
#[derive(Debug)]
pub struct Stranger {
    /// The configured issuer whose JWT or login this claimed to be, if one.
    pub issuer: Option<Arc<str>>,
    /// The login this would have been, if there was one to be.
    pub login: Option<ShortId>,
    /// The category, which is all that the caller may read.
    pub reason: StrangerReason,
    /// More for the operator's event; never for the caller.
    pub detail: Option<String>,
}

impl Unproven {
    /// A stranger of whom nothing but this is known.
    pub(crate) fn stranger(reason: StrangerReason) -> Self {
        Self::Stranger(Stranger {
            issuer: None,
            login: None,
            reason,
            detail: None,
        })
    }

    /// Nobody can tell, for a reason that is ours.
    pub(crate) fn unavailable(reason: String) -> Self {
        Self::Unavailable {
            what: Missing::Store,
            issuer: None,
            login: None,
            reason,
        }
    }
}

impl From<Malformed> for Unproven {
    fn from(malformed: Malformed) -> Self {
        Self::stranger(malformed.into())
    }
}

impl From<StoreError> for Unproven {
    fn from(error: StoreError) -> Self {
        Self::unavailable(error.to_string())
    }
}

/// The category of a caller who proved nothing.
///
/// `Display` is what the caller may read, [`StrangerReason::code`] what metrics
/// and events say.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, thiserror::Error)]
pub enum StrangerReason {
    /// The algorithm is not one of the issuer's.
    #[error("the JWT's algorithm is not accepted")]
    Algorithm,
    /// Two configured issuers both take the JWT for theirs.
    #[error("the JWT cannot be told apart from another issuer's")]
    Ambiguous,
    /// No API token has this secret.
    #[error("the API token is not known here")]
    ApiTokenUnknown,
    /// No key of the issuer made the signature.
    #[error("the JWT's signature is not valid")]
    BadSignature,
    /// A claim the kind requires is missing or of the wrong type.
    #[error("the JWT's claims are not those of its platform")]
    Claims,
    /// The user name contains a colon, so the password begins inside it.
    #[error("the user name must not contain a colon: the JWT is not where the password begins")]
    ColonInUserName,
    /// The header names keys or features that we never follow.
    #[error("the JWT's header contains a parameter that is not accepted")]
    ForbiddenHeader,
    /// What was presented cannot be read.
    #[error("the credential cannot be read")]
    Malformed,
    /// Another password than a JWT, under the user name that is for JWTs.
    #[error("the password is not a JWT, which this user name is for")]
    NoJwt,
    /// The issuer is configured for other tenants.
    #[error("the JWT's owner is not one that this issuer is configured for")]
    NotPinned,
    /// Nothing was presented where only the identity provider knows who may what.
    #[error(
        "no credential was presented; log in with the JWT of your platform, or with your name and \
         password"
    )]
    NothingPresented,
    /// A secret of ours, which is of no use where the provider's tokens are answered.
    #[error(
        "a token of Portpass is of no use here; log in with the JWT of your platform, or with \
         your name and password"
    )]
    OwnSecret,
    /// A password that is neither a JWT nor a secret of ours.
    #[error("the password is neither a JWT nor a token of Portpass")]
    Password,
    /// No refresh token has this secret, or its login is long over.
    #[error("the refresh token is not known here; log in again")]
    RefreshTokenUnknown,
    /// A secret of ours that was mistyped or cut.
    #[error(
        "the password begins like a token of Portpass, but it was mistyped or is not all there"
    )]
    SecretDamaged,
    /// `typ` is not that of a JWT of this kind.
    #[error("the JWT is of a type that is not accepted")]
    Type,
    /// No issuer is configured for the `iss`.
    #[error("the JWT's issuer is not configured")]
    UnknownIssuer,
    /// The issuer has no key of this id.
    #[error("the JWT's key is not one of its issuer's")]
    UnknownKey,
    /// Another scheme than Basic.
    #[error("the authorization scheme is not supported: use Basic")]
    UnsupportedScheme,
}

impl StrangerReason {
    /// The category's stable name in metrics and events.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Algorithm => "algorithm",
            Self::Ambiguous => "ambiguous",
            Self::ApiTokenUnknown => "api_token_unknown",
            Self::BadSignature => "bad_signature",
            Self::Claims => "claims",
            Self::ColonInUserName => "colon_in_user_name",
            Self::ForbiddenHeader => "forbidden_header",
            Self::Malformed => "malformed",
            Self::NoJwt => "no_jwt",
            Self::NotPinned => "not_pinned",
            Self::NothingPresented => "nothing_presented",
            Self::OwnSecret => "own_secret",
            Self::Password => "password",
            Self::RefreshTokenUnknown => "refresh_token_unknown",
            Self::SecretDamaged => "secret_damaged",
            Self::Type => "type",
            Self::UnknownIssuer => "unknown_issuer",
            Self::UnknownKey => "unknown_key",
            Self::UnsupportedScheme => "unsupported_scheme",
        }
    }
}

impl From<Malformed> for StrangerReason {
    fn from(malformed: Malformed) -> Self {
        match malformed {
            Malformed::Basic
            | Malformed::Empty
            | Malformed::TwoCredentials
            | Malformed::Jwt(JwtFault::Header | JwtFault::Shape | JwtFault::TooLarge) => {
                Self::Malformed
            }
            Malformed::ColonInUserName => Self::ColonInUserName,
            Malformed::Jwt(JwtFault::Algorithm) => Self::Algorithm,
            Malformed::Jwt(JwtFault::ForbiddenHeader) => Self::ForbiddenHeader,
            Malformed::Jwt(JwtFault::Issuer) => Self::UnknownIssuer,
            Malformed::Jwt(JwtFault::Type) => Self::Type,
            Malformed::Secret => Self::SecretDamaged,
            Malformed::Scheme => Self::UnsupportedScheme,
        }
    }
}

//! Why a credential gave no proof, and how much of it the caller may read.

use std::{fmt, sync::Arc};

use jiff::Timestamp;

use super::{Facts, Identity};
use crate::{
    credential::{JwtFault, Malformed},
    short_id::ShortId,
};

/// Why a credential gave no proof.
#[derive(Debug)]
pub enum Unproven {
    /// Signature and tenant are right, yet the JWT cannot be accepted now.
    Rejected(Box<Rejected>),
    /// Nobody was proven: only the category may be told.
    Stranger(Stranger),
    /// The keys to tell are not to be had right now.
    Unavailable {
        /// The issuer whose keys they are.
        issuer: Arc<str>,
        /// The login that could not be judged.
        login: ShortId,
        /// What went wrong, for the operator.
        reason: String,
    },
}

/// Somebody known whose JWT cannot be accepted.
#[derive(Debug)]
pub struct Rejected {
    /// Who it is.
    pub identity: Identity,
    /// The name people know the identity by.
    pub name: String,
    /// What the platform says of the run.
    pub facts: Facts,
    /// The login this would have been.
    pub login: ShortId,
    /// What is wrong with the JWT; its `Display` may be read by the caller.
    pub reason: RejectReason,
}

/// What is wrong with the JWT of somebody known.
///
/// `Display` is what the caller may read: the JWT's own story, never a
/// configured value. Times are absolute, so that a retry reads the same bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RejectReason {
    /// `aud` is missing, empty, or neither a string nor a list of strings.
    AudienceMissing,
    /// The JWT is for other services, too.
    AudienceShared {
        /// What it is for, as the JWT says.
        audience: String,
    },
    /// No `aud` is one of the issuer's.
    AudienceWrong {
        /// What it is for, as the JWT says.
        audience: String,
    },
    /// `exp` has passed.
    Expired {
        /// When.
        at: Timestamp,
    },
    /// `iat` lies ahead of our clock.
    IssuedInFuture {
        /// When it is.
        at: Timestamp,
    },
    /// `nbf` lies ahead of our clock.
    NotYetValid {
        /// When it is.
        at: Timestamp,
    },
    /// `exp`, `iat` or `nbf` is missing or not an integer in range.
    TimeMalformed {
        /// The claim.
        claim: &'static str,
    },
    /// From `iat` to `exp` is longer than the issuer's JWTs may live.
    TooLongLived {
        /// The issuer's name in the configuration.
        issuer: Arc<str>,
        /// How long this one lives.
        seconds: i64,
    },
}

impl RejectReason {
    /// The reason's stable name in metrics and events.
    pub fn code(&self) -> &'static str {
        match self {
            Self::AudienceMissing => "audience_missing",
            Self::AudienceShared { .. } => "audience_shared",
            Self::AudienceWrong { .. } => "audience_wrong",
            Self::Expired { .. } => "expired",
            Self::IssuedInFuture { .. } => "issued_in_future",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::TimeMalformed { .. } => "time_malformed",
            Self::TooLongLived { .. } => "too_long_lived",
        }
    }
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AudienceMissing => f.write_str("the JWT names no audience"),
            Self::AudienceShared { audience } => {
                write!(f, "the JWT is for other services, too: {audience}")
            }
            Self::AudienceWrong { audience } => {
                write!(f, "the JWT is for {audience}, and not for this server")
            }
            Self::Expired { at } => write!(f, "the JWT expired at {at}"),
            Self::IssuedInFuture { at } => {
                write!(f, "the JWT was issued at {at}, which is in the future")
            }
            Self::NotYetValid { at } => write!(f, "the JWT is not valid before {at}"),
            Self::TimeMalformed { claim } => {
                write!(f, "the JWT's {claim} is missing or not a time")
            }
            Self::TooLongLived { issuer, seconds } => write!(
                f,
                "the JWT lives {}, longer than {issuer} accepts",
                Span(*seconds)
            ),
        }
    }
}

/// Seconds, in the largest unit that keeps two figures.
struct Span(i64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            seconds @ ..120 => write!(f, "{seconds} s"),
            seconds @ 120..7200 => write!(f, "{} min", seconds / 60),
            seconds => write!(f, "{} h", seconds / 3600),
        }
    }
}

/// A caller who proved nothing.
#[derive(Debug)]
pub struct Stranger {
    /// The configured issuer whose JWT this claimed to be, if one.
    pub issuer: Option<Arc<str>>,
    /// The login this would have been, if a JWT was presented.
    pub login: Option<ShortId>,
    /// The category, which is all that the caller may read.
    pub reason: StrangerReason,
    /// More for the operator's event; never for the caller.
    pub detail: Option<String>,
}

impl From<Malformed> for Stranger {
    fn from(malformed: Malformed) -> Self {
        Self {
            issuer: None,
            login: None,
            reason: malformed.into(),
            detail: None,
        }
    }
}

impl From<Malformed> for Unproven {
    fn from(malformed: Malformed) -> Self {
        Self::Stranger(malformed.into())
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
    /// The issuer is configured for other tenants.
    #[error("the JWT's owner is not one that this issuer is configured for")]
    NotPinned,
    /// A password that is not a JWT.
    #[error("the password is not a JWT")]
    Password,
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
            Self::BadSignature => "bad_signature",
            Self::Claims => "claims",
            Self::ColonInUserName => "colon_in_user_name",
            Self::ForbiddenHeader => "forbidden_header",
            Self::Malformed => "malformed",
            Self::NotPinned => "not_pinned",
            Self::Password => "password",
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
            Malformed::Scheme => Self::UnsupportedScheme,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_rejection_fit_a_ci_log() {
        let issuer: Arc<str> = "github".into();
        let at = "2026-01-01T00:05:00Z".parse().unwrap();
        let words = [
            RejectReason::Expired { at },
            RejectReason::AudienceWrong {
                audience: "sts.amazonaws.com".to_owned(),
            },
            RejectReason::NotYetValid { at },
            RejectReason::TooLongLived {
                issuer,
                seconds: 31_536_000,
            },
        ]
        .map(|reason| reason.to_string())
        .join("\n");
        insta::assert_snapshot!(words, @r"
        the JWT expired at 2026-01-01T00:05:00Z
        the JWT is for sts.amazonaws.com, and not for this server
        the JWT is not valid before 2026-01-01T00:05:00Z
        the JWT lives 8760 h, longer than github accepts
        ");
    }
}

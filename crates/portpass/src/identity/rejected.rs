//! Why somebody known is not let in, in words that they may read.

use std::{fmt, sync::Arc};

use jiff::Timestamp;

use super::{Facts, Identity};
use crate::{session::Ended, short_id::ShortId};

/// Somebody known whose JWT, login or API token cannot be accepted.
#[derive(Debug)]
pub struct Rejected {
    /// Who it is.
    pub identity: Identity,
    /// The name people know the identity by.
    pub name: Arc<str>,
    /// What the platform says of the run.
    pub facts: Facts,
    /// The login this would have been.
    pub login: ShortId,
    /// What is wrong with it; its `Display` may be read by the caller.
    pub reason: RejectReason,
}

/// What is wrong with what somebody known presented.
///
/// `Display` is what the caller may read: the login's own story, never a
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
    /// The login's issuer is not configured any more.
    IssuerRemoved,
    /// The key that signed the login's JWT was withdrawn, or revoked here.
    KeyEnded,
    /// `nbf` lies ahead of our clock.
    NotYetValid {
        /// When it is.
        at: Timestamp,
    },
    /// The login is held to the network that it began in.
    OtherNetwork,
    /// The refresh token was given out for another registry.
    OtherRegistry,
    /// The identity provider does not vouch for the login any more, or is not
    /// asked any more.
    ProviderEnded,
    /// An operator ended the login.
    Revoked,
    /// The login has reached its cap.
    SessionEnded {
        /// When.
        at: Timestamp,
    },
    /// The login was used as often as its issuer's may be.
    SessionUses,
    /// The issuer's name stands for something else than when the login began.
    Suspended,
    /// `exp`, `iat` or `nbf` is missing or not an integer in range.
    TimeMalformed {
        /// The claim.
        claim: &'static str,
    },
    /// The API token has expired.
    TokenExpired {
        /// When.
        at: Timestamp,
    },
    /// An operator ended the API token.
    TokenRevoked,
    /// What the identity provider gave for the login was sealed with another key.
    Unsealed,
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
            Self::IssuerRemoved => "issuer_removed",
            Self::KeyEnded => "key_ended",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::OtherNetwork => "other_network",
            Self::OtherRegistry => "other_registry",
            Self::ProviderEnded => "provider_ended",
            Self::Revoked => "revoked",
            Self::SessionEnded { .. } => "session_ended",
            Self::SessionUses => "session_uses",
            Self::Suspended => "suspended",
            Self::TimeMalformed { .. } => "time_malformed",
            Self::TokenExpired { .. } => "token_expired",
            Self::TokenRevoked => "token_revoked",
            Self::TooLongLived { .. } => "too_long_lived",
            Self::Unsealed => "unsealed",
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
            Self::IssuerRemoved => f.write_str("the login's issuer is not configured any more"),
            Self::KeyEnded => f.write_str(
                "the key that signed the login's JWT has been withdrawn; log in again with a new JWT",
            ),
            Self::NotYetValid { at } => write!(f, "the JWT is not valid before {at}"),
            Self::OtherNetwork => f.write_str(
                "the login began in another network, and holds there only; log in again from here",
            ),
            Self::OtherRegistry => {
                f.write_str("the login is for another registry; log in to this one")
            }
            Self::ProviderEnded => {
                f.write_str("the identity provider does not go on with the login; log in again")
            }
            Self::Revoked => f.write_str("the login was revoked; log in again with a new JWT"),
            Self::SessionEnded { at } => {
                write!(f, "the login ended at {at}; log in again with a new JWT")
            }
            Self::SessionUses => f.write_str(
                "the login has been used as often as it may be; log in again with a new JWT",
            ),
            Self::Suspended => f.write_str(
                "the login's issuer has been configured otherwise since; log in again with a new JWT",
            ),
            Self::TimeMalformed { claim } => {
                write!(f, "the JWT's {claim} is missing or not a time")
            }
            Self::TokenExpired { at } => write!(f, "the API token expired at {at}"),
            Self::TokenRevoked => f.write_str("the API token was revoked"),
            Self::TooLongLived { issuer, seconds } => write!(
                f,
                "the JWT lives {}, longer than {issuer} accepts",
                Span(*seconds)
            ),
            Self::Unsealed => {
                f.write_str("the login was begun under another session_key; log in again")
            }
        }
    }
}

impl From<Ended> for RejectReason {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Key => Self::KeyEnded,
            Ended::Revoked => Self::Revoked,
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
            RejectReason::IssuerRemoved,
            RejectReason::KeyEnded,
            RejectReason::NotYetValid { at },
            RejectReason::OtherNetwork,
            RejectReason::OtherRegistry,
            RejectReason::ProviderEnded,
            RejectReason::Revoked,
            RejectReason::SessionEnded { at },
            RejectReason::SessionUses,
            RejectReason::Suspended,
            RejectReason::TokenExpired { at },
            RejectReason::TokenRevoked,
            RejectReason::TooLongLived {
                issuer,
                seconds: 31_536_000,
            },
            RejectReason::Unsealed,
        ]
        .map(|reason| format!("{}: {reason}", reason.code()))
        .join("\n");
        insta::assert_snapshot!(words, @r"
        expired: the JWT expired at 2026-01-01T00:05:00Z
        audience_wrong: the JWT is for sts.amazonaws.com, and not for this server
        issuer_removed: the login's issuer is not configured any more
        key_ended: the key that signed the login's JWT has been withdrawn; log in again with a new JWT
        not_yet_valid: the JWT is not valid before 2026-01-01T00:05:00Z
        other_network: the login began in another network, and holds there only; log in again from here
        other_registry: the login is for another registry; log in to this one
        provider_ended: the identity provider does not go on with the login; log in again
        revoked: the login was revoked; log in again with a new JWT
        session_ended: the login ended at 2026-01-01T00:05:00Z; log in again with a new JWT
        session_uses: the login has been used as often as it may be; log in again with a new JWT
        suspended: the login's issuer has been configured otherwise since; log in again with a new JWT
        token_expired: the API token expired at 2026-01-01T00:05:00Z
        token_revoked: the API token was revoked
        too_long_lived: the JWT lives 8760 h, longer than github accepts
        unsealed: the login was begun under another session_key; log in again
        ");
    }
}

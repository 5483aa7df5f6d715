//! What a proof rests on, for the session that it opens or uses.

use std::{fmt, sync::Arc};

use jiff::Timestamp;

use super::{ProviderLogin, Session};
use crate::{credential::SecretHash, identity::ApiToken, relay::Sealed, short_id::ShortId};

/// What a proof rests on.
#[derive(Clone, Debug)]
pub enum Evidence {
    /// Nothing was presented.
    Anonymous,
    /// An API token.
    ApiToken(Arc<ApiToken>),
    /// A JWT, in its time or (`accept_jwt_again`) within its session.
    Jwt(Login),
    /// A person's user name and password, which the provider took.
    Password {
        /// The login that began.
        login: Login,
        /// The provider's refresh token, if it gave one.
        sealed: Option<Sealed>,
    },
    /// A refresh token.
    RefreshToken {
        /// What it is stored under.
        hash: SecretHash,
        /// The login it goes on.
        login: Login,
        /// The provider's refresh token, if it gave another one on the way.
        sealed: Option<Rotated>,
    },
}

/// A provider's refresh token that was exchanged for the next one.
#[derive(Clone, Debug)]
pub struct Rotated {
    /// The one that was shown.
    pub old: Sealed,
    /// The one that came back, and that is good from now on.
    pub new: Sealed,
    /// Held until the new one is stored.
    pub turn: Turn,
}

/// Whose turn it is to exchange: whoever waits for it goes on when the last copy
/// of this is dropped, with the proof that it stands in.
#[derive(Clone)]
pub struct Turn(#[expect(dead_code, reason = "held, to be dropped")] Arc<dyn Send + Sync>);

impl Turn {
    /// A turn that lasts as long as what is held.
    pub fn holding(held: impl Send + Sync + 'static) -> Self {
        Self(Arc::new(held))
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Turn(…)")
    }
}

/// The JWT (of a person: the provider's token) that a login began with, and its session if the store has it already.
#[derive(Clone, Debug)]
pub struct Login {
    /// What its issuer stands for now.
    pub binding: ShortId,
    /// The issuer's key that signed it.
    pub key: Arc<str>,
    /// Its `iat`.
    pub issued: Timestamp,
    /// Its `exp`.
    pub expires: Timestamp,
    /// How often the session may be used, if the issuer limits it.
    pub max_uses: Option<u32>,
    /// Whether the session may be used only from where it was opened.
    pub is_held_to_its_network: bool,
    /// What the provider's token said, where it adds to a job's facts.
    pub provider: Option<Arc<ProviderLogin>>,
    /// The session, if it is known to be stored; a session unknown here is
    /// opened by the transaction that records the token.
    pub session: Option<Arc<Session>>,
}

impl Evidence {
    /// The word for events and metrics.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::ApiToken(_) => "api_token",
            Self::Jwt(_) => "jwt",
            Self::Password { .. } => "password",
            Self::RefreshToken { .. } => "refresh_token",
        }
    }

    /// The login behind it, if it may outlive the request: a person's does by the
    /// provider's refresh token alone, since only the provider knows who still is one.
    pub fn login(&self) -> Option<&Login> {
        match self {
            Self::Anonymous | Self::ApiToken(_) | Self::Password { sealed: None, .. } => None,
            Self::Jwt(login)
            | Self::Password {
                login,
                sealed: Some(_),
            }
            | Self::RefreshToken { login, .. } => Some(login),
        }
    }

    /// Whether it opens a session, if it is let through.
    pub fn opens_session(&self) -> bool {
        self.login().is_some_and(|login| login.session.is_none())
    }

    /// The provider's refresh token that the session keeps from now on, if there is
    /// another than before.
    pub fn sealed(&self) -> Option<&Sealed> {
        match self {
            Self::Anonymous | Self::ApiToken(_) | Self::Jwt(_) => None,
            Self::Password { sealed, .. } => sealed.as_ref(),
            Self::RefreshToken { sealed, .. } => sealed.as_ref().map(|rotated| &rotated.new),
        }
    }

    /// The exchange of the provider's refresh token, if there was one.
    pub fn rotated(&self) -> Option<&Rotated> {
        match self {
            Self::Anonymous | Self::ApiToken(_) | Self::Jwt(_) | Self::Password { .. } => None,
            Self::RefreshToken { sealed, .. } => sealed.as_ref(),
        }
    }
}

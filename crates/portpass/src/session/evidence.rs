//! What a proof rests on, for the session that it opens or uses.

use std::sync::Arc;

use jiff::Timestamp;

use super::Session;
use crate::{credential::SecretHash, identity::ApiToken, short_id::ShortId};

/// What a proof rests on.
#[derive(Clone, Debug)]
pub enum Evidence {
    /// Nothing was presented.
    Anonymous,
    /// An API token.
    ApiToken(Arc<ApiToken>),
    /// A JWT, in its time or (`accept_jwt_again`) within its session.
    Jwt(Login),
    /// A refresh token.
    RefreshToken {
        /// What it is stored under.
        hash: SecretHash,
        /// The login it goes on.
        login: Login,
    },
}

/// The JWT that a login began with, and its session if the store has it already.
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
            Self::RefreshToken { .. } => "refresh_token",
        }
    }

    /// The login of a JWT behind it.
    pub fn login(&self) -> Option<&Login> {
        match self {
            Self::Anonymous | Self::ApiToken(_) => None,
            Self::Jwt(login) | Self::RefreshToken { login, .. } => Some(login),
        }
    }
}

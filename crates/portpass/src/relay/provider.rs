//! Asking the provider for a token, and believing little of the answer.

use scope::Scopes;

use super::{ProviderFault, RelaySettings};
use crate::config::SecretText;

/// The provider's token endpoint.
#[derive(Debug)]
pub(super) struct Provider {}

/// With what a token is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Showing<'a> {
    /// A job's JWT.
    Jwt(&'a SecretText),
    /// A person's name and password.
    Password {
        /// The name.
        user: &'a str,
        /// The password.
        password: &'a SecretText,
    },
    /// A refresh token that the provider gave before (RFC 6749 §6).
    RefreshToken(&'a SecretText),
}

/// What the provider gave.
#[derive(Debug)]
pub(super) struct ProviderToken {
    /// Its `access_token`, or `token`.
    pub(super) access_token: SecretText,
    /// Its `refresh_token`, if it gave one.
    pub(super) refresh_token: Option<SecretText>,
}

impl Provider {
    /// Asks, once: within five seconds, for a JSON object of 64 KiB at most.
    ///
    /// `offline` asks for a refresh token by the scope `offline_access`.
    pub(super) async fn ask(
        &self,
        settings: &RelaySettings,
        showing: Showing<'_>,
        scopes: &Scopes,
        offline: bool,
    ) -> Result<ProviderToken, ProviderFault> {
        let _ = (settings, showing, scopes, offline);
        todo!("POST token_url")
    }
}

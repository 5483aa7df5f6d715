//! What of a caller is shown to the provider.

use std::path::Path;

use super::{
    AccessFrom, AnonymousAs, Answering, Caller, ProviderFault, Relay, Relayed,
    provider::{ProviderToken, Showing},
};
use crate::config::SecretText;

/// Longest JWT in a file; a pod's is 1 KB.
const MAX_JWT_BYTES: usize = 16 * 1024;

impl Relay {
    /// The caller's own JWT, where that is a token of the provider already, and
    /// only says who somebody is.
    pub(super) fn given(&self, caller: &Caller) -> Option<ProviderToken> {
        let Caller::Job {
            proof: Some(proof),
            jwt,
            ..
        } = caller
        else {
            return None;
        };
        let is_its = self.settings.provider.as_deref() == Some(proof.identity().issuer());
        let is_resigned = self.settings.answering != Answering::Passthrough;
        (is_its && is_resigned).then(|| ProviderToken {
            access_token: jwt.clone(),
            refresh_token: None,
        })
    }

    /// Presents the caller to the provider.
    ///
    /// Of those whom nobody has proven, a few at once: strangers do not choose how
    /// much the provider has to do.
    pub(super) async fn ask(
        &self,
        caller: &Caller,
        request: &Relayed<'_>,
    ) -> Result<ProviderToken, ProviderFault> {
        let _place = if caller.is_unproven() {
            let place = self.unproven.take(request.address);
            Some(place.ok_or(ProviderFault::Busy { retry_after: None })?)
        } else {
            None
        };
        let by_rules = self.settings.answering == Answering::Resign(AccessFrom::Rules);
        let offline = request.offline && by_rules && matches!(caller, Caller::Person(_));
        let in_file;
        let showing = match (caller, &self.settings.anonymous) {
            (Caller::Job { jwt, .. }, _) => Showing::Jwt(jwt),
            (Caller::Person(password), _) => Showing::Password {
                user: password.user(),
                password: password.secret(),
            },
            (Caller::Nobody, Some(AnonymousAs::JwtFile(path))) => {
                in_file = jwt_of(path).await?;
                Showing::Jwt(&in_file)
            }
            (Caller::Nobody, Some(AnonymousAs::User { name, password })) => Showing::Password {
                user: name,
                password,
            },
            (Caller::Nobody | Caller::Own(_) | Caller::Returning { .. }, _) => {
                let reason = "there is nothing to show it".to_owned();
                return Err(ProviderFault::Unavailable { reason });
            }
        };
        let asked = self
            .provider
            .ask(&self.settings, showing, request.scopes, offline)
            .await;
        match (asked, caller) {
            // Whose credential is refused is not the caller, but who set it up.
            (Err(ProviderFault::Refused { code }), Caller::Nobody) => {
                Err(ProviderFault::Misconfigured {
                    code: code.unwrap_or_else(|| "refused".to_owned()),
                })
            }
            (asked, _) => asked,
        }
    }
}

/// The JWT in a file, as it is now: a pod's is exchanged every hour.
async fn jwt_of(path: &Path) -> Result<SecretText, ProviderFault> {
    let unavailable = |reason: &dyn std::fmt::Display| ProviderFault::Unavailable {
        reason: format!("the JWT in {}: {reason}", path.display()),
    };
    let text = tokio::fs::read_to_string(path).await;
    let text = text.map_err(|error| unavailable(&error))?;
    let jwt = text.trim();
    if jwt.is_empty() || jwt.len() > MAX_JWT_BYTES {
        return Err(unavailable(&"it is none"));
    }
    Ok(jwt.to_owned().into())
}

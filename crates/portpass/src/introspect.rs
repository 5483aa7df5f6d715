//! What a token of ours says, told to the registry that it is for (RFC 7662).

use serde::Serialize;
use serde_json::Value;

use crate::{
    audit::Origin, credential::ClientCredentials, portpass::Portpass, refused::Refused,
    registry::Registry, token::VerifiedToken,
};

/// What a token is (RFC 7662 §2.2).
#[derive(Debug, Serialize)]
pub struct Introspected {
    active: bool,
    #[serde(flatten)]
    token: Option<Living>,
}

/// What a token that lives says; times in seconds since 1970.
#[derive(Debug, Serialize)]
struct Living {
    access: Value,
    aud: String,
    exp: i64,
    iat: i64,
    iss: String,
    jti: String,
    nbf: i64,
    scope: String,
    sub: String,
    token_type: &'static str,
}

impl Introspected {
    fn of(token: Option<VerifiedToken>) -> Self {
        Self {
            active: token.is_some(),
            token: token.map(|token| Living {
                access: token.access().clone(),
                aud: token.audience().to_owned(),
                exp: token.expires_at().as_second(),
                iat: token.issued_at().as_second(),
                iss: token.issuer().to_owned(),
                jti: token.id().to_owned(),
                nbf: token.not_before().as_second(),
                scope: token.scope().to_owned(),
                sub: token.subject().to_owned(),
                token_type: "Bearer",
            }),
        }
    }

    /// Whether the token lives, and is the registry's that asked.
    pub fn is_active(&self) -> bool {
        self.active
    }
}

impl Portpass {
    /// Tells a registry what a token is. Of anything but a living token of its
    /// own it is told nothing: not of another registry's, nor of our secrets.
    ///
    /// The registry calls itself by its `service` or its name in the file, and
    /// proves it by its `introspection_secret`.
    ///
    /// # Errors
    ///
    /// When it does not, and, if that happens too often, that the address has
    /// to wait.
    pub fn introspect(
        &self,
        client: Option<&ClientCredentials>,
        token: &str,
        origin: &Origin,
    ) -> Result<Introspected, Refused> {
        let now = self.clock.now();
        let snapshot = self.snapshot.load();
        let mut registries = snapshot.registries.iter();
        let asking = client.and_then(|client| registries.find(|registry| is(client, registry)));
        let Some(registry) = asking else {
            self.limits.count_unproven(origin.address, now)?;
            return Err(Refused::NotARegistry);
        };
        Ok(Introspected::of(self.signer.verify(registry, token, now)))
    }
}

/// Whether a client is a registry that may introspect.
fn is(client: &ClientCredentials, registry: &Registry) -> bool {
    let is_called = client.is_called(&registry.service) || client.is_called(&registry.name);
    let secret = registry.introspection_secret.as_ref();
    is_called && secret.is_some_and(|secret| client.has_secret(secret.expose()))
}

//! A secret of ours that its bearer gives up (RFC 7009).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::{
    audit::{Origin, operator_event},
    credential::{Secret, SecretHash, SecretKind},
    identity::TOKEN,
    portpass::Portpass,
    refused::{Nonsense, Refused},
    store::{Act, EventRow},
};

/// Who did it, in the event: whoever had the secret.
const BEARER: &str = "bearer";

/// What became of a token that was given up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Revoked {
    /// It was an API token.
    ApiToken,
    /// It was good for nothing before.
    Nothing,
    /// It was a refresh token; its session stays.
    RefreshToken,
}

impl Revoked {
    /// Its stable name in metrics.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ApiToken => "api_token",
            Self::Nothing => "nothing",
            Self::RefreshToken => "refresh_token",
        }
    }
}

impl Portpass {
    /// Ends a secret of ours: here at once, on other servers within two seconds.
    /// To have it is enough.
    ///
    /// What is none, and what is damaged, is good for nothing anyway, and so is
    /// a success (RFC 7009 §2.2); it is counted against the address.
    ///
    /// # Errors
    ///
    /// When it is an access token of ours, which nobody can take back; when the
    /// address asked too often about nothing; when the database fails.
    pub async fn revoke(&self, token: &str, origin: &Origin) -> Result<Revoked, Refused> {
        let now = self.clock.now();
        let revoked = match Secret::parse(token) {
            Some(Ok(secret)) => match secret.kind() {
                SecretKind::ApiToken => self.revoke_api_token(secret.hash(), origin, now).await?,
                SecretKind::RefreshToken => {
                    self.revoke_refresh_token(secret.hash(), origin, now)
                        .await?
                }
            },
            None if self.has_signed(token, now) => return Err(Nonsense::TokenType.into()),
            Some(Err(_)) | None => Revoked::Nothing,
        };
        if revoked == Revoked::Nothing {
            self.limits.count_unproven(origin.address, now)?;
        }
        Ok(revoked)
    }

    async fn revoke_api_token(
        &self,
        hash: &SecretHash,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Revoked, Refused> {
        let found = self.standing.api_token(hash).await;
        let Some(token) = found.map_err(Refused::NotRevoked)? else {
            return Ok(Revoked::Nothing);
        };
        if token.revoked.is_some() {
            return Ok(Revoked::Nothing);
        }
        let detail = json!({ "name": token.name, "group": &*token.group });
        let event = EventRow {
            issuer: Some(TOKEN.to_owned()),
            identity: Some(token.identity.id().to_owned()),
            ..event("tokens revoke", detail, origin, now)
        };
        let act = Act::RevokeApiToken {
            id: token.identity.id().to_owned(),
            at_ms: now.as_millisecond(),
        };
        let given_up = self.standing.give_up(act, &event).await;
        given_up.map_err(Refused::NotRevoked)?;
        Ok(Revoked::ApiToken)
    }

    async fn revoke_refresh_token(
        &self,
        hash: &SecretHash,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Revoked, Refused> {
        let found = self.standing.refresh_token(hash).await;
        let Some(token) = found.map_err(Refused::NotRevoked)? else {
            return Ok(Revoked::Nothing);
        };
        let session = &token.session;
        let detail = json!({ "name": session.name });
        let event = EventRow {
            login: Some(session.login.to_string()),
            registry: Some(token.registry.to_string()),
            issuer: Some(session.identity.issuer().to_owned()),
            identity: Some(session.identity.id().to_owned()),
            ..event("refresh token revoke", detail, origin, now)
        };
        let act = Act::RevokeRefreshToken {
            hash: hash.as_str().to_owned(),
        };
        let given_up = self.standing.give_up(act, &event).await;
        given_up.map_err(Refused::NotRevoked)?;
        Ok(Revoked::RefreshToken)
    }

    /// Whether it is a token that a registry of ours takes now.
    fn has_signed(&self, token: &str, now: Timestamp) -> bool {
        let snapshot = self.snapshot.load();
        let mut registries = snapshot.registries.iter();
        registries.any(|registry| self.signer.verify(registry, token, now).is_some())
    }
}

/// What the bearer did, and where from.
fn event(action: &str, detail: Value, origin: &Origin, now: Timestamp) -> EventRow {
    let mut all = Map::from_iter([
        ("address".to_owned(), json!(origin.address)),
        ("request_id".to_owned(), json!(origin.request_id)),
    ]);
    if let Value::Object(detail) = detail {
        all.extend(detail);
    }
    operator_event(BEARER, action, &Value::Object(all), now)
}

//! Logins that go on: a job's by what the provider said when it began, a
//! person's by asking the provider anew.

use std::{sync::Arc, time::Duration};

use moka::sync::Cache;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{
    Caller, Proven, ProviderFault, Relay, Relayed, Sealed, TokenFault,
    provider::{ProviderToken, Showing},
    resign::{no_key, purpose},
    stopped::{Stopped, Unusable},
};
use crate::{
    config::SecretText,
    credential::Secret,
    identity::{Proof, RejectReason, Unproven},
    session::{Rotated, Session, Turn},
    short_id::ShortId,
};

/// People whose last exchange is remembered.
const REMEMBERED: u64 = 10_000;

/// For how long it is, after it was last of use.
const IDLE: Duration = Duration::from_mins(15);

/// Whose turn it is to come back: providers take a refresh token once, so one
/// login's requests come one after the other.
#[derive(Debug)]
pub(super) struct Turns(Cache<ShortId, Arc<Mutex<Option<Exchanged>>>>);

/// What the provider gave in place of what is stored, until that is stored.
#[derive(Clone)]
pub(crate) struct Exchanged {
    used: Sealed,
    token: SecretText,
}

impl std::fmt::Debug for Exchanged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Exchanged(…)")
    }
}

impl Default for Turns {
    fn default() -> Self {
        let logins = Cache::builder()
            .max_capacity(REMEMBERED)
            .time_to_idle(IDLE)
            .build();
        Self(logins)
    }
}

impl Turns {
    async fn wait(&self, login: ShortId) -> OwnedMutexGuard<Option<Exchanged>> {
        self.0.get_with(login, Arc::default).lock_owned().await
    }
}

impl Relay {
    /// Who goes on with a refresh token of ours.
    pub(super) async fn returning(
        &self,
        secret: &Secret,
        request: &Relayed<'_>,
    ) -> Result<Caller, Stopped> {
        let proof = request.directory.prove_returning(secret, request.at).await;
        let proof = proof.map_err(Stopped::Unproven)?;
        let session = proof
            .evidence()
            .login()
            .and_then(|login| login.session.clone());
        match session {
            Some(session) if session.sealed.is_some() => {
                if session.identity.issuer() != self.provider_name() {
                    let ended = proof.rejected(session.login, RejectReason::ProviderEnded);
                    return Err(Stopped::Unproven(Unproven::Rejected(Box::new(ended))));
                }
                Ok(Caller::Returning {
                    proof: Box::new(proof),
                    session,
                })
            }
            Some(session) => {
                let proof = self.recall(proof, &session, request)?;
                Ok(Caller::Own(Box::new(proof)))
            }
            None => Ok(Caller::Own(Box::new(proof))),
        }
    }

    /// A job, with what the provider said of it when its login began, read by
    /// the settings of today.
    pub(super) fn recall(
        &self,
        proof: Proof,
        session: &Session,
        request: &Relayed<'_>,
    ) -> Result<Proof, Stopped> {
        let Some(provider) = &session.provider else {
            return Ok(proof);
        };
        let vouched = if *provider.issuer == *self.provider_name() {
            request
                .directory
                .vouched_before(provider, session.login, request.at)
        } else {
            Err(RejectReason::ProviderEnded)
        };
        match vouched {
            Ok(vouched) => Ok(proof.vouched_by(&vouched)),
            Err(reason) => {
                let rejected = proof.rejected(session.login, reason);
                Err(Stopped::Unproven(Unproven::Rejected(Box::new(rejected))))
            }
        }
    }

    /// A person, as the provider knows them today.
    ///
    /// Two servers may have exchanged what the provider gave: who is refused looks
    /// once more whether there is something newer.
    pub(super) async fn renew(
        &self,
        proof: Proof,
        session: &Session,
        request: &Relayed<'_>,
    ) -> Result<Proven, Unusable> {
        let login = session.login;
        let rejected = |reason| {
            let rejected = proof.rejected(login, reason);
            Unusable::Unproven(Unproven::Rejected(Box::new(rejected)))
        };
        let key = self.seal_key.get().ok_or_else(no_key)?;
        let mut refused = None;
        let (stored, token, turn) = loop {
            let turn = self.turns.wait(login).await;
            let stored = self.stored(login, request).await?;
            let stored = stored.ok_or_else(|| rejected(RejectReason::ProviderEnded))?;
            if refused.as_ref() == Some(&stored) {
                return Err(rejected(RejectReason::ProviderEnded));
            }
            let secret = match &*turn {
                // What came of it could not be stored.
                Some(exchanged) if exchanged.used == stored => exchanged.token.clone(),
                Some(_) | None => key
                    .open(&purpose(login), &stored)
                    .ok_or_else(|| rejected(RejectReason::Unsealed))?,
            };
            match self.exchange(stored.clone(), secret, turn, request).await {
                Ok((token, turn)) => break (stored, token, turn),
                Err(ProviderFault::Refused { .. }) => refused = Some(stored),
                Err(fault) => return Err(fault.into()),
            }
        };
        let vouched = self
            .verify(
                self.provider_name(),
                &token.access_token,
                Some(login),
                request,
            )
            .await?;
        if vouched.identity() != proof.identity() {
            return Err(TokenFault::OtherIdentity.into());
        }
        let rotated = match &token.refresh_token {
            Some(new) => Some(Rotated {
                old: stored,
                new: self.seal(login, new)?,
                turn: Turn::holding(turn),
            }),
            None => None,
        };
        Ok(Proven {
            proof: proof.renewed_by(vouched, rotated),
            access: None,
            may_outlive: true,
        })
    }

    /// What the store has of the provider's refresh token now: another server
    /// may have exchanged it.
    async fn stored(
        &self,
        login: ShortId,
        request: &Relayed<'_>,
    ) -> Result<Option<Sealed>, Unproven> {
        let session = request.at.standing.session_afresh(login).await?;
        Ok(session.and_then(|session| session.sealed.clone()))
    }

    /// Exchanges the provider's refresh token, in a task of its own: who hangs up
    /// must not lose what the provider gave for it.
    async fn exchange(
        &self,
        stored: Sealed,
        secret: SecretText,
        mut turn: OwnedMutexGuard<Option<Exchanged>>,
        request: &Relayed<'_>,
    ) -> Result<(ProviderToken, OwnedMutexGuard<Option<Exchanged>>), ProviderFault> {
        let (provider, settings) = (Arc::clone(&self.provider), self.settings.clone());
        let scopes = request.scopes.clone();
        let task = tokio::spawn(async move {
            let showing = Showing::RefreshToken(&secret);
            let mut token = provider.ask(&settings, showing, &scopes, false).await?;
            let is_new = |new: &SecretText| *new != secret;
            token.refresh_token = token.refresh_token.filter(is_new);
            let is_unstored = turn.as_ref().is_some_and(|before| before.used == stored);
            match &token.refresh_token {
                Some(new) => {
                    *turn = Some(Exchanged {
                        used: stored,
                        token: new.clone(),
                    });
                }
                // Good again, and still to be stored: memory does not last.
                None if is_unstored => token.refresh_token = Some(secret),
                None => {}
            }
            Ok((token, turn))
        });
        task.await.unwrap_or_else(|_ended| {
            Err(ProviderFault::Unavailable {
                reason: "asking it ended early".to_owned(),
            })
        })
    }
}

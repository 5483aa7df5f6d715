//! The whole journey of one request.

use std::{borrow::Cow, sync::Arc};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use scope::Scopes;

use crate::{
    answer::Answer,
    audit::{Journal, Origin, Recorded, SessionNow, Unrecorded},
    clock::Clock,
    credential::{Credential, Presented, Secret, SecretKind},
    decision::{Caller, Held},
    identity::Circumstances,
    limits::{Limits, Sent},
    refused::{Ask, Refused},
    relay::{Proven, Relayed, Vouched},
    session::Evidence,
    snapshot::Snapshot,
    standing::Standing,
    token::{SignError, SignedToken, Signer},
};

/// How often a request is decided that others overtake. The second time finds
/// what has changed; more than that is somebody's contrivance.
const ATTEMPTS: u32 = 3;

/// The token server: everything a request passes through.
#[derive(Debug)]
pub struct Portpass {
    /// What time it is.
    pub clock: Clock,
    /// Where events go.
    pub journal: Journal,
    /// Who asks too often.
    pub limits: Limits,
    /// Signs what was decided.
    pub signer: Signer,
    /// Issuers, rules and registries, as the file had them when it was last read.
    pub snapshot: ArcSwap<Snapshot>,
    /// Sessions, secrets, members and owners, as they stand.
    pub standing: Standing,
}

/// What a client asks of the token endpoint.
#[derive(Debug)]
pub struct TokenRequest<'a> {
    /// Whether it asks for a refresh token.
    pub offline: bool,
    /// Who sent it.
    pub origin: Origin,
    /// What it presented, wherever it stood.
    pub presented: Presented<'a>,
    /// Each `scope` parameter, as it came.
    pub scopes: Vec<&'a str>,
    /// How it was sent.
    pub sent: Sent,
    /// Each `service` parameter, as it came.
    pub services: Vec<&'a str>,
}

impl Portpass {
    /// Answers one request, whatever it is, once its event is on the disk.
    ///
    /// What was overtaken before its commit is decided anew.
    ///
    /// # Errors
    ///
    /// When the event could not be committed: then nothing may be answered but
    /// that the service is unavailable.
    pub async fn answer(&self, request: &TokenRequest<'_>) -> Result<Recorded, Unrecorded> {
        let mut attempt = 1;
        let is_counted = self.limits.is_counted(request, self.clock.now());
        loop {
            let now = self.clock.now();
            let snapshot = self.snapshot.load_full();
            let origin = under(&snapshot, &request.origin);
            let mut outcome = self.issue(request, is_counted, &snapshot, now).await;
            if !is_counted {
                outcome = self.limits.charge(outcome, origin.address, now);
                self.limits.note(request, &outcome, now);
            }
            match self.journal.record(outcome, &origin, now).await {
                Ok(recorded) => {
                    self.remember(&recorded, now).await;
                    return Ok(recorded);
                }
                Err(Unrecorded::Overtaken(overtaken)) if attempt < ATTEMPTS => {
                    attempt += 1;
                    if let Err(error) = self.standing.reconsider(&overtaken).await {
                        tracing::debug!(error = %error, "What overtook a request was not read");
                    }
                }
                Err(unrecorded) => return Err(unrecorded),
            }
        }
    }

    /// Answers a request that could not even be read, or that asks for no token.
    ///
    /// # Errors
    ///
    /// As [`Portpass::answer`].
    pub async fn refuse(
        &self,
        refused: impl Into<Refused>,
        origin: &Origin,
    ) -> Result<Recorded, Unrecorded> {
        let outcome = Err(refused.into());
        let origin = under(&self.snapshot.load(), origin);
        self.journal
            .record(outcome, &origin, self.clock.now())
            .await
    }

    /// `is_counted` is whether no limit counts it again.
    async fn issue(
        &self,
        request: &TokenRequest<'_>,
        is_counted: bool,
        snapshot: &Snapshot,
        now: Timestamp,
    ) -> Result<Answer, Refused> {
        let registry = snapshot.registry(&request.services)?;
        let scopes = Scopes::parse(request.scopes.iter().copied())?;
        let ask = Ask {
            registry: Arc::clone(&registry),
            policy: snapshot.policy.version(),
            scopes,
        };

        let settled = match self.standing.settled().await {
            Ok(settled) => settled,
            Err(error) => return Err(Refused::Unavailable { error, ask }),
        };
        let circumstances = Circumstances {
            registry: &registry.name,
            network: request.origin.network(),
            standing: &self.standing,
            settled: &settled,
            now,
        };
        let recalled = snapshot.directory.recall(&request.presented);
        let read = recalled.map_or_else(|| Credential::from_request(&request.presented), Ok);
        let credential = match read {
            Ok(credential) => credential,
            Err(malformed) => {
                let unproven = malformed.into();
                return Err(Refused::Unproven { unproven, ask });
            }
        };
        let (proven, ask) = match &snapshot.relay {
            None => {
                let at = &circumstances;
                let proven = self.prove(snapshot, credential, at, is_counted, ask);
                proven.await?
            }
            Some(relay) => {
                let scopes = ask.scopes.clone();
                let relayed = Relayed {
                    directory: &snapshot.directory,
                    at: &circumstances,
                    scopes: &scopes,
                    offline: request.offline,
                    limits: &self.limits,
                    is_counted,
                    address: request.origin.address,
                };
                // Elsewhere than with what every request takes along.
                match Box::pin(relay.vouch(credential, &relayed, ask)).await? {
                    Vouched::Passed(token) => return Ok(Answer::Passed(token)),
                    Vouched::Proven(proven, ask) => (*proven, ask),
                }
            }
        };
        let Proven {
            proof,
            access,
            may_outlive,
        } = proven;
        let namespaces = snapshot.policy.namespaces(Caller::from(&proof), &registry);
        let owners = match self.standing.owners(&registry.name, &namespaces).await {
            Ok(owners) => owners,
            Err(error) => return Err(Refused::Unavailable { error, ask }),
        };
        let held = Held {
            groups: settled.groups(proof.identity()),
            owners: &owners,
        };
        let (policy, asked) = (&snapshot.policy, &ask.scopes);
        let grant = match access {
            None => policy.decide(proof, held, &registry, asked),
            Some(given) => policy.decide_claimed(proof, held, &registry, asked, &given),
        }?;
        let token = self.signer.sign(grant, now)?;
        Ok(offline(token, request.offline && may_outlive)?.into())
    }

    /// Who the caller proves to be by our issuers and secrets alone.
    async fn prove(
        &self,
        snapshot: &Snapshot,
        credential: Credential,
        circumstances: &Circumstances<'_>,
        is_counted: bool,
        ask: Ask,
    ) -> Result<(Proven, Ask), Refused> {
        let proof = match snapshot.directory.prove(credential, circumstances).await {
            Ok(proof) => proof,
            Err(unproven) => return Err(Refused::Unproven { unproven, ask }),
        };
        if !is_counted && let Err(limited) = self.limits.admit_identity(&proof, circumstances.now) {
            return Err(Refused::LimitedIdentity {
                limited,
                proof: Box::new(proof),
                ask,
            });
        }
        Ok((Proven::by_ourselves(proof), ask))
    }

    /// Keeps in memory what a commit has made of a session.
    async fn remember(&self, recorded: &Recorded, now: Timestamp) {
        if let Some(SessionNow::Opened(session)) = recorded.session() {
            self.limits.count_session(&session.identity, now);
        }
        match recorded.session() {
            Some(SessionNow::Opened(session) | SessionNow::Used(session)) => {
                self.standing.remember(Arc::clone(session));
            }
            Some(SessionNow::Elsewhere(login)) => {
                if let Err(error) = self.standing.session(*login).await {
                    tracing::debug!(error = %error, "A session opened elsewhere was not read");
                }
            }
            None => {}
        }
    }
}

/// Where a request came from, with the mark of the relay that it goes through.
fn under<'o>(snapshot: &Snapshot, origin: &'o Origin) -> Cow<'o, Origin> {
    match &snapshot.relay {
        Some(relay) if relay.trusts_provider() => Cow::Owned(origin.clone().trusting_provider()),
        Some(_) | None => Cow::Borrowed(origin),
    }
}

/// The token, with a refresh token where one was asked for and may be given:
/// to whoever shows the JWT itself, or the password of a person whose login the
/// provider goes on with. Clients never keep a rotated one.
fn offline(token: SignedToken, asked: bool) -> Result<SignedToken, SignError> {
    match token.grant().proof().evidence() {
        Evidence::Jwt(_)
        | Evidence::Password {
            sealed: Some(_), ..
        } if asked => {
            let secret = Secret::make(SecretKind::RefreshToken)
                .map_err(|_without_words| SignError::NoRandomness)?;
            Ok(token.with_refresh(secret))
        }
        Evidence::Anonymous
        | Evidence::ApiToken(_)
        | Evidence::Jwt(_)
        | Evidence::Password { .. }
        | Evidence::RefreshToken { .. } => Ok(token),
    }
}

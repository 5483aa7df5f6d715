//! The whole journey of one request.

use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use scope::Scopes;

use crate::{
    audit::{Journal, Origin, Recorded, Unrecorded},
    clock::Clock,
    credential::{Credential, Presented},
    identity::{Circumstances, Proof, Unproven},
    limits::Limits,
    refused::{Ask, Nonsense, Refused},
    snapshot::Snapshot,
    standing::Standing,
    token::{SignedToken, Signer},
};

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
    /// Who sent it.
    pub origin: Origin,
    /// What it presented, wherever it stood.
    pub presented: Presented<'a>,
    /// Each `scope` parameter, as it came.
    pub scopes: Vec<&'a str>,
    /// Each `service` parameter, as it came.
    pub services: Vec<&'a str>,
}

impl Portpass {
    /// Answers one request, whatever it is, once its event is on the disk.
    ///
    /// # Errors
    ///
    /// When the event could not be committed: then nothing may be answered but
    /// that the service is unavailable.
    pub async fn answer(&self, request: &TokenRequest<'_>) -> Result<Recorded, Unrecorded> {
        let now = self.clock.now();
        let outcome = self.issue(request, now).await;
        let outcome = self.limits.charge(outcome, request.origin.address, now);
        self.journal.record(outcome, &request.origin, now).await
    }

    /// Answers a request that could not even be read.
    ///
    /// # Errors
    ///
    /// As [`Portpass::answer`].
    pub async fn refuse(
        &self,
        nonsense: Nonsense,
        origin: &Origin,
    ) -> Result<Recorded, Unrecorded> {
        let outcome = Err(Refused::Nonsense(nonsense));
        self.journal.record(outcome, origin, self.clock.now()).await
    }

    async fn issue(
        &self,
        request: &TokenRequest<'_>,
        now: Timestamp,
    ) -> Result<SignedToken, Refused> {
        let snapshot = self.snapshot.load_full();
        let registry = snapshot.registry(&request.services)?;
        let scopes = Scopes::parse(request.scopes.iter().copied())?;
        let ask = Ask {
            registry: Arc::clone(registry),
            policy: snapshot.policy.version(),
            scopes,
        };

        let proof = match prove(&snapshot, &request.presented, now).await {
            Ok(proof) => proof,
            Err(unproven) => return Err(Refused::Unproven { unproven, ask }),
        };
        if let Err(limited) = self.limits.admit_identity(&proof, now) {
            return Err(Refused::LimitedIdentity {
                limited,
                proof: Box::new(proof),
                ask,
            });
        }
        let grant = snapshot.policy.decide(proof, &ask.registry, &ask.scopes)?;
        Ok(self.signer.sign(grant, now)?)
    }
}

/// Who the caller proves to be by what was presented.
async fn prove(
    snapshot: &Snapshot,
    presented: &Presented<'_>,
    now: Timestamp,
) -> Result<Proof, Unproven> {
    let credential = Credential::from_request(presented)?;
    snapshot
        .directory
        .prove(credential, &circumstances(now))
        .await
}

/// Stands for the wiring of the whole journey, which another change brings.
fn circumstances(_now: Timestamp) -> Circumstances<'static> {
    todo!()
}

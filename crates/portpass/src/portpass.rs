//! The whole journey of one request.

use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use scope::{InvalidScope, Scopes};

use crate::{
    audit::{Journal, Origin, Recorded, Unrecorded},
    clock::Clock,
    credential::{Credential, Presented},
    decision::{self, Denied},
    identity::{Proof, Unproven},
    limits::{Limited, Limits},
    registry::Registry,
    short_id::ShortId,
    snapshot::Snapshot,
    token::{SignError, SignedToken, Signer},
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
    snapshot.directory.prove(credential, now).await
}

/// What was asked, for the record of a request that never was decided.
#[derive(Debug)]
pub struct Ask {
    /// For which registry.
    pub registry: Arc<Registry>,
    /// Under which rules.
    pub policy: ShortId,
    /// Which access.
    pub scopes: Scopes,
}

impl Ask {
    /// The decision's id, had there been one: a retry of the same login for
    /// the same scopes has the same.
    pub fn decision(&self, login: ShortId) -> ShortId {
        decision::decision_id(Some(login), &self.registry.name, &self.scopes, self.policy)
    }
}

/// Why a request got no token; the type says whose fault it is.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The caller is proven, and may not.
    #[error("denied")]
    Denied(Box<Denied>),
    /// Nobody can tell what is asked.
    #[error("nonsense: {0}")]
    Nonsense(#[from] Nonsense),
    /// The address has failed to prove anybody too often.
    #[error(transparent)]
    LimitedAddress(#[from] Limited),
    /// A proven caller asks too often.
    #[error("{limited}")]
    LimitedIdentity {
        /// For how long.
        limited: Limited,
        /// Who it is.
        proof: Box<Proof>,
        /// What was asked.
        ask: Ask,
    },
    /// Our fault.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// What was presented proves nobody who may go on.
    #[error("unproven")]
    Unproven {
        /// Why not.
        unproven: Unproven,
        /// What was asked.
        ask: Ask,
    },
}

/// A request that no server could answer (RFC 6749 §5.2, `invalid_request`).
#[derive(Clone, Debug, thiserror::Error)]
pub enum Nonsense {
    /// The grant type of a form is none that this server knows.
    #[error("grant_type must be password; refresh tokens are not in this version")]
    GrantType,
    /// The form or query cannot be read.
    #[error("{0}")]
    Request(String),
    /// A scope cannot be read.
    #[error("{0}")]
    Scope(#[from] InvalidScope),
    /// There is no `service`, and more than one registry.
    #[error("the request names no service")]
    ServiceMissing,
    /// `service` stands twice, with two values.
    #[error("the request names more than one service")]
    ServiceTwice,
    /// No registry has this `service`.
    #[error("the service is not one of this server's registries")]
    ServiceUnknown,
}

impl Refused {
    /// Whether a credential was presented that proves nobody.
    pub(crate) fn proves_nobody(&self) -> bool {
        match self {
            Self::Unproven { unproven, .. } => match unproven {
                Unproven::Stranger(_) => true,
                Unproven::Rejected(_) | Unproven::Unavailable { .. } => false,
            },
            Self::Denied(_)
            | Self::LimitedAddress(_)
            | Self::LimitedIdentity { .. }
            | Self::Nonsense(_)
            | Self::Sign(_) => false,
        }
    }
}

impl From<Box<Denied>> for Refused {
    fn from(denied: Box<Denied>) -> Self {
        Self::Denied(denied)
    }
}

impl From<InvalidScope> for Refused {
    fn from(error: InvalidScope) -> Self {
        Self::Nonsense(error.into())
    }
}

//! Why a request got no token; the type says whose fault it is.

use std::sync::Arc;

use scope::{InvalidScope, Scopes};

use crate::{
    decision::{self, Denied},
    identity::{Facts, Identity, Proof, Rejected, StrangerReason, Unproven},
    registry::Registry,
    relay::{Blame, ProviderFault},
    short_id::ShortId,
    store::StoreError,
    token::SignError,
};

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

    /// What somebody known is told whose JWT is not accepted.
    pub fn rejection(&self, rejected: &Rejected) -> String {
        decision::rejection(
            &self.scopes,
            Some(&rejected.name),
            &rejected.facts,
            &rejected.reason,
            self.decision(rejected.login),
        )
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
    /// The credentials are not those of a registry that may introspect.
    #[error("the credentials are not those of a registry that may ask what its tokens are")]
    NotARegistry,
    /// The database cannot tell what a secret is, or not take note that it is given up.
    #[error("{0}")]
    NotRevoked(#[source] StoreError),
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
    /// The identity provider gave nothing that can be used.
    #[error("{}", .0.fault)]
    Provider(Box<Unvouched>),
    /// Our fault.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The database cannot tell what is to be known.
    #[error("{error}")]
    Unavailable {
        /// Why not, for the operator.
        error: StoreError,
        /// What was asked.
        ask: Ask,
    },
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
    #[error("grant_type must be password or refresh_token")]
    GrantType,
    /// The grant type is none that the OAuth 2 endpoint knows.
    #[error(
        "grant_type must be client_credentials, password, refresh_token, \
         urn:ietf:params:oauth:grant-type:jwt-bearer or \
         urn:ietf:params:oauth:grant-type:token-exchange"
    )]
    OAuthGrantType,
    /// The form or query cannot be read.
    #[error("{0}")]
    Request(String),
    /// A scope cannot be read.
    #[error("{0}")]
    Scope(#[from] InvalidScope),
    /// A scope is neither docker's nor one of the words beside them.
    #[error(
        "the scope `{0}` is unknown here; scopes are written as in repository:web:pull, and \
         [oauth2] names the others"
    )]
    ScopeWord(String),
    /// There is no `service`, and more than one registry.
    #[error("the request names no service")]
    ServiceMissing,
    /// `service` stands twice, with two values.
    #[error("the request names more than one service")]
    ServiceTwice,
    /// No registry has this `service`.
    #[error("the service is not one of this server's registries")]
    ServiceUnknown,
    /// A token for something else than one of our registries (RFC 8693 §2.2.2).
    #[error("{0}")]
    Target(&'static str),
    /// A token that nobody can take back before it expires (RFC 7009 §2.2.1).
    #[error("access tokens cannot be revoked; they expire within minutes")]
    TokenType,
}

impl Refused {
    /// Whether it is the caller, or what they ask, that is refused: clients try
    /// that once more in another way.
    pub(crate) fn is_of_caller(&self) -> bool {
        match self {
            Self::Denied(_) => true,
            Self::Provider(unvouched) => unvouched.fault.blame() == Blame::Caller,
            Self::Unproven { unproven, .. } => match unproven {
                Unproven::Rejected(_) | Unproven::Stranger(_) => true,
                Unproven::Unavailable { .. } => false,
            },
            Self::LimitedAddress(_)
            | Self::LimitedIdentity { .. }
            | Self::Nonsense(_)
            | Self::NotARegistry
            | Self::NotRevoked(_)
            | Self::Sign(_)
            | Self::Unavailable { .. } => false,
        }
    }

    /// Whether its client is told to wait, having asked too often.
    pub(crate) fn is_limited(&self) -> bool {
        matches!(self, Self::LimitedAddress(_) | Self::LimitedIdentity { .. })
    }

    /// Whether a credential was presented that is not accepted, and that is not
    /// counted yet: what only the provider can judge is, before it is tried.
    pub(crate) fn is_unproven(&self) -> bool {
        match self {
            Self::Unproven { unproven, .. } => match unproven {
                // Whoever presents nothing has tried nothing.
                Unproven::Stranger(stranger) => stranger.reason != StrangerReason::NothingPresented,
                Unproven::Rejected(_) => true,
                Unproven::Unavailable { .. } => false,
            },
            Self::NotARegistry => true,
            Self::Denied(_)
            | Self::LimitedAddress(_)
            | Self::LimitedIdentity { .. }
            | Self::Nonsense(_)
            | Self::NotRevoked(_)
            | Self::Provider(_)
            | Self::Sign(_)
            | Self::Unavailable { .. } => false,
        }
    }
}

/// Somebody for whom the identity provider gave nothing that can be used.
#[derive(Debug)]
pub struct Unvouched {
    /// Why not.
    pub fault: ProviderFault,
    /// Who it is by an issuer of ours, if that was asked.
    pub proof: Option<Proof>,
    /// The login of the JWT that was presented.
    pub login: Option<ShortId>,
    /// The user name that a person gave; printable and short.
    pub user: Option<String>,
    /// Whether nothing was presented.
    pub is_nobody: bool,
    /// What was asked.
    pub ask: Ask,
}

impl Unvouched {
    /// The decision's id, if it is the same for a retry: of the login, or of the
    /// name that a person gave. Of a stranger's name nothing is kept, not even
    /// this: it may be a password.
    pub fn decision(&self) -> Option<ShortId> {
        let of_user = |user: &String| ShortId::of_parts([b"user".as_slice(), user.as_bytes()]);
        let user = self.user.as_ref().filter(|_| self.is_of_somebody());
        let login = self.login.or_else(|| user.map(of_user))?;
        Some(self.ask.decision(login))
    }

    /// What the caller is told: somebody known what was asked and for whom,
    /// anybody else the category alone.
    pub fn message(&self) -> String {
        let fault = &self.fault;
        match self.decision() {
            Some(id) if self.is_of_somebody() && fault.blame() == Blame::Caller => {
                let withheld = match fault {
                    ProviderFault::Withheld(scope) => Scopes::parse([&*scope.to_string()]).ok(),
                    ProviderFault::Busy { .. }
                    | ProviderFault::Misconfigured { .. }
                    | ProviderFault::Refused { .. }
                    | ProviderFault::Token(_)
                    | ProviderFault::Unavailable { .. } => None,
                };
                let asked = withheld.as_ref().unwrap_or(&self.ask.scopes);
                let no_facts = Facts::default();
                let (name, facts) = match &self.proof {
                    Some(proof) => (Some(proof.name()), proof.facts()),
                    None => (self.user.as_deref(), &no_facts),
                };
                decision::rejection(asked, name, facts, fault, id)
            }
            Some(id) if self.login.is_some() => format!("{fault}; decision {id}"),
            Some(_) | None => fault.to_string(),
        }
    }

    /// Whether it is about somebody whom an issuer of ours, or the provider, knows.
    pub fn is_of_somebody(&self) -> bool {
        let is_known_there = matches!(self.fault, ProviderFault::Withheld(_)) && !self.is_nobody;
        self.proof.is_some() || is_known_there
    }

    /// Whether it is the credential that the provider does not take.
    pub fn is_refused(&self) -> bool {
        matches!(self.fault, ProviderFault::Refused { .. })
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

/// Too many requests (RFC 6585 §4).
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("too many requests; try again in {seconds} s")]
pub struct Limited {
    /// When to come again.
    pub seconds: u64,
}

/// The id under which an operator finds that an identity asks too often: one
/// for the identity, whatever it asks.
pub fn limited_id(identity: &Identity) -> ShortId {
    ShortId::of_parts([
        b"too_many_requests".as_slice(),
        identity.to_string().as_bytes(),
    ])
}

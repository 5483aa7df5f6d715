//! Who is to be presented to the provider, and who needs no provider.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Answering, JwtGrant, Relay, Relayed, stopped::Stopped};
use crate::{
    config::SecretText,
    credential::{Credential, Password, UnverifiedJwt},
    identity::{Proof, RejectReason, StrangerReason, Unproven},
    session::Session,
    short_id::ShortId,
};

/// Whom a credential makes of its bearer, before the provider is asked.
#[derive(Debug)]
pub enum Caller {
    /// A job with a JWT; proven by an issuer of ours, unless the provider is trusted.
    Job {
        /// Who it is, if that was asked.
        proof: Option<Box<Proof>>,
        /// The JWT, as it came.
        jwt: SecretText,
        /// The login that the JWT is of.
        login: ShortId,
    },
    /// Somebody without a credential.
    Nobody,
    /// Somebody whom we know by ourselves: an API token, a job's refresh token.
    Own(Box<Proof>),
    /// A person with a name and a password.
    Person(Password),
    /// A person with a refresh token of ours, behind which is one of the provider.
    Returning {
        /// Who it was.
        proof: Box<Proof>,
        /// The login it goes on.
        session: Arc<Session>,
    },
}

impl Caller {
    /// Whether the provider alone can tell whether its credential is any good.
    pub(super) fn is_guess(&self) -> bool {
        match self {
            Self::Job { proof, .. } => proof.is_none(),
            Self::Person(_) => true,
            Self::Nobody | Self::Own(_) | Self::Returning { .. } => false,
        }
    }

    /// Whether nobody has proven it.
    pub(super) fn is_unproven(&self) -> bool {
        self.is_guess() || matches!(self, Self::Nobody)
    }
}

/// Nobody is to guess credentials at the provider through us: counted before it
/// is asked.
fn admit_guess(request: &Relayed<'_>) -> Result<(), Stopped> {
    if request.is_counted {
        return Ok(());
    }
    let admitted = request.limits.admit_guess(request.address, request.at.now);
    admitted.map_err(Stopped::LimitedAddress)
}

impl Relay {
    /// Whom a credential makes of its bearer. Nobody else is asked yet but our
    /// issuers, for their keys.
    pub(super) async fn caller(
        &self,
        credential: Credential,
        request: &Relayed<'_>,
    ) -> Result<Caller, Stopped> {
        let passes_through = self.settings.answering == Answering::Passthrough;
        match credential {
            Credential::Anonymous if self.settings.anonymous.is_some() => {
                let (limits, now) = (request.limits, request.at.now);
                limits
                    .admit_nobody(request.address, now)
                    .map_err(Stopped::LimitedAddress)?;
                Ok(Caller::Nobody)
            }
            Credential::Anonymous if passes_through => {
                Err(stranger(StrangerReason::NothingPresented))
            }
            Credential::ApiToken(_) | Credential::RefreshToken(_) if passes_through => {
                Err(stranger(StrangerReason::OwnSecret))
            }
            // Where the provider decides, it decides at each login.
            Credential::RefreshToken(_) if !self.decides_by_rules() => {
                Err(stranger(StrangerReason::OwnSecret))
            }
            Credential::RefreshToken(secret) => self.returning(&secret, request).await,
            Credential::Anonymous | Credential::ApiToken(_) => {
                Ok(Caller::Own(self.prove(credential, request).await?))
            }
            Credential::Jwt(jwt) => self.job(jwt, request).await,
            Credential::Password(password) => self.person(password, request),
        }
    }

    /// A JWT passes one of our issuers first: the provider may look at neither
    /// its audience nor its tenant.
    async fn job(&self, jwt: Arc<UnverifiedJwt>, request: &Relayed<'_>) -> Result<Caller, Stopped> {
        let (text, login) = (jwt.encoded(), jwt.login());
        if self.settings.trust_provider {
            admit_guess(request)?;
            return Ok(Caller::Job {
                proof: None,
                jwt: text,
                login,
            });
        }
        let proof = self.prove(Credential::Jwt(jwt), request).await?;
        if self.settings.jwt_grant == JwtGrant::None {
            return Ok(Caller::Own(proof));
        }
        if let Some(session) = outlived(&proof, request.at.now) {
            if !self.decides_by_rules() {
                let ended = proof.rejected(login, RejectReason::ProviderEnded);
                return Err(Stopped::Unproven(Unproven::Rejected(Box::new(ended))));
            }
            // It goes on by what was verified: the provider would refuse it.
            let proof = self.recall(*proof, &session, request)?;
            return Ok(Caller::Own(Box::new(proof)));
        }
        Ok(Caller::Job {
            proof: Some(proof),
            jwt: text,
            login,
        })
    }

    fn person(&self, password: Password, request: &Relayed<'_>) -> Result<Caller, Stopped> {
        if self.settings.jwt_username.as_deref() == Some(password.user()) {
            return Err(stranger(StrangerReason::NoJwt));
        }
        if password.user().trim().is_empty() {
            // Where a grant has no user, providers take it for our client's own.
            return Err(stranger(StrangerReason::Password));
        }
        admit_guess(request)?;
        Ok(Caller::Person(password))
    }

    async fn prove(
        &self,
        credential: Credential,
        request: &Relayed<'_>,
    ) -> Result<Box<Proof>, Stopped> {
        let proof = request.directory.prove(credential, request.at).await;
        proof.map(Box::new).map_err(Stopped::Unproven)
    }
}

/// The session in which a JWT goes on that has expired.
fn outlived(proof: &Proof, now: Timestamp) -> Option<Arc<Session>> {
    let login = proof.evidence().login()?;
    login.session.clone().filter(|_| login.expires <= now)
}

fn stranger(reason: StrangerReason) -> Stopped {
    Stopped::Unproven(Unproven::stranger(reason))
}

//! Beside an identity provider that people already run.
//!
//! A relay stands where a shim stood between registries and a provider: the
//! caller passes one of our issuers first ([`Caller`]), the provider is asked for
//! a token (`provider`), and that token is passed on as it came
//! ([`PassedToken`]) or says who somebody is, for a token of ours (`resign`).
//!
//! ```text
//! credential → caller → provider → passed  → audit → http
//!                                ↘ resign → decision → token → audit → http
//! ```

mod asking;
mod browser;
mod caller;
mod fault;
mod passed;
mod provider;
mod resign;
mod returning;
mod seal;
mod session_key;
mod settings;
mod stopped;
mod verify;

use std::{
    net::IpAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use jiff::Timestamp;
use scope::Scopes;
use tokio::time::timeout;

#[cfg(any(test, fuzzing))]
pub(crate) use self::provider::fuzzing;
use self::{
    browser::Browsers,
    passed::Checked,
    provider::Provider,
    returning::Turns,
    stopped::{Stopped, Unusable, Who},
};
pub use self::{
    caller::Caller,
    fault::{Blame, ProviderFault, TokenFault},
    passed::PassedToken,
    seal::{SealKey, Sealed},
    settings::{AccessFrom, AnonymousAs, Answering, JwtGrant, PasswordGrant, RelaySettings},
};
use crate::{
    credential::{Credential, Password},
    decision::Access,
    identity::{Circumstances, Directory, Proof},
    limits::{Limits, Shares},
    metrics::ProviderCounts,
    refused::{Ask, Refused},
};
pub(crate) use provider::NoProvider;

/// For all that a relayed request waits for: keys of an issuer, the provider,
/// the provider's keys. Clients are answered within 10 seconds.
const TIMEOUT: Duration = Duration::from_secs(9);

/// How many callers whom nobody has proven the provider is asked about at once.
const UNPROVEN_AT_ONCE: u64 = 64;

/// How many of them may come from one address (`/64` of IPv6).
const UNPROVEN_EACH: u64 = 16;

/// Everything that a request needs which goes through the provider.
#[derive(Debug)]
pub struct Relay {
    settings: RelaySettings,
    provider: Arc<Provider>,
    browsers: Browsers,
    /// What others' secrets are sealed with, once it is opened.
    seal_key: OnceLock<SealKey>,
    turns: Turns,
    /// Of callers whom nobody has proven, those whom the provider is asked about.
    unproven: Arc<Shares>,
}

/// What a relay is asked, beside the credential.
#[derive(Clone, Copy, Debug)]
pub struct Relayed<'a> {
    /// Whose tokens are believed, the provider's among them.
    pub directory: &'a Directory,
    /// Where, when and among what else.
    pub at: &'a Circumstances<'a>,
    /// Which access is asked for.
    pub scopes: &'a Scopes,
    /// Whether a refresh token is.
    pub offline: bool,
    /// Who asks too often: looked at before the provider is asked.
    pub limits: &'a Limits,
    /// Whether no limit counts the request again.
    pub is_counted: bool,
    /// The client's address.
    pub address: IpAddr,
}

/// What the provider's word came to.
#[derive(Debug)]
pub enum Vouched {
    /// A token to be answered as it came.
    Passed(Box<PassedToken>),
    /// Somebody, for a token of ours, and what they asked.
    Proven(Box<Proven>, Ask),
}

/// Somebody whom the provider vouches for, or who needs no provider.
#[derive(Debug)]
pub struct Proven {
    /// Who.
    pub proof: Proof,
    /// What the provider's token gives, where its `access` decides and not our rules.
    pub access: Option<Vec<Access>>,
    /// Whether the login may outlive what was presented: only where our rules decide.
    pub may_outlive: bool,
}

impl Proven {
    /// Somebody whom our issuers or our secrets prove, for our rules to decide.
    pub(crate) fn by_ourselves(proof: Proof) -> Self {
        Self {
            proof,
            access: None,
            may_outlive: true,
        }
    }
}

/// The same as [`Vouched`], before what was asked is put to it.
enum Came {
    Passed(Box<Checked>, Box<Who>),
    Proven(Box<Proven>),
}

impl Relay {
    /// A relay by its settings; a previous one stays as it is if they have not changed.
    ///
    /// # Errors
    ///
    /// When the provider could never be asked.
    pub(crate) fn of(
        settings: &RelaySettings,
        previous: Option<&Arc<Self>>,
    ) -> Result<Arc<Self>, NoProvider> {
        if let Some(previous) = previous.filter(|previous| previous.settings == *settings) {
            return Ok(Arc::clone(previous));
        }
        // What was counted goes on.
        let counts = previous.map(|previous| Arc::clone(previous.counts()));
        Ok(Arc::new(Self {
            provider: Arc::new(Provider::new(settings, counts.unwrap_or_default())?),
            settings: settings.clone(),
            browsers: Browsers::default(),
            seal_key: OnceLock::new(),
            turns: Turns::default(),
            unproven: Shares::new(UNPROVEN_AT_ONCE, UNPROVEN_EACH),
        }))
    }

    /// Whether the provider alone says whose JWTs are good.
    pub fn trusts_provider(&self) -> bool {
        self.settings.trust_provider
    }

    /// Whether any `service` is taken, since no registries are configured.
    pub fn takes_any_service(&self) -> bool {
        self.settings.any_service
    }

    /// What the provider was asked, and how that came out.
    pub(crate) fn counts(&self) -> &Arc<ProviderCounts> {
        self.provider.counts()
    }

    /// Keeps the password of a person whom the provider took, and gives what a
    /// browser may keep in its place; nothing for any other credential.
    pub fn keep_for_browser(&self, credential: Credential, now: Timestamp) -> Option<Sealed> {
        match credential {
            Credential::Password(password) => {
                self.browsers.keep(self.seal_key.get()?, password, now)
            }
            Credential::Anonymous
            | Credential::ApiToken(_)
            | Credential::Jwt(_)
            | Credential::RefreshToken(_) => None,
        }
    }

    /// The password that a browser's cookie stands for, if it still does.
    pub fn recall_of_browser(&self, sealed: &Sealed, now: Timestamp) -> Option<Password> {
        self.browsers.recall(self.seal_key.get()?, sealed, now)
    }

    /// Forgets the password that a browser's cookie stands for.
    pub fn forget_of_browser(&self, sealed: &Sealed) {
        if let Some(key) = self.seal_key.get() {
            self.browsers.forget(key, sealed);
        }
    }

    /// Takes a credential to the provider, if that is where it belongs.
    ///
    /// A job's JWT passes one of our issuers first, unless the provider is trusted
    /// to look for itself; people's names and passwords go to the provider alone;
    /// secrets of ours never leave.
    ///
    /// # Errors
    ///
    /// Why there is neither a token nor a proof, with `ask` for the record.
    pub async fn vouch(
        &self,
        credential: Credential,
        request: &Relayed<'_>,
        ask: Ask,
    ) -> Result<Vouched, Refused> {
        let journey = self.journey(credential, request, &ask);
        let came = timeout(TIMEOUT, journey).await.unwrap_or_else(|_elapsed| {
            let reason = format!("it took longer than {} s in all", TIMEOUT.as_secs());
            Err(Stopped::Provider {
                fault: ProviderFault::Unavailable { reason },
                who: Box::default(),
            })
        });
        match came {
            Ok(Came::Passed(checked, who)) => {
                let token = PassedToken::new(*checked, *who, ask, request.at.now);
                Ok(Vouched::Passed(Box::new(token)))
            }
            Ok(Came::Proven(proven)) => Ok(Vouched::Proven(proven, ask)),
            Err(stopped) => Err(stopped.refused(ask)),
        }
    }

    async fn journey(
        &self,
        credential: Credential,
        request: &Relayed<'_>,
        ask: &Ask,
    ) -> Result<Came, Stopped> {
        let caller = self.caller(credential, request).await?;
        let who = Who::of(&caller);
        admit(who.proof.as_ref(), request)?;
        if let Caller::Own(proof) = caller {
            return Ok(Came::Proven(Box::new(Proven::by_ourselves(*proof))));
        }
        let stopped = |unusable: Unusable| unusable.stopped(&who);
        if let Caller::Returning { proof, session } = caller {
            let renewed = self.renew(*proof, &session, request).await;
            return Ok(Came::Proven(Box::new(renewed.map_err(stopped)?)));
        }
        let token = if let Some(token) = self.given(&caller) {
            token
        } else {
            let given = self.ask(&caller, request).await;
            let is_refused = matches!(given, Err(ProviderFault::Refused { .. }));
            if caller.is_guess() && !request.is_counted && !is_refused {
                request.limits.spare_guess(request.address);
            }
            given.map_err(|fault| stopped(fault.into()))?
        };
        if self.settings.answering == Answering::Passthrough {
            let checked = self.check(token, request, ask, &who).await;
            let checked = checked.map_err(stopped)?;
            return Ok(Came::Passed(Box::new(checked), Box::new(who)));
        }
        let is_known = who.proof.is_some();
        let proven = self.resign(caller, token, request).await.map_err(stopped)?;
        if !is_known {
            admit(Some(&proven.proof), request)?;
        }
        Ok(Came::Proven(Box::new(proven)))
    }
}

/// Counts a request of somebody who is proven.
fn admit(proof: Option<&Proof>, request: &Relayed<'_>) -> Result<(), Stopped> {
    let Some(proof) = proof.filter(|_| !request.is_counted) else {
        return Ok(());
    };
    let admitted = request.limits.admit_identity(proof, request.at.now);
    admitted.map_err(|limited| Stopped::LimitedIdentity {
        limited,
        proof: Box::new(proof.clone()),
    })
}

//! The issuers whose JWTs are believed, and the one place that believes.
//!
//! `jwt` tells whose a JWT is, `kept` remembers it, `known` tells whether a login of somebody known holds,
//! `vouched` whom an identity provider vouches for; `trial` tries it all with keys of our own.

mod jwt;
mod kept;
mod known;
mod suppose;
mod trial;
mod vouched;

use std::{path::Path, sync::Arc};

use futures_util::future::join_all;
use jiff::Timestamp;
use serde::Serialize;

pub(crate) use self::trial::Signatory;
use self::{kept::Kept, known::Moment};
use super::{
    Binding, Facts, Identity, IssuerKind, IssuerSettings, Proof, Withdrawn,
    issuer::Issuer,
    unproven::{StrangerReason, Unproven},
};
use crate::{
    config::{Fault, Place},
    credential::{Credential, Presented, Secret, UnverifiedJwt},
    standing::{Settled, Standing},
};

/// The issuers whose tokens are believed.
#[derive(Debug, Default)]
pub struct Directory {
    issuers: Vec<Arc<Issuer>>,
    /// Of these issuers by these settings: another directory begins anew.
    kept: Kept,
}

/// Where, when and among what else a credential is presented.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// The name of the registry that a token is asked for.
    pub registry: &'a str,
    /// The network that the caller is in.
    pub network: &'a str,
    /// What stands from before.
    pub standing: &'a Standing,
    /// What operators have settled.
    pub settled: &'a Settled,
    /// What time it is.
    pub now: Timestamp,
}

/// How one issuer is, for metrics and the details of readiness.
#[derive(Clone, Debug, Serialize)]
pub struct IssuerStatus {
    /// The issuer's name in the configuration.
    pub name: Arc<str>,
    /// Which platform it is.
    pub kind: IssuerKind,
    /// How many keys are held.
    pub keys: usize,
    /// When the keys were last fetched with success.
    pub fetched_at: Option<Timestamp>,
    /// Whether JWTs can be checked with what is held: it is at most 24 hours old.
    pub usable: bool,
    /// Why the last fetch failed, if it did.
    pub last_error: Option<String>,
    /// How many fetches there were since the source was configured.
    pub fetches: u64,
    /// How many of them failed.
    pub failures: u64,
}

impl Directory {
    /// Checks the settings, and opens each issuer's keys. Nobody is asked for
    /// keys yet: [`Directory::refresh_due`] does that.
    ///
    /// An issuer of the previous directory whose keys come from the same source
    /// keeps them. Sets fetched with success are kept in `key_cache_dir`.
    ///
    /// # Errors
    ///
    /// Every fault, not only the first.
    pub fn build(
        settings: Vec<IssuerSettings>,
        previous: Option<&Self>,
        key_cache_dir: &Path,
        now: Timestamp,
    ) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut issuers: Vec<(Place, Arc<Issuer>)> = Vec::new();
        for settings in settings {
            let at = settings.at;
            let previous = previous.and_then(|previous| previous.issuer(&settings.name));
            match Issuer::build(settings, previous, key_cache_dir, now) {
                Ok(issuer) => issuers.push((at, Arc::new(issuer))),
                Err(more) => faults.extend(more),
            }
        }
        for (index, (at, issuer)) in issuers.iter().enumerate() {
            let earlier = issuers.iter().take(index);
            for (_, other) in earlier.filter(|(_, other)| issuer.overlaps(other)) {
                faults.push(Fault {
                    message: format!(
                        "issuers {:?} and {:?} share iss, tenants and maybe keys, so a JWT could be \
                         either's: give them owner_id lists with nothing in common, or leave one out",
                        other.name, issuer.name
                    ),
                    at: *at,
                });
            }
        }
        if faults.is_empty() {
            let issuers = issuers.into_iter().map(|(_, issuer)| issuer).collect();
            Ok(Self {
                issuers,
                kept: Kept::default(),
            })
        } else {
            Err(faults)
        }
    }

    /// The issuers' names and kinds, in the order of the file.
    pub fn issuers(&self) -> impl Iterator<Item = (&str, IssuerKind)> {
        self.issuers
            .iter()
            .map(|issuer| (&*issuer.name, issuer.kind))
    }

    /// How each issuer is at `now`.
    pub fn status(&self, now: Timestamp) -> Vec<IssuerStatus> {
        self.issuers
            .iter()
            .map(|issuer| {
                let keys = issuer.keys.status(now);
                IssuerStatus {
                    name: Arc::clone(&issuer.name),
                    kind: issuer.kind,
                    keys: keys.keys,
                    fetched_at: keys.fetched_at,
                    usable: keys.usable,
                    last_error: keys.last_error,
                    fetches: keys.fetches,
                    failures: keys.failures,
                }
            })
            .collect()
    }

    /// Fetches the keys of every issuer that is due, side by side, and returns
    /// when all have answered or failed, after ten seconds at most.
    ///
    /// Cheap when nothing is due: call it every few seconds, each time in a task
    /// of its own, so that a dead issuer delays nobody.
    pub async fn refresh_due(&self, now: Timestamp) {
        let fetches = self
            .issuers
            .iter()
            .map(|issuer| issuer.keys.refresh_if_due(now));
        join_all(fetches).await;
    }

    /// What each issuer's name stands for, in the order of the file.
    pub fn bindings(&self) -> impl Iterator<Item = &Binding> {
        self.issuers.iter().map(|issuer| &issuer.binding)
    }

    /// Whether an identity's issuer is believed of it, with these facts, as far as
    /// its tenants are pinned; `None` where there is no such issuer.
    pub fn believes(&self, identity: &Identity, facts: &Facts) -> Option<bool> {
        let issuer = self.issuer(identity.issuer())?;
        Some(issuer.unpinned(identity.id(), facts).is_none())
    }

    /// The keys that issuers have withdrawn, each named again until
    /// [`Directory::forget_withdrawn`] is told that it is written down.
    pub fn withdrawn(&self) -> Vec<Withdrawn> {
        let issuers = self.issuers.iter();
        issuers.flat_map(|issuer| issuer.keys.withdrawn()).collect()
    }

    /// Whether an issuer publishes a key, as far as we know.
    pub fn publishes(&self, issuer: &str, key: &str) -> bool {
        self.issuer(issuer)
            .is_some_and(|issuer| issuer.keys.publishes(key))
    }

    /// Takes note that withdrawn keys are written down: only now are the sets
    /// without them kept for a restart, so that a crash before loses none.
    pub async fn forget_withdrawn(&self, written: &[Withdrawn]) {
        let issuers = self.issuers.iter();
        join_all(issuers.map(|issuer| issuer.keys.forget_withdrawn(written))).await;
    }

    /// Proves who presented the credential.
    ///
    /// Asks an issuer for its keys only if those held do not tell; a JWT of an
    /// `iss` that is not configured causes no traffic. Asks the database for the
    /// session of a JWT only where it decides something.
    ///
    /// # Errors
    ///
    /// Why it proves nobody, or nobody who may go on.
    pub async fn prove(
        &self,
        credential: Credential,
        at: &Circumstances<'_>,
    ) -> Result<Proof, Unproven> {
        match credential {
            Credential::Anonymous => Ok(Proof::anonymous()),
            Credential::ApiToken(secret) => prove_api_token(&secret, at).await,
            Credential::Jwt(jwt) => self.prove_jwt(&jwt, at).await,
            Credential::Password(_) => Err(Unproven::stranger(StrangerReason::Password)),
            Credential::RefreshToken(secret) => self.prove_refresh_token(&secret, at).await,
        }
    }

    /// What was presented like this before, if it is remembered: that it was proven then
    /// proves nothing now.
    pub fn recall(&self, presented: &Presented<'_>) -> Option<Credential> {
        let shown = presented.shown()?;
        self.kept.recall(&shown).map(Credential::Jwt)
    }

    async fn prove_jwt(
        &self,
        jwt: &Arc<UnverifiedJwt>,
        at: &Circumstances<'_>,
    ) -> Result<Proof, Unproven> {
        let known = self.recognise(jwt, at.now).await?;
        let session = if known.needs_its_session(at.now) {
            let session = at.standing.session(known.login).await;
            session.map_err(|error| known.unavailable(&error))?
        } else {
            at.standing.remembered(known.login)
        };
        if session.is_some() {
            // Who came twice may come again; most come once.
            self.kept.keep(jwt, &known);
        }
        known.prove_by_jwt(session, &at.moment())
    }

    fn issuer(&self, name: &str) -> Option<&Issuer> {
        self.issuers
            .iter()
            .map(|issuer| &**issuer)
            .find(|issuer| &*issuer.name == name)
    }
}

impl<'a> Circumstances<'a> {
    fn moment(&self) -> Moment<'a> {
        Moment {
            network: self.network,
            settled: self.settled,
            now: self.now,
        }
    }
}

async fn prove_api_token(secret: &Secret, at: &Circumstances<'_>) -> Result<Proof, Unproven> {
    match at.standing.api_token(secret.hash()).await? {
        None => Err(Unproven::stranger(StrangerReason::ApiTokenUnknown)),
        Some(token) => token.prove(at.now),
    }
}

#[cfg(test)]
mod tests;

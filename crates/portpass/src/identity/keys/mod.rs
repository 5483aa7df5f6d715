//! Issuers' keys: fetched ahead of need, kept through an outage, never guessed.
//!
//! What is held is here; when an issuer is asked, and asked again, is in `asking.rs`.

use std::{
    collections::VecDeque,
    path::Path,
    sync::{Arc, Mutex, MutexGuard},
};

use jiff::{SignedDuration, Timestamp};

mod asking;
mod cache;
mod fetch;
#[cfg(any(test, fuzzing))]
pub(in crate::identity) mod fuzzing;
mod jwks;
mod source;
mod withdrawn;

pub use self::withdrawn::Withdrawn;
use self::{cache::CacheFile, fetch::Fetcher, withdrawn::Unwritten};
pub(super) use self::{
    jwks::{KeySet, PublicKey},
    source::{Location, Source},
};
use crate::{credential::JwtAlgorithm, outbound::ClientFault, short_id::ShortId};

/// How long a set serves when its issuer cannot be asked again.
const STALE: SignedDuration = SignedDuration::from_hours(24);
/// How long an id that a fresh set did not have makes nobody ask again.
const REMEMBER_UNKNOWN: SignedDuration = SignedDuration::from_mins(2);
/// How many such ids are remembered, hashed: strangers choose their length.
const MAX_UNKNOWN: usize = 256;

/// The keys of one issuer.
#[derive(Debug)]
pub(super) struct Keys {
    issuer: Arc<str>,
    source: Source,
    fetcher: Option<Fetcher>,
    cache: Option<CacheFile>,
    state: Mutex<State>,
    /// Held by the one fetch there may be.
    flight: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    set: Option<Arc<KeySet>>,
    /// The text that the set was parsed from.
    text: Vec<u8>,
    /// Whether that text is on the disk.
    is_saved: bool,
    /// Keys that left the set, and no revocation says so yet.
    withdrawn: Unwritten,
    fetched_at: Option<Timestamp>,
    attempted_at: Option<Timestamp>,
    due_at: Option<Timestamp>,
    last_error: Option<String>,
    failures_in_a_row: u32,
    fetches: u64,
    failures: u64,
    unknown: VecDeque<(ShortId, Timestamp)>,
}

/// What looking for a key came to.
#[derive(Debug)]
pub(super) enum Lookup {
    /// The keys of this id that fit the algorithm.
    Found(Vec<Arc<PublicKey>>),
    /// The issuer cannot be asked, and what is held does not tell.
    Unavailable(String),
    /// The issuer has no such key.
    Unknown,
}

/// How an issuer's keys are, for metrics and readiness.
#[derive(Clone, Debug)]
pub(super) struct KeyStatus {
    pub(super) keys: usize,
    pub(super) fetched_at: Option<Timestamp>,
    pub(super) usable: bool,
    pub(super) last_error: Option<String>,
    pub(super) fetches: u64,
    pub(super) failures: u64,
}

/// Why a source of keys cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub(super) enum SourceFault {
    #[error(transparent)]
    Client(#[from] ClientFault),
    #[error("the key set cannot be used: {0}")]
    Set(String),
}

/// Asks a source once and keeps nothing: how many keys it has.
///
/// # Errors
///
/// In the words that a server's readiness has for it.
pub(super) async fn ask_once(source: &Source) -> Result<usize, String> {
    let text = match &source.location {
        Location::Discovery { .. } | Location::Url(_) => {
            let fetcher = Fetcher::new(source).map_err(|fault| fault.to_string())?;
            let asked = fetcher.key_set(source).await;
            asked.map_err(|error| error.to_string())?
        }
        Location::File(path) => std::fs::read(path)
            .map_err(|error| format!("{} cannot be read: {error}", path.display()))?,
        Location::Inline(text) => text.clone().into_bytes(),
    };
    let set = KeySet::parse(&text).map_err(|fault| fault.to_string())?;
    Ok(set.len())
}

impl Keys {
    /// Keys that can be read here are read; those that must be fetched begin with
    /// the last good set on disk, if there is one of this source. A file is
    /// compared with that set: a key may have left it while we did not run.
    pub(super) fn open(
        issuer: Arc<str>,
        source: Source,
        cache_dir: &Path,
        now: Timestamp,
    ) -> Result<Self, SourceFault> {
        let remote = source.location.is_remote();
        let is_kept = !matches!(source.location, Location::Inline(_));
        let keys = Self {
            fetcher: remote.then(|| Fetcher::new(&source)).transpose()?,
            cache: is_kept
                .then(|| CacheFile::new(cache_dir, &issuer, source.location.description())),
            issuer,
            source,
            state: Mutex::default(),
            flight: tokio::sync::Mutex::default(),
        };
        match &keys.source.location {
            Location::Discovery { .. } | Location::Url(_) => keys.restore(now),
            Location::File(path) => {
                keys.restore(now);
                let text = std::fs::read(path).map_err(|error| {
                    SourceFault::Set(format!("{} cannot be read: {error}", path.display()))
                })?;
                keys.accept(text, now).map_err(SourceFault::Set)?;
            }
            Location::Inline(text) => {
                let text = text.clone().into_bytes();
                keys.accept(text, now).map_err(SourceFault::Set)?;
            }
        }
        Ok(keys)
    }

    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    /// Where the keys come from, in words that stay while it does; keys that
    /// stand in the configuration are their own origin.
    pub(super) fn origin(&self) -> String {
        self.source.location.origin().unwrap_or_else(|| {
            let set = self.state().set.clone();
            set.map_or_else(String::new, |set| format!("inline {}", set.digest()))
        })
    }

    pub(super) fn status(&self, now: Timestamp) -> KeyStatus {
        let state = self.state();
        KeyStatus {
            keys: state.set.as_ref().map_or(0, |set| set.len()),
            fetched_at: state.fetched_at,
            usable: self.usable(&state, now).is_some(),
            last_error: state.last_error.clone(),
            fetches: state.fetches,
            failures: state.failures,
        }
    }

    /// The set that is held, if it may be used; a set that says the same as the
    /// one before it is the same.
    pub(super) fn set(&self, now: Timestamp) -> Option<Arc<KeySet>> {
        self.usable(&self.state(), now).map(Arc::clone)
    }

    /// Looks for a key among those held; nobody is asked.
    pub(super) fn held(
        &self,
        kid: Option<&str>,
        algorithm: JwtAlgorithm,
        now: Timestamp,
    ) -> Option<Vec<Arc<PublicKey>>> {
        let set = Arc::clone(self.usable(&self.state(), now)?);
        let found = set.find(kid, algorithm);
        (!found.is_empty()).then_some(found)
    }

    /// Looks for a key, asking the issuer if what is held does not have it.
    pub(super) async fn find(
        self: &Arc<Self>,
        kid: Option<&str>,
        algorithm: JwtAlgorithm,
        now: Timestamp,
    ) -> Lookup {
        if let Some(found) = self.held(kid, algorithm, now) {
            return Lookup::Found(found);
        }
        if !self.is_known_unknown(kid, now) {
            self.ask(now).await;
            if let Some(found) = self.held(kid, algorithm, now) {
                return Lookup::Found(found);
            }
        }
        let mut state = self.state();
        if self.usable(&state, now).is_none() || state.last_error.is_some() {
            let reason = state.last_error.clone();
            return Lookup::Unavailable(reason.unwrap_or_else(|| "no keys are held".to_owned()));
        }
        // Asked a moment ago: this set is as new as it gets.
        if let Some(kid) = kid.filter(|_| state.attempted_at == Some(now)) {
            if state.unknown.len() >= MAX_UNKNOWN {
                state.unknown.pop_front();
            }
            state.unknown.push_back((ShortId::of(kid.as_bytes()), now));
        }
        Lookup::Unknown
    }

    /// Takes a set in place of the old one, at once and whole: a key that is no
    /// longer in it is no longer believed, and noted as withdrawn.
    fn accept(&self, text: Vec<u8>, now: Timestamp) -> Result<(), String> {
        let unchanged = {
            let state = self.state();
            state.set.is_some() && state.text == text
        };
        let set = if unchanged {
            None
        } else {
            let set = KeySet::parse(&text)
                .map_err(|fault| format!("{}: {fault}", self.source.location.description()))?;
            for fault in &set.skipped {
                tracing::warn!(issuer.name = %self.issuer, "a key is left out: {fault}");
            }
            Some(Arc::new(set))
        };
        let mut state = self.state();
        if let Some(set) = set {
            if let Some(old) = state.set.replace(Arc::clone(&set)) {
                state.withdrawn.note(&old, &set, now);
            }
            state.text = text;
            state.is_saved = false;
        }
        state.fetched_at = Some(now);
        state.last_error = None;
        state.failures_in_a_row = 0;
        Ok(())
    }

    fn is_known_unknown(&self, kid: Option<&str>, now: Timestamp) -> bool {
        let mut state = self.state();
        state
            .unknown
            .retain(|(_, since)| now.duration_since(*since).abs() < REMEMBER_UNKNOWN);
        kid.is_some_and(|kid| {
            let id = ShortId::of(kid.as_bytes());
            state.unknown.iter().any(|(unknown, _)| *unknown == id)
        })
    }

    /// The set, if its issuer vouched for it in the last 24 hours.
    fn usable<'a>(&self, state: &'a State, now: Timestamp) -> Option<&'a Arc<KeySet>> {
        let fresh = matches!(self.source.location, Location::Inline(_))
            || state
                .fetched_at
                .is_some_and(|fetched_at| now.duration_since(fetched_at) < STALE);
        state.set.as_ref().filter(|_| fresh)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of the lock can panic")
    }
}

#[cfg(test)]
mod tests;

//! When an issuer is asked for its keys, and when again.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Keys, Location, State, fetch::FetchError};
use crate::short_id::ShortId;

/// How long a set is fresh, give or take [`JITTER_SECONDS`].
const FRESH: SignedDuration = SignedDuration::from_mins(10);
/// So that issuers, and replicas, do not all ask at once.
const JITTER_SECONDS: i64 = 60;
/// How often a key id that nobody knows may make us ask.
const ASK_FOR_UNKNOWN: SignedDuration = SignedDuration::from_secs(60);
/// How often a request may make us ask when there is nothing usable to lose.
const ASK_FOR_ANY: SignedDuration = SignedDuration::from_secs(10);
/// How often a file is looked at.
const LOOK_AT_FILE: SignedDuration = SignedDuration::from_secs(10);
/// The first wait after a failure; it doubles up to [`FRESH`].
const FIRST_RETRY: SignedDuration = SignedDuration::from_secs(15);

impl Keys {
    /// Fetches if it is time to, and nobody else does.
    pub(in crate::identity) async fn refresh_if_due(&self, now: Timestamp) {
        let due = {
            let state = self.state();
            let is_past = state.due_at.is_none_or(|due_at| due_at <= now);
            // The clock was set back: what it said before means nothing now.
            is_past || state.attempted_at.is_some_and(|attempted| attempted > now)
        };
        if !due || matches!(self.source.location, Location::Inline(_)) {
            return;
        }
        if let Ok(_flight) = self.flight.try_lock() {
            self.fetch(now).await;
        }
    }

    /// Fetches on a request's behalf, or waits for the fetch that is under way.
    ///
    /// The fetch is a task of its own: a caller who hangs up does not undo it.
    pub(super) async fn ask(self: &Arc<Self>, now: Timestamp) {
        let before = self.state().fetches;
        if !self.may_ask(now) && self.flight.try_lock().is_ok() {
            return;
        }
        let keys = Arc::clone(self);
        let task = tokio::spawn(async move {
            let _flight = keys.flight.lock().await;
            if keys.state().fetches == before && keys.may_ask(now) {
                keys.fetch(now).await;
            }
        });
        if task.await.is_err() {
            tracing::error!(issuer.name = %self.issuer, "a fetch of keys ended early");
        }
    }

    fn may_ask(&self, now: Timestamp) -> bool {
        let state = self.state();
        let pause = match self.usable(&state, now) {
            Some(_) => ASK_FOR_UNKNOWN,
            None => ASK_FOR_ANY,
        };
        !matches!(self.source.location, Location::Inline(_))
            // A clock that was set back must not silence us.
            && state
                .attempted_at
                .is_none_or(|attempted_at| now.duration_since(attempted_at).abs() >= pause)
    }

    /// One attempt; the caller holds the flight.
    async fn fetch(&self, now: Timestamp) {
        {
            let mut state = self.state();
            state.attempted_at = Some(now);
            // A clock that was ahead must not lengthen the day for which a set may serve.
            state.fetched_at = state.fetched_at.map(|fetched_at| fetched_at.min(now));
        }
        let outcome = match self.read().await {
            Ok(text) => self.accept(text, now),
            Err(error) => Err(error.to_string()),
        };
        match outcome {
            Ok(()) => self.save().await,
            Err(reason) => self.note_failure(reason, now),
        }
        let mut state = self.state();
        state.fetches += 1;
        state.due_at = Some(now + self.next_pause(&state, now));
    }

    async fn read(&self) -> Result<Vec<u8>, FetchError> {
        match (&self.source.location, &self.fetcher) {
            (Location::File(path), _) => {
                tokio::fs::read(path)
                    .await
                    .map_err(|error| FetchError::Read {
                        path: path.display().to_string(),
                        reason: error.to_string(),
                    })
            }
            (Location::Discovery { .. } | Location::Url(_), Some(fetcher)) => {
                fetcher.key_set(&self.source).await
            }
            (
                location @ (Location::Discovery { .. } | Location::Inline(_) | Location::Url(_)),
                _,
            ) => Err(FetchError::Place(location.description())),
        }
    }

    fn note_failure(&self, reason: String, now: Timestamp) {
        let mut state = self.state();
        let age_seconds = state
            .fetched_at
            .map(|fetched_at| now.duration_since(fetched_at).as_secs());
        tracing::warn!(
            issuer.name = %self.issuer,
            keys.age_seconds = age_seconds,
            "the issuer's keys cannot be fetched: {reason}"
        );
        state.last_error = Some(reason);
        state.failures_in_a_row = state.failures_in_a_row.saturating_add(1);
        state.failures += 1;
    }

    fn next_pause(&self, state: &State, now: Timestamp) -> SignedDuration {
        if matches!(self.source.location, Location::File(_)) {
            return LOOK_AT_FILE;
        }
        match state.failures_in_a_row {
            0 => FRESH + jitter(&self.issuer, now),
            failures => {
                let doublings = failures.saturating_sub(1).min(10);
                (FIRST_RETRY * (1 << doublings)).min(FRESH)
            }
        }
    }
}

/// Some seconds more or less, different for each issuer and each fetch.
fn jitter(issuer: &str, now: Timestamp) -> SignedDuration {
    let id = ShortId::of_parts([issuer.as_bytes(), &now.as_second().to_be_bytes()]).to_string();
    let spread: i64 = id.bytes().map(i64::from).sum();
    SignedDuration::from_secs(spread % (2 * JITTER_SECONDS + 1) - JITTER_SECONDS)
}

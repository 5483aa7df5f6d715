//! The `GET` with which containerd repeats a `POST` that was refused: one attempt, counted once.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use jiff::Timestamp;
use moka::sync::Cache;

use super::host;
use crate::{portpass::TokenRequest, short_id::ShortId};

/// How long after a refusal its repetition may come, in milliseconds.
const WITHIN_MS: i64 = 10_000;

/// How many refusals are remembered.
const REMEMBERED: u64 = 20_000;

/// How a request was sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sent {
    /// As a form: refused, it may be repeated as a query.
    Form,
    /// As a query.
    Query,
}

/// What was refused lately, each until it is repeated once.
#[derive(Debug)]
pub(super) struct Repeats {
    /// When, in milliseconds since 1970.
    refused: Cache<ShortId, i64>,
    /// When any was refused last, so that most requests need not look.
    latest_ms: AtomicI64,
}

impl Default for Repeats {
    fn default() -> Self {
        let refused = Cache::builder()
            .max_capacity(REMEMBERED)
            .time_to_live(Duration::from_mins(1));
        Self {
            refused: refused.build(),
            latest_ms: AtomicI64::new(i64::MIN),
        }
    }
}

impl Repeats {
    /// Notes a refused form.
    pub(super) fn note(&self, request: &TokenRequest<'_>, now: Timestamp) {
        if request.sent == Sent::Query {
            return;
        }
        if let Some(key) = key(request) {
            let now_ms = now.as_millisecond();
            self.refused.insert(key, now_ms);
            self.latest_ms.fetch_max(now_ms, Ordering::Relaxed);
        }
    }

    /// Whether a query repeats a form that was refused a moment ago: the first that does.
    pub(super) fn is_repeated(&self, request: &TokenRequest<'_>, now: Timestamp) -> bool {
        let is_lately = |at_ms: i64| now.as_millisecond().saturating_sub(at_ms) <= WITHIN_MS;
        if request.sent == Sent::Form || !is_lately(self.latest_ms.load(Ordering::Relaxed)) {
            return false;
        }
        let refused = key(request).and_then(|key| self.refused.remove(&key));
        refused.is_some_and(is_lately)
    }
}

/// What a form and its repetition have in common: where they come from, the
/// secret that they show, and what they ask for, in whichever order.
fn key(request: &TokenRequest<'_>) -> Option<ShortId> {
    let secret = request.presented.secret()?;
    let host = host(request.origin.address).to_string();
    let words = |texts: &[&str]| {
        let words = texts.iter().flat_map(|text| text.split_ascii_whitespace());
        let mut words: Vec<_> = words.map(str::to_owned).collect();
        words.sort_unstable();
        words.dedup();
        words.join(" ")
    };
    let (services, scopes) = (words(&request.services), words(&request.scopes));
    let parts = [&host, &*secret, &services, &scopes];
    Some(ShortId::of_parts(parts.map(str::as_bytes)))
}

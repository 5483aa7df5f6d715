//! What an identity provider was asked, and how that came out.
//!
//! Counted where it is asked, and kept with the relay: a registry of its own,
//! written behind the server's.

use std::{fmt, time::Duration};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};

use super::described::{PROVIDER_DURATION, PROVIDER_REQUESTS};

/// Upper bounds of the buckets of a request to the provider, in seconds; it
/// ends after five.
const DURATIONS: [f64; 9] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

/// The requests to a provider.
pub(crate) struct ProviderCounts {
    registry: Registry,
    requests: Family<Asked, Counter>,
    durations: Histogram,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Asked {
    outcome: &'static str,
}

impl ProviderCounts {
    /// Counts a request that came out like this, after so long.
    pub(crate) fn count(&self, outcome: &'static str, elapsed: Duration) {
        self.requests.get_or_create(&Asked { outcome }).inc();
        self.durations.observe(elapsed.as_secs_f64());
    }

    /// Where they are registered.
    pub(super) fn registry(&self) -> &Registry {
        &self.registry
    }
}

impl Default for ProviderCounts {
    fn default() -> Self {
        let mut counts = Self {
            registry: Registry::with_prefix("portpass"),
            requests: Family::default(),
            durations: Histogram::new(DURATIONS),
        };
        let registry = &mut counts.registry;
        PROVIDER_REQUESTS.register(registry, counts.requests.clone());
        PROVIDER_DURATION.register(registry, counts.durations.clone());
        counts
    }
}

impl fmt::Debug for ProviderCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderCounts").finish_non_exhaustive()
    }
}

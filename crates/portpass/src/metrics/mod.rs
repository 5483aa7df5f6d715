//! What is counted, and the page that describes it.
//!
//! Labels are bounded by the configuration: an issuer's or a registry's name
//! and words of ours, never anything that a caller chose.

mod described;
mod provider;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use prometheus_client::{
    encoding::{
        EncodeLabelSet,
        text::{encode_eof, encode_registry},
    },
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

pub use self::described::reference;
use self::described::{
    ADMIN_FAILURES, CA_EXPIRES, DATABASE_SILENCE, DURATION, ISSUER_KEYS, ISSUER_KEYS_AGE,
    NETWORK_CHANGES, OAUTH2, OVERTAKEN, PRUNED, REFRESH_TOKENS, RELOADS, REQUESTS, SESSIONS_OPENED,
    SUSPENDED, TOKENS, TURNED_AWAY,
};
pub(crate) use self::provider::ProviderCounts;
use crate::{
    answer::Answer,
    audit::{Recorded, SessionNow, Unrecorded},
    identity::{Directory, Unproven},
    portpass::Portpass,
    refused::{Refused, Unvouched},
    relay::{Blame, ProviderFault},
    token::SignedToken,
};

/// Upper bounds of the buckets of a request's duration, in seconds.
const DURATIONS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0, 10.0];

/// The counters and gauges of one server: a value, not a global.
pub struct Metrics {
    registry: Registry,
    admin_failures: Counter,
    answers: Family<Counted, Counter>,
    durations: Family<Route, Histogram, fn() -> Histogram>,
    reloads: Family<Reload, Counter>,
    issuer_keys: Family<Issuer, Gauge>,
    issuer_keys_age: Family<Issuer, Gauge>,
    ca_expires: Gauge<f64, AtomicU64>,
    tokens: Family<Token, Counter>,
    refresh_tokens: Family<Refresh, Counter>,
    sessions_opened: Family<Issuer, Counter>,
    network_changes: Family<Issuer, Counter>,
    oauth2: Family<OAuth2, Counter>,
    overtaken: Counter,
    pruned: Family<Pruned, Counter>,
    suspended: Family<Issuer, Gauge>,
    database_silence: Gauge<f64, AtomicU64>,
    turned_away: Counter,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Counted {
    outcome: &'static str,
    registry: Arc<str>,
    issuer: Arc<str>,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Route {
    route: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Reload {
    outcome: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Issuer {
    issuer: Arc<str>,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Token {
    means: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Refresh {
    outcome: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct OAuth2 {
    endpoint: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Pruned {
    table: &'static str,
}

impl Metrics {
    /// Metrics with nothing counted yet.
    pub fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("portpass"),
            admin_failures: Counter::default(),
            answers: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(DURATIONS)),
            reloads: Family::default(),
            issuer_keys: Family::default(),
            issuer_keys_age: Family::default(),
            ca_expires: Gauge::default(),
            tokens: Family::default(),
            refresh_tokens: Family::default(),
            sessions_opened: Family::default(),
            network_changes: Family::default(),
            oauth2: Family::default(),
            overtaken: Counter::default(),
            pruned: Family::default(),
            suspended: Family::default(),
            database_silence: Gauge::default(),
            turned_away: Counter::default(),
        };
        let registry = &mut metrics.registry;
        ADMIN_FAILURES.register(registry, metrics.admin_failures.clone());
        REQUESTS.register(registry, metrics.answers.clone());
        DURATION.register(registry, metrics.durations.clone());
        RELOADS.register(registry, metrics.reloads.clone());
        ISSUER_KEYS.register(registry, metrics.issuer_keys.clone());
        ISSUER_KEYS_AGE.register(registry, metrics.issuer_keys_age.clone());
        CA_EXPIRES.register(registry, metrics.ca_expires.clone());
        TOKENS.register(registry, metrics.tokens.clone());
        REFRESH_TOKENS.register(registry, metrics.refresh_tokens.clone());
        SESSIONS_OPENED.register(registry, metrics.sessions_opened.clone());
        NETWORK_CHANGES.register(registry, metrics.network_changes.clone());
        OAUTH2.register(registry, metrics.oauth2.clone());
        OVERTAKEN.register(registry, metrics.overtaken.clone());
        PRUNED.register(registry, metrics.pruned.clone());
        SUSPENDED.register(registry, metrics.suspended.clone());
        DATABASE_SILENCE.register(registry, metrics.database_silence.clone());
        TURNED_AWAY.register(registry, metrics.turned_away.clone());
        metrics
    }

    pub(crate) fn count_answer(&self, result: &Result<Recorded, Unrecorded>) {
        let (outcome, registry, issuer) = match result.as_ref().map(Recorded::outcome) {
            Ok(Ok(Answer::Passed(token))) => {
                let issuer = token.proof().map(|proof| proof.identity().shared_issuer());
                let issuer = issuer.map(Arc::clone).unwrap_or_default();
                ("issued", Arc::clone(&token.registry().name), issuer)
            }
            Ok(Ok(Answer::Signed(token))) => {
                let issuer = token.grant().proof().identity().shared_issuer();
                let registry = &token.grant().registry().name;
                ("issued", Arc::clone(registry), Arc::clone(issuer))
            }
            Ok(Err(refused)) => {
                let (outcome, registry, issuer) = of_refusal(refused);
                (outcome, registry.into(), issuer.into())
            }
            Err(_unrecorded) => ("unrecorded", Arc::default(), Arc::default()),
        };
        let labels = Counted {
            outcome,
            registry,
            issuer,
        };
        self.answers.get_or_create(&labels).inc();
        if let Ok(recorded) = result
            && let Ok(answer) = recorded.outcome()
        {
            match answer {
                Answer::Passed(_) => {
                    let means = "passthrough";
                    self.tokens.get_or_create(&Token { means }).inc();
                }
                Answer::Signed(token) => self.count_token(recorded, token),
            }
        }
    }

    fn count_token(&self, recorded: &Recorded, token: &SignedToken) {
        let proof = token.grant().proof();
        let means = proof.evidence().code();
        self.tokens.get_or_create(&Token { means }).inc();
        if token.refresh_token().is_some() {
            let is_issued = recorded.refresh_token().is_some();
            let outcome = if is_issued { "issued" } else { "limit" };
            self.refresh_tokens
                .get_or_create(&Refresh { outcome })
                .inc();
        }
        let issuer = Issuer {
            issuer: Arc::clone(proof.identity().shared_issuer()),
        };
        if let Some(SessionNow::Opened(_)) = recorded.session() {
            self.sessions_opened.get_or_create(&issuer).inc();
        }
        if recorded.network_changed() {
            self.network_changes.get_or_create(&issuer).inc();
        }
    }

    /// Counts an answer of an OAuth 2 endpoint that gives no token.
    pub(crate) fn count_oauth2(&self, endpoint: &'static str, outcome: &'static str) {
        let labels = OAuth2 { endpoint, outcome };
        self.oauth2.get_or_create(&labels).inc();
    }

    /// Counts rows of a table that were deleted because of their age.
    pub(crate) fn count_pruned(&self, table: &'static str, rows: u64) {
        self.pruned.get_or_create(&Pruned { table }).inc_by(rows);
    }

    /// Counts an attempt at the admin API without a token that is known.
    pub(crate) fn count_admin_failure(&self) {
        self.admin_failures.inc();
    }

    /// Counts a connection that was closed at once.
    pub(crate) fn count_turned_away(&self) {
        self.turned_away.inc();
    }

    pub(crate) fn time_request(&self, path: &str, elapsed: Duration) {
        let route = match path {
            "/token"
            | "/auth/token"
            | "/oauth2/token"
            | "/oauth2/token/"
            | "/application/o/token"
            | "/application/o/token/" => "token",
            "/oauth2/revoke" | "/oauth2/introspect" => "oauth2",
            "/.well-known/jwks.json"
            | "/.well-known/oauth-authorization-server"
            | "/.well-known/openid-configuration" => "well-known",
            "/healthz" | "/live" | "/readyz" => "health",
            _ => "other",
        };
        self.durations
            .get_or_create(&Route { route })
            .observe(elapsed.as_secs_f64());
    }

    /// Counts a reading of a changed configuration.
    pub(crate) fn count_reload(&self, applied: bool) {
        let outcome = if applied { "applied" } else { "refused" };
        self.reloads.get_or_create(&Reload { outcome }).inc();
    }

    /// The text that a Prometheus server reads (`OpenMetrics` 1.0).
    pub fn render(&self, portpass: &Portpass, now: Timestamp) -> String {
        let directory = &portpass.snapshot.load().directory;
        self.describe_standing(portpass, directory);
        self.issuer_keys.clear();
        self.issuer_keys_age.clear();
        for status in directory.status(now) {
            let labels = Issuer {
                issuer: status.name,
            };
            let keys = i64::try_from(status.keys).unwrap_or(i64::MAX);
            self.issuer_keys.get_or_create(&labels).set(keys);
            if let Some(fetched_at) = status.fetched_at {
                let age = now.duration_since(fetched_at).as_secs();
                self.issuer_keys_age.get_or_create(&labels).set(age);
            }
        }
        let expires = portpass.signer.authority_expiry(now).not_after;
        self.ca_expires.set(expires.as_duration().as_secs_f64());
        let mut text = String::new();
        let relay = &portpass.snapshot.load().relay;
        let counts = relay.as_ref().map(|relay| relay.counts().registry());
        let written = encode_registry(&mut text, &self.registry)
            .and_then(|()| counts.map_or(Ok(()), |counts| encode_registry(&mut text, counts)))
            .and_then(|()| encode_eof(&mut text));
        if let Err(error) = written {
            tracing::error!(error = %error, "Metrics could not be written");
        }
        text
    }

    fn describe_standing(&self, portpass: &Portpass, directory: &Directory) {
        let suspended = portpass.standing.suspended(directory.bindings());
        self.suspended.clear();
        for (issuer, _kind) in directory.issuers() {
            let is_suspended = suspended.contains(&issuer);
            let labels = Issuer {
                issuer: issuer.into(),
            };
            let gauge = self.suspended.get_or_create(&labels);
            gauge.set(is_suspended.into());
        }
        let silence = portpass.standing.silence().unwrap_or_default();
        self.database_silence.set(silence.as_secs_f64());
        let overtaken = portpass.journal.overtaken();
        self.overtaken.inner().store(overtaken, Ordering::Relaxed);
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// The same, where the identity provider gave nothing that can be used.
fn of_unvouched(unvouched: &Unvouched) -> (&'static str, &str, &str) {
    let outcome = match (&unvouched.fault, unvouched.fault.blame()) {
        (ProviderFault::Busy { .. }, _) => "limited",
        (_, Blame::Provider) => "unavailable",
        (_, Blame::Caller) if unvouched.is_of_somebody() => "denied",
        (_, Blame::Caller) => "stranger",
    };
    let issuer = unvouched.proof.as_ref();
    let issuer = issuer.map(|proof| proof.identity().issuer());
    (
        outcome,
        &unvouched.ask.registry.name,
        issuer.unwrap_or_default(),
    )
}

/// The outcome, registry and issuer of a refusal, as labels.
fn of_refusal(refused: &Refused) -> (&'static str, &str, &str) {
    match refused {
        Refused::Denied(denied) => {
            let decision = denied.decision();
            (
                "denied",
                &decision.registry().name,
                decision.proof().identity().issuer(),
            )
        }
        Refused::LimitedAddress(_) => ("limited", "", ""),
        Refused::LimitedIdentity { proof, ask, .. } => {
            ("limited", &ask.registry.name, proof.identity().issuer())
        }
        Refused::Nonsense(_) => ("nonsense", "", ""),
        Refused::NotARegistry => ("stranger", "", ""),
        Refused::NotRevoked(_) => ("unavailable", "", ""),
        Refused::Provider(unvouched) => of_unvouched(unvouched),
        Refused::Sign(_) => ("failed", "", ""),
        Refused::Unavailable { ask, .. } => ("unavailable", &ask.registry.name, ""),
        Refused::Unproven { unproven, ask } => {
            let registry = &*ask.registry.name;
            match unproven {
                Unproven::Rejected(rejected) => ("rejected", registry, rejected.identity.issuer()),
                Unproven::Stranger(stranger) => (
                    "stranger",
                    registry,
                    stranger.issuer.as_deref().unwrap_or_default(),
                ),
                Unproven::Unavailable { issuer, .. } => (
                    "unavailable",
                    registry,
                    issuer.as_deref().unwrap_or_default(),
                ),
            }
        }
    }
}

//! What is counted, and the page that describes it.
//!
//! Labels are bounded by the configuration: an issuer's or a registry's name
//! and words of ours, never anything that a caller chose.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use jiff::Timestamp;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Metric, Registry, Unit},
};

use crate::{
    audit::{Recorded, SessionNow, Unrecorded},
    identity::{Directory, Unproven},
    portpass::Portpass,
    refused::Refused,
    token::SignedToken,
};

/// Upper bounds of the buckets of a request's duration, in seconds.
const DURATIONS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0, 10.0];

/// The counters and gauges of one server: a value, not a global.
pub struct Metrics {
    registry: Registry,
    answers: Family<Answer, Counter>,
    durations: Family<Route, Histogram, fn() -> Histogram>,
    reloads: Family<Reload, Counter>,
    issuer_keys: Family<Issuer, Gauge>,
    issuer_keys_age: Family<Issuer, Gauge>,
    ca_expires: Gauge<f64, AtomicU64>,
    tokens: Family<Token, Counter>,
    refresh_tokens: Family<Refresh, Counter>,
    sessions_opened: Family<Issuer, Counter>,
    network_changes: Family<Issuer, Counter>,
    overtaken: Counter,
    pruned: Family<Pruned, Counter>,
    suspended: Family<Issuer, Gauge>,
    database_silence: Gauge<f64, AtomicU64>,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Answer {
    outcome: &'static str,
    registry: String,
    issuer: String,
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
    issuer: String,
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
struct Pruned {
    table: &'static str,
}

/// What the reference says of a metric.
struct Described {
    /// Its name without our prefix, its unit and what its type adds.
    name: &'static str,
    /// What its type and unit add to the name.
    suffix: &'static str,
    labels: &'static str,
    help: &'static str,
}

const REQUESTS: Described = Described {
    name: "token_requests",
    suffix: "_total",
    labels: "`outcome`, `registry`, `issuer`",
    help: "Answers of the token endpoint by outcome, registry and issuer",
};
const DURATION: Described = Described {
    name: "http_request_duration",
    suffix: "_seconds",
    labels: "`route`",
    help: "How long answers took",
};
const RELOADS: Described = Described {
    name: "config_reloads",
    suffix: "_total",
    labels: "`outcome`",
    help: "Readings of a changed configuration by outcome: applied, refused",
};
const ISSUER_KEYS: Described = Described {
    name: "issuer_keys",
    suffix: "",
    labels: "`issuer`",
    help: "Usable keys held of each issuer",
};
const ISSUER_KEYS_AGE: Described = Described {
    name: "issuer_keys_age",
    suffix: "_seconds",
    labels: "`issuer`",
    help: "Time since the keys of each issuer were last fetched",
};
const CA_EXPIRES: Described = Described {
    name: "ca_expires_timestamp",
    suffix: "_seconds",
    labels: "",
    help: "When the CA that registries trust expires, since 1970",
};

const TOKENS: Described = Described {
    name: "tokens",
    suffix: "_total",
    labels: "`means`",
    help: "Tokens given by what the caller proved it by: anonymous, api_token, jwt, refresh_token",
};
const REFRESH_TOKENS: Described = Described {
    name: "refresh_tokens",
    suffix: "_total",
    labels: "`outcome`",
    help: "Refresh tokens asked for by outcome: issued, limit (the session had as many as it may)",
};
const SESSIONS_OPENED: Described = Described {
    name: "sessions_opened",
    suffix: "_total",
    labels: "`issuer`",
    help: "Sessions opened",
};
const NETWORK_CHANGES: Described = Described {
    name: "session_network_changes",
    suffix: "_total",
    labels: "`issuer`",
    help: "Uses of a session from a network that it was not used from before",
};
const OVERTAKEN: Described = Described {
    name: "overtaken",
    suffix: "_total",
    labels: "",
    help: "Tokens dropped and decided anew because another request or an operator came first",
};
const PRUNED: Described = Described {
    name: "pruned_rows",
    suffix: "_total",
    labels: "`table`",
    help: "Rows deleted because of their age: events, sessions, revocations",
};
const SUSPENDED: Described = Described {
    name: "issuer_suspended",
    suffix: "",
    labels: "`issuer`",
    help: "1 where an issuer stands for something else than when it was bound, until an operator binds it again",
};
const DATABASE_SILENCE: Described = Described {
    name: "database_silence",
    suffix: "_seconds",
    labels: "",
    help: "Time since a shared database was last heard; 0 where the database is our own",
};

const ALL: [&Described; 14] = [
    &REQUESTS,
    &DURATION,
    &RELOADS,
    &ISSUER_KEYS,
    &ISSUER_KEYS_AGE,
    &CA_EXPIRES,
    &TOKENS,
    &REFRESH_TOKENS,
    &SESSIONS_OPENED,
    &NETWORK_CHANGES,
    &OVERTAKEN,
    &PRUNED,
    &SUSPENDED,
    &DATABASE_SILENCE,
];

impl Described {
    /// Puts a metric under its name and its words.
    fn register(&self, registry: &mut Registry, metric: impl Metric) {
        if self.suffix == "_seconds" {
            registry.register_with_unit(self.name, self.help, Unit::Seconds, metric);
        } else {
            registry.register(self.name, self.help, metric);
        }
    }
}

impl Metrics {
    /// Metrics with nothing counted yet.
    pub fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("portpass"),
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
            overtaken: Counter::default(),
            pruned: Family::default(),
            suspended: Family::default(),
            database_silence: Gauge::default(),
        };
        let registry = &mut metrics.registry;
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
        OVERTAKEN.register(registry, metrics.overtaken.clone());
        PRUNED.register(registry, metrics.pruned.clone());
        SUSPENDED.register(registry, metrics.suspended.clone());
        DATABASE_SILENCE.register(registry, metrics.database_silence.clone());
        metrics
    }

    pub(crate) fn count_answer(&self, result: &Result<Recorded, Unrecorded>) {
        let (outcome, registry, issuer) = match result.as_ref().map(Recorded::outcome) {
            Ok(Ok(token)) => {
                let proof = token.grant().proof();
                (
                    "issued",
                    &*token.grant().registry().name,
                    proof.identity().issuer(),
                )
            }
            Ok(Err(refused)) => of_refusal(refused),
            Err(_unrecorded) => ("unrecorded", "", ""),
        };
        let labels = Answer {
            outcome,
            registry: registry.to_owned(),
            issuer: issuer.to_owned(),
        };
        self.answers.get_or_create(&labels).inc();
        if let Ok(recorded) = result
            && let Ok(token) = recorded.outcome()
        {
            self.count_token(recorded, token);
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
            issuer: proof.identity().issuer().to_owned(),
        };
        if let Some(SessionNow::Opened(_)) = recorded.session() {
            self.sessions_opened.get_or_create(&issuer).inc();
        }
        if recorded.network_changed() {
            self.network_changes.get_or_create(&issuer).inc();
        }
    }

    /// Counts rows of a table that were deleted because of their age.
    pub(crate) fn count_pruned(&self, table: &'static str, rows: u64) {
        self.pruned.get_or_create(&Pruned { table }).inc_by(rows);
    }

    pub(crate) fn time_request(&self, path: &str, elapsed: Duration) {
        let route = match path {
            "/token" | "/auth/token" => "token",
            "/.well-known/jwks.json" | "/.well-known/openid-configuration" => "well-known",
            "/healthz" | "/readyz" => "health",
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
    pub(crate) fn render(&self, portpass: &Portpass, now: Timestamp) -> String {
        let directory = &portpass.snapshot.load().directory;
        self.describe_standing(portpass, directory);
        self.issuer_keys.clear();
        self.issuer_keys_age.clear();
        for status in directory.status(now) {
            let labels = Issuer {
                issuer: status.name.to_string(),
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
        if let Err(error) = encode(&mut text, &self.registry) {
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
                issuer: issuer.to_owned(),
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
                Unproven::Unavailable { issuer, .. } => ("unavailable", registry, issuer),
            }
        }
    }
}

/// The page about metrics, in Markdown.
pub fn reference() -> String {
    let mut page = String::from(
        "# Metrics\n\nThe `ops` listener serves them at `/metrics`, as OpenMetrics text. \
         Labels hold names from the configuration and words of Portpass, never what a caller chose.\n\n\
         | metric | labels | meaning |\n| --- | --- | --- |\n",
    );
    for metric in ALL {
        let Described {
            name,
            suffix,
            labels,
            help,
        } = metric;
        page.push_str("| `portpass_");
        page.extend([*name, *suffix, "` | ", *labels, " | ", *help, " |\n"]);
    }
    page.push_str(
        "\nOutcomes of `portpass_token_requests_total`: `issued`, `denied` (proven, and may not), \
         `rejected` (known, but the JWT cannot be accepted now), `stranger` (nobody was proven), \
         `malformed`, `nonsense`, `limited`, `unavailable` (an issuer's keys, or the database, cannot be had), \
         `unrecorded` (the event could not be committed), `failed`.\n",
    );
    page
}

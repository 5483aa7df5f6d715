//! What is counted, and the page that describes it.
//!
//! Labels are bounded by the configuration: an issuer's or a registry's name
//! and words of ours, never anything that a caller chose.

use std::{fmt, sync::atomic::AtomicU64, time::Duration};

use jiff::Timestamp;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Metric, Registry, Unit},
};

use crate::{
    audit::{Recorded, Unrecorded},
    identity::Unproven,
    portpass::Portpass,
    refused::Refused,
};

/// Upper bounds of the buckets of a request's duration, in seconds.
const DURATIONS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0, 10.0];

/// The counters and gauges of one server: a value, not a global.
pub struct Metrics {
    registry: Registry,
    admin_failures: Counter,
    answers: Family<Answer, Counter>,
    durations: Family<Route, Histogram, fn() -> Histogram>,
    reloads: Family<Reload, Counter>,
    issuer_keys: Family<Issuer, Gauge>,
    issuer_keys_age: Family<Issuer, Gauge>,
    ca_expires: Gauge<f64, AtomicU64>,
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

/// What the reference says of a metric.
struct Described {
    /// Its name without our prefix, its unit and what its type adds.
    name: &'static str,
    /// What its type and unit add to the name.
    suffix: &'static str,
    labels: &'static str,
    help: &'static str,
}

const ADMIN_FAILURES: Described = Described {
    name: "admin_failures",
    suffix: "_total",
    labels: "",
    help: "Requests to the admin API over TCP without a token that is known",
};
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

const ALL: [&Described; 7] = [
    &ADMIN_FAILURES,
    &REQUESTS,
    &DURATION,
    &RELOADS,
    &ISSUER_KEYS,
    &ISSUER_KEYS_AGE,
    &CA_EXPIRES,
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
        let mut registry = Registry::with_prefix("portpass");
        let admin_failures = Counter::default();
        let answers = Family::default();
        let durations: Family<Route, Histogram, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(DURATIONS));
        let reloads = Family::default();
        let issuer_keys = Family::default();
        let issuer_keys_age = Family::default();
        let ca_expires = Gauge::default();
        ADMIN_FAILURES.register(&mut registry, admin_failures.clone());
        REQUESTS.register(&mut registry, answers.clone());
        DURATION.register(&mut registry, durations.clone());
        RELOADS.register(&mut registry, reloads.clone());
        ISSUER_KEYS.register(&mut registry, issuer_keys.clone());
        ISSUER_KEYS_AGE.register(&mut registry, issuer_keys_age.clone());
        CA_EXPIRES.register(&mut registry, ca_expires.clone());
        Self {
            registry,
            admin_failures,
            answers,
            durations,
            reloads,
            issuer_keys,
            issuer_keys_age,
            ca_expires,
        }
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
            Err(_) => ("unrecorded", "", ""),
        };
        let labels = Answer {
            outcome,
            registry: registry.to_owned(),
            issuer: issuer.to_owned(),
        };
        self.answers.get_or_create(&labels).inc();
    }

    /// Counts an attempt at the admin API without a token that is known.
    pub(crate) fn count_admin_failure(&self) {
        self.admin_failures.inc();
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
        self.issuer_keys.clear();
        self.issuer_keys_age.clear();
        for status in portpass.snapshot.load().directory.status(now) {
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
         `malformed`, `nonsense`, `limited`, `unavailable` (an issuer's keys cannot be had), \
         `unrecorded` (the event could not be committed), `failed`.\n",
    );
    page
}

//! What each metric is called and means; the reference is made from it.

use prometheus_client::registry::{Metric, Registry, Unit};

/// What the reference says of a metric.
pub(super) struct Described {
    /// Its name without our prefix, its unit and what its type adds.
    name: &'static str,
    /// What its type and unit add to the name.
    suffix: &'static str,
    labels: &'static str,
    help: &'static str,
}

pub(super) const ADMIN_FAILURES: Described = Described {
    name: "admin_failures",
    suffix: "_total",
    labels: "",
    help: "Requests to the admin API over TCP without a token that is known",
};
pub(super) const REQUESTS: Described = Described {
    name: "token_requests",
    suffix: "_total",
    labels: "`outcome`, `registry`, `issuer`",
    help: "Answers of the token endpoint by outcome, registry and issuer",
};
pub(super) const DURATION: Described = Described {
    name: "http_request_duration",
    suffix: "_seconds",
    labels: "`route`",
    help: "How long answers took",
};
pub(super) const RELOADS: Described = Described {
    name: "config_reloads",
    suffix: "_total",
    labels: "`outcome`",
    help: "Readings of a changed configuration by outcome: applied, refused",
};
pub(super) const ISSUER_KEYS: Described = Described {
    name: "issuer_keys",
    suffix: "",
    labels: "`issuer`",
    help: "Usable keys held of each issuer",
};
pub(super) const ISSUER_KEYS_AGE: Described = Described {
    name: "issuer_keys_age",
    suffix: "_seconds",
    labels: "`issuer`",
    help: "Time since the keys of each issuer were last fetched",
};
pub(super) const CA_EXPIRES: Described = Described {
    name: "ca_expires_timestamp",
    suffix: "_seconds",
    labels: "",
    help: "When the CA that registries trust expires, since 1970",
};

pub(super) const TOKENS: Described = Described {
    name: "tokens",
    suffix: "_total",
    labels: "`means`",
    help: "Tokens given by what the caller proved it by: anonymous, api_token, jwt, refresh_token; passthrough where the provider's own was answered",
};
pub(super) const REFRESH_TOKENS: Described = Described {
    name: "refresh_tokens",
    suffix: "_total",
    labels: "`outcome`",
    help: "Refresh tokens asked for by outcome: issued, limit (the session had as many as it may)",
};
pub(super) const SESSIONS_OPENED: Described = Described {
    name: "sessions_opened",
    suffix: "_total",
    labels: "`issuer`",
    help: "Sessions opened",
};
pub(super) const NETWORK_CHANGES: Described = Described {
    name: "session_network_changes",
    suffix: "_total",
    labels: "`issuer`",
    help: "Uses of a session from a network that it was not used from before",
};
pub(super) const OAUTH2: Described = Described {
    name: "oauth2_requests",
    suffix: "_total",
    labels: "`endpoint`, `outcome`",
    help: "Answers of introspect (active, inactive, refused) and revoke (api_token, refresh_token, nothing, refused)",
};
pub(super) const OVERTAKEN: Described = Described {
    name: "overtaken",
    suffix: "_total",
    labels: "",
    help: "Tokens dropped and decided anew because another request or an operator came first",
};
pub(super) const PRUNED: Described = Described {
    name: "pruned_rows",
    suffix: "_total",
    labels: "`table`",
    help: "Rows deleted because of their age: events, sessions, revocations",
};
pub(super) const SUSPENDED: Described = Described {
    name: "issuer_suspended",
    suffix: "",
    labels: "`issuer`",
    help: "1 where an issuer stands for something else than when it was bound, until an operator binds it again",
};
pub(super) const DATABASE_SILENCE: Described = Described {
    name: "database_silence",
    suffix: "_seconds",
    labels: "",
    help: "Time since a shared database was last heard; 0 where the database is our own",
};

pub(super) const TURNED_AWAY: Described = Described {
    name: "connections_turned_away",
    suffix: "_total",
    labels: "",
    help: "Connections closed at once because their address had as many as it may",
};

pub(super) const PROVIDER_REQUESTS: Described = Described {
    name: "provider_requests",
    suffix: "_total",
    labels: "`outcome`",
    help: "Requests to the identity provider by outcome: ok, busy, misconfigured, refused, unavailable",
};
pub(super) const PROVIDER_DURATION: Described = Described {
    name: "provider_request_duration",
    suffix: "_seconds",
    labels: "",
    help: "How long the identity provider took to answer",
};

const ALL: [&Described; 19] = [
    &ADMIN_FAILURES,
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
    &OAUTH2,
    &OVERTAKEN,
    &PRUNED,
    &SUSPENDED,
    &DATABASE_SILENCE,
    &TURNED_AWAY,
    &PROVIDER_REQUESTS,
    &PROVIDER_DURATION,
];

impl Described {
    /// Puts a metric under its name and its words.
    pub(super) fn register(&self, registry: &mut Registry, metric: impl Metric) {
        if self.suffix == "_seconds" {
            registry.register_with_unit(self.name, self.help, Unit::Seconds, metric);
        } else {
            registry.register(self.name, self.help, metric);
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
         `rejected` (known, but what was presented cannot be accepted now), `stranger` (nobody was proven), \
         `malformed`, `nonsense`, `limited`, `unavailable` (an issuer's keys, the database, or the identity provider cannot be had), \
         `unrecorded` (the event could not be committed), `failed`.\n",
    );
    page
}

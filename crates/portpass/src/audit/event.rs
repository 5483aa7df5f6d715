//! One event, as an operator reads it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::store::EventRow;

/// An event as `portpass events --json` and the admin API show it.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Event {
    /// A `UUIDv7`; a token's is its `jti`.
    pub id: String,
    /// When it first happened.
    pub at: Timestamp,
    /// When it last happened.
    pub last: Timestamp,
    /// How often it happened.
    pub count: i64,
    /// `token`, `refusal`, `stranger`, `anonymous`, `failure` or `operator`.
    pub kind: String,
    /// Why it was refused, as a code that does not change.
    pub reason: Option<String>,
    /// The decision's id, as the caller was told it.
    pub decision: Option<String>,
    /// The login's id: the same for all uses of one JWT.
    pub login: Option<String>,
    /// The registry's name in the file.
    pub registry: Option<String>,
    /// The issuer's name in the file.
    pub issuer: Option<String>,
    /// The immutable id under that issuer.
    pub identity: Option<String>,
    /// Everything else.
    pub body: Value,
}

impl From<EventRow> for Event {
    fn from(row: EventRow) -> Self {
        let time = |ms| Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
        Self {
            at: time(row.at_ms),
            last: time(row.last_ms),
            body: serde_json::from_str(&row.body).unwrap_or(Value::Null),
            id: row.id,
            count: row.count,
            kind: row.kind,
            reason: row.reason,
            decision: row.decision,
            login: row.login,
            registry: row.registry,
            issuer: row.issuer,
            identity: row.identity,
        }
    }
}

/// What the reference says about `body`, key by key.
const BODY: &[(&str, &str)] = &[
    ("access", "What was granted: the token's `access` claim."),
    ("address", "The client's address, behind trusted proxies."),
    ("asked", "The scopes that were asked for, sorted."),
    ("action", "What an operator did (`operator`)."),
    (
        "actor",
        "Which operator did it, or `portpass`, or `bearer` (`operator`).",
    ),
    ("claims", "The claims that rules name, as the JWT had them."),
    (
        "claimed",
        "Namespaces that became the caller's own with this token (`token`).",
    ),
    (
        "counted",
        "`true` where the row only counts what was too much to keep.",
    ),
    (
        "detail",
        "What exactly was wrong with a stranger's credential, or at the identity provider; what an operator changed.",
    ),
    ("expires_at", "When the token expires."),
    ("facts", "The facts of the login."),
    ("groups", "The groups that the identity was in."),
    ("lifetime_seconds", "How long the token lives."),
    (
        "means",
        "What the caller proved it by: `jwt`, `password` (that the identity provider took), `refresh_token`, `api_token`; `anonymous` proves nothing.",
    ),
    ("message", "What the caller was told."),
    ("name", "What people call the identity."),
    (
        "network",
        "The client's network (`anonymous`, and where it changed): `/24` of IPv4, `/48` of IPv6.",
    ),
    (
        "network_changed",
        "`true` where the session was not used from this network before (`token`).",
    ),
    (
        "policy",
        "The version of the rules: it changes when a decision could.",
    ),
    (
        "provider_subject",
        "Whom the identity provider's token is about: its `sub`, where it was passed through.",
    ),
    (
        "refresh_token",
        "`true` where a refresh token was given along (`token`).",
    ),
    (
        "refresh_token_limit",
        "`true` where one was asked for, and the session had as many as it may.",
    ),
    (
        "relay",
        "`passthrough` where the identity provider's own token was answered.",
    ),
    (
        "repositories",
        "The repositories of an anonymous grant (`anonymous`).",
    ),
    (
        "request_id",
        "The id under which the request stands in the log.",
    ),
    (
        "rules",
        "Each rule, or `relay.access` where the identity provider gives, and what it said: `matched`, `other_caller`, `other_registry`, `other_access` (nothing of what was asked), `owned` (this name belongs to another id), `suspended` (the issuer stands for something else than before), `unmet_fact`, `unmet_cel`, `void` (its template cannot be rendered).",
    ),
    (
        "session",
        "Whether the token's session was `opened` or `used`.",
    ),
    (
        "shadow",
        "What the rules with `mode = \"shadow\"` said, which changed nothing: `rules` as above, and, only where it differs, the `access` that would have been given were they live, or the `reason` why none.",
    ),
    (
        "trust_provider",
        "`true` where the identity provider alone says who is let through.",
    ),
    (
        "unmet",
        "The fact that was unmet in the rule that came closest.",
    ),
    (
        "user",
        "The name that a person gave whom the identity provider took.",
    ),
    ("user_agent", "What the client calls itself."),
    ("uses", "How often the session was used by then."),
];

/// The page about events, in Markdown.
pub fn reference() -> String {
    let mut page = String::from(
        "# Events\n\n\
         Each token and each refusal leaves an event, committed before the answer is sent.\n\n\
         | kind | what happened | how many |\n| --- | --- | --- |\n\
         | `token` | A token was given to a proven caller. | one each |\n\
         | `refusal` | A caller who proved who they are was refused. | one per decision id and minute, counted |\n\
         | `stranger` | Nobody was proven. | the first few per reason, issuer and minute; the rest counted |\n\
         | `anonymous` | A token was given to nobody in particular. | one per minute, network and repository, counted |\n\
         | `failure` | Another system, or we, failed. | the first few per reason, issuer and minute; the rest counted |\n\
         | `operator` | An operator changed something, or had the rules explained; `portpass` is the actor where it did so itself, `bearer` where whoever had a secret gave it up. | one each |\n\n\
         Every event has `id`, `at`, `last`, `count`, `kind`, `reason`, `decision`, `login`, `registry`, `issuer`, \
         `identity` (absent ones are `null`) and a `body` with what else is known:\n\n\
         | key | meaning |\n| --- | --- |\n",
    );
    for (key, meaning) in BODY {
        page.push_str("| `");
        page.push_str(key);
        page.push_str("` | ");
        page.push_str(meaning);
        page.push_str(" |\n");
    }
    page
}

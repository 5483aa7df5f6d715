//! What happened, listed.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Question, Verb, desk::Desk, failure::Failure};
use crate::{audit::Event, store::EventFilter};

/// The most events in one answer.
pub const MAX_EVENTS: u32 = 10_000;

/// How many events are listed when nobody says.
const DEFAULT_EVENTS: u32 = 100;

/// Which events to list, oldest first.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct EventQuery {
    /// Only events after this one, by id; then the oldest come first.
    pub after: Option<String>,
    /// Only events of this decision.
    pub decision: Option<String>,
    /// Only events of this identity.
    pub identity: Option<String>,
    /// Only events of this issuer.
    pub issuer: Option<String>,
    /// Only events of this kind.
    pub kind: Option<String>,
    /// At most so many; the newest, if there are more.
    pub limit: Option<u32>,
    /// Only events of this login.
    pub login: Option<String>,
    /// Only events for this registry.
    pub registry: Option<String>,
    /// Only events at or after this time.
    pub since: Option<Timestamp>,
}

impl Question for EventQuery {
    type Answer = Vec<Event>;

    const VERB: Verb = Verb::Get;
    const PATH: &'static str = "/events";
    const SUMMARY: &'static str = "What happened, oldest first.";

    async fn answer(self, desk: &Desk) -> Result<Vec<Event>, Failure> {
        let limit = self.limit.unwrap_or(DEFAULT_EVENTS).min(MAX_EVENTS);
        let filter = EventFilter {
            after: self.after,
            decision: self.decision,
            identity: self.identity,
            issuer: self.issuer,
            kind: self.kind,
            login: self.login,
            registry: self.registry,
            since_ms: self.since.map(Timestamp::as_millisecond),
        };
        let rows = desk.store().events(&filter, limit).await?;
        Ok(rows.into_iter().map(Event::from).collect())
    }
}

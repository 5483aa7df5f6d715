//! One question, with everything that the rules look at.

use std::{collections::BTreeSet, sync::Arc};

use scope::Scopes;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Basis, Caller, Explain, Failure, Held, Objection, Record, Settled, Snapshot, Story};
use crate::{
    admin::desk::Desk,
    audit::Event,
    config::instead,
    decision::{Explanation, Namespace, Policy},
    identity::{ANONYMOUS, Stranger, Supposed, TOKEN, WrongStage},
    registry::Registry,
    store::EventFilter,
};

/// How many events of a decision are looked at: they share an event within a
/// minute, so that more are rare.
const MAX_EVENTS: u32 = 100;

/// One question, with everything that the rules look at.
pub(super) struct Case {
    basis: Basis,
    pub(super) supposed: Supposed,
    pub(super) registry: Arc<Registry>,
    asked: Scopes,
    record: Option<Record>,
    /// Whether the event keeps claims at all: where the JWT was refused before
    /// the rules were asked, it does not.
    keeps_claims: bool,
}

impl Case {
    /// Of a JWT.
    pub(super) fn of_jwt(
        question: &Explain,
        supposed: Result<Supposed, Stranger>,
        basis: Basis,
        snapshot: &Snapshot,
    ) -> Result<Self, Failure> {
        let supposed = supposed.map_err(|stranger| {
            let detail = stranger.detail.map(|detail| format!(": {detail}"));
            let detail = detail.unwrap_or_default();
            Failure::Refused(format!("{}{detail}", stranger.reason))
        })?;
        Ok(Self {
            basis,
            supposed,
            registry: registry(question.registry.as_deref(), snapshot)?,
            asked: scopes(&question.scopes)?,
            record: None,
            keeps_claims: false,
        })
    }

    /// Of what an event says of a decision: its newest.
    pub(super) async fn of_decision(
        question: &Explain,
        decision: &str,
        desk: &Desk,
        settled: &Settled,
    ) -> Result<Self, Failure> {
        let filter = EventFilter {
            decision: Some(decision.to_owned()),
            ..EventFilter::default()
        };
        let mut rows = desk.store().events(&filter, MAX_EVENTS).await?;
        let event = rows.pop().map(Event::from).ok_or_else(|| {
            Failure::Unknown(format!(
                "there is no event of a decision `{}`; it may be older than events are kept",
                decision.escape_debug()
            ))
        })?;
        let supposed = supposed(&event)?;
        let issuer = supposed.identity().issuer().to_owned();
        let bindings = &mut desk.snapshot.directory.bindings();
        let binding = bindings.find(|binding| *binding.issuer == *issuer);
        let is_bound = binding.is_none_or(|binding| settled.is_bound(&issuer, binding.digest));
        let name = question.registry.as_deref().or(event.registry.as_deref());
        let asked = if question.scopes.is_empty() {
            vec![read(&event, "asked").unwrap_or_default()]
        } else {
            question.scopes.clone()
        };
        Ok(Self {
            basis: Basis::Recorded,
            supposed: supposed.of_bound(is_bound),
            registry: registry(name, &desk.snapshot)?,
            asked: scopes(&asked)?,
            keeps_claims: event.body.get("claims").is_some(),
            record: Some(Record {
                policy: read(&event, "policy"),
                groups: read(&event, "groups").unwrap_or_default(),
                message: read(&event, "message"),
                access: read(&event, "access"),
                event: event.id,
                at: event.at,
                reason: event.reason,
            }),
        })
    }

    /// The operators' groups that the caller is in now; an API token is in its
    /// own for good.
    pub(super) fn groups(&self, settled: &Settled) -> Vec<Arc<str>> {
        match &self.record {
            Some(record) if self.supposed.identity().issuer() == TOKEN => {
                let groups = record.groups.iter();
                groups.map(|name| name.as_str().into()).collect()
            }
            Some(_) | None => settled.groups(self.supposed.identity()).to_vec(),
        }
    }

    /// The names whose owners the rules must be told.
    pub(super) fn namespaces(&self, policy: &Policy) -> Vec<Namespace> {
        policy.namespaces(Caller::from(&self.supposed), &self.registry)
    }

    /// The answer.
    pub(super) fn story(self, snapshot: &Snapshot, held: Held<'_>) -> Story {
        let policy = &snapshot.policy;
        let explain =
            |caller: Caller<'_>| policy.explain(caller, held, &self.registry, &self.asked);
        let caller = Caller::from(&self.supposed);
        let explanation = explain(caller);
        let version = explanation.policy.to_string();
        let then = self
            .record
            .as_ref()
            .and_then(|record| record.policy.as_ref());
        let explanation = if self.keeps_claims && then == Some(&version) {
            // Rules that name a claim recorded it then, if there was one.
            explain(caller.recorded_under(policy))
        } else {
            explanation
        };
        let wrong = self.supposed.wrong().iter();
        Story {
            basis: self.basis,
            issuer: self.supposed.identity().issuer().to_owned(),
            id: self.supposed.identity().id().to_owned(),
            name: self.supposed.name().to_owned(),
            registry: self.registry.name.to_string(),
            asked: self.asked.to_string(),
            objections: wrong
                .map(|wrong| Objection {
                    stage: match wrong.stage {
                        WrongStage::Jwt => "jwt".to_owned(),
                        WrongStage::Pin => "pin".to_owned(),
                    },
                    code: wrong.code.to_owned(),
                    message: wrong.message.clone(),
                })
                .collect(),
            facts: self.supposed.facts().clone(),
            unknown: unknown(snapshot, self.record.as_ref(), &explanation),
            record: self.record,
            explanation,
        }
    }
}

/// What could make a difference, and the answer does not know.
fn unknown(snapshot: &Snapshot, record: Option<&Record>, explanation: &Explanation) -> Vec<String> {
    let mut unknown = Vec::new();
    let version = explanation.policy.to_string();
    if let Some(then) = record.and_then(|record| record.policy.as_ref())
        && *then != version
    {
        unknown.push(format!(
            "what the rules of then would say: this is by policy {version}, and {then} decided"
        ));
    }
    let rules = explanation.rules.iter();
    let untold: BTreeSet<_> = rules.flat_map(|rule| &rule.untold).collect();
    unknown.extend(
        untold
            .into_iter()
            .map(|untold| format!("{untold}: the event does not keep it")),
    );
    if snapshot.relay.is_some() {
        let relay = "what the identity provider of [relay] gives or refuses: it is not asked";
        unknown.push(relay.to_owned());
    }
    unknown
}

/// Whoever an event is about.
fn supposed(event: &Event) -> Result<Supposed, Failure> {
    let means: Option<String> = read(event, "means");
    let (issuer, id) = match (&event.issuer, &event.identity) {
        (Some(issuer), Some(id)) => (issuer.as_str(), id.as_str()),
        _ if means.as_deref() == Some(ANONYMOUS) => (ANONYMOUS, ANONYMOUS),
        _ => {
            let reason = event.reason.as_deref().unwrap_or("unknown");
            return Err(Failure::Refused(format!(
                "nobody was proven then ({reason}), so the rules were not asked"
            )));
        }
    };
    let name = read(event, "name").unwrap_or_else(|| id.to_owned());
    let facts = read(event, "facts").unwrap_or_default();
    let claims = read(event, "claims").unwrap_or_default();
    let login = event.login.as_deref().and_then(|login| login.parse().ok());
    Ok(Supposed::recorded(issuer, id, &name, facts, claims).of_login(login))
}

/// What an event's body says under a key, if it is there and of the right type.
fn read<T: DeserializeOwned>(event: &Event, key: &str) -> Option<T> {
    let value = event.body.get(key).cloned().unwrap_or(Value::Null);
    serde_json::from_value(value).ok()
}

fn scopes(texts: &[String]) -> Result<Scopes, Failure> {
    let texts = texts.iter().map(String::as_str);
    Scopes::parse(texts).map_err(|error| Failure::Refused(error.to_string()))
}

fn registry(name: Option<&str>, snapshot: &Snapshot) -> Result<Arc<Registry>, Failure> {
    let registries = &snapshot.registries;
    let known = || registries.iter().map(|registry| &*registry.name);
    match (name, registries.as_slice()) {
        (None, [only]) => Ok(Arc::clone(only)),
        (None, _) => Err(Failure::Refused(format!(
            "say which registry; there are {}",
            known().collect::<Vec<_>>().join(", ")
        ))),
        (Some(name), all) => {
            let found = all
                .iter()
                .find(|registry| &*registry.name == name || registry.service == name);
            found.map(Arc::clone).ok_or_else(|| {
                let hint = instead(name, known());
                Failure::Unknown(format!("there is no registry `{name}`{hint}"))
            })
        }
    }
}

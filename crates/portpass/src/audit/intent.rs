//! Which row an outcome leaves, and with what it may share it.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    Origin,
    refusal::of_refusal,
    sharing::{Class, Intent},
};
use crate::{
    answer::Answer,
    decision::{Access, Decision},
    event_id::event_id,
    refused::{Ask, Refused},
    relay::PassedToken,
    store::{Conditions, EventRow},
    token::SignedToken,
};

/// The mark of what happened where the provider alone says who is let through.
pub(super) const TRUST_PROVIDER: &str = "trust_provider";

/// The event of a request's outcome.
///
/// Of its session, a token's event says here only what is known before the
/// commit; the writer adds the rest.
pub(super) fn of_outcome(
    outcome: &Result<Answer, Refused>,
    conditions: &Conditions,
    new_network: Option<&str>,
    origin: &Origin,
    now: Timestamp,
) -> Intent {
    match outcome {
        Ok(Answer::Signed(token)) if token.grant().proof().is_anonymous() => {
            anonymous(token, origin, now)
        }
        Ok(Answer::Signed(token)) => issued(token, conditions, new_network, origin, now),
        Ok(Answer::Passed(token)) if token.is_anonymous() => passed_to_nobody(token, origin, now),
        Ok(Answer::Passed(token)) => passed(token, origin, now),
        Err(refused) => of_refusal(refused, origin, now),
    }
}

/// The event of something an operator did, to be written with
/// [`Store::act`](crate::store::Store::act).
///
/// `actor` is who did it, such as `uid 0`; `action` what, in one word or two;
/// `detail` any facts for the record, nothing secret.
pub fn operator_event(actor: &str, action: &str, detail: &Value, now: Timestamp) -> EventRow {
    let mut row = row("operator", now);
    row.body = json!({ "action": action, "actor": actor, "detail": detail }).to_string();
    row
}

fn issued(
    token: &SignedToken,
    conditions: &Conditions,
    new_network: Option<&str>,
    origin: &Origin,
    now: Timestamp,
) -> Intent {
    let decision = token.grant().decision();
    let mut body = story(decision);
    let claimed = conditions.claims.iter().map(|row| row.namespace.as_str());
    let claimed: Vec<_> = claimed.collect();
    if !claimed.is_empty() {
        body.insert("claimed".to_owned(), json!(claimed));
    }
    if let Some(network) = new_network {
        body.insert("network".to_owned(), json!(network));
        body.insert("network_changed".to_owned(), json!(true));
    }
    body.insert("access".to_owned(), json!(token.grant().access()));
    body.insert("expires_at".to_owned(), json!(token.expires_at()));
    body.insert(
        "lifetime_seconds".to_owned(),
        json!(token.lifetime_seconds()),
    );
    let mut row = row("token", now);
    token.id().clone_into(&mut row.id);
    concern(&mut row, decision);
    finish(&mut row, body, origin);
    Intent::own(row)
}

fn anonymous(token: &SignedToken, origin: &Origin, now: Timestamp) -> Intent {
    let decision = token.grant().decision();
    let body = Map::from_iter([("policy".to_owned(), json!(decision.policy()))]);
    let registry = &decision.registry().name;
    to_nobody(registry, token.grant().access(), body, origin, now)
}

/// A token of the provider's, given to somebody who presented something.
fn passed(token: &PassedToken, origin: &Origin, now: Timestamp) -> Intent {
    let ask = token.ask();
    let mut body = asked(ask);
    body.insert("access".to_owned(), json!(token.access()));
    body.insert("expires_at".to_owned(), json!(token.expires_at()));
    body.insert(
        "lifetime_seconds".to_owned(),
        json!(token.lifetime_seconds()),
    );
    body.extend(of_provider(token));
    let mut row = row("token", now);
    token.id().clone_into(&mut row.id);
    row.registry = Some(ask.registry.name.to_string());
    row.login = token.login().map(|login| login.to_string());
    row.decision = token.login().map(|login| ask.decision(login).to_string());
    if let Some(proof) = token.proof() {
        row.issuer = Some(proof.identity().issuer().to_owned());
        row.identity = Some(proof.identity().id().to_owned());
        body.insert("facts".to_owned(), json!(proof.facts()));
        body.insert("means".to_owned(), json!(proof.evidence().code()));
        body.insert("name".to_owned(), json!(proof.name()));
    }
    if let Some(user) = token.user() {
        body.insert("user".to_owned(), json!(user));
    }
    finish(&mut row, body, origin);
    Intent::own(row)
}

/// A token of the provider's, given to somebody who presented nothing.
fn passed_to_nobody(token: &PassedToken, origin: &Origin, now: Timestamp) -> Intent {
    let mut body = of_provider(token);
    body.insert("policy".to_owned(), json!(token.ask().policy));
    to_nobody(&token.registry().name, token.access(), body, origin, now)
}

/// What is said of the provider's part in a token.
fn of_provider(token: &PassedToken) -> Map<String, Value> {
    let mut body = Map::from_iter([("relay".to_owned(), json!("passthrough"))]);
    if let Some(subject) = token.subject() {
        body.insert("provider_subject".to_owned(), json!(subject));
    }
    body
}

/// A row for nobody in particular, which others of the same minute share.
fn to_nobody(
    registry: &str,
    access: &[Access],
    more: Map<String, Value>,
    origin: &Origin,
    now: Timestamp,
) -> Intent {
    let network = origin.network();
    let repositories: Vec<&str> = access.iter().map(|access| access.name.as_str()).collect();
    let key = format!("{registry} {network} {}", repositories.join(" "));
    let mut row = row("anonymous", now);
    row.registry = Some(registry.to_owned());
    let mut body = Map::from_iter([("network".to_owned(), json!(network))]);
    body.extend(more);
    body.insert("repositories".to_owned(), json!(repositories));
    mark(&mut body, origin);
    row.body = Value::Object(body).to_string();
    Intent::new(row, Class::Anonymous { key })
}

/// What later tools explain and replay a decision from.
pub(super) fn story(decision: &Decision) -> Map<String, Value> {
    let proof = decision.proof();
    let mut body = Map::new();
    body.insert("asked".to_owned(), json!(decision.asked().to_string()));
    body.insert("claims".to_owned(), json!(decision.claims()));
    body.insert("facts".to_owned(), json!(proof.facts()));
    body.insert("groups".to_owned(), json!(decision.groups()));
    body.insert("means".to_owned(), json!(proof.evidence().code()));
    body.insert("name".to_owned(), json!(proof.name()));
    body.insert("policy".to_owned(), json!(decision.policy()));
    body.insert("rules".to_owned(), json!(decision.rules()));
    if let Some(shadow) = decision.shadow() {
        body.insert("shadow".to_owned(), json!(shadow));
    }
    body
}

pub(super) fn asked(ask: &Ask) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("asked".to_owned(), json!(ask.scopes.to_string()));
    body.insert("policy".to_owned(), json!(ask.policy));
    body
}

pub(super) fn message(text: &str) -> Map<String, Value> {
    Map::from_iter([("message".to_owned(), json!(text))])
}

pub(super) fn concern(row: &mut EventRow, decision: &Decision) {
    let proof = decision.proof();
    row.decision = Some(decision.id().to_string());
    row.login = proof.login().map(|login| login.to_string());
    row.registry = Some(decision.registry().name.to_string());
    row.issuer = Some(proof.identity().issuer().to_owned());
    row.identity = Some(proof.identity().id().to_owned());
}

pub(super) fn finish(row: &mut EventRow, mut body: Map<String, Value>, origin: &Origin) {
    body.insert("address".to_owned(), json!(origin.address));
    body.insert("request_id".to_owned(), json!(origin.request_id));
    if let Some(user_agent) = &origin.user_agent {
        body.insert("user_agent".to_owned(), json!(user_agent));
    }
    mark(&mut body, origin);
    row.body = Value::Object(body).to_string();
}

/// Marks what happened where the provider alone says who is let through.
fn mark(body: &mut Map<String, Value>, origin: &Origin) {
    if origin.trusts_provider {
        body.insert(TRUST_PROVIDER.to_owned(), json!(true));
    }
}

pub(super) fn row(kind: &str, now: Timestamp) -> EventRow {
    EventRow {
        id: event_id(now),
        at_ms: now.as_millisecond(),
        last_ms: now.as_millisecond(),
        count: 1,
        kind: kind.to_owned(),
        reason: None,
        decision: None,
        login: None,
        registry: None,
        issuer: None,
        identity: None,
        body: String::new(),
    }
}

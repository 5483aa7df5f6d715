//! Which row an outcome leaves, and with what it may share it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Origin,
    body::Body,
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
        body.insert("claimed", &claimed);
    }
    if let Some(network) = new_network {
        body.insert("network", network);
        body.insert("network_changed", &true);
    }
    body.insert("access", &token.grant().access());
    body.insert("expires_at", &token.expires_at());
    body.insert("lifetime_seconds", &token.lifetime_seconds());
    let mut row = row_of(token.id().to_owned(), "token", now);
    concern(&mut row, decision);
    finish(&mut row, body, origin);
    Intent::own(row)
}

fn anonymous(token: &SignedToken, origin: &Origin, now: Timestamp) -> Intent {
    let decision = token.grant().decision();
    let registry = &decision.registry().name;
    let more = |body: &mut Body| body.insert("policy", &decision.policy());
    to_nobody(registry, token.grant().access(), more, origin, now)
}

/// A token of the provider's, given to somebody who presented something.
fn passed(token: &PassedToken, origin: &Origin, now: Timestamp) -> Intent {
    let ask = token.ask();
    let mut body = asked(ask);
    body.insert("access", &token.access());
    body.insert("expires_at", &token.expires_at());
    body.insert("lifetime_seconds", &token.lifetime_seconds());
    of_provider(&mut body, token);
    let mut row = row_of(token.id().to_owned(), "token", now);
    row.registry = Some(ask.registry.name.to_string());
    row.login = token.login().map(|login| login.to_string());
    row.decision = token.login().map(|login| ask.decision(login).to_string());
    if let Some(proof) = token.proof() {
        row.issuer = Some(proof.identity().issuer().to_owned());
        row.identity = Some(proof.identity().id().to_owned());
        body.insert_json("facts", proof.facts().json());
        body.insert("means", &proof.evidence().code());
        body.insert("name", &proof.name());
    }
    if let Some(user) = token.user() {
        body.insert("user", user);
    }
    finish(&mut row, body, origin);
    Intent::own(row)
}

/// A token of the provider's, given to somebody who presented nothing.
fn passed_to_nobody(token: &PassedToken, origin: &Origin, now: Timestamp) -> Intent {
    let more = |body: &mut Body| {
        of_provider(body, token);
        body.insert("policy", &token.ask().policy);
    };
    to_nobody(&token.registry().name, token.access(), more, origin, now)
}

/// Says the provider's part in a token.
fn of_provider(body: &mut Body, token: &PassedToken) {
    body.insert("relay", "passthrough");
    if let Some(subject) = token.subject() {
        body.insert("provider_subject", subject);
    }
}

/// A row for nobody in particular, which others of the same minute share.
fn to_nobody(
    registry: &str,
    access: &[Access],
    more: impl FnOnce(&mut Body),
    origin: &Origin,
    now: Timestamp,
) -> Intent {
    let network = origin.network();
    let repositories: Vec<&str> = access.iter().map(|access| access.name.as_str()).collect();
    let key = format!("{registry} {network} {}", repositories.join(" "));
    let mut row = row("anonymous", now);
    row.registry = Some(registry.to_owned());
    let mut body = Body::new();
    body.insert("network", network);
    more(&mut body);
    body.insert("repositories", &repositories);
    mark(&mut body, origin);
    row.body = body.into_text();
    Intent::new(row, Class::Anonymous { key })
}

/// What later tools explain and replay a decision from.
pub(super) fn story(decision: &Decision) -> Body {
    let proof = decision.proof();
    let mut body = Body::new();
    body.insert("asked", decision.asked().as_str());
    body.insert("claims", &decision.claims());
    body.insert_json("facts", proof.facts().json());
    body.insert("groups", &decision.groups());
    body.insert("means", &proof.evidence().code());
    body.insert("name", &proof.name());
    body.insert("policy", &decision.policy());
    body.insert("rules", &decision.rules());
    if let Some(shadow) = decision.shadow() {
        body.insert("shadow", &shadow);
    }
    body
}

pub(super) fn asked(ask: &Ask) -> Body {
    let mut body = Body::new();
    body.insert("asked", ask.scopes.as_str());
    body.insert("policy", &ask.policy);
    body
}

pub(super) fn message(text: &str) -> Body {
    let mut body = Body::new();
    body.insert("message", text);
    body
}

pub(super) fn concern(row: &mut EventRow, decision: &Decision) {
    let proof = decision.proof();
    row.decision = Some(decision.id().to_string());
    row.login = proof.login().map(|login| login.to_string());
    row.registry = Some(decision.registry().name.to_string());
    row.issuer = Some(proof.identity().issuer().to_owned());
    row.identity = Some(proof.identity().id().to_owned());
}

pub(super) fn finish(row: &mut EventRow, mut body: Body, origin: &Origin) {
    body.insert("address", &origin.address);
    body.insert("request_id", &origin.request_id);
    if let Some(user_agent) = &origin.user_agent {
        body.insert("user_agent", user_agent);
    }
    mark(&mut body, origin);
    row.body = body.into_text();
}

/// Marks what happened where the provider alone says who is let through.
fn mark(body: &mut Body, origin: &Origin) {
    if origin.trusts_provider {
        body.insert(TRUST_PROVIDER, &true);
    }
}

pub(super) fn row(kind: &str, now: Timestamp) -> EventRow {
    row_of(event_id(now), kind, now)
}

fn row_of(id: String, kind: &str, now: Timestamp) -> EventRow {
    EventRow {
        id,
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

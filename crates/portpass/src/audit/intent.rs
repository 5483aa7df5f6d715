//! Which row an outcome leaves, and with what it may share it.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    Origin,
    sharing::{Class, Intent},
};
use crate::{
    decision::Decision,
    event_id::event_id,
    identity::{Proof, Rejected, Stranger, Unproven},
    refused::{Ask, Refused, limited_id},
    short_id::ShortId,
    store::EventRow,
    token::SignedToken,
};

/// The event of a request's outcome.
pub(super) fn of_outcome(
    outcome: &Result<SignedToken, Refused>,
    origin: &Origin,
    now: Timestamp,
) -> Intent {
    match outcome {
        Ok(token) if token.grant().proof().is_anonymous() => anonymous(token, origin, now),
        Ok(token) => issued(token, origin, now),
        Err(refused) => of_refusal(refused, origin, now),
    }
}

/// The event of something an operator did.
pub(super) fn of_operator(actor: &str, action: &str, detail: &Value, now: Timestamp) -> Intent {
    let mut row = row("operator", now);
    row.body = json!({ "action": action, "actor": actor, "detail": detail }).to_string();
    Intent {
        row,
        class: Class::Own,
    }
}

fn issued(token: &SignedToken, origin: &Origin, now: Timestamp) -> Intent {
    let decision = token.grant().decision();
    let mut body = story(decision);
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
    Intent {
        row,
        class: Class::Own,
    }
}

fn anonymous(token: &SignedToken, origin: &Origin, now: Timestamp) -> Intent {
    let decision = token.grant().decision();
    let network = origin.network();
    let names = token
        .grant()
        .access()
        .iter()
        .map(|access| access.name.as_str());
    let repositories: Vec<&str> = names.collect();
    let registry = &decision.registry().name;
    let key = format!("{registry} {network} {}", repositories.join(" "));
    let mut row = row("anonymous", now);
    row.registry = Some(registry.to_string());
    row.body = json!({
        "network": network,
        "policy": decision.policy(),
        "repositories": repositories,
    })
    .to_string();
    Intent {
        row,
        class: Class::Anonymous { key },
    }
}

fn of_refusal(refused: &Refused, origin: &Origin, now: Timestamp) -> Intent {
    match refused {
        Refused::Denied(denied) => {
            let decision = denied.decision();
            let mut body = story(decision);
            body.insert("message".to_owned(), json!(denied.refusal().to_string()));
            if let Some(fact) = denied.refusal().unmet() {
                body.insert("unmet".to_owned(), json!(fact));
            }
            let reason = denied.refusal().code();
            if decision.proof().is_anonymous() {
                return stranger(reason, None, body, origin, now, "stranger", Some(decision));
            }
            let mut row = row("refusal", now);
            row.reason = Some(reason.to_owned());
            concern(&mut row, decision);
            finish(&mut row, body, origin);
            Intent {
                row,
                class: Class::Refusal(shared(decision.id(), reason)),
            }
        }
        Refused::Unproven { unproven, ask } => match unproven {
            Unproven::Rejected(rejected) => of_rejected(rejected, ask, origin, now),
            Unproven::Stranger(nobody) => of_stranger(nobody, ask, origin, now),
            Unproven::Unavailable {
                issuer,
                login,
                reason,
                ..
            } => {
                let mut body = asked(ask);
                body.insert("message".to_owned(), json!(reason));
                let mut intent = stranger(
                    "unavailable",
                    issuer.as_deref(),
                    body,
                    origin,
                    now,
                    "failure",
                    None,
                );
                intent.row.decision = login.map(|login| ask.decision(login).to_string());
                intent.row.login = login.map(|login| login.to_string());
                intent.row.registry = Some(ask.registry.name.to_string());
                intent
            }
        },
        Refused::LimitedIdentity { proof, ask, .. } => of_limited(proof, ask, origin, now),
        Refused::LimitedAddress(_) => stranger(
            "too_many_unproven",
            None,
            Map::new(),
            origin,
            now,
            "stranger",
            None,
        ),
        Refused::Nonsense(nonsense) => {
            let body = message(&nonsense.to_string());
            stranger("nonsense", None, body, origin, now, "stranger", None)
        }
        Refused::Sign(error) => {
            let body = message(&error.to_string());
            stranger("not_signed", None, body, origin, now, "failure", None)
        }
    }
}

fn of_rejected(rejected: &Rejected, ask: &Ask, origin: &Origin, now: Timestamp) -> Intent {
    let decision = ask.decision(rejected.login);
    let mut body = asked(ask);
    body.insert("facts".to_owned(), json!(rejected.facts));
    body.insert("message".to_owned(), json!(ask.rejection(rejected)));
    body.insert("name".to_owned(), json!(rejected.name));
    let mut row = row("refusal", now);
    row.reason = Some(rejected.reason.code().to_owned());
    row.decision = Some(decision.to_string());
    row.login = Some(rejected.login.to_string());
    row.registry = Some(ask.registry.name.to_string());
    row.issuer = Some(rejected.identity.issuer().to_owned());
    row.identity = Some(rejected.identity.id().to_owned());
    finish(&mut row, body, origin);
    Intent {
        row,
        class: Class::Refusal(shared(decision, rejected.reason.code())),
    }
}

/// With which refusals one shares a row: the same decision for the same reason.
fn shared(decision: ShortId, reason: &str) -> ShortId {
    ShortId::of_parts([decision.to_string().as_bytes(), reason.as_bytes()])
}

fn of_limited(proof: &Proof, ask: &Ask, origin: &Origin, now: Timestamp) -> Intent {
    let mut body = asked(ask);
    body.insert("name".to_owned(), json!(proof.name()));
    let mut row = row("refusal", now);
    row.reason = Some("too_many_requests".to_owned());
    row.login = proof.login().map(|login| login.to_string());
    row.registry = Some(ask.registry.name.to_string());
    row.issuer = Some(proof.identity().issuer().to_owned());
    row.identity = Some(proof.identity().id().to_owned());
    finish(&mut row, body, origin);
    let id = limited_id(proof.identity());
    row.decision = Some(id.to_string());
    Intent {
        row,
        class: Class::Refusal(id),
    }
}

fn of_stranger(nobody: &Stranger, ask: &Ask, origin: &Origin, now: Timestamp) -> Intent {
    let issuer = nobody.issuer.as_deref();
    let mut body = asked(ask);
    body.insert("message".to_owned(), json!(nobody.reason.to_string()));
    if let Some(detail) = &nobody.detail {
        body.insert("detail".to_owned(), json!(detail));
    }
    let mut intent = stranger(
        nobody.reason.code(),
        issuer,
        body,
        origin,
        now,
        "stranger",
        None,
    );
    intent.row.registry = Some(ask.registry.name.to_string());
    if let Some(login) = nobody.login {
        intent.row.decision = Some(ask.decision(login).to_string());
        intent.row.login = Some(login.to_string());
    }
    intent
}

fn stranger(
    reason: &str,
    issuer: Option<&str>,
    body: Map<String, Value>,
    origin: &Origin,
    now: Timestamp,
    kind: &str,
    decision: Option<&Decision>,
) -> Intent {
    let mut row = row(kind, now);
    row.reason = Some(reason.to_owned());
    row.issuer = issuer.map(str::to_owned);
    if let Some(decision) = decision {
        row.registry = Some(decision.registry().name.to_string());
        row.decision = Some(decision.id().to_string());
    }
    finish(&mut row, body, origin);
    let key = format!("{kind} {reason} {}", issuer.unwrap_or_default());
    Intent {
        row,
        class: Class::Stranger { key },
    }
}

/// What later tools explain and replay a decision from.
fn story(decision: &Decision) -> Map<String, Value> {
    let proof = decision.proof();
    let mut body = Map::new();
    body.insert("asked".to_owned(), json!(decision.asked().to_string()));
    body.insert("claims".to_owned(), json!(decision.claims()));
    body.insert("facts".to_owned(), json!(proof.facts()));
    body.insert("groups".to_owned(), json!(decision.groups()));
    body.insert("name".to_owned(), json!(proof.name()));
    body.insert("policy".to_owned(), json!(decision.policy()));
    body.insert("rules".to_owned(), json!(decision.rules()));
    body
}

fn asked(ask: &Ask) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("asked".to_owned(), json!(ask.scopes.to_string()));
    body.insert("policy".to_owned(), json!(ask.policy));
    body
}

fn message(text: &str) -> Map<String, Value> {
    Map::from_iter([("message".to_owned(), json!(text))])
}

fn concern(row: &mut EventRow, decision: &Decision) {
    let proof = decision.proof();
    row.decision = Some(decision.id().to_string());
    row.login = proof.login().map(|login| login.to_string());
    row.registry = Some(decision.registry().name.to_string());
    row.issuer = Some(proof.identity().issuer().to_owned());
    row.identity = Some(proof.identity().id().to_owned());
}

fn finish(row: &mut EventRow, mut body: Map<String, Value>, origin: &Origin) {
    body.insert("address".to_owned(), json!(origin.address));
    body.insert("request_id".to_owned(), json!(origin.request_id));
    if let Some(user_agent) = &origin.user_agent {
        body.insert("user_agent".to_owned(), json!(user_agent));
    }
    row.body = Value::Object(body).to_string();
}

fn row(kind: &str, now: Timestamp) -> EventRow {
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

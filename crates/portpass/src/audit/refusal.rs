//! Which row a refusal leaves, and with what it may share it.

use jiff::Timestamp;

use super::{
    Origin,
    body::Body,
    intent::{asked, concern, finish, message, row, story},
    sharing::{Class, Intent},
};
use crate::{
    decision::Decision,
    identity::{Proof, Rejected, Stranger, Unproven},
    refused::{Ask, Refused, Unvouched, limited_id},
    relay::Blame,
    short_id::ShortId,
};

/// The event of a refusal.
pub(super) fn of_refusal(refused: &Refused, origin: &Origin, now: Timestamp) -> Intent {
    match refused {
        Refused::Denied(denied) => {
            let decision = denied.decision();
            let mut body = story(decision);
            body.insert("message", &denied.refusal().to_string());
            if let Some(fact) = denied.refusal().unmet() {
                body.insert("unmet", &fact);
            }
            let reason = denied.refusal().code();
            if decision.proof().is_anonymous() {
                return stranger(reason, None, body, origin, now, "stranger", Some(decision));
            }
            let mut row = row("refusal", now);
            row.reason = Some(reason.to_owned());
            concern(&mut row, decision);
            finish(&mut row, body, origin);
            Intent::new(row, Class::Refusal(shared(decision.id(), reason)))
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
                body.insert("message", &reason);
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
            Body::new(),
            origin,
            now,
            "stranger",
            None,
        ),
        Refused::Nonsense(nonsense) => {
            let body = message(&nonsense.to_string());
            stranger("nonsense", None, body, origin, now, "stranger", None)
        }
        Refused::NotARegistry => {
            let body = message(&refused.to_string());
            stranger("not_a_registry", None, body, origin, now, "stranger", None)
        }
        Refused::NotRevoked(error) => {
            let body = message(&error.to_string());
            stranger("database", None, body, origin, now, "failure", None)
        }
        Refused::Provider(unvouched) => of_unvouched(unvouched, origin, now),
        Refused::Sign(error) => {
            let body = message(&error.to_string());
            stranger("not_signed", None, body, origin, now, "failure", None)
        }
        Refused::Unavailable { error, ask } => {
            let mut body = asked(ask);
            body.insert("message", &error.to_string());
            let mut intent = stranger("database", None, body, origin, now, "failure", None);
            intent.row.registry = Some(ask.registry.name.to_string());
            intent
        }
    }
}

fn of_rejected(rejected: &Rejected, ask: &Ask, origin: &Origin, now: Timestamp) -> Intent {
    let decision = ask.decision(rejected.login);
    let mut body = asked(ask);
    body.insert_json("facts", rejected.facts.json());
    body.insert("message", &ask.rejection(rejected));
    body.insert("name", &rejected.name);
    let mut row = row("refusal", now);
    row.reason = Some(rejected.reason.code().to_owned());
    row.decision = Some(decision.to_string());
    row.login = Some(rejected.login.to_string());
    row.registry = Some(ask.registry.name.to_string());
    row.issuer = Some(rejected.identity.issuer().to_owned());
    row.identity = Some(rejected.identity.id().to_owned());
    finish(&mut row, body, origin);
    Intent::new(
        row,
        Class::Refusal(shared(decision, rejected.reason.code())),
    )
}

fn of_unvouched(unvouched: &Unvouched, origin: &Origin, now: Timestamp) -> Intent {
    let (fault, ask) = (&unvouched.fault, &unvouched.ask);
    let mut body = asked(ask);
    body.insert("message", &unvouched.message());
    if let Some(detail) = fault.detail() {
        body.insert("detail", &detail);
    }
    let proof = unvouched.proof.as_ref();
    if let Some(proof) = proof {
        body.insert_json("facts", proof.facts().json());
        body.insert("name", &proof.name());
    }
    let (reason, decision) = (fault.code(), unvouched.decision());
    let kind = match fault.blame() {
        Blame::Provider => "failure",
        Blame::Caller if unvouched.is_of_somebody() => "refusal",
        Blame::Caller => "stranger",
    };
    if let Some(user) = unvouched.user.as_ref().filter(|_| kind == "refusal") {
        // Of strangers not even the name: people type their passwords there.
        body.insert("user", &user);
    }
    let issuer = proof.map(|proof| proof.identity().issuer());
    let mut intent = stranger(reason, issuer, body, origin, now, kind, None);
    let row = &mut intent.row;
    row.registry = Some(ask.registry.name.to_string());
    row.login = unvouched.login.map(|login| login.to_string());
    row.decision = decision.map(|id| id.to_string());
    row.identity = proof.map(|proof| proof.identity().id().to_owned());
    if let Some(id) = decision.filter(|_| kind == "refusal") {
        intent.class = Class::Refusal(shared(id, reason));
    }
    intent
}

/// With which refusals one shares a row: the same decision for the same reason.
fn shared(decision: ShortId, reason: &str) -> ShortId {
    ShortId::of_parts([decision.to_string().as_bytes(), reason.as_bytes()])
}

fn of_limited(proof: &Proof, ask: &Ask, origin: &Origin, now: Timestamp) -> Intent {
    let mut body = asked(ask);
    body.insert("name", &proof.name());
    let mut row = row("refusal", now);
    row.reason = Some("too_many_requests".to_owned());
    row.login = proof.login().map(|login| login.to_string());
    row.registry = Some(ask.registry.name.to_string());
    row.issuer = Some(proof.identity().issuer().to_owned());
    row.identity = Some(proof.identity().id().to_owned());
    finish(&mut row, body, origin);
    let id = limited_id(proof.identity());
    row.decision = Some(id.to_string());
    Intent::new(row, Class::Refusal(id))
}

fn of_stranger(nobody: &Stranger, ask: &Ask, origin: &Origin, now: Timestamp) -> Intent {
    let issuer = nobody.issuer.as_deref();
    let mut body = asked(ask);
    body.insert("message", &nobody.reason.to_string());
    if let Some(detail) = &nobody.detail {
        body.insert("detail", &detail);
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
    body: Body,
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
    Intent::new(row, Class::Stranger { key })
}

//! A provider that is down, slow, lying or busy, over real sockets.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use e2e::{
    client::{Client, Program},
    http::{self, Credential},
    portpass::{access_token, token_path},
    registry::Kind,
    tool::Tool,
    world::SERVICE,
};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::{Beside, REPOSITORY, refused_push, text};

/// Within which every answer comes, also where the provider never does.
const PATIENCE: Duration = Duration::from_secs(10);

const CLAIM: &str = "answer = \"resign\"\naccess = \"claim\"";
const PASSTHROUGH: &str = "answer = \"passthrough\"";

/// What goes wrong, the status that comes of it, and what the client is told.
const FAULTS: [(&str, u16, &str); 14] = [
    ("401", 401, "refused the credential"),
    ("429", 429, "asked too often"),
    ("500", 503, "cannot be asked right now"),
    ("closed", 503, "cannot be asked right now"),
    ("down", 503, "cannot be asked right now"),
    ("expired", 503, "it has expired"),
    ("foreign-key", 503, "its signature or issuer"),
    ("foreign-key-known-id", 503, "its signature or issuer"),
    ("html", 503, "cannot be asked right now"),
    ("huge", 503, "cannot be asked right now"),
    ("more-access", 503, "more access than was asked"),
    ("slow", 503, "cannot be asked right now"),
    ("unsigned", 503, "cannot be used"),
    ("wrong-aud", 503, "another audience"),
];

pub(crate) fn trials() -> Vec<Trial> {
    let ways = [("passed_on", PASSTHROUGH), ("signed_anew", CLAIM)];
    let mut trials: Vec<_> = FAULTS
        .into_iter()
        .flat_map(|fault| ways.map(|way| (fault, way)))
        // Of a claim that gives more, what was asked is taken.
        .filter(|((fault, ..), (_, relay))| (*fault, *relay) != ("more-access", CLAIM))
        .map(|((fault, status, words), (way, relay))| {
            let fault_name = fault.replace('-', "_");
            let name = format!("faults::{fault_name}_is_a_{status}_where_tokens_are_{way}");
            crate::needing(name, &[Tool::Node], move || {
                is_answered_recorded_and_over(relay, fault, status, words)
            })
        })
        .collect();
    trials.push(trial!(
        a_client_shows_that_it_is_the_providers_fault,
        Crane,
        DockerRegistry,
        Node
    ));
    trials
}

/// The status in time, one reason, one event; and afterwards, all as before without a restart.
fn is_answered_recorded_and_over(relay: &str, fault: &str, status: u16, words: &str) -> Result<()> {
    let beside = Beside::start(relay, "")?;
    let credential = Credential::Basic("JWT".to_owned(), beside.jwt()?);
    let path = token_path(SERVICE, &["repository:team/web:pull"]);
    let ask = || http::get(beside.portpass.draft.port, &path, &credential);
    access_token(&ask()?)?;
    let before = beside.portpass.events()?.len();

    beside.provider.fault(fault)?;
    let start = Instant::now();
    let answer = ask()?;
    ensure!(start.elapsed() < PATIENCE, "after {:?}", start.elapsed());
    ensure!(
        answer.status == status,
        "{} {}",
        answer.status,
        answer.text()
    );
    if status == 429 {
        ensure!(answer.header("retry-after") == Some("7"), "{answer:?}");
    }
    let body = answer.json()?;
    let errors = body.get("errors").and_then(Value::as_array);
    let errors = errors.context("no errors")?;
    let [error] = errors.as_slice() else {
        anyhow::bail!("more than one reason: {body}");
    };
    let message = text(error, "/message");
    ensure!(message.contains(words), "{message}");
    let events = beside.portpass.events()?;
    ensure!(
        events.len() == before + 1,
        "{} events",
        events.len() - before
    );
    let event = events.last().context("no event")?;
    // A refusal is the provider's word about the caller; the rest is its own fault.
    let kind = if status == 401 { "refusal" } else { "failure" };
    ensure!(text(event, "/kind") == kind, "{event}");
    ensure!(text(event, "/identity") == "74", "nobody's: {event}");

    beside.provider.fault("none")?;
    access_token(&ask()?)?;
    Ok(())
}

fn a_client_shows_that_it_is_the_providers_fault() -> Result<()> {
    let beside = Beside::start_with(&json!({}), Kind::V28, CLAIM, "")?;
    let registry = beside.trusting_us(Kind::V28)?;
    // skopeo shows the status alone.
    let client = Client::new(Program::Crane)?;
    client
        .login(&registry.host(), &beside.jwt()?)?
        .succeeded()?;
    beside.provider.fault("html")?;
    let said = refused_push(&client, &registry, REPOSITORY)?;
    ensure!(
        said.contains("the identity provider cannot be asked right now"),
        "{said}"
    );
    Ok(())
}

//! Round-robin clients: they log in on one server, go on with the other, and note what they were given.

use std::{
    collections::HashSet,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use e2e::{
    http::{self, Credential, Response},
    issuer::Issuer,
    portpass::{access_token, jwt_part, token_path},
    world::SERVICE,
};
use serde_json::Value;

/// What they ask for.
pub(super) const SCOPE: [&str; 1] = ["repository:apps/github/acme/web:pull,push"];

/// Asks with a new login, and for a refresh token.
pub(super) fn login(port: u16, jwt: &str) -> Result<Response> {
    let credential = Credential::Basic("JWT".to_owned(), jwt.to_owned());
    let path = token_path(SERVICE, &SCOPE) + "&offline_token=true";
    http::get(port, &path, &credential)
}

/// Asks with what a login was given, as clients do that put it where the password goes.
pub(super) fn refresh(port: u16, secret: &str, scopes: &[&str]) -> Result<Response> {
    let credential = Credential::Basic(String::new(), secret.to_owned());
    http::get(port, &token_path(SERVICE, scopes), &credential)
}

pub(super) fn text(answer: &Response, key: &str) -> Result<String> {
    let body = answer.json()?;
    let value = body.get(key).and_then(Value::as_str);
    Ok(value
        .with_context(|| format!("no {key}: {} {}", answer.status, answer.text()))?
        .to_owned())
}

/// How many rounds are service that goes on.
const SERVED: usize = 24;

/// What round-robin clients were given, and what they must not have been told.
#[derive(Default)]
pub(super) struct Held {
    /// The `jti` of every token.
    pub(super) tokens: Mutex<HashSet<String>>,
    /// Every refresh token.
    pub(super) secrets: Mutex<Vec<String>>,
    /// Answers that no outage excuses.
    pub(super) wrong: Mutex<Vec<String>>,
    /// How many pairs of requests were answered in full.
    rounds: AtomicUsize,
}

impl Held {
    /// Takes an answer; a broken connection and a 503 are what clients try again after.
    fn take(&self, answer: Result<Response>) -> Option<Response> {
        let answer = answer.ok()?;
        match answer.status {
            200 => match access_token(&answer).and_then(|token| jwt_part(&token, 1)) {
                Ok(claims) => {
                    // A token without an id has no event either: it counts as lost.
                    let id = claims.get("jti").and_then(Value::as_str);
                    lock(&self.tokens).insert(id.unwrap_or("no jti").to_owned());
                    Some(answer)
                }
                Err(error) => {
                    lock(&self.wrong).push(format!("{error:#}"));
                    None
                }
            },
            503 => None,
            status => {
                lock(&self.wrong).push(format!("{status} {}", answer.text()));
                None
            }
        }
    }

    /// Logs in on one server and goes on with the other, until told to stop.
    pub(super) fn keep_asking(
        &self,
        issuer: &Issuer,
        ports: [u16; 2],
        first: usize,
        stop: &AtomicBool,
    ) -> Result<()> {
        let [one, other] = ports;
        for turn in first.. {
            if stop.load(Ordering::Acquire) {
                break;
            }
            let (here, there) = if turn % 2 == 0 {
                (one, other)
            } else {
                (other, one)
            };
            let jwt = issuer.jwt("github", SERVICE)?;
            let Some(given) = self.take(login(here, &jwt)) else {
                // The balancer looks elsewhere; nobody hammers a server that is down.
                thread::sleep(Duration::from_millis(20));
                continue;
            };
            let secret = text(&given, "refresh_token")?;
            lock(&self.secrets).push(secret.clone());
            if self.take(refresh(there, &secret, &SCOPE)).is_some() {
                self.rounds.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    /// Waits until clients were served for a while, on both servers.
    pub(super) fn served_more(&self) -> Result<()> {
        let wanted = self.rounds.load(Ordering::Relaxed) + SERVED;
        let start = Instant::now();
        while self.rounds.load(Ordering::Relaxed) < wanted {
            ensure!(
                start.elapsed() < Duration::from_secs(30),
                "no service: {:?}",
                lock(&self.wrong)
            );
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

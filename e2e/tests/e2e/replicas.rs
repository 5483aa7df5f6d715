//! Two servers on one PostgreSQL: either may go, the database too, and nothing that was answered is lost.

use std::{
    collections::HashSet,
    fs,
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use e2e::{
    http::{self, Credential, Response},
    issuer::Issuer,
    portpass::{Draft, Portpass, access_token, jwt_part, token_path},
    postgres::Postgres,
    registry::Kind,
    world::{OWN_NAMESPACE, SERVICE, tables},
};
use libtest_mimic::Trial;
use serde_json::Value;
use tempfile::TempDir;

use crate::joined;

/// How soon a change on one server acts on the other.
const SOON: Duration = Duration::from_secs(2);

const CLIENTS: usize = 6;

const SCOPE: [&str; 1] = ["repository:apps/github/acme/web:pull,push"];

const GROUP: &str = r#"
[group.acl_docker_push]
operators = true

[rule.push-group]
group = "acl_docker_push"
when = { event = ["push", "tag"], ref = "refs/heads/main" }
push = ["team/**"]
"#;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial!(
            nothing_answered_is_lost_when_a_server_and_the_database_go,
            Postgres
        ),
        trial!(a_login_on_one_is_good_on_the_other_at_once, Postgres),
        trial!(what_operators_do_on_one_acts_on_the_other_soon, Postgres),
    ]
}

/// Two servers of one CA and one database.
struct Pair {
    issuer: Issuer,
    postgres: Postgres,
    servers: [Portpass; 2],
    _ca: TempDir,
}

impl Pair {
    fn start() -> Result<Self> {
        let issuer = Issuer::start()?;
        let postgres = Postgres::start()?;
        let rules = format!("{OWN_NAMESPACE}{GROUP}");
        let own = tables(&issuer, Kind::V28, &rules)?;
        let (ca, file) = made_ca(&own)?;
        let file = file.display();
        let tables =
            format!("{own}\n[keys]\nca = {{ certificate = \"{file}\", key = \"{file}\" }}\n");
        let first = Draft::with_store(&tables, &format!("database_url = {:?}", postgres.url()))?;
        let second = first.replica(&tables)?;
        Ok(Self {
            issuer,
            postgres,
            servers: [first.serve()?, second.serve()?],
            _ca: ca,
        })
    }

    fn ports(&self) -> [u16; 2] {
        let [one, other] = &self.servers;
        [one.draft.port, other.draft.port]
    }
}

/// A CA with its key in one file, as Portpass makes its own.
fn made_ca(tables: &str) -> Result<(TempDir, PathBuf)> {
    let served = Draft::new(tables)?.serve()?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("ca.pem");
    fs::copy(served.draft.data().join("keys/ca/current.pem"), &file)?;
    Ok((folder, file))
}

/// Asks with a new login, and for a refresh token.
fn login(port: u16, jwt: &str) -> Result<Response> {
    let credential = Credential::Basic("JWT".to_owned(), jwt.to_owned());
    let path = token_path(SERVICE, &SCOPE) + "&offline_token=true";
    http::get(port, &path, &credential)
}

/// Asks with what a login was given, as clients do that put it where the password goes.
fn refresh(port: u16, secret: &str, scopes: &[&str]) -> Result<Response> {
    let credential = Credential::Basic(String::new(), secret.to_owned());
    http::get(port, &token_path(SERVICE, scopes), &credential)
}

fn text(answer: &Response, key: &str) -> Result<String> {
    let body = answer.json()?;
    let value = body.get(key).and_then(Value::as_str);
    Ok(value
        .with_context(|| format!("no {key}: {} {}", answer.status, answer.text()))?
        .to_owned())
}

/// What round-robin clients were given, and what they must not have been told.
#[derive(Default)]
struct Held {
    /// The `jti` of every token.
    tokens: Mutex<HashSet<String>>,
    /// Every refresh token.
    secrets: Mutex<Vec<String>>,
    /// Answers that no outage excuses.
    wrong: Mutex<Vec<String>>,
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
                    let id = claims.get("jti").and_then(Value::as_str);
                    lock(&self.tokens).insert(id.unwrap_or_default().to_owned());
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
    fn keep_asking(
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
    fn served_more(&self) -> Result<()> {
        let wanted = self.rounds.load(Ordering::Relaxed) + 4 * CLIENTS;
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

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn nothing_answered_is_lost_when_a_server_and_the_database_go() -> Result<()> {
    let pair = Pair::start()?;
    let ports = pair.ports();
    let Pair {
        issuer,
        mut postgres,
        servers: [mut one, other],
        _ca,
    } = pair;
    let held = Held::default();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| -> Result<()> {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                scope.spawn({
                    let (held, issuer, stop) = (&held, &issuer, &stop);
                    move || held.keep_asking(issuer, ports, client, stop)
                })
            })
            .collect();
        let outages = (|| {
            held.served_more()?;
            one.server.signal("KILL")?;
            one.server.wait()?;
            one.restart()?;
            held.served_more()?;
            postgres.stop()?;
            postgres.go_on()?;
            held.served_more()
        })();
        stop.store(true, Ordering::Release);
        for client in clients {
            joined(client)?;
        }
        outages
    })?;

    let wrong = lock(&held.wrong);
    ensure!(wrong.is_empty(), "{} wrong answers: {wrong:?}", wrong.len());
    let tokens = lock(&held.tokens);
    let events = serde_json::to_string(&other.events()?)?;
    let lost: Vec<_> = tokens.iter().filter(|id| !events.contains(*id)).collect();
    ensure!(
        lost.is_empty(),
        "{} of {} tokens have no event",
        lost.len(),
        tokens.len()
    );
    for (turn, secret) in lock(&held.secrets).iter().enumerate() {
        let port = if turn % 2 == 0 {
            one.draft.port
        } else {
            other.draft.port
        };
        let answer = refresh(port, secret, &SCOPE)?;
        ensure!(answer.status == 200, "a login is lost: {}", answer.text());
    }
    Ok(())
}

fn a_login_on_one_is_good_on_the_other_at_once() -> Result<()> {
    let pair = Pair::start()?;
    let [one, other] = pair.ports();
    for (here, there) in [(one, other), (other, one)].into_iter().cycle().take(20) {
        let given = login(here, &pair.issuer.jwt("github", SERVICE)?)?;
        let secret = text(&given, "refresh_token")?;
        let answer = refresh(there, &secret, &SCOPE)?;
        ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
    }
    let kept = pair.postgres.query("SELECT count(*) FROM sessions")?;
    ensure!(kept == "20", "{kept} sessions");
    Ok(())
}

fn what_operators_do_on_one_acts_on_the_other_soon() -> Result<()> {
    let pair = Pair::start()?;
    let [one, other] = &pair.servers;
    let given = login(one.draft.port, &pair.issuer.jwt("github", SERVICE)?)?;
    let secret = text(&given, "refresh_token")?;
    let team = ["repository:team/app:pull,push"];
    let statuses = |scopes: &[&str]| -> Result<[u16; 2]> {
        Ok([
            refresh(one.draft.port, &secret, scopes)?.status,
            refresh(other.draft.port, &secret, scopes)?.status,
        ])
    };
    ensure!(statuses(&team)? == [401, 401], "nobody is in the group yet");
    ensure!(statuses(&SCOPE)? == [200, 200], "the login is good on both");

    one.operate(&["groups", "add", "acl_docker_push", "github:74"])?;
    soon("the group", || Ok(statuses(&team)? == [200, 200]))?;
    other.operate(&["groups", "remove", "acl_docker_push", "github:74"])?;
    soon("the group", || Ok(statuses(&team)? == [401, 401]))?;

    let login = jwt_part(&text(&given, "access_token")?, 1)?;
    let login = login.get("sub").and_then(Value::as_str).context("no sub")?;
    let (_, login) = login.rsplit_once(':').context("no login in the sub")?;
    other.operate(&["sessions", "revoke", "--login", login])?;
    soon("the revocation", || Ok(statuses(&SCOPE)? == [401, 401]))
}

/// Waits until a change has reached both servers, and not for long.
fn soon(what: &str, holds: impl Fn() -> Result<bool>) -> Result<()> {
    let changed = Instant::now();
    while !holds()? {
        ensure!(changed.elapsed() < SOON, "{what} took more than {SOON:?}");
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

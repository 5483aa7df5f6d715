//! Two servers on one PostgreSQL: either may go, the database too, and nothing that was answered is lost.

mod clients;

use std::{
    fs,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use e2e::{
    issuer::Issuer,
    portpass::{Draft, Portpass, jwt_part},
    postgres::Postgres,
    registry::Kind,
    world::{OWN_NAMESPACE, SERVICE, tables},
};
use libtest_mimic::Trial;
use serde_json::Value;
use tempfile::TempDir;

use self::clients::{Held, SCOPE, lock, login, refresh, text};
use crate::joined;

/// How soon a change on one server acts on the other.
const SOON: Duration = Duration::from_secs(2);

const CLIENTS: usize = 6;

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

//! A PostgreSQL that hangs, crashes, writes no more, or is behind a middlebox that forgets.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use e2e::{
    http::{self, Credential},
    issuer::Issuer,
    passage::Passage,
    portpass::{Draft, Portpass},
    postgres::Postgres,
    registry::Kind,
    world::{OWN_NAMESPACE, tables},
};
use libtest_mimic::Trial;

use super::{Held, is_unavailable};

/// What docker waits for a token.
const CLIENTS_PATIENCE: Duration = Duration::from_secs(15);

/// How soon service returns once the database does.
const SOON: Duration = Duration::from_secs(15);

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial!(
            connections_that_a_middlebox_forgot_cost_seconds_and_no_token,
            Postgres
        ),
        trial!(
            a_database_that_hangs_is_a_503_in_time_and_used_again_by_itself,
            Postgres
        ),
        trial!(
            a_database_that_crashes_loses_no_token_that_was_given,
            Postgres
        ),
        trial!(
            a_database_that_writes_no_more_is_a_503_until_it_does,
            Postgres
        ),
    ]
}

/// A server, its database, and what is between them.
struct Far {
    issuer: Issuer,
    postgres: Postgres,
    passage: Passage,
    portpass: Portpass,
    held: Held,
}

impl Far {
    fn start() -> Result<Self> {
        let issuer = Issuer::start()?;
        let postgres = Postgres::start()?;
        let passage = Passage::to(postgres.port)?;
        let url = format!("postgres://postgres@127.0.0.1:{}/postgres", passage.port);
        let rules = tables(&issuer, Kind::V28, OWN_NAMESPACE)?;
        let portpass = Draft::with_store(&rules, &format!("database_url = {url:?}"))?.serve()?;
        let mut far = Self {
            issuer,
            postgres,
            passage,
            portpass,
            held: Held::default(),
        };
        // Several at once, so that there are connections to lose.
        far.serves_several()?;
        Ok(far)
    }

    /// Asks several times at once, until all are given what they ask; all others are a 503.
    fn serves_several(&mut self) -> Result<()> {
        let start = Instant::now();
        loop {
            let jwt = self.issuer.jwt("github", e2e::world::SERVICE)?;
            let portpass = &self.portpass;
            let answers = thread::scope(|scope| {
                let asking: Vec<_> = (0..6)
                    .map(|_| {
                        scope.spawn(|| portpass.token(e2e::world::SERVICE, &super::SCOPE, &jwt))
                    })
                    .collect();
                asking
                    .into_iter()
                    .map(crate::joined)
                    .collect::<Result<Vec<_>>>()
            })?;
            let mut all = true;
            for answer in answers {
                let answer = self.held.take(answer)?;
                if answer.status != 200 {
                    is_unavailable(&answer)?;
                    all = false;
                }
            }
            if all {
                return Ok(());
            }
            ensure!(start.elapsed() < SOON, "some are still answered with 503");
        }
    }

    /// Asks until there is a token; each answer before it is a 503 in time.
    fn recovers(&mut self, what: &str) -> Result<()> {
        let start = Instant::now();
        loop {
            let asked = Instant::now();
            let answer = self
                .held
                .ask(&self.portpass, &self.issuer)
                .context(what.to_owned())?;
            let took = asked.elapsed();
            ensure!(took < CLIENTS_PATIENCE, "{what}: answered after {took:?}");
            if answer.status == 200 {
                return Ok(());
            }
            is_unavailable(&answer).context(what.to_owned())?;
            ensure!(
                start.elapsed() < SOON,
                "{what}: still {} {}",
                answer.text(),
                self.portpass.server.log()
            );
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// All tokens are in the events, and everything is as it was.
    fn is_well(&mut self) -> Result<()> {
        self.serves_several()?;
        self.held.is_recorded(&self.portpass)?;
        let start = Instant::now();
        while ready(&self.portpass)? != 200 {
            ensure!(start.elapsed() < SOON, "not ready");
            thread::sleep(Duration::from_millis(50));
        }
        // One name has one owner, whatever happened.
        let owners = self.postgres.query("SELECT count(*) FROM namespaces")?;
        ensure!(owners == "1", "{owners} owners");
        Ok(())
    }
}

fn ready(portpass: &Portpass) -> Result<u16> {
    Ok(http::get(portpass.draft.port, "/readyz", &Credential::None)?.status)
}

fn connections_that_a_middlebox_forgot_cost_seconds_and_no_token() -> Result<()> {
    let mut far = Far::start()?;
    for round in 0..2 {
        far.passage.cut();
        far.recovers(&format!("round {round}"))?;
        far.is_well()?;
    }
    // Nor is anything left that waits for those it had.
    let connections = far.passage.connections();
    ensure!(connections < 60, "{connections} connections");
    Ok(())
}

fn a_database_that_hangs_is_a_503_in_time_and_used_again_by_itself() -> Result<()> {
    let mut far = Far::start()?;
    far.passage.hold(true);
    let start = Instant::now();
    // As long as what is in memory is new enough, the commit is what hangs.
    while start.elapsed() < Duration::from_secs(6) {
        let asked = Instant::now();
        let answer = far.held.ask(&far.portpass, &far.issuer)?;
        is_unavailable(&answer)?;
        let took = asked.elapsed();
        ensure!(took < CLIENTS_PATIENCE, "answered after {took:?}");
    }
    ensure!(ready(&far.portpass)? == 503, "ready without a database");
    let (_, detail) = far.portpass.readiness()?;
    let status = detail.get("status").and_then(|status| status.as_str());
    ensure!(status == Some("no database"), "{detail}");
    ensure!(far.portpass.metric("portpass_database_silence_seconds")? > 4.0);
    let log = far.portpass.server.log();
    ensure!(log.contains("The database is not heard"), "{log}");
    far.passage.hold(false);
    far.recovers("after it hung")?;
    far.is_well()
}

fn a_database_that_crashes_loses_no_token_that_was_given() -> Result<()> {
    let mut far = Far::start()?;
    for _ in 0..2 {
        far.postgres.crash()?;
        let answer = far.held.ask(&far.portpass, &far.issuer)?;
        is_unavailable(&answer)?;
        far.postgres.go_on()?;
        far.recovers("after a crash")?;
        far.is_well()?;
    }
    Ok(())
}

fn a_database_that_writes_no_more_is_a_503_until_it_does() -> Result<()> {
    let mut far = Far::start()?;
    // As managed databases do when their disk is full.
    let read_only = |postgres: &Postgres, is: &str| -> Result<()> {
        postgres.query(&format!(
            "ALTER SYSTEM SET default_transaction_read_only = {is}"
        ))?;
        postgres.query("SELECT pg_reload_conf()")?;
        Ok(())
    };
    read_only(&far.postgres, "on")?;
    let start = Instant::now();
    loop {
        // The setting takes a moment to arrive.
        let answer = far.held.ask(&far.portpass, &far.issuer)?;
        if answer.status != 200 {
            is_unavailable(&answer)?;
            break;
        }
        ensure!(start.elapsed() < SOON, "written all the same");
    }
    let log = far.portpass.server.log();
    ensure!(log.contains("read-only"), "no cause in the log: {log}");
    ensure!(
        far.portpass
            .metric("portpass_token_requests_total{outcome=\"unrecorded\"")?
            >= 1.0
    );
    // Through a session of its own, which may write.
    far.postgres.query(
        "SET default_transaction_read_only = off; ALTER SYSTEM RESET default_transaction_read_only",
    ).or_else(|_| read_only_off(&far.postgres))?;
    far.postgres.query("SELECT pg_reload_conf()")?;
    far.recovers("after it was read-only")?;
    far.is_well()
}

/// `ALTER SYSTEM` stands alone, and needs no transaction that may write.
fn read_only_off(postgres: &Postgres) -> Result<String> {
    postgres.query("ALTER SYSTEM RESET default_transaction_read_only")
}

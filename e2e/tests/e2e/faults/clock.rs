//! Clocks that jump, while a server runs and while it does not.

use std::{fs, path::PathBuf, thread, time::Duration};

use anyhow::{Context as _, Result, ensure};
use e2e::{
    http::{self, Credential, Response},
    issuer::Issuer,
    portpass::{Draft, Portpass, access_token, jwt_part, token_path},
    world::SERVICE,
};
use libtest_mimic::Trial;
use serde_json::Value;
use tempfile::TempDir;

use super::{Held, SCOPE, draft, is_given, is_intact, is_tidy};
use crate::until;

/// How far the clock is off, as faketime writes it.
const JUMPS: [&str; 6] = ["+10m", "+30h", "+400d", "-10m", "-30h", "-400d"];

const NOT_AT_ALL: &str = "+0s";

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial!(
            a_clock_that_jumps_while_serving_and_comes_back_leaves_no_trace,
            Faketime
        ),
        trial!(
            a_start_at_the_wrong_time_locks_nobody_out_and_deletes_nothing,
            Faketime
        ),
    ]
}

/// A clock that the test sets.
struct Clock {
    file: PathBuf,
    _folder: TempDir,
}

impl Clock {
    fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let clock = Self {
            file: folder.path().join("offset"),
            _folder: folder,
        };
        clock.set(NOT_AT_ALL)?;
        Ok(clock)
    }

    fn set(&self, offset: &str) -> Result<()> {
        let new = self.file.with_extension("new");
        fs::write(&new, offset)?;
        Ok(fs::rename(new, &self.file)?)
    }
}

/// A login's refresh token.
fn login(portpass: &Portpass, issuer: &Issuer) -> Result<String> {
    let credential = Credential::Basic("JWT".to_owned(), issuer.jwt("github", SERVICE)?);
    let path = token_path(SERVICE, &SCOPE) + "&offline_token=true";
    let answer = http::get(portpass.draft.port, &path, &credential)?;
    is_given(&answer)?;
    let body = answer.json()?;
    let secret = body.get("refresh_token").and_then(Value::as_str);
    Ok(secret.context("no refresh token")?.to_owned())
}

fn refresh(portpass: &Portpass, secret: &str) -> Result<Response> {
    let credential = Credential::Basic(String::new(), secret.to_owned());
    http::get(
        portpass.draft.port,
        &token_path(SERVICE, &SCOPE),
        &credential,
    )
}

/// An answer while the clock is wrong: no token that the machine's own time forbids, and no
/// failure of ours.
fn is_in_order(answer: &Response, jump: &str) -> Result<()> {
    let is_ahead = jump.starts_with('+') && jump != "+10m";
    match answer.status {
        200 => {
            ensure!(!is_ahead, "{jump}: a login of long ago is good");
            let claims = jwt_part(&access_token(answer)?, 1)?;
            let time = |key: &str| claims.get(key).and_then(Value::as_i64).context("no time");
            let life = time("exp")? - time("iat")?;
            ensure!(life <= 15 * 60 + 30, "{jump}: lives {life} s");
        }
        401 => ensure!(answer.text().contains("message"), "{}", answer.text()),
        // Keys of the platform that were fetched long ago, or after now.
        503 => ensure!(answer.text().contains("UNAVAILABLE"), "{}", answer.text()),
        status => anyhow::bail!("{jump}: {status} {}", answer.text()),
    }
    Ok(())
}

/// What takes no part in serving takes little of the processor.
fn is_calm(portpass: &Portpass, jump: &str) -> Result<()> {
    let ticks = portpass.processor_ticks()?;
    thread::sleep(Duration::from_millis(500));
    let spent = portpass.processor_ticks()? - ticks;
    ensure!(
        spent < 25,
        "{jump}: {spent} hundredths of a second in half of one"
    );
    Ok(())
}

/// Events are all there, their ids tell when they happened, and nobody waits.
fn is_right_again(portpass: &Portpass, held: &Held, before: usize) -> Result<()> {
    held.is_recorded(portpass)?;
    let events = portpass.events()?;
    ensure!(
        events.len() >= before,
        "{} events of {before}",
        events.len()
    );
    for event in &events {
        let id = event.get("id").and_then(Value::as_str).context("no id")?;
        let at = event.get("at").and_then(Value::as_str).context("no time")?;
        let told = u64::from_str_radix(
            &id.replace('-', "").chars().take(12).collect::<String>(),
            16,
        )?;
        let told = e2e_seconds(at)?.abs_diff(told / 1000);
        ensure!(told <= 11, "{id} is not of {at}");
    }
    let log = portpass.server.log();
    ensure!(!log.contains("panicked"), "{log}");
    Ok(())
}

/// Seconds since 1970 of a time as events have it, by the programs of the machine.
fn e2e_seconds(at: &str) -> Result<u64> {
    let date = std::process::Command::new("date")
        .args(["-u", "+%s", "-d", at])
        .output()?;
    Ok(String::from_utf8(date.stdout)?.trim().parse()?)
}

fn a_clock_that_jumps_while_serving_and_comes_back_leaves_no_trace() -> Result<()> {
    let issuer = Issuer::start()?;
    let clock = Clock::new()?;
    let portpass = draft(&issuer)?.serve_by_clock(&clock.file)?;
    let mut held = Held::default();
    is_given(&held.ask(&portpass, &issuer)?)?;
    let secret = login(&portpass, &issuer)?;
    for jump in JUMPS {
        let before = portpass.events()?.len();
        clock.set(jump)?;
        for answer in [
            held.ask(&portpass, &issuer)?,
            held.take(refresh(&portpass, &secret)?)?,
        ] {
            is_in_order(&answer, jump)?;
        }
        // Leaves are made at the wrong time, too.
        portpass
            .operate(&["keys", "rotate"])
            .with_context(|| jump.to_owned())?;
        is_calm(&portpass, jump)?;
        clock.set(NOT_AT_ALL)?;
        // Our keys are looked at every ten seconds, those of platforms every two.
        let start = std::time::Instant::now();
        loop {
            let asked = held.ask(&portpass, &issuer)?;
            let refreshed = held.take(refresh(&portpass, &secret)?)?;
            if asked.status == 200 && refreshed.status == 200 {
                break;
            }
            ensure!(
                start.elapsed() < Duration::from_secs(15),
                "locked out after {jump}: {} {}",
                asked.text(),
                refreshed.text()
            );
            thread::sleep(Duration::from_millis(100));
        }
        is_right_again(&portpass, &held, before).with_context(|| jump.to_owned())?;
    }
    Ok(())
}

fn a_start_at_the_wrong_time_locks_nobody_out_and_deletes_nothing() -> Result<()> {
    let issuer = Issuer::start()?;
    let clock = Clock::new()?;
    let mut portpass = draft(&issuer)?.serve_by_clock(&clock.file)?;
    let mut held = Held::default();
    is_given(&held.ask(&portpass, &issuer)?)?;
    let secret = login(&portpass, &issuer)?;
    for jump in JUMPS {
        let before = portpass.events()?.len();
        ensure!(portpass.end("TERM")?.success());
        clock.set(jump)?;
        restart(&mut portpass, &clock)?;
        for answer in [
            held.ask(&portpass, &issuer)?,
            held.take(refresh(&portpass, &secret)?)?,
        ] {
            is_in_order(&answer, jump)?;
        }
        let seen = portpass.events()?.len();
        ensure!(seen >= before, "{jump}: {seen} events of {before}");
        ensure!(portpass.end("TERM")?.success());
        clock.set(NOT_AT_ALL)?;
        restart(&mut portpass, &clock)?;
        until("nobody is locked out", || {
            let asked = held.ask(&portpass, &issuer)?;
            let refreshed = held.take(refresh(&portpass, &secret)?)?;
            Ok(asked.status == 200 && refreshed.status == 200)
        })
        .with_context(|| format!("after {jump}: {}", portpass.server.log()))?;
        is_right_again(&portpass, &held, before).with_context(|| jump.to_owned())?;
    }
    let data = portpass.draft.data();
    is_intact(&data.join("portpass.db"))?;
    is_tidy(&data)
}

fn restart(portpass: &mut Portpass, clock: &Clock) -> Result<()> {
    let mut command = Draft::by_clock(&portpass.draft, &clock.file)?;
    portpass.restart_by(&mut command)
}

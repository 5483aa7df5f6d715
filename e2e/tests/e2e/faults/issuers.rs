//! Issuers that come and go: nobody else notices, nobody asks in a storm, a day is the end.

use std::{
    fs,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use e2e::{http, issuer::Issuer, portpass::Portpass, world::SERVICE};
use libtest_mimic::Trial;

use super::{Held, draft, is_given, is_unavailable};
use crate::joined;

const CLIENTS: usize = 8;

/// How soon an issuer that is back is asked again, where nothing usable is held.
const SOON: Duration = Duration::from_secs(20);

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial!(an_issuer_that_flaps_is_not_noticed_while_its_keys_are_held),
        trial!(an_issuer_that_returns_is_used_soon_and_not_asked_in_a_storm),
        trial!(
            beyond_a_day_without_its_issuer_a_jwt_is_a_503_and_the_others_go_on,
            Faketime
        ),
    ]
}

/// What this platform's `acme/web` is answered to a push.
fn ask(portpass: &Portpass, issuer: &Issuer, name: &str) -> Result<http::Response> {
    let scope = format!("repository:apps/{name}/acme/web:pull,push");
    portpass.token(SERVICE, &[&scope], &issuer.jwt(name, SERVICE)?)
}

fn an_issuer_that_flaps_is_not_noticed_while_its_keys_are_held() -> Result<()> {
    let issuer = Issuer::start()?;
    let portpass = draft(&issuer)?.serve()?;
    for name in ["github", "gitlab"] {
        is_given(&ask(&portpass, &issuer, name)?)?;
    }
    let before = issuer.requests("github")?;
    for fault in ["mode=down", "mode=error", "mode=slow-headers&seconds=2"]
        .iter()
        .cycle()
        .take(12)
    {
        issuer.fault("github", fault)?;
        for name in ["github", "gitlab"] {
            is_given(&ask(&portpass, &issuer, name)?)?;
        }
        // Somebody comes with a key that the held set does not have.
        let forged = issuer.signed("github", SERVICE, &[("spoil", "wrong-key")])?;
        let answer = portpass.token(SERVICE, &super::SCOPE, &forged)?;
        ensure!(answer.status == 401, "{} {}", answer.status, answer.text());
        issuer.fault("github", "mode=none")?;
        is_given(&ask(&portpass, &issuer, "github")?)?;
    }
    let asked = issuer.requests("github")? - before;
    ensure!(asked <= 4, "asked {asked} times within seconds");
    Ok(())
}

fn an_issuer_that_returns_is_used_soon_and_not_asked_in_a_storm() -> Result<()> {
    let issuer = Issuer::start()?;
    issuer.fault("github", "mode=error")?;
    let portpass = draft(&issuer)?.serve()?;
    let (status, ready) = portpass.readiness()?;
    ensure!(status == 200, "one issuer alone: {ready}");
    let stop = AtomicBool::new(false);
    let (given, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let jwt = issuer.jwt("github", SERVICE)?;
    let began = Instant::now();
    thread::scope(|scope| -> Result<()> {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                scope.spawn(|| -> Result<()> {
                    while !stop.load(Ordering::Acquire) {
                        let answer = portpass.token(SERVICE, &super::SCOPE, &jwt)?;
                        if answer.status == 200 {
                            given.fetch_add(1, Ordering::Relaxed);
                        } else {
                            is_unavailable(&answer)?;
                            refused.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                    Ok(())
                })
            })
            .collect();
        thread::sleep(Duration::from_secs(1));
        let returned = issuer.fault("github", "mode=none");
        let start = Instant::now();
        while given.load(Ordering::Relaxed) < 100 && start.elapsed() < SOON {
            thread::sleep(Duration::from_millis(20));
        }
        stop.store(true, Ordering::Release);
        for client in clients {
            joined(client)?;
        }
        returned
    })?;
    let (given, refused) = (given.into_inner(), refused.into_inner());
    ensure!(given >= 100, "{given} tokens within {SOON:?} of its return");
    ensure!(refused > 100, "only {refused} clients saw the outage");
    // A look at discovery and at the keys, every ten seconds at most; and the first ones.
    let asked = issuer.requests("github")?;
    let most = 2 * (began.elapsed().as_secs() / 10 + 3);
    ensure!(asked <= most, "asked {asked} times, and {most} would do");
    // The operator saw which, and why.
    ensure!(portpass.metric("portpass_token_requests_total{outcome=\"unavailable\"")? > 100.0);
    let log = portpass.server.log();
    ensure!(log.contains("the issuer's keys cannot be fetched"), "{log}");
    Ok(())
}

/// For the server a day and an hour have passed; the platforms' JWTs are of then.
const LATER: &str = "+25h";
const LATER_AGE: &str = "-90000";

fn beyond_a_day_without_its_issuer_a_jwt_is_a_503_and_the_others_go_on() -> Result<()> {
    let issuer = Issuer::start()?;
    let folder = tempfile::tempdir()?;
    let clock = folder.path().join("offset");
    fs::write(&clock, "+0s")?;
    let mut portpass = draft(&issuer)?.serve_by_clock(&clock)?;
    let mut held = Held::default();
    for name in ["github", "gitlab"] {
        is_given(&held.take(ask(&portpass, &issuer, name)?)?)?;
    }
    issuer.fault("github", "mode=down")?;
    let later = |name: &str| issuer.signed(name, SERVICE, &[("age", LATER_AGE)]);
    fs::write(&clock, LATER)?;
    // While it runs, and after a start that finds the old keys on the disk.
    for round in ["running", "started anew"] {
        let answer = portpass.token(SERVICE, &super::SCOPE, &later("github")?)?;
        is_unavailable(&answer).context(round)?;
        let scope = ["repository:apps/gitlab/acme/web:pull,push"];
        // The others' keys are as old, and are fetched again.
        let other = held.take(portpass.token(SERVICE, &scope, &later("gitlab")?)?)?;
        is_given(&other).context(round)?;
        let (status, ready) = portpass.readiness()?;
        ensure!(status == 200, "{round}: {ready}");
        let github = ready.get("issuers").map(ToString::to_string);
        let github = github.unwrap_or_default();
        ensure!(github.contains("\"usable\":false"), "{round}: {ready}");
        if round == "running" {
            ensure!(portpass.end("TERM")?.success());
            let mut command = portpass.draft.by_clock(&clock)?;
            portpass.restart_by(&mut command)?;
        }
    }
    issuer.fault("github", "mode=none")?;
    let start = Instant::now();
    loop {
        let answer = held.take(portpass.token(SERVICE, &super::SCOPE, &later("github")?)?)?;
        if answer.status == 200 {
            break;
        }
        ensure!(start.elapsed() < SOON, "still {}", answer.text());
        thread::sleep(Duration::from_millis(200));
    }
    held.is_recorded(&portpass)
}

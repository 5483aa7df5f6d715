//! Reloads and shutdowns under load: no request that reached the server goes without its answer.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use e2e::{
    http::{self, Credential},
    issuer::Issuer,
    portpass::{Draft, Portpass, token_path},
    registry::Kind,
    world::{OWN_NAMESPACE, SERVICE, tables},
};
use libtest_mimic::Trial;

use crate::joined;

const CLIENTS: usize = 8;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial!(a_reload_under_load_fails_no_request),
        trial!(a_reload_takes_a_rule_away_at_the_next_token),
        trial!(a_file_that_does_not_load_changes_nothing),
        trial!(a_shutdown_under_load_answers_every_request),
        trial!(clients_who_never_stop_coming_do_not_keep_a_server_from_leaving),
    ]
}

fn served(rules: &str) -> Result<(Issuer, Portpass)> {
    let issuer = Issuer::start()?;
    let portpass = Draft::new(&tables(&issuer, Kind::V28, rules)?)?.serve()?;
    Ok((issuer, portpass))
}

const SCOPE: [&str; 1] = ["repository:apps/github/acme/web:pull,push"];

/// Asks until told to stop; gives the number of tokens, or the first failure.
fn ask_until(stop: &AtomicBool, port: u16, jwt: &str) -> Result<usize> {
    let credential = Credential::Basic("JWT".to_owned(), jwt.to_owned());
    let mut answers = 0;
    while !stop.load(Ordering::Acquire) {
        let answer = http::get(port, &token_path(SERVICE, &SCOPE), &credential)?;
        ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
        answers += 1;
    }
    Ok(answers)
}

fn a_reload_under_load_fails_no_request() -> Result<()> {
    let (issuer, portpass) = served(OWN_NAMESPACE)?;
    let jwt = issuer.jwt("github", SERVICE)?;
    let stop = AtomicBool::new(false);
    let other = format!("{OWN_NAMESPACE}\n[rule.more]\nfrom = [\"gitlab\"]\npull = [\"**\"]\n");
    thread::scope(|scope| -> Result<()> {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| scope.spawn(|| ask_until(&stop, portpass.draft.port, &jwt)))
            .collect();
        let reloaded = (0..10).try_for_each(|round| {
            let rules = if round % 2 == 0 {
                &other
            } else {
                OWN_NAMESPACE
            };
            portpass.draft.write(&tables(&issuer, Kind::V28, rules)?)?;
            portpass.server.signal("HUP")?;
            // The load goes on for a while on each configuration.
            thread::sleep(Duration::from_millis(200));
            Ok(())
        });
        stop.store(true, Ordering::Release);
        for client in clients {
            let answers = joined(client)?;
            ensure!(answers > 0, "a client was never answered");
        }
        reloaded
    })
}

fn status(portpass: &Portpass, jwt: &str) -> Result<u16> {
    Ok(portpass.token(SERVICE, &SCOPE, jwt)?.status)
}

/// Asks until the status is this one, at most ten seconds.
fn until_status(portpass: &Portpass, jwt: &str, wanted: u16) -> Result<()> {
    let start = Instant::now();
    while status(portpass, jwt)? != wanted {
        ensure!(
            start.elapsed() < Duration::from_secs(10),
            "never {wanted}: {}",
            portpass.server.log()
        );
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn a_reload_takes_a_rule_away_at_the_next_token() -> Result<()> {
    let (issuer, portpass) = served(OWN_NAMESPACE)?;
    let jwt = issuer.jwt("github", SERVICE)?;
    ensure!(status(&portpass, &jwt)? == 200);
    let gitlab_only = OWN_NAMESPACE.replace("[\"github\", \"gitlab\"]", "[\"gitlab\"]");
    portpass
        .draft
        .write(&tables(&issuer, Kind::V28, &gitlab_only)?)?;
    portpass.server.signal("HUP")?;
    until_status(&portpass, &jwt, 401)
}

fn a_file_that_does_not_load_changes_nothing() -> Result<()> {
    let (issuer, portpass) = served(OWN_NAMESPACE)?;
    let jwt = issuer.jwt("github", SERVICE)?;
    portpass.draft.write("[unheard-of]\n")?;
    portpass.server.signal("HUP")?;
    let start = Instant::now();
    while !portpass.server.log().contains("unheard-of") {
        ensure!(
            start.elapsed() < Duration::from_secs(10),
            "the log says nothing of it"
        );
        ensure!(status(&portpass, &jwt)? == 200);
        thread::sleep(Duration::from_millis(20));
    }
    ensure!(status(&portpass, &jwt)? == 200);
    Ok(())
}

/// As behind a load balancer, which sends nobody to a server that is not ready any more.
fn a_shutdown_under_load_answers_every_request() -> Result<()> {
    let (issuer, mut portpass) = served(OWN_NAMESPACE)?;
    let port = portpass.draft.port;
    let jwt = issuer.jwt("github", SERVICE)?;
    let leaving = AtomicBool::new(false);
    let ended = thread::scope(|scope| -> Result<_> {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| scope.spawn(|| ask_until(&leaving, port, &jwt)))
            .collect();
        let balancer = scope.spawn(|| {
            while http::get(port, "/readyz", &Credential::None)
                .is_ok_and(|ready| ready.status == 200)
            {
                thread::sleep(Duration::from_millis(50));
            }
            leaving.store(true, Ordering::Release);
        });
        // The load goes on for a while before.
        thread::sleep(Duration::from_millis(300));
        let ended = portpass.end("TERM");
        joined(balancer);
        for client in clients {
            ensure!(joined(client)? > 0, "a client was never answered");
        }
        ended
    })?;
    ensure!(
        ended.success(),
        "ended with {ended}: {}",
        portpass.server.log()
    );
    Ok(())
}

fn clients_who_never_stop_coming_do_not_keep_a_server_from_leaving() -> Result<()> {
    let (issuer, mut portpass) = served(OWN_NAMESPACE)?;
    let port = portpass.draft.port;
    let credential = Credential::Basic("JWT".to_owned(), issuer.jwt("github", SERVICE)?);
    let gone = AtomicBool::new(false);
    let took = thread::scope(|scope| -> Result<Duration> {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                while !gone.load(Ordering::Acquire) {
                    // Refused or not: they come again at once.
                    let _ = http::get(port, &token_path(SERVICE, &SCOPE), &credential);
                }
            });
        }
        thread::sleep(Duration::from_millis(300));
        let start = Instant::now();
        let ended = portpass.end("TERM");
        gone.store(true, Ordering::Release);
        ensure!(ended?.success());
        Ok(start.elapsed())
    })?;
    ensure!(took < Duration::from_secs(10), "left after {took:?}");
    Ok(())
}

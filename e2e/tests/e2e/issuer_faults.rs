//! An issuer that is down, slow, huge, redirecting, rotating or lying, over real sockets.

use std::{
    fs,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use e2e::{
    issuer::Issuer,
    portpass::{Draft, Portpass},
    registry::Kind,
    world::{OWN_NAMESPACE, SERVICE, tables},
};
use libtest_mimic::Trial;

/// What docker waits for a token.
const CLIENTS_PATIENCE: Duration = Duration::from_secs(15);

/// Ways in which nothing usable ever comes.
const USELESS: [&str; 12] = [
    "mode=down",
    "mode=empty-set",
    "mode=error",
    "mode=garbage",
    "mode=gzip-bomb",
    "mode=html",
    "mode=huge-body",
    "mode=off-host-keys",
    "mode=redirect",
    "mode=slow-body",
    "mode=slow-headers",
    "mode=wrong-issuer",
];

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials: Vec<_> = USELESS
        .into_iter()
        .map(|fault| {
            let name = format!(
                "issuer_faults::{}_from_the_start_is_a_503_for_that_issuer_alone",
                fault.trim_start_matches("mode=").replace('-', "_")
            );
            crate::needing(name, &[], move || is_a_503_for_that_issuer_alone(fault))
        })
        .collect();
    trials.extend([
        trial!(keys_that_were_fetched_serve_through_every_fault),
        trial!(a_restart_while_the_issuer_is_down_serves_from_disk),
        trial!(one_bad_key_does_not_spoil_the_set),
        trial!(a_new_key_is_accepted_without_a_restart),
        trial!(a_token_of_an_unknown_issuer_causes_no_traffic),
    ]);
    trials
}

fn served(issuer: &Issuer) -> Result<Portpass> {
    Draft::new(&tables(issuer, Kind::V28, OWN_NAMESPACE)?)?.serve()
}

/// The status for a push by this platform's `acme/web`.
fn status(issuer: &Issuer, portpass: &Portpass, name: &str) -> Result<u16> {
    let jwt = issuer.jwt(name, SERVICE)?;
    let scope = format!("repository:apps/{name}/acme/web:pull,push");
    let start = Instant::now();
    let answer = portpass.token(SERVICE, &[&scope], &jwt)?;
    let took = start.elapsed();
    ensure!(
        took < CLIENTS_PATIENCE,
        "answered after {took:?}, when docker has left"
    );
    Ok(answer.status)
}

fn is_a_503_for_that_issuer_alone(fault: &str) -> Result<()> {
    let issuer = Issuer::start()?;
    issuer.fault("github", fault)?;
    let portpass = served(&issuer)?;
    for _ in 0..2 {
        let (github, gitlab) = (
            status(&issuer, &portpass, "github")?,
            status(&issuer, &portpass, "gitlab")?,
        );
        ensure!(github == 503, "github: {github}, {}", portpass.server.log());
        ensure!(gitlab == 200, "gitlab: {gitlab}, {}", portpass.server.log());
    }
    ensure!(
        issuer.requests("elsewhere")? == 0,
        "a redirect or a lie was followed"
    );
    let resident = resident_mib(&portpass)?;
    ensure!(resident < 256, "{resident} MiB resident");
    Ok(())
}

fn resident_mib(portpass: &Portpass) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", portpass.server.id()))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib: u64 = line
        .and_then(|line| line.split_whitespace().nth(1))
        .context("no VmRSS")?
        .parse()?;
    Ok(kib / 1024)
}

fn keys_that_were_fetched_serve_through_every_fault() -> Result<()> {
    let issuer = Issuer::start()?;
    let portpass = served(&issuer)?;
    ensure!(status(&issuer, &portpass, "github")? == 200);
    for fault in USELESS {
        issuer.fault("github", fault)?;
        let status = status(&issuer, &portpass, "github")?;
        ensure!(
            status == 200,
            "{fault}: {status}, {}",
            portpass.server.log()
        );
    }
    Ok(())
}

fn a_restart_while_the_issuer_is_down_serves_from_disk() -> Result<()> {
    let issuer = Issuer::start()?;
    let mut portpass = served(&issuer)?;
    ensure!(status(&issuer, &portpass, "github")? == 200);
    issuer.fault("github", "mode=down")?;
    ensure!(portpass.end("TERM")?.success());
    portpass.restart()?;
    let status = status(&issuer, &portpass, "github")?;
    ensure!(status == 200, "{status}, {}", portpass.server.log());
    Ok(())
}

fn one_bad_key_does_not_spoil_the_set() -> Result<()> {
    let issuer = Issuer::start()?;
    issuer.fault("github", "mode=bad-key")?;
    let portpass = served(&issuer)?;
    let status = status(&issuer, &portpass, "github")?;
    ensure!(status == 200, "{status}, {}", portpass.server.log());
    Ok(())
}

fn a_new_key_is_accepted_without_a_restart() -> Result<()> {
    let issuer = Issuer::start()?;
    let portpass = served(&issuer)?;
    ensure!(status(&issuer, &portpass, "github")? == 200);
    issuer.rotate("github", 1)?;
    // An unknown key id asks the issuer again, at most once a minute for all strangers together.
    let start = Instant::now();
    loop {
        let status = status(&issuer, &portpass, "github")?;
        if status == 200 {
            return Ok(());
        }
        ensure!(
            start.elapsed() < Duration::from_secs(75),
            "still {status}: {}",
            portpass.server.log()
        );
        std::thread::sleep(Duration::from_millis(500));
    }
}

fn a_token_of_an_unknown_issuer_causes_no_traffic() -> Result<()> {
    let issuer = Issuer::start()?;
    let portpass = served(&issuer)?;
    ensure!(status(&issuer, &portpass, "github")? == 200);
    let before = (issuer.requests("forgejo")?, issuer.requests("github")?);
    let strangers = [
        issuer.jwt("forgejo", SERVICE)?,
        issuer.signed("github", SERVICE, &[("set", "iss=https://localhost.evil")])?,
    ];
    for jwt in strangers {
        let answer = portpass.token(
            SERVICE,
            &["repository:apps/github/acme/web:pull,push"],
            &jwt,
        )?;
        ensure!(answer.status == 401, "{} {}", answer.status, answer.text());
    }
    let after = (issuer.requests("forgejo")?, issuer.requests("github")?);
    ensure!(before == after, "requests {before:?}, then {after:?}");
    Ok(())
}

//! Reload storms: signals by the hundred, files half written, files that come and go.

use std::{
    fs,
    path::PathBuf,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use e2e::{
    issuer::Issuer,
    portpass::{Draft, Portpass, access_token, jwt_part},
    registry::Kind,
    world::{SERVICE, tables},
};
use libtest_mimic::Trial;
use serde_json::Value;

use crate::{joined, until};

const CLIENTS: usize = 4;
const SIGNALS: usize = 200;

const BOTH: [&str; 2] = ["repository:alpha/web:pull", "repository:beta/web:pull"];

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial!(a_storm_of_reloads_fails_no_request_and_mixes_no_two_files),
        trial!(of_files_that_are_half_written_or_vanish_the_last_whole_ones_count),
    ]
}

/// A server whose rules are in `rules.d`, and that folder.
fn served(issuer: &Issuer) -> Result<(Portpass, PathBuf)> {
    let tables = tables(issuer, Kind::V28, "")?;
    // What stands at the top stands before the first table.
    let draft = Draft::new(&tables)?;
    let text = fs::read_to_string(draft.config())?;
    let folder = draft.folder().join("rules.d");
    fs::create_dir(&folder)?;
    put(&folder, "rules.toml", &rules("alpha"))?;
    fs::write(
        draft.config(),
        format!("include = [\"rules.d/*.toml\"]\n{text}"),
    )?;
    Ok((draft.serve()?, folder))
}

/// Who pulls from one name, and from no other.
fn rules(name: &str) -> String {
    format!("[rule.one]\nfrom = [\"github\"]\npull = [\"{name}/**\"]\n")
}

/// Writes a file in one step.
fn put(folder: &std::path::Path, name: &str, text: &str) -> Result<()> {
    let new = folder.join("writing");
    fs::write(&new, text)?;
    Ok(fs::rename(new, folder.join(name))?)
}

/// The names that a token is for.
fn names(portpass: &Portpass, jwt: &str) -> Result<Vec<String>> {
    let answer = portpass.token(SERVICE, &BOTH, jwt)?;
    ensure!(answer.status == 200, "{} {}", answer.status, answer.text());
    let claims = jwt_part(&access_token(&answer)?, 1)?;
    let access = claims
        .get("access")
        .and_then(Value::as_array)
        .context("no access")?;
    let name = |entry: &Value| Some(entry.get("name")?.as_str()?.to_owned());
    Ok(access.iter().filter_map(name).collect())
}

fn a_storm_of_reloads_fails_no_request_and_mixes_no_two_files() -> Result<()> {
    let issuer = Issuer::start()?;
    let (portpass, folder) = served(&issuer)?;
    let jwt = issuer.jwt("github", SERVICE)?;
    ensure!(names(&portpass, &jwt)? == ["alpha/web"]);
    let before_kib = {
        storm(&portpass, &folder, 20)?;
        portpass.resident_kib()?
    };
    let stop = AtomicBool::new(false);
    let answers = AtomicUsize::new(0);
    let reloads = portpass.metric("portpass_config_reloads_total")?;
    thread::scope(|scope| -> Result<()> {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                scope.spawn(|| -> Result<()> {
                    while !stop.load(Ordering::Acquire) {
                        let names = names(&portpass, &jwt)?;
                        ensure!(names == ["alpha/web"] || names == ["beta/web"], "{names:?}");
                        answers.fetch_add(1, Ordering::Relaxed);
                    }
                    Ok(())
                })
            })
            .collect();
        let stormed = storm(&portpass, &folder, SIGNALS);
        stop.store(true, Ordering::Release);
        for client in clients {
            joined(client)?;
        }
        stormed
    })?;
    ensure!(answers.into_inner() > 20, "nobody was served");
    let reloads = portpass.metric("portpass_config_reloads_total")? - reloads;
    // Each signal at most once, and a look each second.
    let most = f64::from(u32::try_from(SIGNALS)? + 20);
    ensure!(reloads <= most, "{reloads} reloads");
    put(&folder, "rules.toml", &rules("beta"))?;
    until("the last file counts", || {
        Ok(names(&portpass, &jwt)? == ["beta/web"])
    })?;
    let after_kib = portpass.resident_kib()?;
    ensure!(
        after_kib < before_kib + 20 * 1024,
        "{before_kib} KiB, then {after_kib}"
    );
    let log = portpass.server.log();
    ensure!(!log.contains("was not applied"), "{log}");
    Ok(())
}

/// So many signals within about a second, while the file changes.
fn storm(portpass: &Portpass, folder: &std::path::Path, signals: usize) -> Result<()> {
    // One process that sends them all: a process for each would be too slow.
    let pid = portpass.server.id().to_string();
    let script = "i=0; while [ $i -lt $2 ]; do kill -HUP $1; i=$((i+1)); sleep 0.004; done";
    let mut sender = std::process::Command::new("sh")
        .args(["-c", script, "sh", &pid, &signals.to_string()])
        .spawn()?;
    for turn in 0.. {
        if sender.try_wait()?.is_some() {
            break;
        }
        put(
            folder,
            "rules.toml",
            &rules(if turn % 2 == 0 { "beta" } else { "alpha" }),
        )?;
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

fn of_files_that_are_half_written_or_vanish_the_last_whole_ones_count() -> Result<()> {
    let issuer = Issuer::start()?;
    let (portpass, folder) = served(&issuer)?;
    let jwt = issuer.jwt("github", SERVICE)?;
    let stop = AtomicBool::new(false);
    let answers = AtomicUsize::new(0);
    let file = folder.join("rules.toml");
    let whole = rules("beta");
    thread::scope(|scope| -> Result<()> {
        let client = scope.spawn(|| -> Result<()> {
            while !stop.load(Ordering::Acquire) {
                let answer = portpass.token(SERVICE, &BOTH, &jwt)?;
                // Without the file there is no rule, which is a reason and not a failure.
                ensure!(
                    matches!(answer.status, 200 | 401),
                    "{} {}",
                    answer.status,
                    answer.text()
                );
                answers.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        });
        let changed = (|| -> Result<()> {
            let start = Instant::now();
            let halves = [
                whole.as_bytes().get(..whole.len() / 2).unwrap_or_default(),
                whole.as_bytes(),
                b"",
                b"[rule.",
            ];
            for half in halves.iter().cycle() {
                if start.elapsed() > Duration::from_secs(2) {
                    break;
                }
                // Written in place, as editors and scripts do, and read in between.
                fs::write(&file, half)?;
                portpass.server.signal("HUP")?;
                fs::remove_file(&file)?;
                portpass.server.signal("HUP")?;
                put(
                    &folder,
                    "other.toml",
                    "[deny.nothing]\nfrom = [\"gitlab\"]\ndelete = [\"x/**\"]\n",
                )?;
                portpass.server.signal("HUP")?;
                fs::remove_file(folder.join("other.toml"))?;
            }
            fs::write(&file, &whole)?;
            Ok(())
        })();
        stop.store(true, Ordering::Release);
        joined(client)?;
        changed
    })?;
    ensure!(answers.into_inner() > 20, "nobody was served");
    // No signal is needed: what is still for a second is read.
    until("the last whole file counts", || {
        Ok(names(&portpass, &jwt).is_ok_and(|names| names == ["beta/web"]))
    })?;
    ensure!(portpass.metric("portpass_config_reloads_total{outcome=\"refused\"")? >= 1.0);
    let log = portpass.server.log();
    ensure!(log.contains("The configuration was not applied"), "{log}");
    Ok(())
}

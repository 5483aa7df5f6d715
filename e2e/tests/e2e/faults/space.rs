//! A disk that is full at the start, during a rotation, when keys are fetched; `disk.rs` has the rest.

use std::{collections::HashSet, fs, path::Path, thread, time::Duration};

use anyhow::{Result, ensure};
use e2e::{
    issuer::Issuer,
    portpass::Draft,
    process::{Output, run_with},
    small_disk::SmallDisk,
    tool,
};
use libtest_mimic::Trial;

use super::{Held, draft, files, is_given, is_tidy, is_unavailable};
use crate::until;

/// A disk with room for a database and little more.
const DISK_BYTES: usize = 3 << 20;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial!(
            a_disk_that_is_full_at_the_start_is_named_and_with_room_it_starts,
            Unshare,
            Nsenter
        ),
        trial!(
            while_the_disk_is_full_keys_stay_as_they_were_and_service_returns_with_the_room,
            Unshare,
            Nsenter
        ),
    ]
}

fn serve(draft: &Draft, disk: &SmallDisk) -> Result<std::process::Command> {
    let mut command = disk.command(tool::ours("portpass")?)?;
    command.args(["serve", "-c"]).arg(draft.config());
    Ok(command)
}

/// One of Portpass' commands, run where the disk is.
fn operate(draft: &Draft, disk: &SmallDisk, words: &[&str]) -> Result<Output> {
    let mut command = disk.command(tool::ours("portpass")?)?;
    command.args(words).arg("-c").arg(draft.config());
    run_with(&mut command, draft.folder(), None)
}

/// Every token that was given is in the events.
fn is_recorded(held: &Held, draft: &Draft, disk: &SmallDisk) -> Result<()> {
    let listed = operate(draft, disk, &["events", "--json", "--limit", "10000"])?;
    held.is_in(&listed.succeeded()?.stdout)
}

fn a_disk_that_is_full_at_the_start_is_named_and_with_room_it_starts() -> Result<()> {
    let issuer = Issuer::start()?;
    let draft = draft(&issuer)?;
    let disk = SmallDisk::on(&draft.data(), DISK_BYTES, draft.folder())?;
    disk.fill()?;
    let said = operate(&draft, &disk, &["serve"])?.refused()?.said();
    ensure!(
        said.contains("full") || said.contains("No space left"),
        "no cause in {said}"
    );
    disk.make_room()?;
    let mut command = serve(&draft, &disk)?;
    let mut portpass = draft.serve_by(&mut command)?;
    let mut held = Held::default();
    is_given(&held.ask(&portpass, &issuer)?)?;
    is_recorded(&held, &portpass.draft, &disk)?;
    is_tidy(&disk.seen())?;

    // A start that finds what an earlier one made needs little room, and may go well without.
    portpass.server.signal("KILL")?;
    portpass.server.wait()?;
    disk.fill()?;
    let mut command = serve(&portpass.draft, &disk)?;
    if let Err(error) = portpass.restart_by(&mut command) {
        let said = format!("{error:#}");
        ensure!(
            said.contains("full") || said.contains("No space left"),
            "no cause in {said}"
        );
        disk.make_room()?;
        let mut command = serve(&portpass.draft, &disk)?;
        portpass.restart_by(&mut command)?;
    } else {
        let answer = held.ask(&portpass, &issuer)?;
        if answer.status != 200 {
            is_unavailable(&answer)?;
        }
        disk.make_room()?;
    }
    until("service returns with the room", || {
        Ok(held.ask(&portpass, &issuer)?.status == 200)
    })?;
    is_recorded(&held, &portpass.draft, &disk)
}

/// What the files of a folder hold.
fn contents(folder: &Path) -> Result<HashSet<(String, Vec<u8>)>> {
    files(folder)?
        .into_iter()
        .map(|name| Ok((name.clone(), fs::read(folder.join(name))?)))
        .collect()
}

fn while_the_disk_is_full_keys_stay_as_they_were_and_service_returns_with_the_room() -> Result<()> {
    let issuer = Issuer::start()?;
    let draft = draft(&issuer)?;
    let disk = SmallDisk::on(&draft.data(), DISK_BYTES, draft.folder())?;
    let mut command = serve(&draft, &disk)?;
    let mut portpass = draft.serve_by(&mut command)?;
    let mut held = Held::default();
    is_given(&held.ask(&portpass, &issuer)?)?;
    let keys = disk.seen().join("keys");
    let before = contents(&keys)?;

    disk.fill()?;
    for words in [&["keys", "rotate"][..], &["keys", "ca", "stage"]] {
        let said = operate(&portpass.draft, &disk, words)?.refused()?.said();
        ensure!(
            said.contains("space") || said.contains("full"),
            "no cause in {said}"
        );
    }
    // New keys of the platform cannot be kept for a restart, and are used all the same.
    issuer.rotate("gitlab", 0)?;
    let jwt = issuer.jwt("gitlab", e2e::world::SERVICE)?;
    let scope = ["repository:apps/gitlab/acme/web:pull,push"];
    let answer = held.take(portpass.token(e2e::world::SERVICE, &scope, &jwt)?)?;
    ensure!(matches!(answer.status, 200 | 503), "{}", answer.text());
    let kept: HashSet<_> = contents(&keys)?;
    ensure!(before.is_subset(&kept), "a key is not what it was");

    is_tidy(&keys)?;

    // What the database already has of the disk serves for a while.
    let refused = loop {
        let answer = held.ask(&portpass, &issuer)?;
        if answer.status != 200 {
            break answer;
        }
    };
    is_unavailable(&refused)?;
    ensure!(
        portpass.metric("portpass_token_requests_total{outcome=\"unrecorded\"")? >= 1.0,
        "no metric tells it"
    );
    let log = portpass.server.log();
    ensure!(
        log.contains("Events were not committed") && log.contains("full"),
        "{log}"
    );
    // It waits, and does not spin.
    let ticks = portpass.processor_ticks()?;
    thread::sleep(Duration::from_secs(1));
    let spent = portpass.processor_ticks()? - ticks;
    ensure!(
        spent < 50,
        "{spent} hundredths of a second in one that was idle"
    );

    disk.make_room()?;
    until("service returns with the room", || {
        Ok(held.ask(&portpass, &issuer)?.status == 200)
    })?;
    operate(&portpass.draft, &disk, &["keys", "rotate"])?.succeeded()?;
    is_given(&held.ask(&portpass, &issuer)?)?;
    portpass.server.signal("KILL")?;
    portpass.server.wait()?;
    let mut command = serve(&portpass.draft, &disk)?;
    portpass.restart_by(&mut command)?;
    is_given(&held.ask(&portpass, &issuer)?)?;
    is_recorded(&held, &portpass.draft, &disk)?;
    is_tidy(&disk.seen())
}

//! A first start that is cut short at each of its steps: tables half made, a CA and no leaf.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use e2e::{
    http::{self, Credential},
    issuer::Issuer,
    portpass::Draft,
    process::Server,
    registry::Kind,
    strace::Point,
    tool,
    world::{OWN_NAMESPACE, tables},
};
use libtest_mimic::Trial;

use super::{Held, files, is_given, is_intact, is_tidy};
use crate::joined;

/// What changes the disk, save the pages of the database, which count when they are on the disk.
/// Each thread counts for itself, so these are the steps of the one that has the most: the database's.
const STEPS: &str = "fsync,fdatasync,rename,renameat,renameat2,mkdir,mkdirat,unlink,unlinkat,ftruncate,link,linkat,bind";

/// What other threads do: the folders, and the keys.
const OTHERS: [(&str, usize, Option<&str>); 9] = [
    ("mkdir,mkdirat", 2, None),
    ("mkdir,mkdirat", 3, None),
    ("fsync", 1, Some("keys/ca/current.new")),
    ("rename", 1, None),
    ("rename", 2, None),
    ("openat", 1, Some("keys/ca")),
    ("openat", 1, Some("keys/leaves/ES256")),
    ("bind", 2, None),
    ("bind", 3, None),
];

/// More than a first start has.
const MOST: usize = 200;

/// More than a start takes to be ready.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn trials() -> Vec<Trial> {
    vec![trial!(
        a_first_start_that_is_cut_short_anywhere_is_finished_by_the_next,
        Strace
    )]
}

fn a_first_start_that_is_cut_short_anywhere_is_finished_by_the_next() -> Result<()> {
    let issuer = Issuer::start()?;
    let rules = tables(&issuer, Kind::V28, OWN_NAMESPACE)?;
    let whole = {
        let portpass = Draft::new(&rules)?.serve()?;
        is_given(&Held::default().ask(&portpass, &issuer)?)?;
        shape(&files(&portpass.draft.data())?)
    };
    let next = AtomicUsize::new(1);
    let cuts = thread::scope(|scope| -> Result<usize> {
        let threads: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| -> Result<usize> {
                    let mut cuts = 0;
                    loop {
                        let nth = next.fetch_add(1, Ordering::Relaxed);
                        ensure!(nth < MOST, "a start without an end");
                        let others = OTHERS.len();
                        let (calls, turn, file) = match OTHERS.get(nth - 1) {
                            Some(other) => *other,
                            None => (STEPS, nth - others, None),
                        };
                        let is_cut = is_finished((calls, turn, file), &rules, &issuer, &whole);
                        let is_cut =
                            is_cut.with_context(|| format!("cut at {calls} {turn} of {file:?}"))?;
                        if !is_cut && nth > others {
                            return Ok(cuts);
                        }
                        cuts += usize::from(is_cut);
                    }
                })
            })
            .collect();
        threads.into_iter().map(joined).sum()
    })?;
    ensure!(cuts >= 15, "only {cuts} steps");
    Ok(())
}

/// Whether a first start came to this step, where it was cut; the next start then does the rest.
fn is_finished(
    (calls, nth, file): (&str, usize, Option<&str>),
    rules: &str,
    issuer: &Issuer,
    whole: &[String],
) -> Result<bool> {
    let draft = Draft::new(rules)?;
    let path = file.map(|file| draft.data().join(file));
    let path = path.as_deref();
    let mut command = Point { calls, nth, path }.command(tool::ours("portpass")?)?;
    command.args(["serve", "-c"]).arg(draft.config());
    let mut first = Server::start("portpass", &mut command, draft.folder())?;
    let is_ready = || {
        http::get(draft.port, "/readyz", &Credential::None).is_ok_and(|ready| ready.status == 200)
    };
    if first.wait_until(is_ready).is_ok() {
        // It is ready, so that was not a step of its start.
        first.signal("KILL")?;
        first.wait()?;
        return Ok(false);
    }
    drop(first);

    let start = std::time::Instant::now();
    let portpass = draft.serve()?;
    ensure!(start.elapsed() < PATIENCE, "took {:?}", start.elapsed());
    let mut held = Held::default();
    is_given(&held.ask(&portpass, issuer)?)?;
    held.is_recorded(&portpass)?;
    let data = portpass.draft.data();
    is_intact(&data.join("portpass.db"))?;
    is_tidy(&data)?;
    let there = shape(&files(&data)?);
    ensure!(there == whole, "{there:?}, not {whole:?}");
    Ok(true)
}

/// The files of a data folder, without the numbers in their names.
fn shape(files: &[String]) -> Vec<String> {
    let nameless = |name: &String| name.replace(|letter: char| letter.is_ascii_digit(), "");
    // Keys of platforms come when they come.
    let ours = files.iter().filter(|name| !name.starts_with("issuers/"));
    ours.map(nameless).collect()
}

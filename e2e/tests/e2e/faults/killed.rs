//! `kill -9` at named points of a commit, a checkpoint and a backup.

use std::{fs, path::Path, thread};

use anyhow::{Context as _, Result, ensure};
use e2e::{
    issuer::Issuer,
    portpass::{Draft, Portpass},
    process::run_with,
    registry::Kind,
    strace::Point,
    tool,
    world::{OWN_NAMESPACE, SERVICE, tables},
};
use libtest_mimic::Trial;

use super::{Held, draft, is_given, is_intact, is_tidy};
use crate::joined;

/// A name, the calls that count, which of them is the last, and the file they have to do with.
type Named = (&'static str, &'static str, usize, Option<&'static str>);

const WAL: Option<&str> = Some("portpass.db-wal");
const DATABASE: Option<&str> = Some("portpass.db");

/// Where a commit is cut short.
const COMMIT: [Named; 4] = [
    ("before the write of the batch", "pwrite64", 1, WAL),
    ("between two pages of the batch", "pwrite64", 4, WAL),
    (
        "before the commit is on the disk",
        "fsync,fdatasync",
        1,
        WAL,
    ),
    // Lines of the log are written with `write`.
    (
        "after the commit, before the answer",
        "sendto,sendmsg,writev",
        1,
        None,
    ),
];

/// Where a checkpoint is cut short, which moves what was committed to its place.
const CHECKPOINT: [Named; 4] = [
    ("before its first page", "pwrite64", 1, DATABASE),
    ("between two pages", "pwrite64", 2, DATABASE),
    ("before it is on the disk", "fsync,fdatasync", 1, DATABASE),
    ("before the journal is removed", "unlink,unlinkat", 1, WAL),
];

/// Where a backup is cut short: its own process, while it writes the file.
const BACKUP: [(&str, &str); 3] = [
    ("while lines are written", "write"),
    ("before it is on the disk", "fsync"),
    ("before it has its name", "rename"),
];

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial!(
            a_commit_that_is_cut_short_was_never_answered_and_nothing_is_half_done,
            Strace
        ),
        trial!(a_checkpoint_that_is_cut_short_loses_nothing, Strace),
        trial!(a_backup_that_is_cut_short_is_no_backup, Strace),
        trial!(
            a_restore_that_is_cut_short_is_done_again_or_was_done,
            Strace
        ),
    ]
}

/// A repository of its own for each point, which nobody owns yet: its id and its name.
struct Fresh {
    id: String,
    name: String,
    scope: String,
}

impl Fresh {
    fn new(number: usize) -> Self {
        Self {
            id: format!("repository_id={}", 7400 + number),
            name: format!("repository=acme/app{number}"),
            scope: format!("repository:apps/github/acme/app{number}:pull,push"),
        }
    }

    fn jwt(&self, issuer: &Issuer) -> Result<String> {
        issuer.signed("github", SERVICE, &[("set", &self.name), ("set", &self.id)])
    }

    /// The JWT of another repository that has come to the same name.
    fn jwt_of_another(&self, issuer: &Issuer) -> Result<String> {
        let id = format!("{}9", self.id);
        issuer.signed("github", SERVICE, &[("set", &self.name), ("set", &id)])
    }
}

/// Serves again after a kill, and finds nothing that should not be.
fn serves_again(portpass: &mut Portpass, held: &Held) -> Result<()> {
    portpass.restart()?;
    let data = portpass.draft.data();
    is_intact(&data.join("portpass.db"))?;
    is_tidy(&data)?;
    held.is_recorded(portpass)
}

fn is_killed(portpass: &mut Portpass) -> Result<()> {
    use std::os::unix::process::ExitStatusExt as _;
    let ended = portpass.server.wait()?;
    ensure!(ended.signal() == Some(9), "ended with {ended}");
    Ok(())
}

fn a_commit_that_is_cut_short_was_never_answered_and_nothing_is_half_done() -> Result<()> {
    let issuer = Issuer::start()?;
    let mut portpass = draft(&issuer)?.serve()?;
    let mut held = Held::default();
    is_given(&held.ask(&portpass, &issuer)?)?;
    for (number, (name, calls, nth, file)) in COMMIT.into_iter().enumerate() {
        let fresh = Fresh::new(number);
        let jwt = fresh.jwt(&issuer)?;
        let path = file.map(|file| portpass.draft.data().join(file));
        let path = path.as_deref();
        let watch = Point { calls, nth, path }.watch(portpass.server.id())?;
        let answer = portpass.token(SERVICE, &[&fresh.scope], &jwt);
        ensure!(answer.is_err(), "{name}: there was an answer");
        is_killed(&mut portpass).context(name)?;
        drop(watch);
        serves_again(&mut portpass, &held).context(name)?;

        // The name is owned by whoever the events say it is, or by nobody.
        let events = serde_json::to_string(&portpass.events()?)?;
        let owned = portpass.listed(&["namespaces", "list"])?;
        let owned = serde_json::to_string(&owned)?.contains(&format!("acme/app{number}"));
        let recorded = events.contains(&format!("\"claimed\":[\"apps/github/acme/app{number}\"]"));
        ensure!(
            owned == recorded,
            "{name}: owned {owned}, recorded {recorded}"
        );
        // What was written lives in the system's memory, which only a power cut takes away.
        ensure!(owned == (calls != "pwrite64"), "{name}: owned {owned}");
        is_given(&held.take(portpass.token(SERVICE, &[&fresh.scope], &jwt)?)?).context(name)?;
        let other = fresh.jwt_of_another(&issuer)?;
        let refused = portpass.token(SERVICE, &[&fresh.scope], &other)?;
        ensure!(refused.status == 401, "{name}: {}", refused.text());
    }
    held.is_recorded(&portpass)
}

fn a_checkpoint_that_is_cut_short_loses_nothing() -> Result<()> {
    let issuer = Issuer::start()?;
    let mut portpass = draft(&issuer)?.serve()?;
    let mut held = Held::default();
    for (name, calls, nth, file) in CHECKPOINT {
        for _ in 0..5 {
            is_given(&held.ask(&portpass, &issuer)?).context(name)?;
        }
        let path = file.map(|file| portpass.draft.data().join(file));
        let path = path.as_deref();
        let watch = Point { calls, nth, path }.watch(portpass.server.id())?;
        // Nobody else has the database open: the last to leave puts all of it in its place.
        portpass.server.signal("TERM")?;
        is_killed(&mut portpass).context(name)?;
        drop(watch);
        serves_again(&mut portpass, &held).context(name)?;
    }
    Ok(())
}

/// Runs one of the commands until it is killed at a point; whether it was.
fn is_cut_short(point: &Point<'_>, draft: &Draft, words: &[&str]) -> Result<bool> {
    let mut command = point.command(tool::ours("portpass")?)?;
    command.args(words).arg("-c").arg(draft.config());
    Ok(!run_with(&mut command, draft.folder(), None)?.success)
}

fn a_backup_that_is_cut_short_is_no_backup() -> Result<()> {
    let issuer = Issuer::start()?;
    let portpass = draft(&issuer)?.serve()?;
    let mut held = Held::default();
    is_given(&held.ask(&portpass, &issuer)?)?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("backup");
    let words = ["backup", "--with-keys", "--output", &file.to_string_lossy()];
    for (name, calls) in BACKUP {
        let (nth, path) = (1, None);
        let point = Point { calls, nth, path };
        ensure!(
            is_cut_short(&point, &portpass.draft, &words)?,
            "{name}: it ended"
        );
        ensure!(!file.exists(), "{name}: there is a file");
        is_given(&held.ask(&portpass, &issuer)?).context(name)?;
    }
    // And what was left of them is in nobody's way, and does not grow.
    portpass.command(&words)?.succeeded()?;
    ensure!(super::files(folder.path())? == ["backup"]);
    held.is_in(&fs::read_to_string(&file)?)
}

/// A backup with keys, of a server that gave some tokens.
fn backed_up(issuer: &Issuer, file: &Path) -> Result<(Portpass, Held)> {
    let portpass = draft(issuer)?.serve()?;
    let mut held = Held::default();
    for _ in 0..5 {
        is_given(&held.ask(&portpass, issuer)?)?;
    }
    let words = ["backup", "--with-keys", "--output", &file.to_string_lossy()];
    portpass.operate(&words)?;
    Ok((portpass, held))
}

fn a_restore_that_is_cut_short_is_done_again_or_was_done() -> Result<()> {
    let issuer = Issuer::start()?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("backup");
    let (first, held) = backed_up(&issuer, &file)?;
    let authority = first.operate(&["keys", "ca", "export"])?;
    let rules = tables(&issuer, Kind::V28, OWN_NAMESPACE)?;
    let points: Vec<_> = (1..)
        .step_by(4)
        .take(10)
        .map(|nth| ("fsync,fdatasync,rename,pwrite64", nth))
        // Each of those at the end, where rows and keys come into their places.
        .chain((1..=4).map(|nth| ("rename,renameat,renameat2", nth)))
        .chain((1..=12).map(|nth| ("fsync,fdatasync", nth)))
        .collect();
    let half = points.len() / 2;
    let cut = thread::scope(|scope| -> Result<usize> {
        let restored: Vec<_> = [points.get(..half), points.get(half..)]
            .map(|points| {
                let (rules, file, authority, held) = (&rules, &file, &authority, &held);
                scope.spawn(move || -> Result<usize> {
                    let mut cut = 0;
                    for (calls, nth) in points.unwrap_or_default() {
                        let (nth, path) = (*nth, None);
                        let point = Point { calls, nth, path };
                        let draft = Draft::new(rules)?;
                        cut += usize::from(is_restored(&point, draft, file, authority, held)?);
                    }
                    Ok(cut)
                })
            })
            .into();
        restored.into_iter().map(joined).sum()
    })?;
    ensure!(cut > 10, "only {cut} were cut short");
    Ok(())
}

/// Cuts a restore short, does what an operator would, and finds all of it; whether it was cut.
fn is_restored(
    point: &Point<'_>,
    draft: Draft,
    file: &Path,
    authority: &str,
    held: &Held,
) -> Result<bool> {
    let file = file.to_string_lossy();
    let words = ["restore", &file];
    let cut = is_cut_short(point, &draft, &words)?;
    if cut {
        let mut again = draft.command(&words)?;
        if again.said().contains("move it away first") {
            // The keys were in their place already, and no row was.
            fs::remove_dir_all(draft.data().join("keys"))?;
            again = draft.command(&words)?;
        }
        // If not, all of it had been in its place when it was cut.
        let said = again.said();
        ensure!(again.success || said.contains("empty"), "{point:?}: {said}");
    }
    let data = draft.data();
    let mut portpass = draft.serve().with_context(|| format!("{point:?}"))?;
    held.is_recorded(&portpass)
        .with_context(|| format!("{point:?}"))?;
    let exported = portpass.operate(&["keys", "ca", "export"])?;
    ensure!(exported == authority, "{point:?}: another CA");
    is_intact(&data.join("portpass.db"))?;
    is_tidy(&data)?;
    ensure!(portpass.end("TERM")?.success());
    Ok(cut)
}

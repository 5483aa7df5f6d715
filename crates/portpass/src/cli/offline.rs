//! What a command may do while no server runs: take the files itself.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt as _, lchown},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use jiff::Timestamp;
use serde_json::Value;

use super::printer::Printer;
use crate::{
    admin::Admin,
    audit::{Commits, Journal, Keep},
    clock::Clock,
    config::{Config, SecretText},
    snapshot::Snapshot,
    store::{DataDir, Store},
};

/// Who may write everywhere.
const ROOT: u32 = 0;

/// The data folder and the database, while no server has the folder.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) store: Store,
    /// Before the lock goes: a server that waits for it finds its own files.
    _theirs: Theirs,
    /// Keeps servers off until we are done.
    _data_dir: DataDir,
}

/// The database, once the data folder is ours.
pub(super) async fn open(config: &Config) -> anyhow::Result<Files> {
    let data_dir = claim(config)?;
    let theirs = Theirs(data_dir.path().to_owned());
    let url = config.database_url.as_ref().map(SecretText::secret);
    let store = Store::open(&data_dir, url)
        .await
        .context("opening the database")?;
    Ok(Files {
        store,
        _theirs: theirs,
        _data_dir: data_dir,
    })
}

/// A folder in which we may be a guest: root, in the folder of the user that the server
/// runs as. What we made there is given to that user when this is dropped, or the server
/// could not open it.
#[derive(Debug)]
struct Theirs(PathBuf);

impl Drop for Theirs {
    fn drop(&mut self) {
        if let Err(error) = hand_over(&self.0) {
            let folder = self.0.display();
            Printer::note(&format!(
                "what was made in {folder} could not be given to the folder's owner: {error}"
            ));
        }
    }
}

/// Gives what is root's in a folder to the folder's owner.
fn hand_over(folder: &Path) -> io::Result<()> {
    let owner = fs::metadata(folder)?;
    let is_guest = fs::metadata("/proc/self")?.uid() == ROOT && owner.uid() != ROOT;
    if !is_guest {
        return Ok(());
    }
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            // Of the entry itself, wherever a link leads.
            let found = entry.metadata()?;
            if found.is_dir() {
                folders.push(entry.path());
            }
            if found.uid() == ROOT && (found.is_dir() || found.nlink() == 1) {
                lchown(entry.path(), Some(owner.uid()), Some(owner.gid()))?;
            }
        }
    }
    Ok(())
}

impl Files {
    /// The handlers of operators' questions, over these files.
    pub(super) fn admin(&self, config: &Config) -> anyhow::Result<Admin> {
        let clock = Clock::System;
        let snapshot = Snapshot::of(config, None, clock.now())?;
        let keys = config.data_dir.join("keys");
        Ok(Admin::of_files(clock, snapshot, self.store.clone(), keys))
    }

    pub(super) async fn close(self) {
        self.store.close().await;
    }
}

/// The data folder, if no server is using it.
pub(super) fn claim(config: &Config) -> anyhow::Result<DataDir> {
    let path = &config.data_dir;
    DataDir::claim(path).with_context(|| format!("using the data folder {}", path.display()))
}

/// Who we are.
///
/// Whoever may write a folder of mode 0700 is its owner or root; the owner of
/// our own process says which.
pub(super) fn uid() -> anyhow::Result<u32> {
    Ok(fs::metadata("/proc/self")?.uid())
}

/// Records what an operator does to the files themselves.
pub(super) async fn record(
    files: Files,
    action: &str,
    detail: Value,
    now: Timestamp,
) -> anyhow::Result<()> {
    let keep = Keep {
        strangers: 0,
        anonymous: 0,
    };
    let (journal, writer) = Journal::open(files.store.clone(), keep, Commits::Straight);
    journal
        .record_operator(&format!("uid {}", uid()?), action, detail, now)
        .await?;
    drop(journal);
    writer.await?;
    files.close().await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_root_makes_in_the_folder_of_another_is_given_to_them() {
        let folder = tempfile::tempdir().unwrap();
        let (keys, link) = (folder.path().join("keys"), folder.path().join("link"));
        fs::create_dir(&keys).unwrap();
        fs::write(keys.join("ca.pem"), "").unwrap();
        let outside = tempfile::NamedTempFile::new().unwrap();
        std::os::unix::fs::symlink(outside.path(), &link).unwrap();
        let us = uid().unwrap();
        // Nobody but root can be a guest; everybody else finds all as it was.
        let owner = if us == ROOT { 4242 } else { us };
        if us == ROOT {
            lchown(folder.path(), Some(owner), Some(owner)).unwrap();
        }
        drop(Theirs(folder.path().to_owned()));
        for made in [&keys, &keys.join("ca.pem"), &link] {
            assert_eq!(fs::symlink_metadata(made).unwrap().uid(), owner, "{made:?}");
        }
        assert_eq!(fs::metadata(outside.path()).unwrap().uid(), us);
    }
}

//! What a command may do while no server runs: take the files itself.

use std::os::unix::fs::MetadataExt as _;

use anyhow::Context as _;
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    admin::Admin,
    audit::{Commits, Journal, Keep},
    clock::Clock,
    config::{Config, SecretText},
    snapshot::Snapshot,
    store::{DataDir, Store},
};

/// The data folder and the database, while no server has the folder.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) store: Store,
    /// Keeps servers off until we are done.
    _data_dir: DataDir,
}

/// The database, once the data folder is ours.
pub(super) async fn open(config: &Config) -> anyhow::Result<Files> {
    let data_dir = claim(config)?;
    let url = config.database_url.as_ref().map(SecretText::secret);
    let store = Store::open(&data_dir, url)
        .await
        .context("opening the database")?;
    Ok(Files {
        store,
        _data_dir: data_dir,
    })
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
    Ok(std::fs::metadata("/proc/self")?.uid())
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

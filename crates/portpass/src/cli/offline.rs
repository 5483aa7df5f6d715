//! What a command may do while no server runs: take the data folder itself.

use std::os::unix::fs::MetadataExt as _;

use anyhow::Context as _;
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    audit::{Commits, Journal, Keep},
    config::Config,
    store::{DataDir, Store},
};

/// The database of a data folder that no server is using.
pub(super) async fn store(config: &Config) -> anyhow::Result<Store> {
    let data_dir = claim(config)?;
    Store::open(&data_dir, None)
        .await
        .context("opening the database")
}

/// The data folder, if no server is using it.
pub(super) fn claim(config: &Config) -> anyhow::Result<DataDir> {
    let path = &config.data_dir;
    DataDir::claim(path).with_context(|| format!("using the data folder {}", path.display()))
}

/// Records what an operator does to the files themselves.
///
/// Whoever may write a folder of mode 0700 is its owner or root; the owner of
/// our own process says which.
pub(super) async fn record(
    data_dir: &DataDir,
    action: &str,
    detail: Value,
    now: Timestamp,
) -> anyhow::Result<()> {
    let store = Store::open(data_dir, None)
        .await
        .context("opening the database")?;
    let uid = std::fs::metadata("/proc/self")?.uid();
    let keep = Keep {
        strangers: 0,
        anonymous: 0,
    };
    let (journal, writer) = Journal::open(store.clone(), keep, Commits::Straight);
    journal
        .record_operator(&format!("uid {uid}"), action, detail, now)
        .await?;
    drop(journal);
    writer.await?;
    store.close().await;
    Ok(())
}

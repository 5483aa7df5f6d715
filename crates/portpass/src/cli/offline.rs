//! What a command may do while no server runs: take the data folder itself.

use anyhow::Context as _;

use crate::{
    config::Config,
    store::{DataDir, Store},
};

/// The database of a data folder that no server is using.
pub(super) async fn store(config: &Config) -> anyhow::Result<Store> {
    let data_dir = claim(config)?;
    Store::open(&data_dir).await.context("opening the database")
}

/// The data folder, if no server is using it.
pub(super) fn claim(config: &Config) -> anyhow::Result<DataDir> {
    let path = &config.data_dir;
    DataDir::claim(path).with_context(|| format!("using the data folder {}", path.display()))
}

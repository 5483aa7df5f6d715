//! The data folder: ours alone while we run.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use super::StoreError;

/// A data folder that no other process can use before this value is dropped.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    /// Holds the lock; the system lets go of it when the process ends, however.
    _lock: File,
}

impl DataDir {
    /// Makes the folder (0700) if it is missing, and takes its lock.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made or written, or another process has it.
    pub fn claim(path: &Path) -> Result<Self, StoreError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(StoreError::Folder)?;
        let path = fs::canonicalize(path).map_err(StoreError::Folder)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path.join("portpass.lock"))
            .map_err(StoreError::Folder)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse),
            Err(TryLockError::Error(error)) => Err(StoreError::Folder(error)),
        }
    }

    /// Where the folder is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

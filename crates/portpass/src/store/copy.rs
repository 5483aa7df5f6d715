//! A consistent copy of every table, as lines of JSON: the same from both
//! databases and into both.

use tokio::{io::AsyncBufRead, sync::mpsc};

use super::{Store, StoreError};

impl Store {
    /// Sends every row of every table as of one moment, a line of JSON each,
    /// `{"table": {columns}}`; writers go on meanwhile. Says how many rows.
    ///
    /// # Errors
    ///
    /// When the database fails, or the receiver has gone.
    pub async fn copy_out(&self, _lines: mpsc::Sender<String>) -> Result<u64, StoreError> {
        todo!()
    }

    /// Fills an empty store with the lines of [`Store::copy_out`], all or
    /// nothing. Says how many rows.
    ///
    /// # Errors
    ///
    /// When the store is not empty, or a line is not one of ours.
    pub async fn copy_in(
        &self,
        _lines: impl AsyncBufRead + Unpin + Send,
    ) -> Result<u64, StoreError> {
        todo!()
    }
}

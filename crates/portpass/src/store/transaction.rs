//! One commit: first what must be true, then the events.

use super::{Change, Conditions, Store, StoreError, Verdict};

/// A transaction that writes events and what must come true with them.
#[derive(Debug)]
pub struct Transaction {}

impl Store {
    /// Begins a transaction; dropped without a commit, it changes nothing.
    ///
    /// # Errors
    ///
    /// When the database cannot be had.
    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        todo!()
    }
}

impl Transaction {
    /// Makes conditions come true, one after the other; those that cannot
    /// change nothing. One verdict for each.
    ///
    /// # Errors
    ///
    /// When the database fails; then nothing of the transaction stands.
    pub async fn settle(
        &mut self,
        _conditions: &[&Conditions],
    ) -> Result<Vec<Verdict>, StoreError> {
        todo!()
    }

    /// Writes changes to the events.
    ///
    /// # Errors
    ///
    /// As [`Transaction::settle`].
    pub async fn write(&mut self, _changes: &[Change]) -> Result<(), StoreError> {
        todo!()
    }

    /// Commits; when this returns, all of it is on the disk.
    ///
    /// # Errors
    ///
    /// When the commit fails; then nothing of the transaction stands.
    pub async fn commit(self) -> Result<(), StoreError> {
        todo!()
    }
}

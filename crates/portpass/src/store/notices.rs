//! How replicas hear of each other's changes: PostgreSQL tells them.

use super::{Store, StoreError};

/// What other replicas have changed, as they change it.
#[derive(Debug)]
pub struct Notices {}

impl Store {
    /// Listens for changes; `None` where nobody else can write (SQLite).
    ///
    /// # Errors
    ///
    /// When the database cannot be had.
    pub async fn notices(&self) -> Result<Option<Notices>, StoreError> {
        todo!()
    }
}

impl Notices {
    /// Waits for the next change.
    ///
    /// # Errors
    ///
    /// When the connection was lost: what happened meanwhile is unknown.
    pub async fn next(&mut self) -> Result<(), StoreError> {
        todo!()
    }
}

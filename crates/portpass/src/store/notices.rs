//! How replicas hear of each other's changes: PostgreSQL tells them.

use sqlx::postgres::PgListener;

use super::{Store, StoreError, revision};

/// What other replicas have changed, as they change it.
#[derive(Debug)]
pub struct Notices {
    listener: PgListener,
}

impl Store {
    /// Listens for changes; `None` where nobody else can write (`SQLite`).
    ///
    /// # Errors
    ///
    /// When the database cannot be had.
    pub async fn notices(&self) -> Result<Option<Notices>, StoreError> {
        match self {
            Self::Postgres(pool) => {
                let mut listener = PgListener::connect_with(pool).await?;
                listener.eager_reconnect(false);
                listener.listen(revision::CHANNEL).await?;
                Ok(Some(Notices { listener }))
            }
            Self::Sqlite { .. } => Ok(None),
        }
    }
}

impl Notices {
    /// Waits for the next change.
    ///
    /// # Errors
    ///
    /// When the connection was lost: what happened meanwhile is unknown.
    pub async fn next(&mut self) -> Result<(), StoreError> {
        match self.listener.try_recv().await? {
            Some(_) => Ok(()),
            None => {
                let lost = std::io::Error::from(std::io::ErrorKind::ConnectionAborted);
                Err(StoreError::Database(lost.into()))
            }
        }
    }
}

//! What survives a restart: one file for each table.
//!
//! The SQL is written once, in words that every database here speaks: columns
//! are `TEXT` and `BIGINT`, parameters `$1`. Another table is a migration, a
//! file beside this one, and methods on [`Store`].

mod act;
mod api_tokens;
mod bindings;
mod conditions;
mod copy;
mod events;
mod housekeeping;
mod identities;
mod inbox;
mod lists;
mod lock;
mod members;
mod namespaces;
mod notices;
mod refresh_tokens;
mod revocations;
mod sessions;
mod transaction;

use std::{fs::OpenOptions, io, os::unix::fs::OpenOptionsExt as _, path::Path, time::Duration};

use sqlx::{
    SqlitePool,
    migrate::MigrateError,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

pub use self::{
    act::Act,
    api_tokens::ApiTokenRow,
    bindings::BindingRow,
    conditions::{ApiTokenUse, Conditions, Overtaken, SessionUse, Verdict},
    events::{Change, EventFilter, EventRow},
    identities::IdentityRow,
    inbox::InboxRow,
    lists::RowFilter,
    lock::DataDir,
    members::MemberRow,
    namespaces::NamespaceRow,
    notices::Notices,
    refresh_tokens::RefreshTokenRow,
    revocations::RevocationRow,
    sessions::SessionRow,
    transaction::Transaction,
};

/// How long a statement waits for another connection's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Connections that only read: the operators' questions, never a token's path.
const READERS: u32 = 4;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// The database.
#[derive(Clone, Debug)]
pub enum Store {
    /// One file in the data folder.
    Sqlite {
        /// One connection, so that writers queue here and not on a lock.
        writer: SqlitePool,
        /// Connections that cannot write.
        readers: SqlitePool,
    },
}

impl Store {
    /// Opens, or makes, `portpass.db` in a data folder that is ours alone.
    ///
    /// Commits are on the disk when they return (`synchronous=FULL`).
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, is no database, or was written by a
    /// newer Portpass; it is left as it was.
    pub async fn open(data_dir: &DataDir) -> Result<Self, StoreError> {
        Self::connect(&data_dir.path().join("portpass.db")).await
    }

    async fn connect(path: &Path) -> Result<Self, StoreError> {
        // SQLite gives its other files the mode of this one.
        OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path)
            .map_err(StoreError::Folder)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(BUSY_TIMEOUT)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options.clone())
            .await?;
        MIGRATIONS.run(&writer).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_lazy_with(options.read_only(true));
        Ok(Self::Sqlite { writer, readers })
    }

    /// Waits for statements under way and closes the files.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
        }
    }
}

/// The database or its folder could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database answered with an error.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The data folder cannot be used.
    #[error("the data folder cannot be used: {0}")]
    Folder(#[source] io::Error),
    /// Another process has the data folder.
    #[error("another Portpass is using this data folder; only one may write to it")]
    InUse,
    /// The database is of another version, or damaged.
    #[error("the database is not one that this version can use: {0}")]
    Migrate(#[from] MigrateError),
    /// A row holds what we never write.
    #[error("a row of {table} is damaged: its {column} is not what Portpass writes")]
    Row {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
}

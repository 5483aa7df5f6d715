//! What a database or its folder could not do.

use std::io;

use sqlx::migrate::MigrateError;

/// The database or its folder could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// We are shutting down.
    #[error("the database is closed")]
    Closed,
    /// A copy cannot be read back.
    #[error("line {line} of the copy {reason}")]
    Copy {
        /// Which line, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The database is damaged.
    #[error("the database is damaged: {0}; it was left as it is: restore a backup")]
    Damaged(String),
    /// The database answered with an error.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The data folder cannot be used.
    #[error("the data folder cannot be used: {0}")]
    Folder(#[source] io::Error),
    /// The database is another program's.
    #[error(
        "the database has a table {0} that is not of Portpass: give Portpass a database of its own"
    )]
    Foreign(String),
    /// Another process has the data folder.
    #[error("another Portpass is using this data folder; only one may write to it")]
    InUse,
    /// The database could not be brought to this version.
    #[error("the database is not one that this version can use: {0}")]
    Migrate(#[from] MigrateError),
    /// The database is of a version that this one cannot work with.
    #[error(
        "the database is not one that this version can use: a newer Portpass has changed it, and it needs one that \
         knows migration {needs}, while this one knows {knows}; start the newer version, or restore a backup of before"
    )]
    Newer {
        /// The lowest migration that one must know.
        needs: i64,
        /// The highest that this version knows.
        knows: i64,
    },
    /// A copy can only be read into an empty store.
    #[error(
        "the database has rows in {0}: a backup can only be restored into an empty one; move portpass.db and what is \
         named like it out of the data folder, or take a new database of PostgreSQL"
    )]
    NotEmpty(&'static str),
    /// Nobody receives the copy any more.
    #[error("the copy was not read to its end")]
    NotRead,
    /// A row holds what we never write.
    #[error("a row of {table} is damaged: its {column} is not what Portpass writes")]
    Row {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// The file of `SQLite` could not be read or written.
    #[error("the database failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The database took too long.
    #[error("the database did not answer in time")]
    Slow,
    /// Nobody answers where the database should be.
    #[error("the database at {address} cannot be reached: {error}")]
    Unreachable {
        /// Its host and port.
        address: String,
        /// What the last attempt came to.
        #[source]
        error: sqlx::Error,
    },
    /// The place of the database is not one; it may hold a password, so it is not repeated here.
    #[error(
        "the database's URL cannot be read: it should be like postgres://user:password@host:5432/database"
    )]
    Url,
}

impl StoreError {
    /// Whether nothing but other transactions stood in the way, and all of it was
    /// undone: the same again may succeed at once.
    pub fn is_transient(&self) -> bool {
        let Self::Database(error) = self else {
            return false;
        };
        // PostgreSQL's appendix A: serialization_failure, deadlock_detected.
        let code = error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code);
        matches!(code.as_deref(), Some("40001" | "40P01"))
    }
}

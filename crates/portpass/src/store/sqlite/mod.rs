//! Opening `SQLite`: one file in the data folder, which is ours alone.

mod writer;

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    time::Duration,
};

use sqlx::{
    ConnectOptions as _, Connection as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions},
};

pub use self::writer::{Writer, Writing};
use super::{Store, StoreError, schema};

/// How long a statement waits for another connection's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The pages of a new file: several events fit into one, each of them two kilobytes.
const PAGE_BYTES: u32 = 8192;

/// Connections that only read: the operators' questions, never a token's path.
const READERS: u32 = 4;

/// Up to this size, every page of the file is looked at before it is used.
const CHECKED_BYTES: u64 = 64 << 20;

pub(super) async fn open(path: &Path) -> Result<Store, StoreError> {
    look(path).await?;
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
        .page_size(PAGE_BYTES)
        .journal_mode(SqliteJournalMode::Wal);
    let mut connection = options.connect().await?;
    schema::migrate_sqlite(&mut connection).await?;
    // Before this one ends: the last to end would clear the journal away, and do it again.
    let writer = Writer::open(path)?;
    connection.close().await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(READERS)
        .connect_lazy_with(options.read_only(true));
    Ok(Store::Sqlite { writer, readers })
}

/// Looks at a database without changing a byte of it, so that one that is damaged,
/// newer or another program's is left as it was.
async fn look(path: &Path) -> Result<(), StoreError> {
    let bytes = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
    let size = bytes(path);
    if size == 0 {
        return Ok(());
    }
    // What a crash left in the journal has to be read as well. Without one, `immutable`
    // keeps SQLite from making its other files.
    let journal = bytes(&path.with_extension("db-wal"));
    let mut connection = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .immutable(journal == 0)
        .connect()
        .await
        .map_err(damage)?;
    let looked = look_into(&mut connection, size <= CHECKED_BYTES).await;
    connection.close().await.map_err(damage)?;
    looked
}

async fn look_into(connection: &mut SqliteConnection, every_page: bool) -> Result<(), StoreError> {
    if every_page {
        let found: String = sqlx::query_scalar("PRAGMA quick_check(1)")
            .fetch_one(&mut *connection)
            .await
            .map_err(damage)?;
        if found != "ok" {
            return Err(StoreError::Damaged(found));
        }
    }
    schema::look_into_sqlite(connection)
        .await
        .map_err(|error| match error {
            StoreError::Database(error) => damage(error),
            other => other,
        })
}

/// `SQLite` says with two codes that a file is no database, or a broken one.
fn damage(error: sqlx::Error) -> StoreError {
    const CORRUPT: u32 = 11;
    const NO_DATABASE: u32 = 26;
    let code = error
        .as_database_error()
        .and_then(|error| error.code()?.parse::<u32>().ok())
        // The low byte is the code, what is above it the particulars.
        .map(|code| code & 0xff);
    match code {
        Some(CORRUPT | NO_DATABASE) => StoreError::Damaged(error.to_string()),
        _ => StoreError::Database(error),
    }
}

//! The one connection that writes, lent to one transaction at a time.
//!
//! Whoever waits for the disk here does so on a thread of its own, where there are threads.

use std::{fmt, path::Path, sync::Arc};

use rusqlite::{Connection, OpenFlags, Row, ToSql, params_from_iter, types::ToSqlOutput};
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    sync::{Mutex, OwnedMutexGuard},
    task::block_in_place,
};

use super::{
    super::{StoreError, batched::Value},
    BUSY_TIMEOUT,
};

/// Each statement, with room.
const STATEMENTS: usize = 64;

/// How many pages are written to the journal before they are moved to their place, which the
/// commit of that moment waits for: few, so that nobody waits long.
const CHECKPOINT_PAGES: i64 = 200;

/// Pages that are kept in memory: in KiB, and negative, as `SQLite` wants it.
const CACHE_KIB: i64 = -4096;

/// The connection, while nobody writes.
#[derive(Clone)]
pub struct Writer(Arc<Mutex<Option<Connection>>>);

/// The connection, within a transaction; dropped without a commit, it changes nothing.
pub struct Writing(OwnedMutexGuard<Option<Connection>>);

impl Writer {
    /// Opens a database that has its tables.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        // Nobody else uses the connection meanwhile: the lock around it sees to that.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "cache_size", CACHE_KIB)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(Self(Arc::new(Mutex::new(Some(connection)))))
    }

    /// Begins a transaction once nobody else writes.
    pub(in crate::store) async fn begin(&self) -> Result<Writing, StoreError> {
        let writing = Writing(Arc::clone(&self.0).lock_owned().await);
        aside(|| {
            writing.roll_back()?;
            // One that reads first and writes later would have to start over if somebody else
            // wrote between.
            writing.run("BEGIN IMMEDIATE")
        })?;
        Ok(writing)
    }

    /// Waits for the transaction under way and closes the file.
    pub(in crate::store) async fn close(&self) {
        let connection = self.0.lock().await.take();
        aside(|| drop(connection));
    }
}

impl Writing {
    /// Runs a statement for some rows, each of so many values; says how many it changed.
    pub(in crate::store) fn execute(
        &self,
        sql: &str,
        columns: usize,
        values: &[Value<'_>],
    ) -> Result<u64, StoreError> {
        if values.is_empty() && columns > 0 {
            return Ok(0);
        }
        aside(|| {
            let mut statement = self.connection()?.prepare_cached(sql)?;
            let mut changed = 0;
            for row in rows_of(columns, values) {
                changed += statement.execute(params_from_iter(row))? as u64;
            }
            Ok(changed)
        })
    }

    /// Runs a statement for some rows, each of so many values, and reads what it returns.
    pub(in crate::store) fn fetch<T>(
        &self,
        sql: &str,
        columns: usize,
        values: &[Value<'_>],
    ) -> Result<Vec<T>, StoreError>
    where
        T: for<'r> TryFrom<&'r Row<'r>, Error = rusqlite::Error>,
    {
        if values.is_empty() && columns > 0 {
            return Ok(Vec::new());
        }
        aside(|| {
            let mut statement = self.connection()?.prepare_cached(sql)?;
            let mut fetched = Vec::new();
            for row in rows_of(columns, values) {
                let mut found = statement.query(params_from_iter(row))?;
                while let Some(row) = found.next()? {
                    fetched.push(T::try_from(row)?);
                }
            }
            Ok(fetched)
        })
    }

    /// Commits; when this returns, all of it is on the disk.
    pub(in crate::store) fn commit(self) -> Result<(), StoreError> {
        aside(|| self.run("COMMIT"))
    }

    /// Undoes what was not committed. `SQLite` ends a transaction by itself on some errors, a
    /// full disk among them.
    fn roll_back(&self) -> Result<(), StoreError> {
        if self.connection()?.is_autocommit() {
            return Ok(());
        }
        self.run("ROLLBACK")
    }

    /// Runs a statement that only this connection understands.
    ///
    /// # Errors
    ///
    /// When the database refuses it, or is closed.
    pub fn run(&self, sql: &str) -> Result<(), StoreError> {
        Ok(self.connection()?.execute_batch(sql)?)
    }

    fn connection(&self) -> Result<&Connection, StoreError> {
        self.0.as_ref().ok_or(StoreError::Closed)
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        // Who begins the next one tries again, and says why it cannot.
        if self.0.is_some() {
            let _tried = aside(|| self.roll_back());
        }
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Number(number) => number.to_sql(),
            Self::Text(text) => text.to_sql(),
        }
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}

impl fmt::Debug for Writing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writing").finish_non_exhaustive()
    }
}

/// The values row by row; a statement without values runs once.
fn rows_of<'v, 'a>(
    columns: usize,
    values: &'v [Value<'a>],
) -> impl Iterator<Item = &'v [Value<'a>]> {
    let once = (columns == 0).then_some(values);
    once.into_iter().chain(values.chunks(columns.max(1)))
}

/// Does what may wait for the disk. A runtime with threads goes on without this one.
fn aside<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => block_in_place(work),
        Ok(_) | Err(_) => work(),
    }
}

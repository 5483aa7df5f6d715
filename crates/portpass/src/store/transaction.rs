//! One commit: what must be true, then the events, then the disk.

use rusqlite::Row;
use sqlx::{AssertSqlSafe, FromRow, Postgres, postgres::PgRow};

use super::{
    Change, Store, StoreError,
    batched::{Batched, Value},
    events,
    sqlite::Writing,
};

/// A transaction that writes events and what must come true with them.
#[derive(Debug)]
pub enum Transaction {
    /// On the database that several replicas share.
    Postgres(sqlx::Transaction<'static, Postgres>),
    /// On the one connection that writes.
    Sqlite(Writing),
}

/// What either database can be asked for.
pub(super) trait Fetched:
    for<'r> FromRow<'r, PgRow> + for<'r> TryFrom<&'r Row<'r>, Error = rusqlite::Error> + Send + Unpin
{
}

impl<T> Fetched for T where
    T: for<'r> FromRow<'r, PgRow>
        + for<'r> TryFrom<&'r Row<'r>, Error = rusqlite::Error>
        + Send
        + Unpin
{
}

impl Store {
    /// Begins a transaction; dropped without a commit, it changes nothing.
    ///
    /// # Errors
    ///
    /// When the database cannot be had.
    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        Ok(match self {
            Self::Postgres(pool) => Transaction::Postgres(pool.begin().await?),
            Self::Sqlite { writer, .. } => Transaction::Sqlite(writer.begin().await?),
        })
    }

    /// Makes all the changes in one transaction, or none.
    ///
    /// When this returns, they are on the disk.
    ///
    /// # Errors
    ///
    /// When the database refuses a change or the commit.
    pub async fn write_events(&self, changes: &[Change<'_>]) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        transaction.write(changes).await?;
        transaction.commit().await
    }
}

impl Transaction {
    /// Writes changes to the events: first the new rows, then what happened again.
    ///
    /// # Errors
    ///
    /// As [`Transaction::settle`].
    pub async fn write(&mut self, changes: &[Change<'_>]) -> Result<(), StoreError> {
        events::insert(self, changes).await?;
        events::repeat(self, changes).await?;
        Ok(())
    }

    /// Commits; when this returns, all of it is on the disk.
    ///
    /// # Errors
    ///
    /// When the commit fails. Then nothing of the transaction stands, unless it
    /// was the answer that was lost on its way from PostgreSQL.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Postgres(transaction) => transaction.commit().await?,
            Self::Sqlite(writing) => writing.commit()?,
        }
        Ok(())
    }

    /// Runs a statement for some rows; says how many it changed.
    pub(super) async fn execute(
        &mut self,
        statement: &'static Batched,
        values: &[Value<'_>],
    ) -> Result<u64, StoreError> {
        match self {
            Self::Postgres(transaction) => {
                let mut changed = 0;
                for (text, values) in statement.parts(values) {
                    let mut query = sqlx::query(text);
                    for value in values {
                        query = match value {
                            Value::Number(number) => query.bind(*number),
                            Value::Text(text) => query.bind(*text),
                        };
                    }
                    changed += query.execute(&mut **transaction).await?.rows_affected();
                }
                Ok(changed)
            }
            Self::Sqlite(writing) => {
                writing.execute(statement.of_one(), statement.columns(), values)
            }
        }
    }

    /// Runs a statement for some rows, and reads what it returns.
    pub(super) async fn fetch<T: Fetched>(
        &mut self,
        statement: &'static Batched,
        values: &[Value<'_>],
    ) -> Result<Vec<T>, StoreError> {
        match self {
            Self::Postgres(transaction) => {
                let mut fetched = Vec::new();
                for (text, values) in statement.parts(values) {
                    let mut query = sqlx::query_as(text);
                    for value in values {
                        query = match value {
                            Value::Number(number) => query.bind(*number),
                            Value::Text(text) => query.bind(*text),
                        };
                    }
                    fetched.append(&mut query.fetch_all(&mut **transaction).await?);
                }
                Ok(fetched)
            }
            Self::Sqlite(writing) => writing.fetch(statement.of_one(), statement.columns(), values),
        }
    }

    /// Whether there is a row in a table.
    pub(super) async fn has_rows(&mut self, table: &'static str) -> Result<bool, StoreError> {
        let sql = format!("SELECT 1 FROM {table} LIMIT 1");
        match self {
            Self::Postgres(transaction) => {
                let row = sqlx::query(AssertSqlSafe(sql)).fetch_optional(&mut **transaction);
                Ok(row.await?.is_some())
            }
            Self::Sqlite(writing) => {
                let rows: Vec<(i64,)> = writing.fetch(&sql, 0, &[])?;
                Ok(!rows.is_empty())
            }
        }
    }
}

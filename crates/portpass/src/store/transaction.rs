//! One commit: what must be true, then the events, then the disk.

use sqlx::{FromRow, Postgres, Sqlite, postgres::PgRow, sqlite::SqliteRow};

use super::{
    Change, Store, StoreError,
    batched::{Batched, Value},
    events,
};

/// A transaction that writes events and what must come true with them.
#[derive(Debug)]
pub enum Transaction {
    /// On the database that several replicas share.
    Postgres(sqlx::Transaction<'static, Postgres>),
    /// On the one connection that writes.
    Sqlite(sqlx::Transaction<'static, Sqlite>),
}

/// What either database can be asked for.
pub(super) trait Fetched:
    for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin
{
}

impl<T> Fetched for T where
    T: for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin
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
            // A transaction that reads first and writes later would have to start over if
            // somebody else wrote between.
            Self::Sqlite { writer, .. } => {
                Transaction::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?)
            }
        })
    }

    /// Makes all the changes in one transaction, or none.
    ///
    /// When this returns, they are on the disk.
    ///
    /// # Errors
    ///
    /// When the database refuses a change or the commit.
    pub async fn write_events(&self, changes: &[Change]) -> Result<(), StoreError> {
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
    pub async fn write(&mut self, changes: &[Change]) -> Result<(), StoreError> {
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
            Self::Sqlite(transaction) => transaction.commit().await?,
        }
        Ok(())
    }

    /// Runs a statement for some rows; says how many it changed.
    pub(super) async fn execute(
        &mut self,
        statement: &'static Batched,
        values: &[Value<'_>],
    ) -> Result<u64, sqlx::Error> {
        let mut changed = 0;
        for (text, values) in statement.parts(values) {
            changed += on_db!(within self, text, |connection, sql| {
                let mut query = sqlx::query(sql);
                for value in values {
                    query = match value {
                        Value::Number(number) => query.bind(*number),
                        Value::Text(text) => query.bind(*text),
                    };
                }
                query.execute(connection).await?.rows_affected()
            });
        }
        Ok(changed)
    }

    /// Runs a statement for some rows, and reads what it returns.
    pub(super) async fn fetch<T: Fetched>(
        &mut self,
        statement: &'static Batched,
        values: &[Value<'_>],
    ) -> Result<Vec<T>, sqlx::Error> {
        let mut fetched = Vec::new();
        for (text, values) in statement.parts(values) {
            fetched.append(&mut on_db!(within self, text, |connection, sql| {
                let mut query = sqlx::query_as(sql);
                for value in values {
                    query = match value {
                        Value::Number(number) => query.bind(*number),
                        Value::Text(text) => query.bind(*text),
                    };
                }
                query.fetch_all(connection).await?
            }));
        }
        Ok(fetched)
    }
}

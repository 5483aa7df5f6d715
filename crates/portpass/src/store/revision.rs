//! The `revision` table: how replicas see that operators changed something.

use super::{Store, StoreError, Transaction};

/// The channel on which PostgreSQL tells other replicas.
pub(super) const CHANNEL: &str = "portpass";

const NUMBER: &str = "SELECT number FROM revision";

impl Store {
    /// How many changes operators have made.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn revision(&self) -> Result<i64, StoreError> {
        Ok(on_db!(read self, |pool| {
            sqlx::query_scalar(NUMBER).fetch_one(pool).await?
        }))
    }
}

/// Counts one change. Until the commit, whoever else counts one waits.
pub(super) async fn count_up(transaction: &mut Transaction) -> Result<(), sqlx::Error> {
    const SQL: &str = "UPDATE revision SET number = number + 1";
    on_db!(within transaction, |connection| sqlx::query(SQL).execute(connection).await.map(drop))
}

/// As [`Store::revision`], in a transaction.
pub(super) async fn number(transaction: &mut Transaction) -> Result<i64, sqlx::Error> {
    on_db!(within transaction, |connection| {
        sqlx::query_scalar(NUMBER).fetch_one(connection).await
    })
}

/// Counts on from the changes of the store that a copy is of.
pub(super) async fn continue_from(
    transaction: &mut Transaction,
    number: i64,
) -> Result<(), sqlx::Error> {
    const SQL: &str = "UPDATE revision SET number = number + $1";
    on_db!(within transaction, |connection| {
        sqlx::query(SQL).bind(number).execute(connection).await.map(drop)
    })
}

/// Tells other replicas, when this is committed, that something changed.
pub(super) async fn tell(transaction: &mut Transaction) -> Result<(), sqlx::Error> {
    match transaction {
        Transaction::Postgres(transaction) => {
            sqlx::query("SELECT pg_notify($1, '')")
                .bind(CHANNEL)
                .execute(&mut **transaction)
                .await?;
        }
        // There is no other.
        Transaction::Sqlite(_) => {}
    }
    Ok(())
}

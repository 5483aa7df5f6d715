//! The `revision` table: how replicas see that operators changed something.

use std::sync::LazyLock;

use super::{Store, StoreError, Transaction, batched::Batched};

/// The channel on which PostgreSQL tells other replicas.
pub(super) const CHANNEL: &str = "portpass";

pub(super) const NUMBER: &str = "SELECT number FROM revision";

static COUNT_UP: LazyLock<Batched> =
    LazyLock::new(|| Batched::plain("UPDATE revision SET number = number + 1", 0));

static CONTINUE: LazyLock<Batched> =
    LazyLock::new(|| Batched::plain("UPDATE revision SET number = number + $1", 1));

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
pub(super) async fn count_up(transaction: &mut Transaction) -> Result<(), StoreError> {
    transaction.execute(&COUNT_UP, &[]).await.map(drop)
}

/// Counts on from the changes of the store that a copy is of.
pub(super) async fn continue_from(
    transaction: &mut Transaction,
    number: i64,
) -> Result<(), StoreError> {
    let number = [number.into()];
    transaction.execute(&CONTINUE, &number).await.map(drop)
}

/// Tells other replicas, when this is committed, that something changed.
pub(super) async fn tell(transaction: &mut Transaction) -> Result<(), StoreError> {
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

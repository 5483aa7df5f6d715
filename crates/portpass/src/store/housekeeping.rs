//! Old rows go, a few at a time, so that nobody waits for it.

use super::{Store, StoreError, events::first_id, refresh_tokens};

impl Store {
    /// Deletes up to `limit` of the oldest events that last happened before
    /// this (milliseconds since 1970); says how many went.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn prune_events(&self, before_ms: i64, limit: u32) -> Result<u64, StoreError> {
        // Ids begin with their time, so the oldest are the first of the primary key. What
        // happened first before then may still have happened again since.
        const SQL: &str = "DELETE FROM events WHERE id IN (SELECT id FROM events \
             WHERE id < $1 AND last_ms < $2 ORDER BY id LIMIT $3)";
        let mut transaction = self.begin().await?;
        let deleted = on_db!(within &mut transaction, |connection| {
            sqlx::query(SQL)
                .bind(first_id(before_ms))
                .bind(before_ms)
                .bind(i64::from(limit))
                .execute(connection)
                .await?
                .rows_affected()
        });
        transaction.commit().await?;
        Ok(deleted)
    }

    /// Deletes up to `limit` sessions that may go at `now_ms`, with their
    /// refresh tokens; says how many went.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn prune_sessions(&self, now_ms: i64, limit: u32) -> Result<u64, StoreError> {
        const SQL: &str = "DELETE FROM sessions WHERE login IN (SELECT login FROM sessions \
             WHERE prune_ms <= $1 ORDER BY prune_ms LIMIT $2) RETURNING login";
        let mut transaction = self.begin().await?;
        let logins: Vec<String> = on_db!(within &mut transaction, |connection| {
            sqlx::query_scalar(SQL)
                .bind(now_ms)
                .bind(i64::from(limit))
                .fetch_all(connection)
                .await?
        });
        refresh_tokens::forget(&mut transaction, &logins).await?;
        transaction.commit().await?;
        Ok(logins.len() as u64)
    }

    /// Deletes revocations of before this, except those of keys by operators;
    /// says how many went.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn prune_revocations(&self, before_ms: i64) -> Result<u64, StoreError> {
        const SQL: &str = "DELETE FROM revocations WHERE at_ms < $1 AND kind <> 'key'";
        let mut transaction = self.begin().await?;
        let deleted = on_db!(within &mut transaction, |connection| {
            sqlx::query(SQL).bind(before_ms).execute(connection).await?.rows_affected()
        });
        transaction.commit().await?;
        Ok(deleted)
    }
}

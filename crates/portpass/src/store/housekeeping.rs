//! Old rows go, a few at a time, so that nobody waits for it.

use std::sync::LazyLock;

use super::{Store, StoreError, batched::Batched, events::first_id, refresh_tokens};

/// Ids begin with their time, so the oldest are the first of the primary key. What
/// happened first before then may still have happened again since.
static PRUNE_EVENTS: LazyLock<Batched> = LazyLock::new(|| {
    Batched::plain(
        "DELETE FROM events WHERE id IN (SELECT id FROM events \
         WHERE id < $1 AND last_ms < $2 ORDER BY id LIMIT $3)",
        3,
    )
});

static PRUNE_SESSIONS: LazyLock<Batched> = LazyLock::new(|| {
    Batched::plain(
        "DELETE FROM sessions WHERE login IN (SELECT login FROM sessions \
         WHERE prune_ms <= $1 ORDER BY prune_ms LIMIT $2) RETURNING login",
        2,
    )
});

static PRUNE_REVOCATIONS: LazyLock<Batched> = LazyLock::new(|| {
    Batched::plain(
        "DELETE FROM revocations WHERE at_ms < $1 AND kind <> 'key'",
        1,
    )
});

impl Store {
    /// Deletes up to `limit` of the oldest events that last happened before
    /// this (milliseconds since 1970); says how many went.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn prune_events(&self, before_ms: i64, limit: u32) -> Result<u64, StoreError> {
        let before = first_id(before_ms);
        let bounds = [(&before).into(), before_ms.into(), i64::from(limit).into()];
        let mut transaction = self.begin().await?;
        let deleted = transaction.execute(&PRUNE_EVENTS, &bounds).await?;
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
        let bounds = [now_ms.into(), i64::from(limit).into()];
        let mut transaction = self.begin().await?;
        let logins: Vec<(String,)> = transaction.fetch(&PRUNE_SESSIONS, &bounds).await?;
        let logins: Vec<String> = logins.into_iter().map(|(login,)| login).collect();
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
        let mut transaction = self.begin().await?;
        let deleted = transaction
            .execute(&PRUNE_REVOCATIONS, &[before_ms.into()])
            .await?;
        transaction.commit().await?;
        Ok(deleted)
    }
}

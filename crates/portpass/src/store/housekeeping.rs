//! Old rows go, a few at a time, so that nobody waits for it.

use super::{Store, StoreError, refresh_tokens};

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

/// No `UUIDv7` of this millisecond or later is less (RFC 9562 §5.7: it begins with
/// 48 bits of milliseconds).
fn first_id(at_ms: i64) -> String {
    let (high, low) = (at_ms.max(0) >> 16, at_ms.max(0) & 0xffff);
    format!("{high:08x}-{low:04x}-0000-0000-000000000000")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event_id::event_id;

    #[test]
    fn ids_are_parted_by_their_time() {
        let time = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
        let (before, at) = (
            time("2026-01-01T00:00:00.122Z"),
            time("2026-01-01T00:00:00.123Z"),
        );
        let first = first_id(at.as_millisecond());
        assert!(event_id(before) < first);
        assert!(first < event_id(at));
    }
}

//! Old rows go, a few at a time, so that nobody waits for it.

use super::{Store, StoreError};

impl Store {
    /// Deletes up to `limit` of the oldest events that last happened before
    /// this (milliseconds since 1970); says how many went.
    pub async fn prune_events(&self, _before_ms: i64, _limit: u32) -> Result<u64, StoreError> {
        todo!()
    }

    /// Deletes up to `limit` sessions that may go at `now_ms`, with their
    /// refresh tokens; says how many went.
    pub async fn prune_sessions(&self, _now_ms: i64, _limit: u32) -> Result<u64, StoreError> {
        todo!()
    }

    /// Deletes revocations of before this, except those of keys by operators;
    /// says how many went.
    pub async fn prune_revocations(&self, _before_ms: i64) -> Result<u64, StoreError> {
        todo!()
    }
}

//! Hears of what other replicas change: told at once, and asked every second.

use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::Standing;
use crate::store::StoreError;

/// How often the revision is asked for.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// How long one heartbeat may take: a connection that died silently must not
/// hold up the next.
const HEARTBEAT_LIMIT: Duration = Duration::from_secs(5);

/// How long to wait before listening again on a new connection.
const RECONNECT: Duration = Duration::from_secs(1);

impl Standing {
    /// Follows the changes of other replicas until it is dropped; where there
    /// are none (SQLite), it only waits.
    pub async fn follow(&self) {
        if self.hearing.is_shared() {
            tokio::join!(self.beat(), self.listen());
        }
        std::future::pending::<()>().await;
    }

    /// Asks every second, whatever we are told in between.
    async fn beat(&self) {
        let mut ticks = interval(HEARTBEAT);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failing = false;
        loop {
            ticks.tick().await;
            let asked = timeout(HEARTBEAT_LIMIT, self.ask()).await;
            match asked.unwrap_or(Err(StoreError::Slow)) {
                Ok(()) if failing => {
                    failing = false;
                    tracing::info!("The database is heard again");
                }
                Err(error) if !failing => {
                    failing = true;
                    tracing::error!(error = %error, "The database is not heard; requests wait for it, or are answered with 503");
                }
                Ok(()) | Err(_) => {}
            }
        }
    }

    /// Asks as soon as we are told that something has changed.
    async fn listen(&self) {
        loop {
            match self.store.notices().await {
                Ok(Some(mut notices)) => {
                    // Nobody told us what happened before we listened.
                    self.hearing.doubt();
                    while notices.next().await.is_ok() {
                        if let Err(error) = self.ask().await {
                            tracing::debug!(error = %error, "A change was not read at once");
                            self.hearing.doubt();
                        }
                    }
                }
                Ok(None) => return,
                Err(error) => tracing::debug!(error = %error, "Changes are not announced"),
            }
            self.hearing.doubt();
            sleep(RECONNECT).await;
        }
    }

    /// Asks on behalf of a request, unless somebody else has just done so.
    pub(super) async fn catch_up(&self) -> Result<(), StoreError> {
        let _one_at_a_time = self.asking.lock().await;
        if self.hearing.is_current(Instant::now()) {
            return Ok(());
        }
        self.ask().await
    }

    /// Asks for the revision, and reads everything anew if it is another, or
    /// if there is any doubt.
    async fn ask(&self) -> Result<(), StoreError> {
        let asked = Instant::now();
        let doubts = self.hearing.doubts();
        let revision = self.store.revision().await?;
        if doubts.is_some() || revision != self.settled.load().revision {
            self.refresh().await?;
        }
        if let Some(doubts) = doubts {
            self.hearing.see_to(doubts);
        }
        self.hearing.heard(asked);
        Ok(())
    }
}

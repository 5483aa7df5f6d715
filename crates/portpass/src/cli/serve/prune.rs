//! Old rows go, a little at a time, and give way to requests.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;

use crate::{
    metrics::Metrics,
    portpass::Portpass,
    store::{Store, StoreError},
};

/// How often we look for rows that may go.
const PRUNE_EVERY: Duration = Duration::from_mins(10);

/// How many rows go in one transaction: so few that nobody notices.
const PRUNE_STEP: u32 = 300;

/// How long the database is left to others between two steps.
const PRUNE_PAUSE: Duration = Duration::from_millis(100);

/// How long revocations are kept: longer than any login lasts that they could
/// end, and as long as a month's review looks back.
const KEEP_REVOCATIONS: SignedDuration = SignedDuration::from_hours(40 * 24);

/// Deletes what is too old, a little at a time, and gives way to requests.
pub(super) async fn prune(
    portpass: Arc<Portpass>,
    store: Store,
    metrics: Arc<Metrics>,
    keep_events: Duration,
) {
    let pruner = Pruner {
        portpass,
        store,
        metrics,
        keep_events: SignedDuration::try_from(keep_events).unwrap_or(SignedDuration::MAX),
    };
    loop {
        if let Err(error) = pruner.sweep().await {
            tracing::warn!(error = %error, "Old rows were not deleted; it is tried again");
        }
        sleep(PRUNE_EVERY).await;
    }
}

struct Pruner {
    portpass: Arc<Portpass>,
    store: Store,
    metrics: Arc<Metrics>,
    keep_events: SignedDuration,
}

impl Pruner {
    async fn sweep(&self) -> Result<(), StoreError> {
        let now = self.portpass.clock.now();
        let events_before = before(now, self.keep_events);
        loop {
            self.give_way().await;
            let rows = self.store.prune_events(events_before, PRUNE_STEP).await?;
            if self.is_done("events", rows) {
                break;
            }
        }
        loop {
            self.give_way().await;
            let rows = self
                .store
                .prune_sessions(now.as_millisecond(), PRUNE_STEP)
                .await?;
            if self.is_done("sessions", rows) {
                break;
            }
        }
        self.give_way().await;
        let revocations_before = before(now, KEEP_REVOCATIONS);
        let rows = self.store.prune_revocations(revocations_before).await?;
        self.metrics.count_pruned("revocations", rows);
        Ok(())
    }

    /// Waits until requests leave room.
    async fn give_way(&self) {
        sleep(PRUNE_PAUSE).await;
        while self.portpass.journal.is_busy() {
            sleep(PRUNE_PAUSE).await;
        }
    }

    /// Counts a step, and says whether there is nothing more to do.
    fn is_done(&self, table: &'static str, rows: u64) -> bool {
        self.metrics.count_pruned(table, rows);
        rows < u64::from(PRUNE_STEP)
    }
}

/// So long ago, in milliseconds since 1970; nothing is older than time itself.
fn before(now: Timestamp, age: SignedDuration) -> i64 {
    now.checked_sub(age)
        .map_or(i64::MIN, Timestamp::as_millisecond)
}

//! Old rows go, a little at a time, and give way to requests.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

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

/// How long a clock has to be ahead before it is believed: what was deleted by a
/// clock that was wrong for a moment is gone.
const DOUBTED: Duration = Duration::from_hours(1);

/// How often the clock is looked at.
const LOOK_EVERY: Duration = Duration::from_mins(1);

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
    let mut pruner = Pruner {
        looks: Looks::default(),
        portpass,
        store,
        metrics,
        keep_events: SignedDuration::try_from(keep_events).unwrap_or(SignedDuration::MAX),
    };
    loop {
        if let Err(error) = pruner.sweep().await {
            tracing::warn!(error = %error, "Old rows were not deleted; it is tried again");
        }
        let swept = Instant::now();
        while swept.elapsed() < PRUNE_EVERY {
            sleep(LOOK_EVERY).await;
            pruner.look();
        }
    }
}

struct Pruner {
    looks: Looks,
    portpass: Arc<Portpass>,
    store: Store,
    metrics: Arc<Metrics>,
    keep_events: SignedDuration,
}

impl Pruner {
    /// What time it is, by a clock that has not jumped ahead lately.
    fn look(&mut self) -> Timestamp {
        self.looks.note(Instant::now(), self.portpass.clock.now())
    }

    async fn sweep(&mut self) -> Result<(), StoreError> {
        let now = self.look();
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

/// What the clock said lately, and how much time has really passed since.
#[derive(Debug, Default)]
struct Looks(VecDeque<(Instant, Timestamp)>);

impl Looks {
    /// Notes what the clock says; gives the earliest time that it can be by any
    /// look of the last hour.
    fn note(&mut self, at: Instant, says: Timestamp) -> Timestamp {
        self.0
            .retain(|(then, _)| at.saturating_duration_since(*then) < DOUBTED);
        self.0.push_back((at, says));
        let by_each = self.0.iter().map(|(then, said)| {
            let passed = at.saturating_duration_since(*then);
            SignedDuration::try_from(passed)
                .ok()
                .and_then(|passed| said.checked_add(passed).ok())
                .unwrap_or(says)
        });
        by_each.fold(says, Timestamp::min)
    }
}

/// So long ago, in milliseconds since 1970; nothing is older than time itself.
fn before(now: Timestamp, age: SignedDuration) -> i64 {
    now.checked_sub(age)
        .map_or(i64::MIN, Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_jumps_ahead_is_not_believed_for_an_hour() {
        let mut looks = Looks::default();
        let began = Instant::now();
        let right: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        let minutes = |minutes: u64| began + Duration::from_mins(minutes);
        let after = |minutes: i64| right + SignedDuration::from_mins(minutes);
        let ahead = SignedDuration::from_hours(10 * 365 * 24);
        assert_eq!(looks.note(began, right), right);
        for minute in 1..=59 {
            let believed = looks.note(minutes(minute), after(minute as i64) + ahead);
            assert_eq!(believed, after(minute as i64));
        }
        // It stays where it is: that is the time, then.
        assert_eq!(
            looks.note(minutes(60), after(60) + ahead),
            after(60) + ahead
        );
    }

    #[test]
    fn a_clock_that_is_set_back_is_believed_at_once() {
        let mut looks = Looks::default();
        let began = Instant::now();
        let ahead: Timestamp = "2036-11-23T12:00:00Z".parse().unwrap();
        let right: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        looks.note(began, ahead);
        assert_eq!(looks.note(began + Duration::from_mins(1), right), right);
    }
}

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

/// For how long a clock is watched before rows are deleted by it: what was deleted
/// by a clock that was wrong for a moment, or at the start of the machine, is gone.
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
        looks: Looks::new(Instant::now()),
        portpass,
        store,
        metrics,
        keep_events: SignedDuration::try_from(keep_events).unwrap_or(SignedDuration::MAX),
    };
    let mut swept: Option<Instant> = None;
    loop {
        let now = pruner.look();
        if let Some(now) = now.filter(|_| swept.is_none_or(|swept| swept.elapsed() >= PRUNE_EVERY))
        {
            if let Err(error) = pruner.sweep(now).await {
                tracing::warn!(error = %error, "Old rows were not deleted; it is tried again");
            }
            swept = Some(Instant::now());
        }
        sleep(LOOK_EVERY).await;
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
    fn look(&mut self) -> Option<Timestamp> {
        self.looks.note(Instant::now(), self.portpass.clock.now())
    }

    async fn sweep(&self, now: Timestamp) -> Result<(), StoreError> {
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
#[derive(Debug)]
struct Looks {
    began: Instant,
    lately: VecDeque<(Instant, Timestamp)>,
}

impl Looks {
    fn new(began: Instant) -> Self {
        Self {
            began,
            lately: VecDeque::new(),
        }
    }

    /// Notes what the clock says; gives the earliest time that it can be by any
    /// look of the last hour, once it was watched for so long.
    fn note(&mut self, at: Instant, says: Timestamp) -> Option<Timestamp> {
        let since = |then: Instant| at.saturating_duration_since(then);
        self.lately.retain(|(then, _)| since(*then) < DOUBTED);
        self.lately.push_back((at, says));
        if since(self.began) < DOUBTED {
            return None;
        }
        let by_each = self.lately.iter().map(|(then, said)| {
            let passed = SignedDuration::try_from(since(*then)).ok();
            passed
                .and_then(|passed| said.checked_add(passed).ok())
                .unwrap_or(says)
        });
        Some(by_each.fold(says, Timestamp::min))
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

    const HOUR: u64 = 60;

    /// Watches a clock that is so far ahead during some minutes, and gives what is
    /// believed after each minute, as minutes after the beginning.
    fn believed(ahead: SignedDuration, wrong: std::ops::Range<u64>) -> Vec<Option<i64>> {
        let began = Instant::now();
        let right: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        let mut looks = Looks::new(began);
        let look = |minute: u64| {
            let passed = Duration::from_mins(minute);
            let mut says = right + SignedDuration::try_from(passed).unwrap();
            if wrong.contains(&minute) {
                says += ahead;
            }
            let now = looks.note(began + passed, says)?;
            Some(now.duration_since(right).as_mins())
        };
        (0..4 * HOUR).map(look).collect()
    }

    #[test]
    fn nothing_is_deleted_by_a_clock_that_was_wrong_for_less_than_an_hour() {
        let years = SignedDuration::from_hours(10 * 365 * 24);
        for wrong in [0..0, 0..30, 70..80, 100..159] {
            for (minute, now) in (0..).zip(believed(years, wrong)) {
                let watched = minute >= 60;
                assert_eq!(now, watched.then_some(minute), "in minute {minute}");
            }
        }
    }

    #[test]
    fn a_clock_that_stays_where_it_jumped_to_is_believed_after_an_hour() {
        let years = SignedDuration::from_hours(10 * 365 * 24);
        let believed = believed(years, 100..4 * HOUR);
        assert_eq!(believed[158], Some(158));
        assert_eq!(believed[159], Some(159 + years.as_mins()));
    }

    #[test]
    fn a_clock_that_is_set_back_is_believed_at_once() {
        let day = SignedDuration::from_hours(24);
        assert_eq!(believed(-day, 100..4 * HOUR)[100], Some(100 - 24 * 60));
    }
}

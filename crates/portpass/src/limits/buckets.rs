//! How often each key may: the generic cell rate algorithm over a map of bounded size.

use std::{
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use moka::sync::Cache;

use crate::refused::Limited;

/// How many keys are remembered.
const REMEMBERED: u64 = 100_000;

/// The finest rate that whole microseconds count well, in microseconds for each.
const FINEST: i64 = 10;

/// A bucket for each key: full at first, and refilled evenly.
#[derive(Debug)]
pub(crate) struct Buckets<K: Hash + Eq + Send + Sync + 'static> {
    /// When each key's bucket would be full again, in microseconds since 1970.
    full_at: Cache<K, Arc<AtomicI64>>,
    /// How long an empty bucket takes to be full, in microseconds.
    period: i64,
    /// How long it takes until there is another, in microseconds.
    each: i64,
}

impl<K: Hash + Eq + Clone + Send + Sync + 'static> Buckets<K> {
    /// Buckets that hold so many, and fill in a period of an hour at most.
    pub(crate) fn new(holds: u32, period: Duration) -> Self {
        let period = i64::try_from(period.as_micros()).unwrap_or(i64::MAX / 2);
        Self {
            full_at: Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_idle(Duration::from_micros(period.unsigned_abs()) * 2)
                .build(),
            period,
            each: (period / i64::from(holds.max(1))).max(FINEST),
        }
    }

    /// Whether another may come now.
    pub(crate) fn admit(&self, key: &K, now: Timestamp) -> Result<(), Limited> {
        let Some(full_at) = self.full_at.get(key) else {
            return Ok(());
        };
        let (now, each) = (now.as_microsecond(), self.each);
        let mut ahead = full_at.load(Ordering::Relaxed) - now;
        if ahead > self.period + each {
            // No bucket is that empty: the clock was set back.
            full_at.store(now, Ordering::Relaxed);
            ahead = 0;
        }
        let wait = ahead + each - self.period;
        if wait <= 0 {
            return Ok(());
        }
        let seconds = u64::try_from(wait).unwrap_or_default().div_ceil(1_000_000);
        Err(Limited { seconds })
    }

    /// Takes one out of a key's bucket, if there is one: of two at once, one takes the last.
    pub(crate) fn take(&self, key: &K, now: Timestamp) -> Result<(), Limited> {
        self.admit(key, now)?;
        let now = now.as_microsecond();
        let full_at = self.full_at.get_with_by_ref(key, || Arc::new(now.into()));
        let each = self.each;
        let take = |at: i64| Some(at.max(now) + each).filter(|next| next - now <= self.period);
        let taken = full_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        taken.map(drop).map_err(|_full| Limited {
            seconds: u64::try_from(each).unwrap_or_default().div_ceil(1_000_000),
        })
    }

    /// Puts one back that was taken.
    pub(crate) fn give_back(&self, key: &K) {
        if let Some(full_at) = self.full_at.get(key) {
            full_at.fetch_sub(self.each, Ordering::Relaxed);
        }
    }

    /// Takes one out of a key's bucket.
    pub(crate) fn count(&self, key: &K, now: Timestamp) {
        let now = now.as_microsecond();
        let full_at = self.full_at.get_with_by_ref(key, || Arc::new(now.into()));
        let each = self.each;
        let add = |at: i64| Some(at.max(now) + each);
        // The closure always gives a value, so the update always happens.
        let _ = full_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn buckets(per_minute: u32) -> Buckets<u8> {
        Buckets::new(per_minute, Duration::from_mins(1))
    }

    #[test]
    fn a_minutes_worth_is_admitted_at_once_and_no_more() {
        let buckets = buckets(3);
        let now = Timestamp::UNIX_EPOCH;
        for _ in 0..3 {
            assert!(buckets.admit(&1, now).is_ok());
            buckets.count(&1, now);
        }
        assert_eq!(buckets.admit(&1, now).unwrap_err().seconds, 20);
        assert!(buckets.admit(&2, now).is_ok());
    }

    #[test]
    fn a_bucket_refills_evenly() {
        let buckets = buckets(3);
        let mut now = Timestamp::UNIX_EPOCH;
        for _ in 0..3 {
            buckets.count(&1, now);
        }
        now += SignedDuration::from_secs(20);
        assert!(buckets.admit(&1, now).is_ok());
        buckets.count(&1, now);
        assert!(buckets.admit(&1, now).is_err());
    }

    #[test]
    fn what_is_put_back_can_be_taken_again_and_no_more() {
        let buckets = buckets(2);
        let now = Timestamp::UNIX_EPOCH;
        buckets.give_back(&1);
        for _ in 0..2 {
            assert!(buckets.take(&1, now).is_ok());
        }
        assert_eq!(buckets.take(&1, now).unwrap_err().seconds, 30);
        buckets.give_back(&1);
        assert!(buckets.take(&1, now).is_ok());
        assert!(buckets.take(&1, now).is_err());
    }

    #[test]
    fn a_bucket_may_take_an_hour_to_fill() {
        let buckets: Buckets<u8> = Buckets::new(2, Duration::from_hours(1));
        let now = Timestamp::UNIX_EPOCH;
        for _ in 0..2 {
            assert!(buckets.take(&1, now).is_ok());
        }
        assert_eq!(buckets.take(&1, now).unwrap_err().seconds, 1800);
        assert!(
            buckets
                .take(&1, now + SignedDuration::from_mins(30))
                .is_ok()
        );
    }
}

//! How often each key may: the generic cell rate algorithm over a table of fixed size.

use std::{
    collections::hash_map::RandomState,
    fmt,
    hash::{BuildHasher as _, Hash},
    marker::PhantomData,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

use crate::refused::Limited;

/// How many keys are remembered at most: two MiB of them.
const BUCKETS: usize = SHARDS * SETS * WAYS;

/// Parts of the table with a lock each.
const SHARDS: usize = 64;

/// Sets of a shard. A key has one set, where all its places are.
const SETS: usize = 256;

/// Places of a set.
const WAYS: usize = 8;

/// The finest rate that whole microseconds count well, in microseconds for each.
const FINEST: i64 = 10;

/// A bucket for each key: full at first, and refilled evenly.
///
/// Where there is no place for another key, the fullest bucket of its set makes
/// room: strangers with many keys never free one who was told to wait for longer.
pub(crate) struct Buckets<K> {
    shards: Vec<Mutex<Vec<Place>>>,
    /// Nobody outside can say which keys share a set.
    hasher: RandomState,
    /// How long an empty bucket takes to be full, in microseconds.
    period: i64,
    /// How long it takes until there is another, in microseconds.
    each: i64,
    of: PhantomData<fn(&K)>,
}

/// A key's hash, and when its bucket is full again, in microseconds since 1970;
/// a place that nobody has is all zeros.
type Place = (u64, i64);

impl<K: Hash> Buckets<K> {
    /// Buckets that hold so many, and fill in a period of an hour at most.
    pub(crate) fn new(holds: u32, period: Duration) -> Self {
        let period = i64::try_from(period.as_micros()).unwrap_or(i64::MAX / 2);
        let shard = || Mutex::new(vec![(0, 0); BUCKETS / SHARDS]);
        Self {
            shards: std::iter::repeat_with(shard).take(SHARDS).collect(),
            hasher: RandomState::new(),
            period,
            each: (period / i64::from(holds.max(1))).max(FINEST),
            of: PhantomData,
        }
    }

    /// Whether another may come now.
    pub(crate) fn admit(&self, key: &K, now: Timestamp) -> Result<(), Limited> {
        let now = now.as_microsecond();
        self.known(key, |full_at| self.after_one(full_at, now).map(drop))
            .unwrap_or(Ok(()))
    }

    /// Takes one out of a key's bucket, if there is one: of two at once, one takes the last.
    pub(crate) fn take(&self, key: &K, now: Timestamp) -> Result<(), Limited> {
        let now = now.as_microsecond();
        self.place(key, |full_at| {
            *full_at = self.after_one(full_at, now)?;
            Ok(())
        })
    }

    /// Puts one back that was taken.
    pub(crate) fn give_back(&self, key: &K) {
        self.known(key, |full_at| *full_at -= self.each);
    }

    /// Takes one out of a key's bucket, although it may be empty.
    pub(crate) fn count(&self, key: &K, now: Timestamp) {
        let now = now.as_microsecond();
        self.place(key, |full_at| *full_at = (*full_at).max(now) + self.each);
    }

    /// When a bucket would be full again with one less in it.
    fn after_one(&self, full_at: &mut i64, now: i64) -> Result<i64, Limited> {
        if *full_at - now > self.period + self.each {
            // No bucket is that empty: the clock was set back.
            *full_at = now;
        }
        let next = (*full_at).max(now) + self.each;
        let wait = next - now - self.period;
        if wait <= 0 {
            return Ok(next);
        }
        let seconds = u64::try_from(wait).unwrap_or_default().div_ceil(1_000_000);
        Err(Limited { seconds })
    }

    /// What becomes of a key's bucket, if the key is remembered.
    fn known<T>(&self, key: &K, change: impl FnOnce(&mut i64) -> T) -> Option<T> {
        self.in_set(key, |hash, set| {
            let place = set.iter_mut().find(|(known, _)| *known == hash)?;
            Some(change(&mut place.1))
        })
    }

    /// What becomes of a key's bucket, which it may have only now.
    fn place<T>(&self, key: &K, change: impl FnOnce(&mut i64) -> T) -> T {
        self.in_set(key, |hash, set| {
            let of_key = set.iter().position(|(known, _)| *known == hash);
            let fullest =
                || (0..set.len()).min_by_key(|index| set.get(*index).map(|place| place.1));
            let index = of_key.or_else(fullest).unwrap_or_default();
            let place = set.get_mut(index).expect("a set has places");
            if place.0 != hash {
                *place = (hash, 0);
            }
            change(&mut place.1)
        })
    }

    fn in_set<T>(&self, key: &K, look: impl FnOnce(u64, &mut [Place]) -> T) -> T {
        // Zero is of the places that nobody has.
        let hash = self.hasher.hash_one(key).max(1);
        let number = usize::try_from(hash % (SHARDS * SETS) as u64).unwrap_or_default();
        let shard = self.shards.get(number % SHARDS).expect("a remainder");
        let mut places = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sets = places.chunks_exact_mut(WAYS);
        look(hash, sets.nth(number / SHARDS).expect("a remainder"))
    }
}

impl<K> fmt::Debug for Buckets<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buckets").finish_non_exhaustive()
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

    #[test]
    fn many_keys_take_no_more_room_and_free_nobody_who_waits() {
        let buckets: Buckets<u32> = Buckets::new(3, Duration::from_mins(1));
        let now = Timestamp::UNIX_EPOCH;
        for _ in 0..3 {
            assert!(buckets.take(&0, now).is_ok());
        }
        for key in 1..2 * u32::try_from(BUCKETS).unwrap() {
            assert!(buckets.take(&key, now).is_ok());
        }
        assert!(buckets.take(&0, now).is_err());
        let places: usize = buckets
            .shards
            .iter()
            .map(|shard| shard.lock().unwrap().len())
            .sum();
        assert_eq!(places, BUCKETS);
    }

    #[test]
    fn a_clock_that_was_set_back_makes_nobody_wait_for_it() {
        let buckets = buckets(1);
        let ahead = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1);
        assert!(buckets.take(&1, ahead).is_ok());
        assert!(buckets.admit(&1, ahead).is_err());
        assert!(buckets.take(&1, Timestamp::UNIX_EPOCH).is_ok());
    }
}

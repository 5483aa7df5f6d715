//! Who asks too often: addresses that prove nobody, and proven callers.
//!
//! Both are counted by the generic cell rate algorithm over a map of bounded
//! size, so that no number of strangers costs more memory.

use std::{
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use moka::sync::Cache;

use crate::{
    answer::Answer,
    identity::{Identity, Proof},
    refused::{Limited, Refused},
};

/// How many addresses, and how many identities, are remembered.
const REMEMBERED: u64 = 100_000;

const MINUTE_US: i64 = 60_000_000;

/// The finest rate that a bucket of whole microseconds counts well.
const MAX_PER_MINUTE: u32 = 6_000_000;

/// How often who may ask.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// Requests of one identity, per minute.
    pub identity_per_minute: u32,
    /// Attempts of one address (`/64` of IPv6) that proved nobody, per minute.
    pub unproven_per_minute: u32,
}

/// What has been asked lately, and by whom.
#[derive(Debug)]
pub struct Limits {
    addresses: Buckets<IpAddr>,
    identities: Buckets<Identity>,
}

impl Limits {
    /// Limits with nothing counted yet.
    pub fn new(rates: Rates) -> Self {
        Self {
            addresses: Buckets::new(rates.unproven_per_minute),
            identities: Buckets::new(rates.identity_per_minute),
        }
    }

    /// Counts a request of a proven caller.
    ///
    /// # Errors
    ///
    /// When there were too many.
    pub(crate) fn admit_identity(&self, proof: &Proof, now: Timestamp) -> Result<(), Limited> {
        if proof.is_anonymous() {
            return Ok(());
        }
        self.identities.take(proof.identity(), now)
    }

    /// Counts a request of somebody whom the provider alone knows, by the subject
    /// of its token.
    ///
    /// # Errors
    ///
    /// When there were too many.
    pub(crate) fn admit_subject(&self, subject: &str, now: Timestamp) -> Result<(), Limited> {
        // No issuer has an empty name.
        self.identities.take(&Identity::stored("", subject), now)
    }

    /// Counts a password against its address before it is tried: passwords can be
    /// guessed, only the provider can tell, and many at once must not all be tried
    /// before the first is counted. [`Limits::spare_password`] takes it back.
    ///
    /// # Errors
    ///
    /// When the address has failed to prove anybody too often.
    pub(crate) fn admit_password(&self, address: IpAddr, now: Timestamp) -> Result<(), Limited> {
        self.addresses.take(&host(address), now)
    }

    /// Takes back that a password was counted, since it was no wrong guess.
    pub(crate) fn spare_password(&self, address: IpAddr) {
        self.addresses.give_back(&host(address));
    }

    /// Counts a credential that was not accepted against its address, and
    /// answers it with [`Refused::LimitedAddress`] once there were too many.
    ///
    /// That goes for JWTs that have expired, too: one that leaked into a log
    /// must not be good for anything, not even for rows of events.
    ///
    /// Whoever proves who they are is never made to wait for what others do
    /// behind the same address: one bot with an old password must not lock out
    /// every job behind its gateway. Telling the two apart costs a signature
    /// check at most.
    pub(crate) fn charge(
        &self,
        outcome: Result<Answer, Refused>,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<Answer, Refused> {
        if outcome.as_ref().is_err_and(Refused::is_unproven) {
            self.count_unproven(address, now)?;
        }
        outcome
    }

    /// Counts something that was not accepted against its address.
    ///
    /// # Errors
    ///
    /// When there was too much.
    pub(crate) fn count_unproven(&self, address: IpAddr, now: Timestamp) -> Result<(), Limited> {
        let host = host(address);
        self.addresses.admit(&host, now)?;
        self.addresses.count(&host, now);
        Ok(())
    }
}

/// What one host can choose freely is not what tells hosts apart.
pub(crate) fn host(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.into(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
    }
}

/// A bucket for each key: full of a minute's worth, refilled evenly.
#[derive(Debug)]
pub(crate) struct Buckets<K: Hash + Eq + Send + Sync + 'static> {
    /// When each key's bucket would be full again, in microseconds since 1970.
    full_at: Cache<K, Arc<AtomicI64>>,
    per_minute: i64,
}

impl<K: Hash + Eq + Clone + Send + Sync + 'static> Buckets<K> {
    pub(crate) fn new(per_minute: u32) -> Self {
        Self {
            full_at: Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_idle(Duration::from_mins(2))
                .build(),
            per_minute: i64::from(per_minute.clamp(1, MAX_PER_MINUTE)),
        }
    }

    /// Whether another may come now.
    pub(crate) fn admit(&self, key: &K, now: Timestamp) -> Result<(), Limited> {
        let Some(full_at) = self.full_at.get(key) else {
            return Ok(());
        };
        let (now, each) = (now.as_microsecond(), self.each());
        let mut ahead = full_at.load(Ordering::Relaxed) - now;
        if ahead > MINUTE_US + each {
            // No bucket is that empty: the clock was set back.
            full_at.store(now, Ordering::Relaxed);
            ahead = 0;
        }
        let wait = ahead + each - MINUTE_US;
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
        let each = self.each();
        let take = |at: i64| Some(at.max(now) + each).filter(|next| next - now <= MINUTE_US);
        let taken = full_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        taken.map(drop).map_err(|_full| Limited {
            seconds: u64::try_from(each).unwrap_or_default().div_ceil(1_000_000),
        })
    }

    /// Puts one back that was taken.
    pub(crate) fn give_back(&self, key: &K) {
        if let Some(full_at) = self.full_at.get(key) {
            full_at.fetch_sub(self.each(), Ordering::Relaxed);
        }
    }

    /// How long it takes until there is another, in microseconds.
    fn each(&self) -> i64 {
        MINUTE_US / self.per_minute
    }

    /// Takes one out of a key's bucket.
    pub(crate) fn count(&self, key: &K, now: Timestamp) {
        let now = now.as_microsecond();
        let full_at = self.full_at.get_with_by_ref(key, || Arc::new(now.into()));
        let each = self.each();
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
        Buckets::new(per_minute)
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
    fn neighbours_in_an_ipv6_network_share_a_bucket() {
        let one = host("2001:db8::1".parse().unwrap());
        assert_eq!(one, host("2001:db8::2".parse().unwrap()));
        assert_ne!(one, host("2001:db8:0:1::1".parse().unwrap()));
        assert_eq!(
            host("::ffff:192.0.2.1".parse().unwrap()),
            host("192.0.2.1".parse().unwrap())
        );
    }
}

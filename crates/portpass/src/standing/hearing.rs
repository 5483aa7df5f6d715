//! How long ago the database last told whether others have changed something.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// How old what is in memory may be.
const CURRENT: Duration = Duration::from_secs(2);

/// How long a replica wants requests that it may have to answer with 503: a
/// little longer, so that one heartbeat that is late makes nobody look elsewhere.
const REACHABLE: Duration = Duration::from_secs(4);

/// When the database was last heard.
#[derive(Debug)]
pub(super) struct Hearing {
    /// Whether anybody else can write.
    shared: bool,
    began: Instant,
    /// In milliseconds after we began.
    heard_ms: AtomicU64,
    /// How often something may have happened that we were not told.
    doubts: AtomicU64,
    /// How many of these a reading of everything has seen to.
    seen_to: AtomicU64,
}

impl Hearing {
    /// Of a database that was heard at `now`; `shared` where others can write.
    pub(super) fn new(shared: bool, now: Instant) -> Self {
        Self {
            shared,
            began: now,
            heard_ms: AtomicU64::new(0),
            doubts: AtomicU64::new(0),
            seen_to: AtomicU64::new(0),
        }
    }

    /// Whether others can write.
    pub(super) fn is_shared(&self) -> bool {
        self.shared
    }

    /// Notes an answer to what was asked then: it may have been true no later.
    pub(super) fn heard(&self, asked: Instant) {
        self.heard_ms
            .fetch_max(self.after_beginning_ms(asked), Ordering::SeqCst);
    }

    /// How long ago the last answer was asked for, if there is anything to hear.
    pub(super) fn silence(&self, now: Instant) -> Option<Duration> {
        let heard_ms = self.heard_ms.load(Ordering::SeqCst);
        let silence_ms = self.after_beginning_ms(now).saturating_sub(heard_ms);
        self.shared.then_some(Duration::from_millis(silence_ms))
    }

    /// Whether what is in memory may be answered from. Of a database of our own,
    /// unless a change of ours was not read.
    pub(super) fn is_current(&self, now: Instant) -> bool {
        match self.silence(now) {
            Some(silence) => silence < CURRENT,
            None => self.doubts().is_none(),
        }
    }

    /// Whether requests are wanted.
    pub(super) fn is_reachable(&self, now: Instant) -> bool {
        self.silence(now).is_none_or(|silence| silence < REACHABLE)
    }

    /// Notes that something may have happened that we were not told.
    pub(super) fn doubt(&self) {
        self.doubts.fetch_add(1, Ordering::SeqCst);
    }

    /// The doubts there are, if any is not seen to: to be handed to
    /// [`Self::see_to`] after a reading of everything that begins now.
    pub(super) fn doubts(&self) -> Option<u64> {
        let doubts = self.doubts.load(Ordering::SeqCst);
        (doubts > self.seen_to.load(Ordering::SeqCst)).then_some(doubts)
    }

    /// Notes that everything was read after these doubts.
    pub(super) fn see_to(&self, doubts: u64) {
        self.seen_to.fetch_max(doubts, Ordering::SeqCst);
    }

    fn after_beginning_ms(&self, at: Instant) -> u64 {
        let elapsed = at.saturating_duration_since(self.began);
        u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_others_write_must_be_heard_every_two_seconds() {
        let begun = Instant::now();
        let after = |ms| begun + Duration::from_millis(ms);
        let hearing = Hearing::new(true, begun);
        assert!(hearing.is_current(after(1999)));
        assert!(!hearing.is_current(after(2000)));
        assert!(hearing.is_reachable(after(3999)));
        assert!(!hearing.is_reachable(after(4000)));
        hearing.heard(after(1500));
        assert!(hearing.is_current(after(3499)));
        assert!(!hearing.is_current(after(3500)));
    }

    #[test]
    fn an_answer_that_was_overtaken_by_a_newer_one_takes_nothing_back() {
        let begun = Instant::now();
        let after = |ms| begun + Duration::from_millis(ms);
        let hearing = Hearing::new(true, begun);
        hearing.heard(after(5000));
        hearing.heard(after(1000));
        assert_eq!(hearing.silence(after(6000)), Some(Duration::from_secs(1)));
    }

    #[test]
    fn a_database_of_our_own_need_not_be_heard() {
        let begun = Instant::now();
        let hearing = Hearing::new(false, begun);
        let later = begun + Duration::from_hours(1);
        assert!(hearing.is_current(later) && hearing.is_reachable(later));
        assert_eq!(hearing.silence(later), None);
    }

    #[test]
    fn a_database_of_our_own_is_read_again_after_a_doubt_and_only_then() {
        let hearing = Hearing::new(false, Instant::now());
        hearing.doubt();
        assert!(!hearing.is_current(Instant::now()));
        hearing.see_to(hearing.doubts().unwrap());
        assert!(hearing.is_current(Instant::now()));
    }

    #[test]
    fn a_doubt_that_comes_while_another_is_seen_to_stays() {
        let hearing = Hearing::new(true, Instant::now());
        assert_eq!(hearing.doubts(), None);
        hearing.doubt();
        let first = hearing.doubts().unwrap();
        hearing.doubt();
        hearing.see_to(first);
        let second = hearing.doubts().unwrap();
        hearing.see_to(second);
        assert_eq!(hearing.doubts(), None);
    }
}

//! The ids of events, and of the tokens that they record.

use std::sync::Mutex;

use jiff::Timestamp;
use uuid::{Uuid, timestamp::context::ContextV7};

/// How far behind the newest id a moment may lie and still get a greater one, in
/// milliseconds: requests end out of order, and clocks are corrected a little.
const LAGGING_MS: i64 = 10_000;

/// Counts within a millisecond, so that ids are in the order in which they were made.
static COUNTER: Mutex<Counter> = Mutex::new(Counter {
    context: ContextV7::new(),
    newest_ms: i64::MIN,
});

struct Counter {
    context: ContextV7,
    newest_ms: i64,
}

impl Counter {
    /// The context for a moment: a new one after a clock that was ahead, since the
    /// old one would go on counting from where that clock was, for years if need be.
    fn at(&mut self, now: Timestamp) -> &ContextV7 {
        let now_ms = now.as_millisecond();
        if now_ms < self.newest_ms.saturating_sub(LAGGING_MS) {
            self.context = ContextV7::new();
            self.newest_ms = now_ms;
        }
        self.newest_ms = self.newest_ms.max(now_ms);
        &self.context
    }
}

/// A `UUIDv7` (RFC 9562 §5.7) of a moment: greater than every one made before
/// it here, unless the clock was set back meanwhile. It is random from the
/// outside, so it can be a `jti`.
pub fn event_id(now: Timestamp) -> String {
    let seconds = u64::try_from(now.as_second()).unwrap_or_default();
    let nanoseconds = u32::try_from(now.subsec_nanosecond()).unwrap_or_default();
    let mut counter = COUNTER.lock().expect("counting cannot panic");
    let time = uuid::Timestamp::from_unix(counter.at(now), seconds, nanoseconds);
    Uuid::new_v7(time).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_moment_are_in_order() {
        let now = "2026-01-01T00:00:00.123Z".parse().unwrap();
        let ids: Vec<_> = (0..1000).map(|_| event_id(now)).collect();
        assert!(ids.is_sorted());
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]));
        let later = event_id("2026-01-01T00:00:00.124Z".parse().unwrap());
        assert!(ids.iter().all(|id| *id < later));
    }

    /// The moment that an id tells, in milliseconds since 1970.
    fn told_ms(id: &str) -> i64 {
        let digits: String = id.replace('-', "").chars().take(12).collect();
        i64::from_str_radix(&digits, 16).unwrap()
    }

    #[test]
    fn ids_tell_the_time_again_after_a_clock_that_was_years_ahead() {
        let mut counter = Counter {
            context: ContextV7::new(),
            newest_ms: i64::MIN,
        };
        let mut id = |now: &str| {
            let now: Timestamp = now.parse().unwrap();
            let time =
                uuid::Timestamp::from_unix(counter.at(now), now.as_second().cast_unsigned(), 0);
            let id = Uuid::new_v7(time).to_string();
            (told_ms(&id) - now.as_millisecond(), id)
        };
        assert_eq!(id("2036-01-01T00:00:00Z").0, 0);
        let (off_ms, back) = id("2026-01-01T00:00:00Z");
        assert_eq!(off_ms, 0);
        // A little out of order is no clock that was set back: order counts for more.
        let (off_ms, next) = id("2025-12-31T23:59:55Z");
        assert_eq!(off_ms, 5000);
        assert!(back < next);
    }
}

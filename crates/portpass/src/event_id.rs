//! The ids of events, and of the tokens that they record.

use std::sync::Mutex;

use aws_lc_rs::rand;
use jiff::Timestamp;
use uuid::Builder;

/// How far behind the newest id a moment may lie and still get a greater one, in
/// milliseconds: requests end out of order, and clocks are corrected a little.
const LAGGING_MS: i64 = 10_000;

/// How many bits of an id count: the 12 after the version, the 6 after the
/// variant, and 8 more (RFC 9562 §6.2, method 1). The 48 after them are random.
const COUNTED: u32 = 1 << 26;

/// How many ids' random bytes are asked for at once.
const RANDOM_AT_ONCE: usize = 64;

/// Random bytes that no id has yet.
static READY: Mutex<Vec<[u8; 6]>> = Mutex::new(Vec::new());

/// Counts, so that ids are in the order in which they were made.
static COUNTER: Mutex<Counter> = Mutex::new(Counter {
    count: 0,
    newest_ms: i64::MIN,
});

struct Counter {
    /// Goes on through all moments, whatever the clock does.
    count: u32,
    newest_ms: i64,
}

impl Counter {
    /// The moment that the next id tells, and its count.
    fn next(&mut self, now: Timestamp) -> (i64, u32) {
        let now_ms = now.as_millisecond();
        let is_lagging = now_ms >= self.newest_ms.saturating_sub(LAGGING_MS);
        // A clock that was ahead, for years if need be, is not waited for.
        self.newest_ms = if is_lagging {
            self.newest_ms.max(now_ms)
        } else {
            now_ms
        };
        self.count += 1;
        if self.count == COUNTED {
            self.count = 0;
            self.newest_ms += 1;
        }
        (self.newest_ms, self.count)
    }
}

/// A `UUIDv7` (RFC 9562 §5.7) of a moment: greater than every one made before
/// it here, unless the clock was set back meanwhile. It is random from the
/// outside, so it can be a `jti`.
pub fn event_id(now: Timestamp) -> String {
    let next = COUNTER.lock().expect("counting cannot panic").next(now);
    id_of(next)
}

fn id_of((at_ms, count): (i64, u32)) -> String {
    let [first, second] = u16::try_from(count >> 14).unwrap_or_default().to_be_bytes();
    let [_, _, third, fourth] = count.to_be_bytes();
    let mut tail = [first, second, third & 0x3f, fourth, 0, 0, 0, 0, 0, 0];
    for (to, from) in tail.iter_mut().skip(4).zip(random()) {
        *to = from;
    }
    let at_ms = u64::try_from(at_ms).unwrap_or_default();
    Builder::from_unix_timestamp_millis(at_ms, &tail)
        .into_uuid()
        .to_string()
}

/// Six bytes that nobody can foresee. They are asked for many at a time.
fn random() -> [u8; 6] {
    let mut ready = READY.lock().expect("taking bytes cannot panic");
    if ready.is_empty() {
        let mut bytes = [0; 6 * RANDOM_AT_ONCE];
        // Without random bytes the count still tells ids apart.
        let _ = rand::fill(&mut bytes);
        ready.extend(bytes.as_chunks().0);
    }
    ready.pop().unwrap_or_default()
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

    #[test]
    fn a_count_is_all_in_the_id_and_in_its_order() {
        let id = |count| id_of((1_700_000_000_000, count));
        let counts = [0, 1, 0xff, 0x100, 0x3fff, 0x4000, 0xff_ffff, COUNTED - 1];
        assert!(counts.map(id).is_sorted_by(|one, next| one < next));
        assert!(id(0).starts_with("018bcfe5-6800-7000-8000-"));
        assert!(id(COUNTED - 1).starts_with("018bcfe5-6800-7fff-bfff-"));
        assert_ne!(id(1), id(1));
    }

    /// The moment that an id tells, in milliseconds since 1970.
    fn told_ms(id: &str) -> i64 {
        let digits: String = id.replace('-', "").chars().take(12).collect();
        i64::from_str_radix(&digits, 16).unwrap()
    }

    #[test]
    fn ids_tell_the_time_again_after_a_clock_that_was_years_ahead() {
        let mut counter = Counter {
            count: COUNTED - 3,
            newest_ms: i64::MIN,
        };
        let mut id = |now: &str| {
            let now: Timestamp = now.parse().unwrap();
            let id = id_of(counter.next(now));
            (told_ms(&id) - now.as_millisecond(), id)
        };
        assert_eq!(id("2036-01-01T00:00:00Z").0, 0);
        let (off_ms, back) = id("2026-01-01T00:00:00Z");
        assert_eq!(off_ms, 0);
        // A little out of order is no clock that was set back: order counts for more.
        let (off_ms, next) = id("2025-12-31T23:59:55Z");
        // That one was the last of its count, so it tells the millisecond after.
        assert_eq!(off_ms, 5001);
        assert!(back < next);
    }
}

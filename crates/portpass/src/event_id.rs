//! The ids of events, and of the tokens that they record.

use std::sync::Mutex;

use jiff::Timestamp;
use uuid::{Uuid, timestamp::context::ContextV7};

/// Counts within a millisecond, so that ids are in the order in which they were made.
static COUNTER: Mutex<ContextV7> = Mutex::new(ContextV7::new());

/// A `UUIDv7` (RFC 9562 §5.7) of a moment: greater than every one made before
/// it here. It is random from the outside, so it can be a `jti`.
pub fn event_id(now: Timestamp) -> String {
    let seconds = u64::try_from(now.as_second()).unwrap_or_default();
    let nanoseconds = u32::try_from(now.subsec_nanosecond()).unwrap_or_default();
    let counter = COUNTER.lock().expect("counting cannot panic");
    let time = uuid::Timestamp::from_unix(&*counter, seconds, nanoseconds);
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
}

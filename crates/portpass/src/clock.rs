//! The only place that asks the machine what time it is.

use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};

/// Tells the time: the system's, or one that a test moves by hand.
#[derive(Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that stands still until [`Clock::advance`] moves it.
    Fixed(Mutex<Timestamp>),
}

impl Clock {
    /// A clock that stands at `at`.
    pub fn fixed(at: Timestamp) -> Self {
        Self::Fixed(Mutex::new(at))
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        match self {
            #[expect(clippy::disallowed_methods, reason = "this is the clock")]
            Self::System => Timestamp::now(),
            Self::Fixed(at) => *at.lock().expect("no holder of the lock can panic"),
        }
    }

    /// Moves a fixed clock; the system's goes by itself.
    pub fn advance(&self, by: SignedDuration) {
        if let Self::Fixed(at) = self {
            *at.lock().expect("no holder of the lock can panic") += by;
        }
    }
}

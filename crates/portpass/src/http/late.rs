//! Answers that are held back: a client in a loop that waits for them slows itself down.

use std::time::Duration;

use tokio::{sync::Semaphore, time::sleep};

/// How many answers are held back at once; beyond, they go at once.
const PLACES: usize = 4096;

/// How long whoever asked too often waits for the answer that says so.
#[derive(Debug)]
pub struct Late {
    delay: Duration,
    places: Semaphore,
}

impl Late {
    /// Answers that are held back for so long; not at all, if that is nothing.
    pub fn by(delay: Duration) -> Self {
        Self {
            delay,
            places: Semaphore::new(PLACES),
        }
    }

    /// Waits, if there is a place to.
    pub(super) async fn hold(&self) {
        if self.delay.is_zero() {
            return;
        }
        if let Ok(_place) = self.places.try_acquire() {
            sleep(self.delay).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn no_more_answers_are_held_back_than_there_are_places() {
        let late = Late::by(Duration::from_hours(1));
        let held: Vec<_> = (0..PLACES)
            .map(|_| {
                let mut held = Box::pin(late.hold());
                assert!(held.as_mut().now_or_never().is_none());
                held
            })
            .collect();
        assert!(late.hold().now_or_never().is_some());
        drop(held);
        assert!(late.hold().now_or_never().is_none());
    }

    #[tokio::test]
    async fn a_delay_of_nothing_holds_nobody() {
        assert!(Late::by(Duration::ZERO).hold().now_or_never().is_some());
    }
}

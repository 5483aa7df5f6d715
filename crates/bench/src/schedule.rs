//! When requests are due: chance decides, and decides the same each time.

use std::time::Duration;

/// Arrivals of callers who know nothing of one another (a Poisson process), always the same ones.
#[derive(Clone, Debug)]
pub struct Schedule {
    random: Random,
    mean_seconds: f64,
    at_seconds: f64,
}

impl Schedule {
    /// Arrivals of so many each second, on average.
    pub fn new(per_second: f64) -> Self {
        Self {
            random: Random(0x9e37_79b9_7f4a_7c15),
            mean_seconds: 1.0 / per_second,
            at_seconds: 0.0,
        }
    }
}

impl Iterator for Schedule {
    type Item = Duration;

    /// The next arrival, counted from the beginning.
    fn next(&mut self) -> Option<Duration> {
        // The time between two arrivals is distributed exponentially.
        self.at_seconds -= self.mean_seconds * self.random.fraction().ln();
        Duration::try_from_secs_f64(self.at_seconds).ok()
    }
}

/// Numbers that look like chance (xorshift64*).
#[derive(Clone, Debug)]
struct Random(u64);

impl Random {
    /// A number above 0 and not above 1.
    fn fraction(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32;
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        (f64::from(number) + 1.0) / (f64::from(u32::MAX) + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_come_in_order_at_the_rate_that_was_asked_for() {
        let arrivals: Vec<_> = Schedule::new(2000.0).take(20_000).collect();
        assert!(arrivals.is_sorted());
        let last = arrivals.last().unwrap().as_secs_f64();
        assert!((9.7..10.3).contains(&last), "{last} s");
    }

    #[test]
    fn arrivals_are_always_the_same_and_bunch_as_chance_does() {
        let arrivals: Vec<_> = Schedule::new(1000.0).take(10_000).collect();
        assert!(
            Schedule::new(1000.0)
                .take(10_000)
                .eq(arrivals.iter().copied())
        );
        // Of exponential gaps, 63 % are shorter than the mean.
        let gaps = arrivals.windows(2).map(|pair| pair[1].abs_diff(pair[0]));
        let short = gaps.filter(|gap| *gap < Duration::from_millis(1)).count();
        assert!((6100..6500).contains(&short), "{short} of 10000");
    }
}

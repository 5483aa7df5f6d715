//! What is promised of a token's cost, and which of it was not kept.

use crate::{
    memory::Look,
    report::{Report, mib},
};

/// How near Portpass comes to its floor, at least.
const RATIO: f64 = 0.60;

/// How much cheaper than a token of `docker_auth` with an RSA key, at least.
const BESIDE_RSA: f64 = 10.0;

/// The same beside its EC key, where it signs only: with a new JWT, and with one presented again.
const BESIDE_EC: [f64; 2] = [1.5, 2.0];

/// p99 is at most so many times that of the bare commit, and so many milliseconds more.
const LATENCY: (f64, f64) = (2.0, 3.0);

/// What is resident stays below so many MiB.
const RSS_MIB: f64 = 64.0;

/// From the first look to the last it grows by so much at most: chance, and what a cache still lacked.
const GROWTH: f64 = 1.1;

/// A start takes less than so many milliseconds.
const STARTUP_MS: f64 = 150.0;

/// Each promise that was not kept, in words. What was not measured is not judged.
pub(crate) fn broken(report: &Report) -> Vec<String> {
    let mut broken = Broken(Vec::new());
    let numbers = &report.sqlite;
    let mixes = [("new", &numbers.new), ("represented", &numbers.represented)];
    for ((name, mix), beside_ec) in mixes.into_iter().zip(BESIDE_EC) {
        if mix.is_empty() {
            continue;
        }
        broken.least(
            &format!("{name}: the ratio to the floor"),
            mix.ratio(),
            RATIO,
        );
        if let Some(peer) = report.docker_auth {
            let times = |other: f64| mix.tokens() / other;
            let text = |key| format!("{name}: times docker_auth's tokens with its {key} key");
            broken.least(&text("RSA"), times(peer.rsa), BESIDE_RSA);
            broken.least(&text("EC"), times(peer.ec), beside_ec);
        }
    }
    if let Some(latency) = numbers.latency {
        let limit = LATENCY.0.mul_add(latency.commit_p99, LATENCY.1);
        broken.most("p99 at half load, in ms", latency.p99, limit);
    }
    if let Some(mib) = numbers.rss_mib() {
        broken.below("resident memory, in MiB", mib, RSS_MIB);
    }
    if let [first, .., last] = numbers.memory.as_slice() {
        broken.most(
            "resident memory, to what it was at first",
            growth(first, last),
            GROWTH,
        );
    }
    if let Some(time) = numbers.startup_ms() {
        broken.below("the start, in ms", time, STARTUP_MS);
    }
    broken.0
}

fn growth(first: &Look, last: &Look) -> f64 {
    let kib = |look: &Look| mib(look.memory.now_kib);
    kib(last) / kib(first)
}

/// Promises that were not kept.
struct Broken(Vec<String>);

impl Broken {
    fn least(&mut self, what: &str, value: f64, least: f64) {
        self.unless(
            value >= least,
            format!("{what} is {value:.3}, and {least} at least was promised"),
        );
    }

    fn most(&mut self, what: &str, value: f64, most: f64) {
        self.unless(
            value <= most,
            format!("{what} is {value:.3}, and {most:.3} at most was promised"),
        );
    }

    fn below(&mut self, what: &str, value: f64, limit: f64) {
        self.unless(
            value < limit,
            format!("{what} is {value:.1}, and less than {limit} was promised"),
        );
    }

    /// Something that is not a number keeps no promise.
    fn unless(&mut self, is_kept: bool, text: String) {
        if !is_kept {
            self.0.push(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{report::tests::good, run::Mix};

    /// The one promise that a change of a good report breaks.
    fn broken_by(change: impl FnOnce(&mut Report)) -> String {
        let mut report = good();
        change(&mut report);
        let mut broken = broken(&report);
        assert_eq!(broken.len(), 1, "{broken:?}");
        broken.remove(0)
    }

    #[test]
    fn a_good_report_keeps_all_and_an_empty_one_is_not_judged() {
        assert_eq!(broken(&good()), Vec::<String>::new());
        assert_eq!(broken(&Report::default()), Vec::<String>::new());
    }

    #[test]
    fn each_promise_is_named_where_it_is_broken() {
        let text = broken_by(|report| report.sqlite.new = Mix::measured(8000.0, 13_400.0));
        assert_eq!(
            text,
            "new: the ratio to the floor is 0.597, and 0.6 at least was promised"
        );
        let text = broken_by(|report| {
            report.sqlite.represented = Mix::measured(9900.0, 12_000.0);
        });
        assert!(
            text.starts_with("represented: times docker_auth's tokens with its EC key is 1.980")
        );
        let text = broken_by(|report| {
            if let Some(peer) = &mut report.docker_auth {
                peer.rsa = 801.0;
            }
        });
        assert!(text.starts_with("new: times docker_auth's tokens with its RSA key is 9.988"));
        let text = broken_by(|report| {
            if let Some(latency) = &mut report.sqlite.latency {
                latency.p99 = 7.01;
            }
        });
        assert_eq!(
            text,
            "p99 at half load, in ms is 7.010, and 7.000 at most was promised"
        );
        let text = broken_by(|report| {
            for look in &mut report.sqlite.memory {
                look.memory.now_kib = 64 * 1024;
            }
        });
        assert!(
            text.starts_with("resident memory, in MiB is 64.0"),
            "{text}"
        );
        let text = broken_by(|report| {
            if let Some(look) = report.sqlite.memory.first_mut() {
                look.memory.now_kib = 40_000;
            }
        });
        assert!(
            text.starts_with("resident memory, to what it was at first is 1.280"),
            "{text}"
        );
        let text = broken_by(|report| report.sqlite.starts = vec![Duration::from_millis(150)]);
        assert!(text.starts_with("the start, in ms is 150.0"), "{text}");
    }

    #[test]
    fn what_could_not_be_computed_is_no_promise_kept() {
        let text = broken_by(|report| {
            if let Some(latency) = &mut report.sqlite.latency {
                latency.p99 = f64::NAN;
            }
        });
        assert!(text.contains("NaN"), "{text}");
    }
}

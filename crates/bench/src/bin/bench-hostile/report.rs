//! The numbers, for people and for programs.

use std::fmt::Write as _;

use bench::figures::median;
use serde_json::{Map, Value, json};

use crate::{PROMISE, attack::Attack, flood::Done, honest::Waited};

/// One round of one attack.
#[derive(Clone, Debug)]
pub(crate) struct Beside {
    /// Honest callers alone.
    pub(crate) quiet: Side,
    /// Honest callers beside the attack.
    pub(crate) hostile: Side,
    /// What the attack came to.
    pub(crate) done: Done,
}

/// What there was to see for a while.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Side {
    /// What honest callers noticed.
    pub(crate) waited: Waited,
    /// For how long.
    pub(crate) seconds: f64,
    /// How much of its core the server used.
    pub(crate) cpu_share: f64,
    /// The server's resident memory at the beginning.
    pub(crate) rss_before_kib: u64,
    /// The same at the end.
    pub(crate) rss_after_kib: u64,
    /// How often the issuer was asked for its keys.
    pub(crate) outbound: u64,
}

/// All rounds.
#[derive(Debug)]
pub(crate) struct Report {
    rate: u32,
    rounds: usize,
    attacks: Vec<(Attack, Vec<Beside>)>,
}

impl Report {
    /// A report without numbers yet.
    pub(crate) fn new(rate: u32, rounds: usize) -> Self {
        Self {
            rate,
            rounds,
            attacks: Vec::new(),
        }
    }

    /// Adds a round.
    pub(crate) fn add(&mut self, attack: Attack, round: Beside) {
        match self.attacks.iter_mut().find(|(known, _)| *known == attack) {
            Some((_, rounds)) => rounds.push(round),
            None => self.attacks.push((attack, vec![round])),
        }
    }

    /// The attacks beside which honest callers wait too long, or the issuer is asked too often.
    pub(crate) fn broken(&self) -> Vec<&'static str> {
        let broken = self.attacks.iter().filter(|(_, rounds)| {
            let is_asked = rounds.iter().any(|round| {
                // Once a minute, and once more where a minute begins.
                let minutes = round.hostile.seconds / 60.0;
                f64::from(u32::try_from(round.hostile.outbound).unwrap_or(u32::MAX)) > minutes + 1.0
            });
            is_asked || ratio(rounds) > PROMISE
        });
        broken.map(|(attack, _)| attack.name()).collect()
    }

    /// One JSON object, times in milliseconds and memory in MiB.
    pub(crate) fn json(&self) -> Value {
        let attacks = self.attacks.iter().map(|(attack, rounds)| {
            let figures = json!({
                "quiet_ms": waits(rounds, |round| round.quiet.waited),
                "hostile_ms": waits(rounds, |round| round.hostile.waited),
                "p99_ratio": ratio(rounds),
                "cpu_share": median_of(rounds, |round| round.hostile.cpu_share),
                "rss_mib": {
                    "before": median_of(rounds, |round| mib(round.hostile.rss_before_kib)),
                    "after": median_of(rounds, |round| mib(round.hostile.rss_after_kib)),
                },
                "outbound": rounds.iter().map(|round| round.hostile.outbound).sum::<u64>(),
                "attack": rounds.iter().map(|round| &round.done).collect::<Vec<_>>(),
            });
            (attack.name().to_owned(), figures)
        });
        json!({
            "rate_per_s": self.rate,
            "rounds": self.rounds,
            "attacks": attacks.collect::<Map<_, _>>(),
        })
    }

    /// A table.
    pub(crate) fn table(&self) -> String {
        let mut table = format!(
            "Honest callers, {} requests per second, p50/p99/p99.9 in ms (median of {} rounds)\n\n\
             {:<9} {:>22} {:>22} {:>6} {:>5} {:>13} {:>8}  {}\n",
            self.rate,
            self.rounds,
            "attack",
            "alone",
            "beside it",
            "ratio",
            "CPU",
            "MiB",
            "outbound",
            "the attack"
        );
        for (attack, rounds) in &self.attacks {
            let side = |of: fn(&Beside) -> Waited| {
                let ms = |pick: fn(Waited) -> f64| median_of(rounds, |round| pick(of(round)));
                format!(
                    "{:.2}/{:.2}/{:.2}",
                    ms(|waited| waited.p50.as_secs_f64() * 1e3),
                    ms(|waited| waited.p99.as_secs_f64() * 1e3),
                    ms(|waited| waited.p999.as_secs_f64() * 1e3)
                )
            };
            let memory = format!(
                "{:.1} → {:.1}",
                median_of(rounds, |round| mib(round.hostile.rss_before_kib)),
                median_of(rounds, |round| mib(round.hostile.rss_after_kib))
            );
            let outbound: u64 = rounds.iter().map(|round| round.hostile.outbound).sum();
            let done = rounds
                .last()
                .map(|round| words(&round.done))
                .unwrap_or_default();
            // Writing to a string cannot fail.
            let _ = writeln!(
                table,
                "{:<9} {:>22} {:>22} {:>6.2} {:>4.0}% {:>13} {:>8}  {}",
                attack.name(),
                side(|round| round.quiet.waited),
                side(|round| round.hostile.waited),
                ratio(rounds),
                median_of(rounds, |round| round.hostile.cpu_share) * 100.0,
                memory,
                outbound,
                done,
            );
        }
        table
    }
}

/// How many times as long the p99 is beside the attack.
fn ratio(rounds: &[Beside]) -> f64 {
    let p99 = |of: fn(&Beside) -> Waited| median_of(rounds, |round| of(round).p99.as_secs_f64());
    p99(|round| round.hostile.waited) / p99(|round| round.quiet.waited)
}

fn waits(rounds: &[Beside], of: fn(&Beside) -> Waited) -> Value {
    let ms = |pick: fn(Waited) -> f64| median_of(rounds, |round| pick(of(round)) * 1e3);
    json!({
        "p50": ms(|waited| waited.p50.as_secs_f64()),
        "p99": ms(|waited| waited.p99.as_secs_f64()),
        "p999": ms(|waited| waited.p999.as_secs_f64()),
    })
}

fn median_of(rounds: &[Beside], of: impl Fn(&Beside) -> f64) -> f64 {
    median(rounds.iter().map(of).collect())
}

fn mib(kib: u64) -> f64 {
    f64::from(u32::try_from(kib).unwrap_or(u32::MAX)) / 1024.0
}

/// What an attack did, in a few words.
fn words(done: &Done) -> String {
    let mut words = format!("{} attempts, {} open", done.attempts, done.open);
    for (status, count) in &done.answers {
        let _ = write!(words, ", {status} × {count}");
    }
    words
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn side(p99_ms: u64, outbound: u64) -> Side {
        let waited = Waited {
            p50: Duration::from_millis(1),
            p99: Duration::from_millis(p99_ms),
            p999: Duration::from_millis(p99_ms),
        };
        Side {
            waited,
            seconds: 10.0,
            cpu_share: 0.5,
            rss_before_kib: 1024,
            rss_after_kib: 2048,
            outbound,
        }
    }

    fn report(rounds: &[(u64, u64, u64)]) -> Report {
        let mut report = Report::new(200, rounds.len());
        for &(quiet, hostile, outbound) in rounds {
            let round = Beside {
                quiet: side(quiet, 0),
                hostile: side(hostile, outbound),
                done: Done::default(),
            };
            report.add(Attack::Junk, round);
        }
        report
    }

    #[test]
    fn the_median_of_the_rounds_is_held_against_the_promise() {
        assert!(
            report(&[(2, 6, 0), (2, 90, 0), (2, 5, 0)])
                .broken()
                .is_empty()
        );
        assert_eq!(
            report(&[(2, 7, 0), (2, 7, 0), (2, 5, 0)]).broken(),
            ["junk"]
        );
    }

    #[test]
    fn an_issuer_that_is_asked_again_and_again_breaks_the_promise() {
        assert!(report(&[(2, 2, 1)]).broken().is_empty());
        assert_eq!(report(&[(2, 2, 2)]).broken(), ["junk"]);
    }

    #[test]
    fn programs_and_people_read_the_same_numbers() {
        let report = report(&[(2, 4, 1)]);
        let json = report.json();
        assert_eq!(json["attacks"]["junk"]["p99_ratio"], 2.0);
        assert_eq!(json["attacks"]["junk"]["hostile_ms"]["p99"], 4.0);
        assert_eq!(json["attacks"]["junk"]["rss_mib"]["after"], 2.0);
        let table = report.table();
        assert!(table.contains("1.00/4.00/4.00   2.00"), "{table}");
    }
}

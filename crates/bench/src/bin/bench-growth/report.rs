//! What was measured, for people and for programs.

use std::{fmt::Write as _, time::Duration};

use bench::{figures::median, fill::Sizes};
use serde_json::{Value, json};

use crate::{case::Case, mix::Mix};

/// One run of one mix.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// What the server found in its store.
    pub(crate) case: Case,
    /// What was asked.
    pub(crate) mix: Mix,
    /// The CPU time that the server used in it.
    pub(crate) used: Duration,
}

/// All runs.
#[derive(Debug)]
pub(crate) struct Report {
    sizes: Sizes,
    requests: usize,
    rounds: usize,
    mixes: Vec<Mix>,
    runs: Vec<Run>,
}

impl Report {
    /// A report of nothing yet.
    pub(crate) fn new(sizes: Sizes, requests: usize, rounds: usize, mixes: Vec<Mix>) -> Self {
        let runs = Vec::new();
        Self {
            sizes,
            requests,
            rounds,
            mixes,
            runs,
        }
    }

    /// Takes another run.
    pub(crate) fn add(&mut self, run: Run) {
        self.runs.push(run);
    }

    /// The greatest ratio of all mixes.
    pub(crate) fn worst_ratio(&self) -> f64 {
        self.mixes
            .iter()
            .map(|&mix| self.ratio(mix))
            .fold(0.0, f64::max)
    }

    /// The table for people: a line for each mix.
    pub(crate) fn table(&self) -> String {
        let mut table = format!(
            "{:<14} {:>12} {:>12} {:>7}\n",
            "mix", "empty", "filled", "ratio"
        );
        for &mix in &self.mixes {
            // Infallible: a String grows.
            let _ = writeln!(
                table,
                "{:<14} {:>9.1} µs {:>9.1} µs {:>7.3}",
                mix.name(),
                self.median(mix, Case::Empty),
                self.median(mix, Case::Filled),
                self.ratio(mix),
            );
        }
        let _ = writeln!(
            table,
            "CPU of the server for each request; medians of {} runs of {} requests; filled: {} events, \
             {} sessions, {} identities",
            self.rounds,
            self.requests,
            self.sizes.events,
            self.sizes.sessions,
            self.sizes.identities,
        );
        table
    }

    /// The object for programs; times are microseconds.
    pub(crate) fn json(&self) -> Value {
        let mixes: Vec<_> = self
            .mixes
            .iter()
            .map(|&mix| {
                json!({
                    "mix": mix.name(),
                    "empty_cpu_us": self.median(mix, Case::Empty),
                    "filled_cpu_us": self.median(mix, Case::Filled),
                    "ratio": self.ratio(mix),
                    "empty_runs_cpu_us": self.each(mix, Case::Empty),
                    "filled_runs_cpu_us": self.each(mix, Case::Filled),
                })
            })
            .collect();
        json!({
            "requests": self.requests,
            "rounds": self.rounds,
            "events": self.sizes.events,
            "identities": self.sizes.identities,
            "sessions": self.sizes.sessions,
            "mixes": mixes,
        })
    }

    fn ratio(&self, mix: Mix) -> f64 {
        self.median(mix, Case::Filled) / self.median(mix, Case::Empty)
    }

    fn median(&self, mix: Mix, case: Case) -> f64 {
        median(self.each(mix, case))
    }

    /// Microseconds for each request, run by run.
    fn each(&self, mix: Mix, case: Case) -> Vec<f64> {
        let runs = self.runs.iter();
        let runs = runs.filter(|run| run.mix == mix && run.case == case);
        #[expect(clippy::cast_precision_loss, reason = "a number of requests")]
        let requests = self.requests as f64;
        runs.map(|run| run.used.as_secs_f64() * 1e6 / requests)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(empty: &[u64], filled: &[u64]) -> Report {
        let sizes = Sizes {
            events: 1,
            identities: 2,
            sessions: 3,
        };
        let mut report = Report::new(sizes, 1000, empty.len(), vec![Mix::OneJwt]);
        for (case, runs) in [(Case::Empty, empty), (Case::Filled, filled)] {
            for &milliseconds in runs {
                report.add(Run {
                    case,
                    mix: Mix::OneJwt,
                    used: Duration::from_millis(milliseconds),
                });
            }
        }
        report
    }

    #[test]
    fn one_run_that_was_disturbed_does_not_move_the_ratio() {
        let quiet = report(&[100, 100, 100], &[110, 110, 110]);
        let disturbed = report(&[100, 900, 100], &[110, 110, 2000]);
        assert!((quiet.worst_ratio() - 1.1).abs() < 1e-9);
        assert!((disturbed.worst_ratio() - 1.1).abs() < 1e-9);
    }

    #[test]
    fn the_table_and_the_object_say_the_same() {
        let report = report(&[100], &[120]);
        let table = report.table();
        assert!(
            table.contains("one-jwt            100.0 µs     120.0 µs   1.200"),
            "{table}"
        );
        let object = report.json();
        assert_eq!(object["mixes"][0]["filled_cpu_us"], 120.0);
        assert_eq!(object["mixes"][0]["mix"], "one-jwt");
        assert_eq!(object["events"], 1);
    }
}

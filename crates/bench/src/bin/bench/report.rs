//! What was measured, for people and for programs.

use std::fmt::Write as _;

use bench::figures::median;
use serde_json::{Value, json};

use crate::mixes::Run;

/// Beyond this share of its core, the load may have been slower than the server.
const BUSY: f64 = 0.9;

/// The runs of one mix.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mix {
    floor: Vec<Run>,
    portpass: Vec<Run>,
}

impl Mix {
    /// Takes a round: the floor's run, and Portpass'.
    pub(crate) fn add(&mut self, floor: Run, portpass: Run) {
        self.floor.push(floor);
        self.portpass.push(portpass);
    }

    /// Tokens for each second of Portpass' CPU.
    pub(crate) fn tokens(&self) -> f64 {
        median(self.portpass.iter().map(|run| run.per_cpu_second).collect())
    }

    /// Answers for each second of the floor's CPU.
    pub(crate) fn floor(&self) -> f64 {
        median(self.floor.iter().map(|run| run.per_cpu_second).collect())
    }

    /// How near Portpass is to its floor.
    pub(crate) fn ratio(&self) -> f64 {
        self.tokens() / self.floor()
    }

    /// Tokens for each second that passed.
    pub(crate) fn per_second(&self) -> f64 {
        median(self.portpass.iter().map(|run| run.per_second).collect())
    }

    /// The largest share of its core that the load used in any run.
    pub(crate) fn load_share(&self) -> f64 {
        let runs = self.floor.iter().chain(&self.portpass);
        runs.map(|run| run.load_share).fold(0.0, f64::max)
    }

    fn json(&self) -> Value {
        if self.portpass.is_empty() {
            return Value::Null;
        }
        json!({
            "tokens_per_cpu_s": self.tokens().round(),
            "floor_per_cpu_s": self.floor().round(),
            "ratio": rounded(self.ratio(), 3),
        })
    }
}

/// What was measured with one database.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    /// Every request a new JWT.
    pub(crate) new: Mix,
    /// One job's JWT, presented many times.
    pub(crate) represented: Mix,
}

impl Numbers {
    fn json(&self) -> Value {
        json!({ "new": self.new.json(), "represented": self.represented.json() })
    }
}

/// All of it.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    /// With one file.
    pub(crate) sqlite: Numbers,
}

impl Report {
    /// The table for people.
    pub(crate) fn table(&self) -> String {
        let mut table = format!(
            "{:<14} {:>14} {:>14} {:>7} {:>12} {:>6}\n",
            "mix", "tokens/CPU s", "floor/CPU s", "ratio", "tokens/s", "load"
        );
        let numbers = &self.sqlite;
        for (name, mix) in [("new", &numbers.new), ("represented", &numbers.represented)] {
            if mix.portpass.is_empty() {
                continue;
            }
            // Infallible: a String grows.
            let _ = writeln!(
                table,
                "{name:<14} {:>14.0} {:>14.0} {:>7.3} {:>12.0} {:>5.0}%{}",
                mix.tokens(),
                mix.floor(),
                mix.ratio(),
                mix.per_second(),
                mix.load_share() * 100.0,
                if mix.load_share() > BUSY {
                    "  the load was at its limit"
                } else {
                    ""
                },
            );
        }
        table
    }

    /// The object for programs.
    pub(crate) fn json(&self) -> Value {
        self.sqlite.json()
    }
}

/// So many digits after the point, for people who read JSON.
fn rounded(value: f64, digits: i32) -> f64 {
    let factor = 10_f64.powi(digits);
    (value * factor).round() / factor
}

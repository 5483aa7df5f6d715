//! One run of one load against one server, and several of them together.

use anyhow::{Context as _, Result};
use bench::{figures::median, load::Load, server::Server};

use crate::place::Database;

/// What a run told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// Tokens for each second of the server's CPU.
    pub(crate) per_cpu_second: f64,
    /// Tokens for each second that passed.
    pub(crate) per_second: f64,
    /// How much of its core the load used.
    pub(crate) load_share: f64,
    /// Microseconds of the database's own CPU for each token.
    pub(crate) database_us: f64,
}

impl Run {
    /// Sends so many requests, going round these, and counts what the server used meanwhile.
    pub(crate) fn of(
        server: &Server,
        database: &Database,
        connections: usize,
        requests: &[Vec<u8>],
        count: usize,
    ) -> Result<Self> {
        let mut turns = requests.iter().cycle();
        let mut next = || turns.next().cloned().context("there is nothing to send");
        let mut load = Load::open(server.port(), connections)?;
        let (cpu, databases) = (server.cpu()?, database.cpu()?);
        let closed = load.closed(count, &mut next)?;
        let cpu = server.cpu()?.saturating_sub(cpu).as_secs_f64();
        let databases = database.cpu()?.saturating_sub(databases).as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a number of requests")]
        let count = count as f64;
        Ok(Self {
            per_cpu_second: count / cpu,
            per_second: closed.per_second,
            load_share: closed.own_share,
            database_us: databases * 1e6 / count,
        })
    }
}

/// The runs of one mix: Portpass' and its floor's, in turn.
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

    /// Whether it was not measured.
    pub(crate) fn is_empty(&self) -> bool {
        self.portpass.is_empty()
    }

    /// Tokens for each second of Portpass' CPU.
    pub(crate) fn tokens(&self) -> f64 {
        middle(&self.portpass, |run| run.per_cpu_second)
    }

    /// Answers for each second of the floor's CPU.
    pub(crate) fn floor(&self) -> f64 {
        middle(&self.floor, |run| run.per_cpu_second)
    }

    /// How near Portpass comes to its floor: 1 would be as cheap.
    pub(crate) fn ratio(&self) -> f64 {
        self.tokens() / self.floor()
    }

    /// Tokens for each second that passed.
    pub(crate) fn per_second(&self) -> f64 {
        middle(&self.portpass, |run| run.per_second)
    }

    /// Microseconds of the database's own CPU for each token.
    pub(crate) fn database_us(&self) -> f64 {
        middle(&self.portpass, |run| run.database_us)
    }

    /// The largest share of its core that the load used in any run.
    pub(crate) fn load_share(&self) -> f64 {
        let runs = self.floor.iter().chain(&self.portpass);
        runs.map(|run| run.load_share).fold(0.0, f64::max)
    }
}

fn middle(runs: &[Run], of: impl Fn(&Run) -> f64) -> f64 {
    median(runs.iter().map(of).collect())
}

#[cfg(test)]
impl Mix {
    /// A mix of one round, from tokens and answers for each second of CPU.
    pub(crate) fn measured(tokens: f64, floor: f64) -> Self {
        let run = |per_cpu_second| Run {
            per_cpu_second,
            per_second: per_cpu_second / 2.0,
            load_share: 0.4,
            database_us: 0.0,
        };
        let mut mix = Self::default();
        mix.add(run(floor), run(tokens));
        mix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(per_cpu_second: f64, load_share: f64) -> Run {
        Run {
            per_cpu_second,
            per_second: 1.0,
            load_share,
            database_us: 0.0,
        }
    }

    #[test]
    fn the_ratio_is_of_medians_so_that_a_run_that_was_disturbed_does_not_move_it() {
        let mut mix = Mix::default();
        for (floor, portpass) in [(10_000.0, 6000.0), (10_000.0, 100.0), (2.0, 6000.0)] {
            mix.add(run(floor, 0.3), run(portpass, 0.2));
        }
        assert!((mix.ratio() - 0.6).abs() < 1e-9);
    }

    #[test]
    fn the_load_is_told_by_its_busiest_run_the_floors_too() {
        let mut mix = Mix::default();
        mix.add(run(1.0, 0.95), run(1.0, 0.5));
        mix.add(run(1.0, 0.2), run(1.0, 0.5));
        assert!((mix.load_share() - 0.95).abs() < 1e-9);
    }
}

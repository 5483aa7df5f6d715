//! What a token costs beside the cryptography that it cannot do without.
//!
//! The server has one core, and this process, which makes the load, the other. `docs/benchmarks.md` says
//! what each number is.

mod mixes;
mod place;
mod report;

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use anyhow::{Result, ensure};
use bench::progress;
use clap::{Parser, ValueEnum};

use self::{
    mixes::Mixes,
    place::{Database, Place},
    report::{Numbers, Report},
};

/// Measures what a token costs, beside the least that it can cost.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Arguments {
    /// How many connections are kept busy at once.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// The least that a token can cost: a release build of `bench-floor`.
    #[arg(long, value_name = "PROGRAM")]
    floor: PathBuf,
    /// Where the data folders are made, on a disk with 8 GB to spare.
    #[arg(long, default_value_os_t = std::env::temp_dir())]
    folder: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// The core that the requests come from.
    #[arg(long, default_value_t = 1)]
    load_core: usize,
    /// What is measured; all of it, if not said. Separated by commas.
    #[arg(long, value_delimiter = ',', value_enum)]
    only: Vec<Part>,
    /// The program that is measured: a release build of `portpass`.
    #[arg(long, value_name = "PROGRAM")]
    portpass: PathBuf,
    /// How many requests are counted in one round.
    #[arg(long, default_value_t = 10_000)]
    requests: usize,
    /// How many rounds there are; their median counts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// The core that the server has to itself.
    #[arg(long, default_value_t = 0)]
    server_core: usize,
}

/// A part of what is measured.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Part {
    /// Every request a new JWT.
    New,
    /// One job's JWT, presented many times.
    Represented,
}

impl Arguments {
    fn has(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    ensure!(
        arguments.rounds > 0 && arguments.requests > 0 && arguments.connections > 0,
        "there is nothing to measure: rounds, requests and connections are 1 at least"
    );
    let place = Place::new(&arguments)?;
    let report = Report {
        sqlite: measure(&arguments, &place, &Database::Sqlite)?,
    };
    let text = if arguments.json {
        format!("{}\n", report.json())
    } else {
        report.table()
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn measure(arguments: &Arguments, place: &Place, database: &Database) -> Result<Numbers> {
    let mut mixes = Mixes::start(place, database, arguments)?;
    for round in 1..=arguments.rounds {
        progress(&format!("round {round} of {}", arguments.rounds));
        mixes.round()?;
    }
    let (new, represented) = mixes.finish()?;
    Ok(Numbers { new, represented })
}

//! What honest callers notice of hostile ones: their latency alone, and beside each attack.
//!
//! The server has one core. This process, which is the honest callers, and another one, which
//! attacks and may run only when nothing else wants to, share the other. Each class of caller has a
//! loopback address of its own, as `docs/limits.md` says. Another attack is a variant of
//! [`attack::Attack`] and a function in `flood`.

mod attack;
mod attacker;
mod flood;
mod honest;
mod issuer;
mod junk;
mod report;
mod rounds;

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use anyhow::{Result, ensure};
use bench::progress;
use clap::{Args, Parser, Subcommand};

use self::attack::Attack;

/// Measures what honest callers notice of hostile ones.
#[derive(Debug, Parser)]
#[command(name = "bench-hostile", args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(flatten)]
    measure: Option<Measure>,
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Debug, Args)]
struct Measure {
    /// Which attacks; all of them, if not said. Separated by commas.
    #[arg(long, value_delimiter = ',', value_enum)]
    attack: Vec<Attack>,
    /// Fail if an attack makes the honest callers' p99 more than three times as long.
    #[arg(long)]
    check: bool,
    /// Where the data folder is made.
    #[arg(long, default_value_os_t = std::env::temp_dir())]
    folder: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// The core that the requests come from.
    #[arg(long, default_value_t = 1)]
    load_core: usize,
    /// The program that is measured: a release build of `portpass`.
    #[arg(long, value_name = "PROGRAM")]
    portpass: PathBuf,
    /// How many requests the honest callers send in a second.
    #[arg(long, default_value_t = 200)]
    rate: u32,
    /// How many rounds there are; their median counts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// For how many seconds the honest callers are listened to, alone and beside each attack.
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// The core that the server has to itself.
    #[arg(long, default_value_t = 0)]
    server_core: usize,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// Attacks a server until standard input ends: how this program starts itself.
    #[command(hide = true)]
    Flood(flood::Flood),
}

/// How many times as long the p99 of honest callers may be beside an attack.
const PROMISE: f64 = 3.0;

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    match (arguments.part, arguments.measure) {
        (Some(Part::Flood(flood)), _) => {
            flood.run()?;
            Ok(ExitCode::SUCCESS)
        }
        (None, Some(measure)) => measure.run(),
        (None, None) => anyhow::bail!("say which program is measured: --portpass PROGRAM"),
    }
}

impl Measure {
    fn run(&self) -> Result<ExitCode> {
        ensure!(
            self.rounds > 0 && self.rate > 0 && self.seconds > 0,
            "there is nothing to measure: rounds, rate and seconds are 1 at least"
        );
        let report = rounds::run(self)?;
        let text = if self.json {
            format!("{}\n", report.json())
        } else {
            report.table()
        };
        std::io::stdout().write_all(text.as_bytes())?;
        let broken = report.broken();
        for attack in &broken {
            progress(&format!(
                "beside {attack}, honest callers wait more than {PROMISE} times as long (p99)"
            ));
        }
        Ok(if self.check && !broken.is_empty() {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }

    fn attacks(&self) -> Vec<Attack> {
        if self.attack.is_empty() {
            Attack::ALL.to_vec()
        } else {
            self.attack.clone()
        }
    }
}

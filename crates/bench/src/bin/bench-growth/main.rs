//! What a token costs: the server's CPU for each request, with an empty store and with a full one.
//!
//! Absolute times say something about one machine; what is promised, and what this prints, is their
//! ratio. Another case is a variant of [`case::Case`], another mix one of [`mix::Mix`].

mod case;
mod load;
mod mix;
mod report;

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use anyhow::{Context as _, Result, ensure};
use bench::{
    cores::Cores,
    fill::{self, Sizes},
    jobs::Platform,
    progress,
    server::{RAISED_LIMITS, Server, Setup},
};
use clap::Parser;

use self::{
    case::{Case, Folders},
    load::Load,
    mix::Mix,
    report::{Report, Run},
};

/// Compares what a token costs with an empty store and with a full one.
#[derive(Debug, Parser)]
#[command(name = "bench-growth")]
struct Arguments {
    /// Fail if a full store costs more than so many times an empty one's.
    #[arg(long, value_name = "RATIO")]
    at_most: Option<f64>,
    /// How many connections are kept busy at once.
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// How many events the full store has.
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// Where the data folders are made, on a disk with 4 GB to spare.
    #[arg(long, default_value_os_t = std::env::temp_dir())]
    folder: PathBuf,
    /// How many identities, each with a namespace of its own, the full store has.
    #[arg(long, default_value_t = 100_000)]
    identities: u64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// The core that the requests come from.
    #[arg(long, default_value_t = 1)]
    load_core: usize,
    /// What is asked for; all of it, if not said. May be given several times.
    #[arg(long, value_enum)]
    mix: Vec<Mix>,
    /// The program that is measured: a release build of `portpass`.
    #[arg(long, value_name = "PROGRAM")]
    portpass: PathBuf,
    /// How many requests are counted in one run.
    #[arg(long, default_value_t = 10_000)]
    requests: usize,
    /// How many runs there are of each case and mix; their median counts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// The core that the server has to itself.
    #[arg(long, default_value_t = 0)]
    server_core: usize,
    /// How many sessions, each with a refresh token, the full store has.
    #[arg(long, default_value_t = 100_000)]
    sessions: u64,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let report = measure(&arguments)?;
    let text = if arguments.json {
        format!("{}\n", report.json())
    } else {
        report.table()
    };
    std::io::stdout().write_all(text.as_bytes())?;
    let worst = report.worst_ratio();
    Ok(match arguments.at_most {
        Some(limit) if worst > limit => {
            progress(&format!("{worst:.2} is more than {limit:.2}"));
            ExitCode::FAILURE
        }
        Some(_) | None => ExitCode::SUCCESS,
    })
}

fn measure(arguments: &Arguments) -> Result<Report> {
    ensure!(
        arguments.rounds > 0 && arguments.requests > 0 && arguments.connections > 0,
        "there is nothing to measure: rounds, requests and connections are 1 at least"
    );
    let cores = Cores::new(arguments.server_core, arguments.load_core)?;
    let sizes = Sizes {
        events: arguments.events,
        identities: arguments.identities,
        sessions: arguments.sessions,
    };
    let mixes = if arguments.mix.is_empty() {
        Mix::ALL.to_vec()
    } else {
        arguments.mix.clone()
    };

    let folder = tempfile::Builder::new()
        .prefix("portpass-bench-growth-")
        .tempdir_in(&arguments.folder)
        .with_context(|| format!("making a folder in {}", arguments.folder.display()))?;
    let platform = Platform::new(folder.path(), &sizes)?;
    let folders = Folders::new(folder.path());
    progress(&format!(
        "filling a store: {} events, {} sessions, {} identities",
        sizes.events, sizes.sessions, sizes.identities
    ));
    fill::fill(&folders.of(Case::Filled), None, &sizes)?;

    let mut report = Report::new(sizes, arguments.requests, arguments.rounds, mixes.clone());
    for round in 1..=arguments.rounds {
        progress(&format!("round {round} of {}", arguments.rounds));
        // The same JWTs for all cases of a round, none of which has seen them.
        cores.spread()?;
        let jwts = platform.sign(mixes.len() * (platform.jobs() + 1) + arguments.requests)?;
        cores.gather()?;
        for case in Case::ALL {
            folders.prepare(case)?;
            let server = Server::start(&Setup {
                program: &arguments.portpass,
                folder: folders.parent(),
                data: &folders.of(case),
                database: None,
                limits: RAISED_LIMITS,
                settings: &platform.settings(),
                cores,
            })?;
            let load = Load::new(server.port(), arguments.connections);
            let mut unused = jwts.iter();
            for &mix in &mixes {
                let requests =
                    mix.prepare(&load, &mut unused, platform.jobs(), arguments.requests)?;
                let before = server.cpu()?;
                load.send(&requests, arguments.requests).with_context(|| {
                    format!("{} with a store that is {}", mix.name(), case.name())
                })?;
                let used = server.cpu()?.saturating_sub(before);
                report.add(Run { case, mix, used });
            }
            server.stop()?;
        }
    }
    Ok(report)
}

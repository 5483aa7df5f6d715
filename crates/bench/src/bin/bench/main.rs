//! What a token costs beside the cryptography that it cannot do without.
//!
//! The server has one core, and this process, which makes the load, the other. `docs/benchmarks.md` says
//! what each number is.

mod commit;
mod docker_auth;
mod memory;
mod mixes;
mod place;
mod promises;
mod report;
mod run;
mod startup;
mod table;

use std::{env, io::Write as _, path::PathBuf, process::ExitCode};

use anyhow::{Result, ensure};
use bench::{fill::Sizes, jobs::Platform, process, progress};
use clap::{Parser, ValueEnum};

use self::{
    docker_auth::DockerAuth,
    mixes::Mixes,
    place::{Database, Place},
    report::{Latency, Numbers, Report},
};

/// Names the `auth_server` of `docker_auth` that is measured beside.
const DOCKER_AUTH: &str = "PORTPASS_DOCKER_AUTH";

/// Requests of the open loop, to those of a round: enough for the slowest in a thousand.
const LATENCY_FACTOR: usize = 4;

/// Repositories that push while mixes are measured are this few; see [`Platform`].
const SIZES: Sizes = Sizes {
    events: 0,
    identities: 100,
    sessions: 0,
};

/// Measures what a token costs, beside the least that it can cost.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Arguments {
    /// Fail if a promise about SQLite is broken, and name it.
    #[arg(long)]
    check: bool,
    /// How many connections are kept busy at once.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// The least that a token can cost: a release build of `bench-floor`.
    #[arg(long, value_name = "PROGRAM")]
    floor: PathBuf,
    /// Where the data folders are made, on a disk with 8 GB to spare.
    #[arg(long, default_value_os_t = env::temp_dir())]
    folder: PathBuf,
    /// How many identities there are where memory and the start are measured.
    #[arg(long, default_value_t = 100_000)]
    identities: u64,
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
    /// A PostgreSQL of nobody else, as a superuser reaches it; it is moved to the load's core.
    #[arg(long, value_name = "URL", requires = "postmaster")]
    postgres: Option<String>,
    /// The process that began it.
    #[arg(long, value_name = "PROCESS", requires = "postgres")]
    postmaster: Option<u32>,
    /// How many requests are counted in one round.
    #[arg(long, default_value_t = 5000)]
    requests: usize,
    /// How many rounds there are; their median counts.
    #[arg(long, default_value_t = 11)]
    rounds: usize,
    /// The core that the server has to itself.
    #[arg(long, default_value_t = 0)]
    server_core: usize,
    /// How many tokens are asked for where memory is measured.
    #[arg(long, default_value_t = 1_000_000)]
    tokens: usize,
}

/// A part of what is measured.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Part {
    /// `docker_auth` beside it.
    DockerAuth,
    /// Latency at half of the load that new JWTs may bring.
    Latency,
    /// Resident memory after very many tokens.
    Memory,
    /// Every request a new JWT.
    New,
    /// The same with PostgreSQL.
    Postgres,
    /// One job's JWT, presented many times.
    Represented,
    /// From the start until it is ready.
    Startup,
}

impl Arguments {
    /// Whether a part is measured. PostgreSQL alone means all of its parts.
    fn has(&self, part: Part) -> bool {
        let mut others = self.only.iter().filter(|only| **only != Part::Postgres);
        match part {
            Part::Postgres => self.only.is_empty() || self.only.contains(&part),
            Part::DockerAuth
            | Part::Latency
            | Part::Memory
            | Part::New
            | Part::Represented
            | Part::Startup => others.next().is_none() || self.only.contains(&part),
        }
    }

    /// Whether anything is measured that servers under load are started for.
    fn has_mixes(&self) -> bool {
        [Part::New, Part::Represented, Part::Latency]
            .into_iter()
            .any(|part| self.has(part))
    }
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    ensure!(
        arguments.rounds > 0
            && arguments.requests > 0
            && arguments.connections > 0
            && arguments.identities > 0,
        "there is nothing to measure: rounds, requests, connections and identities are 1 at least"
    );
    let report = measure_all(&arguments)?;
    let text = if arguments.json {
        format!("{}\n", report.json())
    } else {
        table::table(&report)
    };
    std::io::stdout().write_all(text.as_bytes())?;
    let broken = promises::broken(&report);
    for promise in &broken {
        progress(&format!("broken: {promise}"));
    }
    Ok(if arguments.check && !broken.is_empty() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn measure_all(arguments: &Arguments) -> Result<Report> {
    let place = Place::new(arguments)?;
    let platform = Platform::new(place.folder(), &SIZES)?;
    let sqlite = measure(arguments, &place, &platform, &Database::Sqlite)?;
    let docker_auth = peer(arguments, &place)?;
    let postgres = match (&arguments.postgres, arguments.postmaster) {
        _ if !arguments.has(Part::Postgres) => None,
        (Some(url), Some(postmaster)) => {
            place
                .cores
                .take_to_load_core(&process::ids_of_family(postmaster)?)?;
            let url = url.clone();
            let database = Database::Postgres { url, postmaster };
            Some(measure(arguments, &place, &platform, &database)?)
        }
        (_, _) => {
            progress("not measured: PostgreSQL, of which there is none here");
            None
        }
    };
    Ok(Report {
        sqlite,
        postgres,
        docker_auth,
    })
}

fn peer(arguments: &Arguments, place: &Place) -> Result<Option<DockerAuth>> {
    if !arguments.has(Part::DockerAuth) {
        return Ok(None);
    }
    let Some(program) = env::var_os(DOCKER_AUTH) else {
        progress(&format!(
            "not measured: docker_auth, since {DOCKER_AUTH} does not name it"
        ));
        return Ok(None);
    };
    progress("docker_auth");
    docker_auth::measure(place, arguments, program.as_ref()).map(Some)
}

fn measure(
    arguments: &Arguments,
    place: &Place,
    platform: &Platform,
    database: &Database,
) -> Result<Numbers> {
    let name = database.name();
    let mut numbers = Numbers::default();
    if arguments.has_mixes() {
        let mut mixes = Mixes::start(place, platform, database, arguments)?;
        for round in 1..=arguments.rounds {
            progress(&format!("{name}: round {round} of {}", arguments.rounds));
            mixes.round()?;
        }
        if arguments.has(Part::Latency) {
            progress(&format!("{name}: latency"));
            let (count, rate) = (
                arguments.requests * LATENCY_FACTOR,
                mixes.new.per_second() / 2.0,
            );
            let open = mixes.scheduled(count, rate)?;
            let data = place.data("commit", database)?;
            let commits = commit::latencies(place.cores, &data, count, rate)?;
            numbers.latency = Some(Latency::of(rate, &open.latencies, &commits, &open.delays));
        }
        (numbers.new, numbers.represented) = mixes.finish()?;
    }
    if arguments.has(Part::Startup) {
        progress(&format!("{name}: start"));
        numbers.starts = startup::starts(place, database, arguments, &platform.settings())?;
    }
    if arguments.has(Part::Memory) {
        progress(&format!("{name}: memory"));
        numbers.memory = memory::looks(place, database, arguments)?;
    }
    Ok(numbers)
}

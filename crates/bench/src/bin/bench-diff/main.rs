//! What it takes to weigh recorded events by two files: time, and memory, which must not grow
//! with how many events there are.

mod files;
mod lines;
mod run;

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use serde_json::json;

use self::{lines::Lines, run::Run};

/// Measures `portpass diff --events-file`.
#[derive(Debug, Parser)]
#[command(name = "bench-diff")]
struct Arguments {
    /// Fail if the larger run takes more than so many seconds.
    #[arg(long, value_name = "SECONDS")]
    at_most: Option<f64>,
    /// How many events the larger run has; the smaller one has a tenth of them.
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// Where the events are written, 1.5 kB each.
    #[arg(long, default_value_os_t = std::env::temp_dir())]
    folder: PathBuf,
    /// How many repositories push.
    #[arg(long, default_value_t = 400)]
    identities: u64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// The program that is measured: a release build of `portpass`.
    #[arg(long, value_name = "PROGRAM")]
    portpass: PathBuf,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    ensure!(
        arguments.events >= 10,
        "there is nothing to measure: ten events are the least"
    );
    let folder = tempfile::Builder::new()
        .prefix("portpass-bench-diff-")
        .tempdir_in(&arguments.folder)
        .with_context(|| format!("making a folder in {}", arguments.folder.display()))?;
    let (old, new) = files::write(folder.path(), arguments.identities)?;
    let lines = Lines::of(&old, arguments.identities)?;
    let mut runs = Vec::new();
    for events in [arguments.events / 10, arguments.events] {
        progress(&format!("writing {events} events"));
        let path = folder.path().join("events.jsonl");
        let bytes = write(&path, &lines, events)?;
        progress("weighing them");
        runs.push(Run::of(
            &arguments.portpass,
            [&old, &new],
            &path,
            events,
            bytes,
        )?);
    }
    let text = if arguments.json {
        format!("{}\n", json!({ "runs": runs }))
    } else {
        let rows = runs.iter().map(|run| format!("{run}\n"));
        format!("{}\n{}", Run::HEADER, rows.collect::<String>())
    };
    std::io::stdout().write_all(text.as_bytes())?;
    let seconds = runs.last().map_or(0.0, Run::seconds);
    Ok(match arguments.at_most {
        Some(limit) if seconds > limit => {
            progress(&format!("{seconds:.1} s is more than {limit:.1} s"));
            ExitCode::FAILURE
        }
        Some(_) | None => ExitCode::SUCCESS,
    })
}

/// Writes events, and tells how many bytes they are.
fn write(path: &Path, lines: &Lines, events: u64) -> Result<u64> {
    let mut file = BufWriter::new(File::create(path)?);
    for number in 0..events {
        writeln!(file, "{}", lines.line(number))?;
    }
    file.flush()?;
    Ok(path.metadata()?.len())
}

/// Says on standard error how far it is: standard output is the answer.
fn progress(text: &str) {
    // Nobody to read it is no reason to stop.
    let _ = writeln!(std::io::stderr(), "    {text}");
}

//! One run of the program, and what it took.

use std::{
    fmt, fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use serde::Serialize;
use serde_json::Value;

/// How often its memory is looked at; the system keeps the peak.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// What one run took.
#[derive(Debug, Serialize)]
pub(crate) struct Run {
    events: u64,
    megabytes: u64,
    seconds: f64,
    peak_memory_kib: u64,
    changed: u64,
    unknown: u64,
}

impl Run {
    pub(crate) const HEADER: &'static str =
        "    events   file MB   seconds  peak KiB   changed   unknown";

    /// Weighs a file of events by two configurations.
    pub(crate) fn of(
        portpass: &Path,
        files: [&Path; 2],
        events: &Path,
        count: u64,
        bytes: u64,
    ) -> Result<Self> {
        let began = Instant::now();
        let mut child = Command::new(portpass)
            .arg("diff")
            .args(files)
            .arg("--events-file")
            .arg(events)
            .arg("--json")
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", portpass.display()))?;
        let mut output = child.stdout.take().context("it has an output")?;
        let reader =
            thread::spawn(move || -> Result<Value> { Ok(serde_json::from_reader(&mut output)?) });
        let mut peak_memory_kib = 0;
        let status = loop {
            peak_memory_kib = peak(child.id()).unwrap_or_default().max(peak_memory_kib);
            if let Some(status) = child.try_wait()? {
                break status;
            }
            thread::sleep(LOOK_EVERY);
        };
        let seconds = began.elapsed().as_secs_f64();
        ensure!(status.success(), "portpass diff failed");
        let told = reader.join().ok().context("the reader panicked")??;
        let of = |key: &str| {
            told.pointer(&format!("/events/{key}"))
                .and_then(Value::as_u64)
        };
        ensure!(
            of("events") == Some(count),
            "not all events were read: {told}"
        );
        Ok(Self {
            events: count,
            megabytes: bytes / 1_000_000,
            seconds,
            peak_memory_kib,
            changed: of("changed").unwrap_or_default(),
            unknown: of("unknown").unwrap_or_default(),
        })
    }

    /// How long it took.
    pub(crate) fn seconds(&self) -> f64 {
        self.seconds
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            events,
            megabytes,
            seconds,
            peak_memory_kib,
            changed,
            unknown,
        } = self;
        write!(
            f,
            "{events:>10}  {megabytes:>8}  {seconds:>8.2}  {peak_memory_kib:>8}  {changed:>8}  {unknown:>8}"
        )
    }
}

/// The most memory that a process has held so far, in KiB.
fn peak(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

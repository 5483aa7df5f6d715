//! Logs: set up once, in one of two forms.

use std::{
    io::{self, IsTerminal as _, Write, stderr},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use tracing::{Level, Metadata};
use tracing_subscriber::{
    EnvFilter,
    fmt::{self, MakeWriter},
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

use crate::config::{LogFormat, LogLevel, LogSettings};

/// How long a line may wait for others that are written with it.
const GATHERING: Duration = Duration::from_millis(20);

/// How many bytes wait at most: whoever adds to more writes them all.
const WAITING_BYTES: usize = 64 * 1024;

/// Sends logs to the standard error: our own lines down to the level that is
/// set, of the libraries only warnings.
///
/// Lines that say how requests went are written together, a little later;
/// warnings and errors, with all that went before them, at once.
///
/// # Errors
///
/// When logs were set up before, or there can be no thread that writes them.
pub fn set_up(settings: &LogSettings) -> anyhow::Result<Logs> {
    let level = match settings.level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
        LogLevel::Trace => "trace",
    };
    let logs = Logs::begin()?;
    let filter = EnvFilter::try_new(format!("warn,portpass={level}"))?;
    let layer = fmt::layer()
        .with_writer(Lines(Arc::clone(&logs.0)))
        .with_ansi(stderr().is_terminal());
    let registry = tracing_subscriber::registry().with(filter);
    match settings.format {
        LogFormat::Json => registry.with(layer.json().flatten_event(true)).try_init()?,
        LogFormat::Readable => registry.with(layer.with_target(false)).try_init()?,
    }
    Ok(logs)
}

/// What was logged and is not written yet; dropped, it is written.
#[derive(Debug)]
#[must_use = "the last lines are written when it is dropped"]
pub struct Logs(Arc<Waiting>);

impl Logs {
    fn begin() -> io::Result<Self> {
        let waiting = Arc::new(Waiting::default());
        let of_thread = Arc::clone(&waiting);
        thread::Builder::new()
            .name("logs".to_owned())
            .spawn(move || of_thread.write_for_ever())?;
        Ok(Self(waiting))
    }
}

impl Drop for Logs {
    fn drop(&mut self) {
        write_out(&mut self.0.lock());
    }
}

/// Lines, and the one who is told when there are some.
#[derive(Debug, Default)]
struct Waiting {
    text: Mutex<Vec<u8>>,
    begun: Condvar,
}

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_for_ever(&self) {
        loop {
            let empty = self.begun.wait_while(self.lock(), |text| text.is_empty());
            drop(empty);
            thread::sleep(GATHERING);
            write_out(&mut self.lock());
        }
    }
}

/// Nobody is told if it fails: the one who would be is who does not listen.
fn write_out(text: &mut Vec<u8>) {
    let _ = stderr().write_all(text);
    text.clear();
}

/// Makes a [`Line`] for each line.
#[derive(Clone, Debug)]
struct Lines(Arc<Waiting>);

/// One line on its way.
#[derive(Debug)]
struct Line {
    waiting: Arc<Waiting>,
    is_urgent: bool,
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line {
            waiting: Arc::clone(&self.0),
            is_urgent: true,
        }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Line {
        Line {
            waiting: Arc::clone(&self.0),
            is_urgent: *metadata.level() <= Level::WARN,
        }
    }
}

impl Write for Line {
    /// The library hands over a whole line at a time.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut text = self.waiting.lock();
        let was_empty = text.is_empty();
        text.extend_from_slice(line);
        if self.is_urgent || text.len() > WAITING_BYTES {
            write_out(&mut text);
        } else if was_empty {
            self.waiting.begun.notify_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(lines: &Lines, text: &str, is_urgent: bool) {
        let waiting = Arc::clone(&lines.0);
        let mut line = Line { waiting, is_urgent };
        assert_eq!(line.write(text.as_bytes()).unwrap(), text.len());
    }

    #[test]
    fn a_line_waits_for_others_and_a_warning_for_nobody() {
        let lines = Lines(Arc::default());
        line(&lines, "one\n", false);
        line(&lines, "two\n", false);
        assert_eq!(*lines.0.lock(), b"one\ntwo\n");
        line(&lines, "a warning of a test\n", true);
        assert_eq!(*lines.0.lock(), b"");
    }

    #[test]
    fn what_waits_when_logging_ends_is_written() {
        let lines = Lines(Arc::default());
        let logs = Logs(Arc::clone(&lines.0));
        line(&lines, "the last line of a test\n", false);
        drop(logs);
        assert_eq!(*lines.0.lock(), b"");
    }
}

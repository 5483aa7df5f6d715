//! `portpass diff`: what a change of the rules would change, and for whom.

mod events;
mod report;

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process::ExitCode,
    thread,
};

use anyhow::bail;
use clap::Args;

use self::{events::Source, report::Report};
use super::{printer::Printer, reach::Reach};
use crate::{
    clock::Clock,
    config::Whence,
    replay::{Pair, Side, Trials, replay},
    trial::Trial,
};

/// What `--exit-code` makes of differences.
const DIFFERENT: u8 = 4;

/// Which files are compared, and what is weighed by both.
#[derive(Args, Debug)]
pub(super) struct Diff {
    /// The configuration as it is.
    old: Option<PathBuf>,
    /// The configuration as it is to be.
    new: Option<PathBuf>,
    /// Weigh what was recorded in the last so many days: by the running server, or
    /// in the store, of `-c FILE`, else of the old file.
    #[arg(long, value_name = "DAYS", conflicts_with = "events_file")]
    events: Option<u16>,
    /// Weigh the events in a file with lines of `portpass events --json`; `-` is
    /// the standard input.
    #[arg(long, value_name = "FILE")]
    events_file: Option<PathBuf>,
    /// End with 4 where something differs or cannot be told.
    #[arg(long)]
    exit_code: bool,
    /// Take the shadow rules of the new file for live; with one file, or none
    /// beside `-c FILE`, compare it with itself so.
    #[arg(long)]
    shadow: bool,
}

impl Diff {
    /// Exit code 1: a file does not load, or the events cannot be read.
    ///
    /// # Errors
    ///
    /// The same, and what can be wrong with the arguments.
    pub(super) fn run(self, reach: &Reach, printer: Printer) -> anyhow::Result<ExitCode> {
        let now = Clock::System.now();
        let (old, new) = self.files(reach)?;
        let old_config = old.load()?;
        let new_config = new.as_ref().unwrap_or(&old).load()?;
        let pair = Pair::of(
            Side::of(&old_config, false, now)?,
            Side::of(&new_config, self.shadow, now)?,
        );
        let trials = Trials::of(
            &pair,
            Trial::of(&old_config, now)?,
            Trial::of(&new_config, now)?,
        );
        let fixtures = trials.situations();
        let source = match (self.events, self.events_file) {
            (Some(days), _) => Some(Source::Recorded {
                reach: reach.beside(&old),
                days,
            }),
            (None, Some(file)) => Some(Source::File(file)),
            (None, None) => None,
        };
        let events = match source {
            Some(source) => {
                let workers = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
                Some(replay(&pair, workers, |feed| source.feed(feed, now))?)
            }
            None => None,
        };
        let report = Report::new(&pair, fixtures, events.as_ref(), self.shadow);
        report.print(printer)?;
        Ok(if self.exit_code && report.is_different() {
            ExitCode::from(DIFFERENT)
        } else {
            ExitCode::SUCCESS
        })
    }

    /// The old configuration, and the new one if it is another.
    fn files(&self, reach: &Reach) -> anyhow::Result<(Whence, Option<Whence>)> {
        let file = |path: &Path| Whence::File(path.to_owned());
        Ok(match (&self.old, &self.new) {
            (Some(old), Some(new)) => (file(old), Some(file(new))),
            (Some(only), None) if self.shadow => (file(only), None),
            (None, _) if self.shadow => (reach.whence()?, None),
            (Some(_) | None, _) => bail!(
                "two files are compared: portpass diff OLD NEW; only --shadow can do with one"
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diff(old: Option<&str>, new: Option<&str>, shadow: bool) -> Diff {
        Diff {
            old: old.map(PathBuf::from),
            new: new.map(PathBuf::from),
            events: None,
            events_file: None,
            exit_code: false,
            shadow,
        }
    }

    #[test]
    fn two_files_are_compared_or_one_with_itself_in_shadow() {
        let file = |path: &str| Whence::File(path.into());
        let reach = Reach::default().beside(&file("c"));
        let files = |diff: Diff| diff.files(&reach).ok();
        let two = (file("a"), Some(file("b")));
        assert_eq!(files(diff(Some("a"), Some("b"), false)), Some(two.clone()));
        assert_eq!(files(diff(Some("a"), Some("b"), true)), Some(two));
        assert_eq!(files(diff(Some("a"), None, true)), Some((file("a"), None)));
        assert_eq!(files(diff(None, None, true)), Some((file("c"), None)));
        assert_eq!(files(diff(Some("a"), None, false)), None);
        assert_eq!(files(diff(None, None, false)), None);
    }
}

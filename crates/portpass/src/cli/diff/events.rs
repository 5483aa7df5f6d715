//! Where the events come from: a file, a server, or a store that none has.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use jiff::{SignedDuration, Timestamp};

use crate::{
    admin::{Client, EventQuery},
    cli::{block_on, offline, reach::Reach},
    config::Config,
    replay::{Batch, Feed, Lines},
    store::{EventFilter, Store},
};

/// How many events are asked for at a time: a few megabytes.
const PAGE: u32 = 2000;

/// Less than every id.
const BEFORE_ALL: &str = "0";

/// Where the events come from.
#[derive(Debug)]
pub(super) enum Source {
    /// Lines of `portpass events --json`; `-` is the standard input.
    File(PathBuf),
    /// A server, or its store if it does not run.
    Recorded {
        /// How it is reached.
        reach: Reach,
        /// How far back.
        days: u16,
    },
}

impl Source {
    /// Reads them all.
    pub(super) fn feed(self, feed: &Feed, now: Timestamp) -> anyhow::Result<()> {
        match self {
            Self::File(path) if path == Path::new("-") => lines(io::stdin().lock(), feed),
            Self::File(path) => {
                let reading = || format!("reading {}", path.display());
                let file = File::open(&path).with_context(reading)?;
                lines(file, feed).with_context(reading)
            }
            Self::Recorded { reach, days } => {
                let since = now - SignedDuration::from_hours(24 * i64::from(days));
                block_on(async {
                    match reach.server().await? {
                        Ok(client) => answers(&client, since, feed).await,
                        Err(config) => stored(&config, since, feed).await,
                    }
                })
            }
        }
    }
}

fn lines(input: impl Read, feed: &Feed) -> anyhow::Result<()> {
    let mut lines = Lines::of(input);
    while let Some((text, too_long)) = lines.batch()? {
        feed.take(Batch::Lines { text, too_long });
    }
    Ok(())
}

/// What a server answers, page by page.
async fn answers(client: &Client, since: Timestamp, feed: &Feed) -> anyhow::Result<()> {
    let mut query = EventQuery {
        after: Some(BEFORE_ALL.to_owned()),
        limit: Some(PAGE),
        since: Some(since),
        ..EventQuery::default()
    };
    loop {
        let events = client.ask(&query).await?;
        let Some(last) = events.last() else {
            return Ok(());
        };
        query.after = Some(last.id.clone());
        feed.take(Batch::Events(events));
    }
}

/// What is in the store of a server that does not run.
async fn stored(config: &Config, since: Timestamp, feed: &Feed) -> anyhow::Result<()> {
    let is_there = config.database_url.is_some() || config.data_dir.join("portpass.db").exists();
    if !is_there {
        // Else it would be made.
        bail!(
            "no server runs by this file, and {} holds no events: name the file that is served \
             with -c FILE, or events with --events-file FILE",
            config.data_dir.display()
        );
    }
    let files = offline::open(config).await?;
    let read = rows(&files.store, since, feed).await;
    files.close().await;
    read
}

async fn rows(store: &Store, since: Timestamp, feed: &Feed) -> anyhow::Result<()> {
    let mut filter = EventFilter {
        after: Some(BEFORE_ALL.to_owned()),
        since_ms: Some(since.as_millisecond()),
        ..EventFilter::default()
    };
    loop {
        let rows = store.events(&filter, PAGE).await?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        filter.after = Some(last.id.clone());
        feed.take(Batch::Rows(rows));
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, num::NonZeroUsize};

    use super::*;
    use crate::{
        config::Whence,
        event_id::event_id,
        replay::{Counts, Pair, Side, replay},
        store::{Change, EventRow},
    };

    const NOW: i64 = 1_790_000_000;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// A configuration in a folder of its own.
    fn configured(folder: &Path) -> (Config, Reach) {
        let path = folder.join("portpass.toml");
        let text = format!(
            "public_url = \"https://registry.example.com\"\n[store]\ndata_dir = '{}'\n\
             [registry.prod]\nservice = \"registry.example.com\"\nkind = \"distribution\"\n",
            folder.join("data").display()
        );
        fs::write(&path, text).unwrap();
        let whence = Whence::File(path);
        let config = whence.load().unwrap();
        (config, Reach::default().beside(&whence))
    }

    fn row(age: i64) -> Change<'static> {
        let at = at(NOW - age);
        Change::from(EventRow {
            id: event_id(at),
            at_ms: at.as_millisecond(),
            last_ms: at.as_millisecond(),
            count: 1,
            kind: "operator".to_owned(),
            reason: None,
            decision: None,
            login: None,
            registry: None,
            issuer: None,
            identity: None,
            body: "{}".to_owned(),
        })
    }

    fn counts(
        config: &Config,
        read: impl FnOnce(&Feed) -> anyhow::Result<()>,
    ) -> anyhow::Result<Counts> {
        let side = || Side::of(config, false, at(NOW)).unwrap();
        let tally = replay(&Pair::of(side(), side()), NonZeroUsize::MIN, read)?;
        Ok(tally.counts)
    }

    #[test]
    fn every_event_of_those_days_comes_once_from_the_store_and_from_a_server() {
        let folder = tempfile::tempdir().unwrap();
        let (config, reach) = configured(folder.path());
        let expected = u64::from(PAGE) * 2 + 7;
        block_on(async {
            let files = offline::open(&config).await?;
            let mut rows: Vec<_> = (0..expected).map(|_| row(3600)).collect();
            rows.extend([row(3 * 24 * 3600), row(9 * 24 * 3600)]);
            let mut transaction = files.store.begin().await?;
            transaction.write(&rows).await?;
            transaction.commit().await?;
            files.close().await;
            Ok(())
        })
        .unwrap();
        let recorded = |days| Source::Recorded {
            reach: reach.clone(),
            days,
        };
        let of_days = |days| counts(&config, |feed| recorded(days).feed(feed, at(NOW)));
        assert_eq!(of_days(2).unwrap().without_rules, expected);
        assert_eq!(of_days(4).unwrap().without_rules, expected + 1);
        let by_questions = counts(&config, |feed| {
            block_on(async {
                let files = offline::open(&config).await?;
                let client = Client::here(files.admin(&config)?, 0);
                let read = answers(&client, at(NOW - 2 * 24 * 3600), feed).await;
                files.close().await;
                read
            })
        });
        assert_eq!(by_questions.unwrap().without_rules, expected);
    }

    #[test]
    fn where_there_is_no_store_none_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let (config, reach) = configured(folder.path());
        let source = Source::Recorded { reach, days: 1 };
        let error = counts(&config, |feed| source.feed(feed, at(NOW))).unwrap_err();
        assert!(error.to_string().contains("--events-file"), "{error}");
        assert!(!config.data_dir.exists());
    }

    #[test]
    fn a_file_is_read_and_one_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let (config, _) = configured(folder.path());
        let path = folder.path().join("events.jsonl");
        let source = || Source::File(path.clone());
        let error = counts(&config, |feed| source().feed(feed, at(NOW))).unwrap_err();
        assert!(error.to_string().contains("events.jsonl"), "{error}");
        fs::write(&path, "{}\nnonsense").unwrap();
        let counts = counts(&config, |feed| source().feed(feed, at(NOW))).unwrap();
        assert_eq!((counts.events, counts.malformed), (2, 2));
    }
}

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

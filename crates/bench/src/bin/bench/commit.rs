//! A bare group commit: the rows of new JWTs, arriving as requests do, and nothing of the server but
//! its store.

use std::{
    hint, thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use bench::{
    cores::Cores,
    fill::{Sizes, opening},
    rows::Rows,
    schedule::Schedule,
};
use portpass::{
    clock::Clock,
    store::{Change, Conditions, DataDir, Store, Verdict},
};
use secrecy::SecretString;
use tokio::sync::mpsc;

use crate::place::Data;

/// The most rows in one commit, as the server's writer has it.
const BATCH: usize = 512;

/// Before it is due, a thread sleeps; the last of it, it waits awake.
const COARSE: Duration = Duration::from_millis(1);

/// What a token leaves: its session, and its event.
#[derive(Debug)]
struct Entry {
    conditions: Conditions,
    change: Change<'static>,
}

/// From when each row was due to when it was on the disk, shortest first.
///
/// The rows are committed on the server's core, and sent there from this one.
pub(crate) fn latencies(
    cores: Cores,
    data: &Data,
    count: usize,
    per_second: f64,
) -> Result<Vec<Duration>> {
    let entries = entries(count)?;
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::unbounded_channel();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let writer = scope.spawn(move || {
            cores.take_server_core()?;
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?
                .block_on(write(data, receiver, ready))
        });
        // Where it fails before that, its error is told below.
        if is_ready.recv().is_ok() {
            send(entries, per_second, &sender);
        }
        drop(sender);
        let mut latencies = writer.join().ok().context("the writer panicked")??;
        ensure!(latencies.len() == count, "rows were lost");
        latencies.sort_unstable();
        Ok(latencies)
    })
}

/// Sends each entry when it is due.
fn send(entries: Vec<Entry>, per_second: f64, sender: &mpsc::UnboundedSender<(Instant, Entry)>) {
    let start = Instant::now();
    for (after, entry) in Schedule::new(per_second).zip(entries) {
        let due = start + after;
        while let Some(early) = due.checked_duration_since(Instant::now()) {
            match early.checked_sub(COARSE) {
                Some(long) => thread::sleep(long),
                None => hint::spin_loop(),
            }
        }
        // A writer that is gone says itself why.
        if sender.send((due, entry)).is_err() {
            return;
        }
    }
}

/// Commits together all that came in while the one before was written.
async fn write(
    data: &Data,
    mut receiver: mpsc::UnboundedReceiver<(Instant, Entry)>,
    ready: std::sync::mpsc::Sender<()>,
) -> Result<Vec<Duration>> {
    let url = data.url.as_deref().map(SecretString::from);
    let store = Store::open(&DataDir::claim(&data.folder)?, url.as_ref()).await?;
    ready.send(())?;
    let mut latencies = Vec::new();
    let mut batch = Vec::with_capacity(BATCH);
    while receiver.recv_many(&mut batch, BATCH).await > 0 {
        let (dues, entries): (Vec<_>, Vec<_>) = batch.drain(..).unzip();
        commit(&store, entries).await?;
        latencies.extend(dues.iter().map(Instant::elapsed));
    }
    store.close().await;
    Ok(latencies)
}

async fn commit(store: &Store, entries: Vec<Entry>) -> Result<()> {
    let conditions: Vec<_> = entries.iter().map(|entry| &entry.conditions).collect();
    let mut transaction = store.begin().await?;
    let verdicts = transaction.settle(&conditions).await?;
    let kept = |verdict: &Verdict| matches!(verdict, Verdict::Kept { .. });
    ensure!(verdicts.iter().all(kept), "the store is not empty");
    let changes: Vec<_> = entries.into_iter().map(|entry| entry.change).collect();
    transaction.write(&changes).await?;
    transaction.commit().await?;
    Ok(())
}

fn entries(count: usize) -> Result<Vec<Entry>> {
    let sizes = Sizes {
        events: count.try_into()?,
        identities: 100,
        sessions: count.try_into()?,
    };
    let rows = Rows::new(&sizes, Clock::System.now())?;
    Ok((1..=sizes.sessions)
        .map(|number| Entry {
            conditions: Conditions {
                session: Some(opening(rows.session(number))),
                ..Conditions::default()
            },
            change: Change::from(rows.event(number)),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_committed_once_and_counted_from_when_it_was_due() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data {
            folder: folder.path().join("data"),
            url: None,
        };
        let rows = entries(20).unwrap();
        let (sender, receiver) = mpsc::unbounded_channel();
        let long_ago = Instant::now();
        for entry in rows {
            sender.send((long_ago, entry)).unwrap();
        }
        drop(sender);
        let (ready, _is_ready) = std::sync::mpsc::channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let latencies = runtime.block_on(write(&data, receiver, ready)).unwrap();
        assert_eq!(latencies.len(), 20);
        assert!(
            latencies
                .iter()
                .all(|latency| *latency <= long_ago.elapsed())
        );

        let events = runtime.block_on(async {
            let data_dir = DataDir::claim(&data.folder).unwrap();
            let store = Store::open(&data_dir, None).await.unwrap();
            let filter = portpass::store::EventFilter::default();
            store.events(&filter, 100).await.unwrap()
        });
        assert_eq!(events.len(), 20);
    }
}

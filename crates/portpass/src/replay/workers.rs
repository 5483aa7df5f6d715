//! Events weighed side by side: one reads, as many weigh as there are cores.

use std::{
    num::NonZeroUsize,
    panic,
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use super::{Pair, Tally, recorded::Recorded};
use crate::{audit::Event, store::EventRow};

/// Some events, as they come.
#[derive(Debug)]
pub enum Batch {
    /// As the admin API answers them.
    Events(Vec<Event>),
    /// Lines of `portpass events --json`.
    Lines {
        /// Whole lines.
        text: Vec<u8>,
        /// How many were too long to be one.
        too_long: u64,
    },
    /// As the store has them.
    Rows(Vec<EventRow>),
}

/// Takes batches; waits while all that weigh are busy.
#[derive(Debug)]
pub struct Feed(SyncSender<Batch>);

impl Feed {
    /// Takes one batch.
    pub fn take(&self, batch: Batch) {
        // If nobody is left to weigh it, they panicked, which is seen when they are joined.
        drop(self.0.send(batch));
    }
}

/// Weighs all that is fed, and gives what was found.
///
/// # Errors
///
/// Whatever keeps `read` from feeding.
pub fn replay<E>(
    pair: &Pair,
    workers: NonZeroUsize,
    read: impl FnOnce(&Feed) -> Result<(), E>,
) -> Result<Tally, E> {
    // One batch under way for each, and one in hand: memory is a few of them.
    let (sender, receiver) = sync_channel(workers.get());
    let receiver = Mutex::new(receiver);
    thread::scope(|scope| {
        let weighing: Vec<_> = (0..workers.get())
            .map(|_| scope.spawn(|| weigh_all(pair, &receiver)))
            .collect();
        let feed = Feed(sender);
        let read = read(&feed);
        drop(feed);
        let mut all = Tally::default();
        for worker in weighing {
            match worker.join() {
                Ok(tally) => all = all.joined(tally),
                Err(panic) => panic::resume_unwind(panic),
            }
        }
        read.map(|()| all)
    })
}

fn weigh_all(pair: &Pair, batches: &Mutex<Receiver<Batch>>) -> Tally {
    let mut tally = Tally::default();
    loop {
        let next = batches
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        match next {
            Ok(batch) => weigh(pair, &batch, &mut tally),
            Err(_over) => return tally,
        }
    }
}

fn weigh(pair: &Pair, batch: &Batch, tally: &mut Tally) {
    let mut count = |recorded: Option<Recorded<'_>>| pair.count(recorded, tally);
    match batch {
        Batch::Events(events) => events
            .iter()
            .for_each(|event| count(Recorded::of_event(event))),
        Batch::Lines { text, too_long } => {
            let lines = text.split(|byte| *byte == b'\n');
            let lines = lines.filter(|line| !line.trim_ascii().is_empty());
            lines.for_each(|line| count(Recorded::of_line(line)));
            (0..*too_long).for_each(|_| count(None));
        }
        Batch::Rows(rows) => rows.iter().for_each(|row| count(Recorded::of_row(row))),
    }
}

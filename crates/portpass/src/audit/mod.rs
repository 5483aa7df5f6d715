//! What happened: nothing is answered that was not recorded.
//!
//! [`Journal::record`] takes an outcome and gives it back as [`Recorded`] once
//! its event is on the disk; `http` renders nothing else. Who proved who they
//! are gets an event of their own; strangers are kept or counted, see
//! `sharing.rs`, so that they cannot fill the disk.

mod event;
mod intent;
mod origin;
mod sharing;
mod writer;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

pub use self::{
    event::{Event, reference},
    origin::Origin,
    sharing::Keep,
    writer::{Commits, Gate},
};
use crate::{
    refused::Refused,
    store::{Store, StoreError},
    token::SignedToken,
};

/// Requests that may wait for a commit at once; more are answered with 503.
const QUEUE: usize = 4096;

/// Where events go: one writer commits all that came in while it was busy.
#[derive(Clone, Debug)]
pub struct Journal {
    queue: mpsc::Sender<writer::Entry>,
}

/// An outcome whose event is on the disk. Only [`Journal::record`] makes one.
#[derive(Debug)]
pub struct Recorded {
    outcome: Result<SignedToken, Refused>,
}

impl Recorded {
    /// What may now be answered.
    pub fn outcome(&self) -> &Result<SignedToken, Refused> {
        &self.outcome
    }
}

impl Journal {
    /// A journal over a store, and the task that writes it.
    ///
    /// The task ends when the last copy of the journal is dropped and all that
    /// was queued is committed.
    pub fn open(store: Store, keep: Keep, commits: Commits) -> (Self, tokio::task::JoinHandle<()>) {
        let (queue, entries) = mpsc::channel(QUEUE);
        let task = tokio::spawn(writer::run(store, keep, commits, entries));
        (Self { queue }, task)
    }

    /// Commits the event of an outcome; when this returns, it may be answered.
    ///
    /// # Errors
    ///
    /// When the event could not be committed. Nothing may then be answered but
    /// that the service is unavailable.
    pub async fn record(
        &self,
        outcome: Result<SignedToken, Refused>,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Recorded, Unrecorded> {
        self.commit(intent::of_outcome(&outcome, origin, now))
            .await?;
        Ok(Recorded { outcome })
    }

    /// Commits the event of something an operator did.
    ///
    /// `actor` is who did it, such as `uid 0`; `action` what, in one word or
    /// two; `detail` any facts for the record.
    ///
    /// # Errors
    ///
    /// When the event could not be committed.
    pub async fn record_operator(
        &self,
        actor: &str,
        action: &str,
        detail: serde_json::Value,
        now: Timestamp,
    ) -> Result<(), Unrecorded> {
        self.commit(intent::of_operator(actor, action, &detail, now))
            .await
    }

    async fn commit(&self, intent: sharing::Intent) -> Result<(), Unrecorded> {
        if intent.is_of_strangers() && self.queue.capacity() < QUEUE / 2 {
            // The other half is for callers who prove who they are.
            return Err(Unrecorded::Full);
        }
        let (done, committed) = oneshot::channel();
        self.queue
            .try_send(writer::Entry { intent, done })
            .map_err(|error| match error {
                mpsc::error::TrySendError::Closed(_) => Unrecorded::Closed,
                mpsc::error::TrySendError::Full(_) => Unrecorded::Full,
            })?;
        match committed.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Unrecorded::Store(error)),
            Err(oneshot::error::RecvError { .. }) => Err(Unrecorded::Closed),
        }
    }
}

/// The event could not be committed, so nothing may be answered.
#[derive(Debug, thiserror::Error)]
pub enum Unrecorded {
    /// The writer has stopped: we are shutting down.
    #[error("the journal is closed")]
    Closed,
    /// More requests wait for a commit than the queue holds.
    #[error("the journal cannot keep up")]
    Full,
    /// The database refused the commit.
    #[error("the event was not committed: {0}")]
    Store(std::sync::Arc<StoreError>),
}

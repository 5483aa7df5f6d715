//! What happened: nothing is answered that was not recorded.
//!
//! [`Journal::record`] takes an outcome and gives it back as [`Recorded`] once
//! its event is on the disk, with everything that must come true with it: the
//! session, the refresh token, the namespaces (`conditions.rs`). `http` renders
//! nothing else. Who proved who they are gets an event of their own; strangers
//! are kept or counted, see `sharing.rs`, so that they cannot fill the disk.

mod body;
mod conditions;
mod event;
mod intent;
mod origin;
mod recorded;
mod refusal;
mod seen;
mod sharing;
mod writer;

#[cfg(test)]
mod tests;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use self::{conditions::Draft, seen::Seen, sharing::Intent};
pub use self::{
    event::{Event, reference},
    intent::operator_event,
    origin::Origin,
    recorded::{Recorded, SessionNow},
    sharing::Keep,
    writer::{Commits, Gate},
};
use crate::{
    answer::Answer,
    refused::Refused,
    store::{Conditions, Overtaken, Store, StoreError, Verdict},
};

/// Requests that may wait for a commit at once; more are answered with 503.
const QUEUE: usize = 4096;

/// Where events go: one writer commits all that came in while it was busy.
#[derive(Clone, Debug)]
pub struct Journal {
    queue: mpsc::Sender<writer::Entry>,
    seen: Arc<Seen>,
    overtaken: Arc<AtomicU64>,
}

impl Journal {
    /// A journal over a store, and the task that writes it.
    ///
    /// The task ends when the last copy of the journal is dropped and all that
    /// was queued is committed.
    pub fn open(store: Store, keep: Keep, commits: Commits) -> (Self, tokio::task::JoinHandle<()>) {
        let (queue, entries) = mpsc::channel(QUEUE);
        let task = tokio::spawn(writer::run(store, keep, commits, entries));
        let journal = Self {
            queue,
            seen: Arc::default(),
            overtaken: Arc::default(),
        };
        (journal, task)
    }

    /// Commits the event of an outcome and what must come true with it; when
    /// this returns, the outcome may be answered.
    ///
    /// # Errors
    ///
    /// When the event could not be committed: nothing may then be answered but
    /// that the service is unavailable. When the outcome was
    /// [overtaken](Unrecorded::Overtaken), it is as if it had never been.
    pub async fn record(
        &self,
        outcome: Result<Answer, Refused>,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<Recorded, Unrecorded> {
        let Draft {
            conditions,
            session,
            new_network,
        } = Draft::of(&outcome, origin, &self.seen, now);
        let intent = intent::of_outcome(&outcome, &conditions, new_network.as_deref(), origin, now);
        let noted = Seen::note_later(&conditions);
        match self.commit(intent, conditions).await? {
            Verdict::Kept {
                refresh_token,
                uses,
                sealed,
            } => {
                self.seen.note(noted);
                if let (Some(session), Some(network)) = (&session, &new_network) {
                    tracing::info!(
                        login.id = %session.session.login,
                        request.network = network,
                        "A login is used from another network"
                    );
                }
                Ok(Recorded {
                    outcome,
                    has_refresh_token: refresh_token,
                    session: session
                        .zip(uses)
                        .map(|(draft, uses)| draft.after(uses, sealed)),
                    network_changed: new_network.is_some(),
                })
            }
            Verdict::Overtaken(overtaken) => {
                self.overtaken.fetch_add(1, Ordering::Relaxed);
                Err(Unrecorded::Overtaken(overtaken))
            }
        }
    }

    /// Commits the event of something an operator did that is not in the
    /// store; what is goes through [`Store::act`] with an [`operator_event`].
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
        let intent = Intent::own(operator_event(actor, action, &detail, now));
        self.commit(intent, Conditions::default()).await.map(drop)
    }

    /// Whether so many requests wait that nothing else should use the database.
    pub fn is_busy(&self) -> bool {
        self.queue.capacity() < QUEUE / 2
    }

    /// How many outcomes were overtaken and dropped so far.
    pub fn overtaken(&self) -> u64 {
        self.overtaken.load(Ordering::Relaxed)
    }

    async fn commit(&self, intent: Intent, conditions: Conditions) -> Result<Verdict, Unrecorded> {
        if intent.is_of_strangers() && self.is_busy() {
            // The other half is for callers who prove who they are.
            return Err(Unrecorded::Full);
        }
        let (done, committed) = oneshot::channel();
        let entry = writer::Entry {
            intent,
            conditions,
            done,
        };
        self.queue.try_send(entry).map_err(|error| match error {
            mpsc::error::TrySendError::Closed(_) => Unrecorded::Closed,
            mpsc::error::TrySendError::Full(_) => Unrecorded::Full,
        })?;
        match committed.await {
            Ok(result) => result.map_err(Unrecorded::Store),
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
    /// What was decided is not so any more: to be decided again.
    #[error("the decision was overtaken: {0}")]
    Overtaken(Overtaken),
    /// The database refused the commit.
    #[error("the event was not committed: {0}")]
    Store(Arc<StoreError>),
}

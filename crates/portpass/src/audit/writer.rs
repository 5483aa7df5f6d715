//! The one writer: commits together all that came in while it was busy.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::{Semaphore, mpsc, oneshot};

use super::sharing::{Intent, Keep, Sharing};
use crate::store::{Store, StoreError};

/// The most events in one commit.
const BATCH: usize = 512;

/// An event to be committed, and who waits for it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) intent: Intent,
    pub(super) done: oneshot::Sender<Result<(), Arc<StoreError>>>,
}

/// When commits go through: at once, or as a test says.
#[derive(Clone, Debug)]
pub enum Commits {
    /// A test holds each commit back, or fails it.
    Gated(Arc<Gate>),
    /// At once.
    Straight,
}

/// A test's hand on the commits.
pub struct Gate {
    permits: Semaphore,
    failing: AtomicBool,
}

impl Gate {
    /// A gate that is shut.
    pub fn shut() -> Arc<Self> {
        Arc::new(Self {
            permits: Semaphore::new(0),
            failing: AtomicBool::new(false),
        })
    }

    /// Lets this many commits through.
    pub fn admit(&self, commits: usize) {
        self.permits.add_permits(commits);
    }

    /// From now on every commit fails, as on a full disk; or no longer.
    pub fn fail(&self, failing: bool) {
        self.failing.store(failing, Ordering::SeqCst);
    }

    async fn pass(&self) -> Result<(), StoreError> {
        if let Ok(permit) = self.permits.acquire().await {
            permit.forget();
        }
        if self.failing.load(Ordering::SeqCst) {
            let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
            return Err(StoreError::Folder(full));
        }
        Ok(())
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").finish_non_exhaustive()
    }
}

/// Writes until every [`super::Journal`] is gone and the queue is empty.
pub(super) async fn run(
    store: Store,
    keep: Keep,
    commits: Commits,
    mut entries: mpsc::Receiver<Entry>,
) {
    let mut sharing = Sharing::new(keep);
    let mut batch = Vec::with_capacity(BATCH);
    while entries.recv_many(&mut batch, BATCH).await > 0 {
        let mut waiting = Vec::with_capacity(batch.len());
        let mut intents = Vec::with_capacity(batch.len());
        for entry in batch.drain(..) {
            intents.push(entry.intent);
            waiting.push(entry.done);
        }
        let result = commit(&store, &commits, sharing.place(intents)).await;
        if let Err(error) = &result {
            tracing::error!(error = %error, events = waiting.len(), "Events were not committed");
            // Rows that this batch began may not exist: begin them anew.
            sharing.forget();
        }
        let result = result.map_err(Arc::new);
        for done in waiting {
            // Whoever waited may have gone; the event stands all the same.
            drop(done.send(result.clone()));
        }
    }
}

async fn commit(
    store: &Store,
    commits: &Commits,
    changes: Vec<crate::store::Change>,
) -> Result<(), StoreError> {
    match commits {
        Commits::Gated(gate) => gate.pass().await?,
        Commits::Straight => {}
    }
    store.write_events(&changes).await
}

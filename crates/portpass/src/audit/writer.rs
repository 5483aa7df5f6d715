//! The one writer: commits together all that came in while it was busy.

use std::{
    fmt,
    future::pending,
    panic::resume_unwind,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    runtime::Handle,
    sync::{Semaphore, mpsc, oneshot},
    task::{spawn_blocking, yield_now},
    time::{sleep, timeout},
};

use super::sharing::{Intent, Keep, Sharing};
use crate::store::{Conditions, Store, StoreError, Verdict};

/// The most events in one commit.
const BATCH: usize = 512;

/// How long a commit waits at most for others that are about to come. What the disk does for one
/// of them it does for all.
const GATHERING: Duration = Duration::from_millis(3);

/// How much later than a commit the next one begins. A disk that is faster would be given one
/// commit for every request or two, which takes the processor's time from those that come next.
const SPACING: Duration = Duration::from_millis(3);

/// How often a commit is tried that other writers get in the way of.
const ATTEMPTS: u32 = 4;

/// How long a commit may take where the database is another machine, which may go
/// away without a word: requests are answered with 503 then, and the next commit
/// is tried on another connection. Longer than the waits of one statement for locks.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(8);

/// An event to be committed, what must come true with it, and who waits for it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) intent: Intent,
    pub(super) conditions: Conditions,
    pub(super) done: oneshot::Sender<Result<Verdict, Arc<StoreError>>>,
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
    let mut writer = Writer {
        store,
        commits,
        sharing: Sharing::new(keep),
    };
    let mut batch = Vec::with_capacity(BATCH);
    let mut earliest = Instant::now();
    while entries.recv_many(&mut batch, BATCH).await > 0 {
        if let Some(early) = earliest.checked_duration_since(Instant::now()) {
            sleep(early).await;
        }
        gather(&mut entries, &mut batch).await;
        earliest = Instant::now() + SPACING;
        let result;
        (writer, batch, result) = writer.commit_aside(batch).await;
        let result = result.map_err(Arc::new);
        if let Err(error) = &result {
            tracing::error!(error = %error, events = batch.len(), "Events were not committed");
        }
        let mut verdicts = result.as_ref().map(|verdicts| verdicts.iter());
        for entry in batch.drain(..) {
            let answer = match &mut verdicts {
                Ok(verdicts) => verdicts.next().cloned().map(Ok),
                Err(error) => Some(Err(Arc::clone(error))),
            };
            if let Some(answer) = answer {
                // Whoever waited may have gone; the event stands all the same.
                drop(entry.done.send(answer));
            }
        }
    }
}

/// Takes what comes while every request that can go on does so. One that is alone never waits:
/// nobody comes while everybody else has nothing to do.
async fn gather(entries: &mut mpsc::Receiver<Entry>, batch: &mut Vec<Entry>) {
    let begun = Instant::now();
    loop {
        yield_now().await;
        let before = batch.len();
        while batch.len() < BATCH
            && let Ok(entry) = entries.try_recv()
        {
            batch.push(entry);
        }
        if batch.len() == before || batch.len() == BATCH || begun.elapsed() > GATHERING {
            return;
        }
    }
}

struct Writer {
    store: Store,
    commits: Commits,
    sharing: Sharing,
}

impl Writer {
    /// Commits a batch, where others do not wait for it: a file is waited for on a thread of
    /// its own, once for all statements.
    async fn commit_aside(
        mut self,
        mut batch: Vec<Entry>,
    ) -> (Self, Vec<Entry>, Result<Vec<Verdict>, StoreError>) {
        match self.store {
            Store::Postgres(_) => {
                let result = self.commit(&mut batch).await;
                (self, batch, result)
            }
            Store::Sqlite { .. } => {
                let runtime = Handle::current();
                let commit = move || {
                    let result = runtime.block_on(self.commit(&mut batch));
                    (self, batch, result)
                };
                match spawn_blocking(commit).await {
                    Ok(committed) => committed,
                    Err(stopped) => match stopped.try_into_panic() {
                        Ok(panic) => resume_unwind(panic),
                        // The runtime ends, and this task with it.
                        Err(_cancelled) => pending().await,
                    },
                }
            }
        }
    }

    /// Commits a batch, again if other writers came in between; one verdict
    /// for each entry.
    async fn commit(&mut self, batch: &mut [Entry]) -> Result<Vec<Verdict>, StoreError> {
        let mut attempt = 1;
        loop {
            let result = match self.store {
                Store::Postgres(_) => timeout(COMMIT_TIMEOUT, self.try_commit(batch))
                    .await
                    .unwrap_or(Err(StoreError::Slow)),
                // A commit to a disk cannot be given up.
                Store::Sqlite { .. } => self.try_commit(batch).await,
            };
            let Err(error) = result else {
                return result;
            };
            // Rows that this batch began may not exist: begin them anew.
            self.sharing.forget();
            if attempt == ATTEMPTS || !error.is_transient() {
                return Err(error);
            }
            tracing::debug!(error = %error, attempt, "A commit is tried again");
            attempt += 1;
        }
    }

    async fn try_commit(&mut self, batch: &mut [Entry]) -> Result<Vec<Verdict>, StoreError> {
        match &self.commits {
            Commits::Gated(gate) => gate.pass().await?,
            Commits::Straight => {}
        }
        let conditions: Vec<_> = batch.iter().map(|entry| &entry.conditions).collect();
        let mut transaction = self.store.begin().await?;
        let verdicts = transaction.settle(&conditions).await?;
        let mut standing = Vec::with_capacity(batch.len());
        for (entry, verdict) in batch.iter_mut().zip(&verdicts) {
            if entry.intent.settle(&entry.conditions, verdict) {
                standing.push(&entry.intent);
            }
        }
        let changes = self.sharing.place(standing);
        transaction.write(&changes).await?;
        transaction.commit().await?;
        Ok(verdicts)
    }
}

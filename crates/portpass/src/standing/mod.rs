//! What stands from before a request: sessions, secrets, members, owners,
//! revocations, bindings. In memory as far as it goes, in the store for good.
//!
//! What operators change is read as a whole ([`Settled`]) and exchanged as a
//! whole; what grows with use is read through and remembered for a while
//! (`memory.rs`). Where other replicas write too, `follow.rs` hears of it.

mod bindings;
mod follow;
mod hearing;
mod memory;
mod secrets;
mod settled;

#[cfg(test)]
mod tests;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use futures_util::future::BoxFuture;
use tokio::{
    sync::{Mutex, Semaphore},
    time::timeout,
};

use self::{hearing::Hearing, memory::Memory};
pub use self::{secrets::Refreshable, settled::Settled};
use crate::{
    decision::{Namespace, Owners},
    session::Session,
    short_id::ShortId,
    store::{Overtaken, Store, StoreError},
};

/// How long a request waits for the database: less than what is in memory
/// may be old, and far less than clients wait (docker: 15 s).
const PATIENCE: Duration = Duration::from_millis(1500);

/// What stands from before a request.
#[derive(Debug)]
pub struct Standing {
    store: Store,
    settled: ArcSwap<Settled>,
    /// A read puts what it finds into the memory that there was when it began.
    /// After a change there is another one, so that no old row gets into it.
    memory: ArcSwap<Memory>,
    hearing: Hearing,
    /// Held while a secret is looked up.
    lookups: Semaphore,
    /// Held while the revision is asked for on behalf of requests.
    asking: Mutex<()>,
    /// How many refreshes have begun.
    begun: AtomicU64,
    /// The number of the last refresh that succeeded; held by the one under way.
    refreshed: Mutex<u64>,
}

impl Standing {
    /// Reads what operators have settled.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn open(store: Store) -> Result<Self, StoreError> {
        let asked = Instant::now();
        let settled = Settled::read(&store).await?;
        Ok(Self {
            hearing: Hearing::new(is_shared(&store), asked),
            store,
            settled: ArcSwap::from_pointee(settled),
            memory: ArcSwap::default(),
            lookups: Semaphore::new(secrets::LOOKUPS),
            asking: Mutex::default(),
            begun: AtomicU64::new(0),
            refreshed: Mutex::default(),
        })
    }

    /// What operators have settled, no older than two seconds; where other
    /// replicas may write, a copy that is older is read again first, and
    /// anywhere one that a change here did not get into.
    ///
    /// # Errors
    ///
    /// When it is older and the database cannot be read in time.
    pub async fn settled(&self) -> Result<Arc<Settled>, StoreError> {
        if !self.hearing.is_current(Instant::now()) {
            in_time(self.catch_up()).await?;
        }
        Ok(self.settled.load_full())
    }

    /// What operators had settled when we last heard of it, however long ago.
    pub fn last_settled(&self) -> Arc<Settled> {
        self.settled.load_full()
    }

    /// How long ago the database was last heard; `None` where nobody else can
    /// write, so that nothing is to be heard (SQLite).
    pub fn silence(&self) -> Option<Duration> {
        self.hearing.silence(Instant::now())
    }

    /// Whether the database was heard lately enough to want requests.
    pub fn is_reachable(&self) -> bool {
        self.hearing.is_reachable(Instant::now())
    }

    /// Reads what operators have settled anew, and forgets everything that was
    /// only remembered: after a change here, or when another replica made one.
    ///
    /// Callers that come while one reads share the next reading.
    ///
    /// # Errors
    ///
    /// When the database fails; then what was known stays, and the next request
    /// reads it again: what an operator ended must not go on unseen.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        let begun_before = self.begun.load(Ordering::SeqCst);
        let mut refreshed = self.refreshed.lock().await;
        if *refreshed > begun_before {
            // Somebody else's began after we were called, so it saw our change.
            return Ok(());
        }
        let number = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let asked = Instant::now();
        let doubts = self.hearing.doubts();
        let settled = Settled::read(&self.store)
            .await
            .inspect_err(|_unread| self.hearing.doubt())?;
        self.settled.store(Arc::new(settled));
        self.memory.store(Arc::default());
        if let Some(doubts) = doubts {
            self.hearing.see_to(doubts);
        }
        self.hearing.heard(asked);
        *refreshed = number;
        Ok(())
    }

    /// The session of a login.
    ///
    /// # Errors
    ///
    /// When the database fails, or does not answer in time.
    pub async fn session(&self, login: ShortId) -> Result<Option<Arc<Session>>, StoreError> {
        let memory = self.memory.load_full();
        if let Some(session) = memory.session(login) {
            return Ok(Some(session));
        }
        let Some(row) = in_time(self.store.session(&login.to_string())).await? else {
            return Ok(None);
        };
        Ok(Some(memory.keep_session(Arc::new(Session::of(row)?))))
    }

    /// The session of a login as the database has it now, whatever is remembered.
    ///
    /// # Errors
    ///
    /// When the database fails, or does not answer in time.
    pub async fn session_afresh(&self, login: ShortId) -> Result<Option<Arc<Session>>, StoreError> {
        let row = in_time(self.store.session(&login.to_string())).await?;
        row.map(|row| Session::of(row).map(Arc::new)).transpose()
    }

    /// The session of a login, if it is remembered; the database is not asked.
    pub fn remembered(&self, login: ShortId) -> Option<Arc<Session>> {
        self.memory.load().session(login)
    }

    /// Notes that a session was stored or used, after the commit.
    pub fn remember(&self, session: Arc<Session>) {
        self.memory.load().keep_session(session);
    }

    /// Who owns which of some namespaces of a registry.
    ///
    /// That nobody owns one is asked each time: it may be another's by now.
    ///
    /// # Errors
    ///
    /// When the database fails, or does not answer in time.
    pub async fn owners(
        &self,
        registry: &str,
        namespaces: &[Namespace],
    ) -> Result<Owners, StoreError> {
        let memory = self.memory.load_full();
        let mut owners = Owners::new();
        let mut unknown = Vec::new();
        for namespace in namespaces {
            match memory.owner(registry, &namespace.name) {
                Some(owner) => drop(owners.insert(namespace.name.clone(), owner)),
                None => unknown.push(namespace.name.clone()),
            }
        }
        if unknown.is_empty() {
            return Ok(owners);
        }
        for row in in_time(self.store.owners(registry, &unknown)).await? {
            let owner = (row.issuer.into(), row.owner.into());
            memory.keep_owner(registry, &row.namespace, &owner);
            owners.insert(row.namespace, owner);
        }
        Ok(owners)
    }

    /// Forgets what a transaction found to be otherwise, and looks again at
    /// how a session is that may not be used like this any more.
    ///
    /// # Errors
    ///
    /// When the database fails, or does not answer in time.
    pub async fn reconsider(&self, overtaken: &Overtaken) -> Result<(), StoreError> {
        let memory = self.memory.load_full();
        match overtaken {
            Overtaken::Namespace {
                registry,
                namespace,
            } => memory.forget_owner(registry, namespace),
            Overtaken::Session { login } => {
                if let Ok(login) = login.parse() {
                    memory.forget_session(login);
                    self.session(login).await?;
                }
            }
        }
        Ok(())
    }
}

/// Whether other processes may write to it.
fn is_shared(store: &Store) -> bool {
    match store {
        Store::Postgres(_) => true,
        Store::Sqlite { .. } => false,
    }
}

/// What a request waits for, yet not for ever.
///
/// Most requests read nothing: boxed, it is not part of what each of them takes along.
fn in_time<'r, T>(
    reading: impl Future<Output = Result<T, StoreError>> + Send + 'r,
) -> BoxFuture<'r, Result<T, StoreError>> {
    Box::pin(async {
        timeout(PATIENCE, reading)
            .await
            .unwrap_or(Err(StoreError::Slow))
    })
}

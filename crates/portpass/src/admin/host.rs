//! Where operators' requests are carried out: a server, or a command's own files.

use std::{path::PathBuf, sync::Arc};

use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::{
    clock::Clock,
    portpass::Portpass,
    snapshot::Snapshot,
    store::{Store, StoreError},
};

/// What the operators' handlers hold.
#[derive(Clone, Debug)]
pub struct Admin {
    pub(super) host: Host,
    /// Where everything is that they ask about.
    pub(super) store: Store,
    /// The folder of the keys that this process made.
    pub(super) keys: PathBuf,
}

/// Who carries requests out.
#[derive(Clone, Debug)]
pub(super) enum Host {
    /// A command, while no server uses the files.
    Files {
        clock: Arc<Clock>,
        snapshot: Arc<Snapshot>,
    },
    /// A running server.
    Server {
        portpass: Arc<Portpass>,
        /// Asks for the configuration to be read again.
        reload: mpsc::Sender<()>,
    },
}

impl Admin {
    /// The handlers of a running server; `keys` is the folder of its keys.
    pub fn of_server(
        portpass: Arc<Portpass>,
        store: Store,
        reload: mpsc::Sender<()>,
        keys: PathBuf,
    ) -> Self {
        Self {
            host: Host::Server { portpass, reload },
            store,
            keys,
        }
    }

    /// The handlers of a command, over a store that no server in this place uses.
    pub fn of_files(clock: Clock, snapshot: Snapshot, store: Store, keys: PathBuf) -> Self {
        Self {
            host: Host::Files {
                clock: Arc::new(clock),
                snapshot: Arc::new(snapshot),
            },
            store,
            keys,
        }
    }
}

impl Host {
    pub(super) fn now(&self) -> Timestamp {
        match self {
            Self::Files { clock, .. } => clock.now(),
            Self::Server { portpass, .. } => portpass.clock.now(),
        }
    }

    /// Issuers, rules and registries as they are now.
    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        match self {
            Self::Files { snapshot, .. } => Arc::clone(snapshot),
            Self::Server { portpass, .. } => portpass.snapshot.load_full(),
        }
    }

    /// Puts a change into force that the store has.
    pub(super) async fn refresh(&self) -> Result<(), StoreError> {
        match self {
            Self::Files { .. } => Ok(()),
            Self::Server { portpass, .. } => portpass.standing.refresh().await,
        }
    }
}

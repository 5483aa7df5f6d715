//! Reads the configuration again while serving: all of it, or none.

use std::{sync::Arc, time::Duration};

use anyhow::ensure;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};

use super::issuers;
use crate::{
    config::{Config, Watch, Whence},
    http::tls::Tls,
    metrics::Metrics,
    portpass::Portpass,
    snapshot::Snapshot,
    trial,
};

/// How often we look whether the files have changed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What a running server was started with, and what it may exchange.
pub(super) struct Reloader {
    whence: Whence,
    started: Config,
    watch: Watch,
    portpass: Arc<Portpass>,
    metrics: Arc<Metrics>,
    tls: Option<Tls>,
    /// Whether issuers have changed and their names are not yet bound.
    unbound: bool,
}

impl Reloader {
    pub(super) fn new(
        whence: Whence,
        started: Config,
        portpass: Arc<Portpass>,
        metrics: Arc<Metrics>,
        tls: Option<Tls>,
    ) -> Self {
        Self {
            whence,
            watch: Watch::new(started.footprint.clone()),
            started,
            portpass,
            metrics,
            tls,
            unbound: false,
        }
    }

    /// Reloads on SIGHUP, when an operator asks, and when the files have
    /// changed and are still.
    pub(super) async fn run(mut self, mut asked: mpsc::Receiver<()>) {
        let mut hangup = match signal(SignalKind::hangup()) {
            Ok(hangup) => hangup,
            Err(error) => {
                tracing::error!(error = %error, "SIGHUP will not be heard");
                return;
            }
        };
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let due = tokio::select! {
                _ = hangup.recv() => true,
                Some(()) = asked.recv() => true,
                _ = look.tick() => self.has_changed(),
            };
            if due {
                tokio::task::block_in_place(|| self.reload());
            }
            if self.unbound {
                self.bind_issuers().await;
            }
        }
    }

    /// What is served is right without it: names that are not bound yet have
    /// nothing to lose, and nobody can prove to be of an issuer that is gone.
    async fn bind_issuers(&mut self) {
        let now = self.portpass.clock.now();
        let snapshot = self.portpass.snapshot.load_full();
        match issuers::bind(&self.portpass.standing, &snapshot.directory, now).await {
            Ok(()) => self.unbound = false,
            Err(error) => tracing::error!(
                error = %error,
                "The issuers' names were not bound; it is tried again"
            ),
        }
    }

    fn has_changed(&mut self) -> bool {
        let changed = tokio::task::block_in_place(|| self.watch.look());
        if let Some(changed) = &changed {
            tracing::info!(config.files = ?changed.files, "The configuration has changed");
        }
        changed.is_some()
    }

    fn reload(&mut self) {
        let result = self.apply();
        self.metrics.count_reload(result.is_ok());
        match result {
            Ok(()) => tracing::info!("The configuration was read again"),
            Err(error) => tracing::error!(
                error = format!("{error:#}"),
                "The configuration was not applied; the old one stays"
            ),
        }
    }

    /// Everything that can fail comes before the first thing that changes what
    /// is served: once the keys are exchanged, a given one signs.
    fn apply(&mut self) -> anyhow::Result<()> {
        let now = self.portpass.clock.now();
        let config = self.whence.load()?;
        // Tokens, discovery and the registries' own files have to agree on it.
        ensure!(
            config.public_url == self.started.public_url,
            "public_url cannot change while serving: it is the `iss` that registries expect; restart Portpass with them"
        );
        self.warn_of_restart(&config);
        let previous = self.portpass.snapshot.load_full();
        let snapshot = Arc::new(Snapshot::of(&config, Some(&previous), now)?);
        trial::check(&config, &snapshot, now)?;
        snapshot.open_session_key(&self.started.data_dir)?;
        if let Some(tls) = &self.tls {
            tls.check()?;
        }
        self.portpass.signer.prepare(&config.registries, now)?;
        if let Some(tls) = &self.tls {
            tls.reload()?;
        }
        self.portpass.snapshot.store(snapshot);
        self.unbound = true;
        self.watch = Watch::new(config.footprint);
        Ok(())
    }

    /// Names the sections that only a restart can change.
    fn warn_of_restart(&self, config: &Config) {
        let started = &self.started;
        let changed = [
            (
                "[admin]",
                config.admin_socket != started.admin_socket
                    || config.admin_listen != started.admin_listen,
            ),
            ("[events]", config.events != started.events),
            ("[keys]", config.keys != started.keys),
            ("[limits]", config.limits != started.limits),
            ("[listen]", config.listen != started.listen),
            ("[log]", config.log != started.log),
            (
                "[store]",
                config.data_dir != started.data_dir || config.database_url != started.database_url,
            ),
            ("[tls]", config.tls != started.tls),
        ];
        for (section, changed) in changed {
            if changed {
                tracing::warn!(
                    config.section = section,
                    "A change takes effect at the next start"
                );
            }
        }
    }
}

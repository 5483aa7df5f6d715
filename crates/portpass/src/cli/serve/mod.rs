//! `portpass serve`: wires the parts together and serves.

mod descriptors;
mod issuers;
mod prune;
mod reload;
mod tasks;

use std::{net::SocketAddr, process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context as _;
use arc_swap::ArcSwap;
use clap::Args;
use tokio::{
    net::{TcpListener, TcpSocket},
    signal::unix::{SignalKind, signal},
    sync::{mpsc, watch},
    task::JoinHandle,
};

use self::reload::Reloader;
use super::{offline, printer::Printer};
use crate::{
    admin::{self, Admin, Socket},
    audit::{Commits, Journal, Keep},
    clock::Clock,
    config::{Config, SecretText, Whence},
    dev,
    http::{self, Edge, Late, Readiness, server::Bounds, tls::Tls},
    limits::{Limits, Rates},
    metrics::Metrics,
    portpass::Portpass,
    snapshot::Snapshot,
    standing::Standing,
    store::{DataDir, Store},
    token::Signer,
    trial,
};

/// How long we still answer after we were told to leave, saying so, before
/// connections are ended: load balancers and clients look elsewhere meanwhile.
const LAME_DUCK: Duration = Duration::from_secs(1);

/// Rows of anonymous grants begun per minute; the rest share one.
const ANONYMOUS_ROWS: u32 = 1000;

/// Connections that wait to be accepted, as far as the system allows: when many
/// come at once, one that finds no place here tries again after a second only.
const BACKLOG: u32 = 4096;

/// Operators' connections over TCP at once.
const ADMIN_CONNECTIONS: usize = 64;

/// Serve tokens until a signal says to stop.
#[derive(Args, Debug)]
pub(super) struct Serve;

impl Serve {
    pub(super) fn run(whence: Whence) -> anyhow::Result<ExitCode> {
        let config = whence.load()?;
        dev::marker::refuse(&config.data_dir)?;
        let data_dir = offline::claim(&config)?;
        serve(config, whence, data_dir, None)
    }
}

/// Serves a configuration until a signal says to stop; prints a text, if there
/// is one, as soon as requests are answered.
pub(super) fn serve(
    config: Config,
    whence: Whence,
    data_dir: DataDir,
    when_ready: Option<&str>,
) -> anyhow::Result<ExitCode> {
    let _logs = crate::telemetry::set_up(&config.log)?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(run(config, whence, data_dir, when_ready))?;
    Ok(ExitCode::SUCCESS)
}

async fn run(
    config: Config,
    whence: Whence,
    data_dir: DataDir,
    when_ready: Option<&str>,
) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;

    let mut server = Server::start(config, whence, &data_dir).await?;
    tracing::info!(server.http = %server.http, server.ops = %server.ops, "Portpass is serving");
    if let Some(text) = when_ready {
        Printer::text(text)?;
    }
    let result = tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
        broken = server.broken() => Err(broken),
    };
    server.stop().await;
    drop(data_dir);
    result
}

/// A server that is running.
#[derive(Debug)]
struct Server {
    http: SocketAddr,
    ops: SocketAddr,
    readiness: Readiness,
    leave: watch::Sender<bool>,
    serving: JoinHandle<()>,
    background: tokio::task::JoinSet<()>,
    journal: JoinHandle<()>,
    portpass: std::sync::Weak<Portpass>,
    store: Store,
}

impl Server {
    async fn start(config: Config, whence: Whence, data_dir: &DataDir) -> anyhow::Result<Self> {
        for warning in config.warnings() {
            tracing::warn!("{warning}");
        }
        let url = config.database_url.as_ref().map(SecretText::secret);
        let store = Store::open(data_dir, url)
            .await
            .context("opening the database")?;
        let keep = Keep {
            strangers: config.events.unproven_kept_per_minute,
            anonymous: ANONYMOUS_ROWS,
        };
        let (journal, journal_task) = Journal::open(store.clone(), keep, Commits::Straight);
        let portpass = Arc::new(journey(&config, store.clone(), journal).await?);

        let tls = match &config.tls {
            Some(files) => Some(Tls::load(&files.certificate, &files.key)?),
            None => None,
        };
        let http = listen(config.listen.http)?;
        let ops = listen(config.listen.ops)?;
        let socket = Socket::bind(&config.admin_socket)?;
        let (http_address, ops_address) = (http.local_addr()?, ops.local_addr()?);

        let readiness = Readiness::default();
        let metrics = Arc::new(Metrics::new());
        let edge = Arc::new(Edge {
            portpass: Arc::clone(&portpass),
            late: Late::by(config.limits.limited_answer_delay.duration()),
            metrics: Arc::clone(&metrics),
            trusted_proxies: config.listen.trusted_proxies.clone(),
            max_body_bytes: config.limits.body_max_bytes.number() as usize,
            public_url: config.public_url.clone(),
            readiness: readiness.clone(),
        });
        descriptors::allow(config.limits.connections.number());
        let bounds = bounds(&config, &metrics);
        let (leave, leaving) = watch::channel(false);
        let serving = tokio::spawn(http::server::serve(
            http,
            http::public(Arc::clone(&edge)),
            tls.clone(),
            bounds.clone(),
            leaving.clone(),
        ));
        // Operators' own: whoever reaches them may have all connections there are.
        let bounds = Bounds {
            connections_per_address: bounds.connections,
            ..bounds
        };

        let (reload, reloads) = mpsc::channel(1);
        let keys = data_dir.path().join("keys");
        let admin = Admin::of_server(Arc::clone(&portpass), store.clone(), reload, keys);
        let ops_router = http::ops(edge, config.metrics.enabled);
        let admin_listen = config.admin_listen.clone();
        let keep_events = config.events.keep.duration();
        let reloader = Reloader::new(
            whence,
            config,
            Arc::clone(&portpass),
            Arc::clone(&metrics),
            tls.clone(),
        );
        let mut background = tokio::task::JoinSet::new();
        if let Some(settings) = admin_listen {
            let tcp = listen(settings.address)?;
            tracing::info!(server.admin = %tcp.local_addr()?, "Operators are served over TCP");
            let router = admin::protected(admin.clone(), &settings.tokens, Arc::clone(&metrics));
            let bounds = Bounds {
                connections: ADMIN_CONNECTIONS,
                ..bounds.clone()
            };
            let (tls, leaving) = (tls.clone(), leaving.clone());
            background.spawn(http::server::serve(tcp, router, tls, bounds, leaving));
        }
        background.spawn(http::server::serve(ops, ops_router, None, bounds, leaving));
        background.spawn(async move { match socket.serve(admin).await {} });
        background.spawn(tasks::maintain_keys(Arc::clone(&portpass)));
        background.spawn(tasks::refresh_issuers(Arc::clone(&portpass)));
        background.spawn(tasks::follow_replicas(Arc::clone(&portpass)));
        background.spawn(tasks::end_withdrawn(Arc::clone(&portpass)));
        background.spawn(prune::prune(
            Arc::clone(&portpass),
            store.clone(),
            metrics,
            keep_events,
        ));
        background.spawn(reloader.run(reloads));
        Ok(Self {
            http: http_address,
            ops: ops_address,
            readiness,
            leave,
            serving,
            background,
            journal: journal_task,
            portpass: Arc::downgrade(&portpass),
            store,
        })
    }

    /// Waits until a part ends that should go on as long as we do. To be
    /// started anew is then better than to go on without it: keys that nobody
    /// renews end in two days, and nobody would know why.
    async fn broken(&mut self) -> anyhow::Error {
        let ended = tokio::select! {
            ended = &mut self.serving => ended,
            ended = &mut self.journal => ended,
            Some(ended) = self.background.join_next() => ended,
        };
        match ended {
            Ok(()) => anyhow::anyhow!("a part of the server ended by itself"),
            Err(error) => anyhow::Error::new(error).context("a part of the server broke"),
        }
    }

    /// Answers what has begun, and commits what was recorded.
    async fn stop(mut self) {
        tracing::info!("Portpass is leaving");
        self.readiness.leave();
        tokio::time::sleep(LAME_DUCK).await;
        // Nobody listens any more only if serving has ended by itself.
        let _ = self.leave.send(true);
        finish(&mut self.serving).await;
        self.background.shutdown().await;
        // The journal ends when nobody can record any more.
        if self.portpass.upgrade().is_none() {
            finish(&mut self.journal).await;
        }
        self.store.close().await;
        tracing::info!("Portpass has left");
    }
}

/// How the connections of clients and registries are bounded.
fn bounds(config: &Config, metrics: &Arc<Metrics>) -> Bounds {
    let limits = &config.limits;
    Bounds {
        body: limits.body_timeout.duration(),
        body_bytes: limits.body_max_bytes.number() as usize,
        connections: limits.connections.number() as usize,
        connections_per_address: limits.connections_per_address.number() as usize,
        header_bytes: limits.header_max_bytes.number(),
        header: limits.header_timeout.duration(),
        request: limits.request_timeout.duration(),
        drain: limits.shutdown_timeout.duration(),
        trusted_proxies: config.listen.trusted_proxies.clone(),
        metrics: Some(Arc::clone(metrics)),
    }
}

/// Everything that requests pass through.
async fn journey(config: &Config, store: Store, journal: Journal) -> anyhow::Result<Portpass> {
    let clock = Clock::System;
    let now = clock.now();
    let snapshot = Arc::new(Snapshot::of(config, None, now)?);
    trial::check(config, &snapshot, now)?;
    let settings = config.keys.clone();
    let registries = config.registries.clone();
    // Keys may have to be made: not on a thread that serves.
    let signer = tokio::task::spawn_blocking(move || Signer::open(&settings, &registries, now))
        .await?
        .context("opening the signing keys")?;
    snapshot.open_session_key(&config.data_dir)?;
    let standing = Standing::open(store)
        .await
        .context("reading what operators have settled")?;
    issuers::bind(&standing, &snapshot.directory, now)
        .await
        .context("binding the issuers' names")?;
    let rates = Rates {
        identity_per_minute: config.limits.requests_per_identity_per_minute.number(),
        unproven_per_minute: config.limits.unproven_per_address_per_minute.number(),
    };
    Ok(Portpass {
        clock,
        journal,
        limits: Limits::new(rates)
            .with_sessions_per_hour(config.limits.sessions_per_identity_per_hour.number()),
        signer,
        snapshot: ArcSwap::new(snapshot),
        standing,
    })
}

/// Waits for a task, unless it has ended before.
async fn finish(task: &mut JoinHandle<()>) {
    if !task.is_finished()
        && let Err(error) = task.await
    {
        tracing::error!(error = %error, "A part of the server ended badly");
    }
}

fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listen = || {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listen().with_context(|| format!("listening on {address}"))
}

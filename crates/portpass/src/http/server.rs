//! Connections: accepted, bounded in number and time, and ended without loss.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{body::Body, response::Response};
use futures_util::FutureExt as _;
use http_body_util::BodyExt as _;
use hyper::{
    Request,
    body::{Body as _, Incoming},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use ipnet::IpNet;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::{Semaphore, watch},
    time::{sleep, timeout},
};
use tower::{Service, ServiceExt as _};

use super::{
    Peer,
    answer::{too_slow, unread},
    body::{Bodies, Reading},
    client_ip::client_ip,
    listener::{Accepted, Listener},
    tls::Tls,
};
use crate::{
    limits::{Share, Shares},
    metrics::Metrics,
};

/// How many requests one HTTP/2 connection may have open.
const MAX_STREAMS: u32 = 16;

/// How long to wait after an accept that failed for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How often it is said that connections are not accepted: without descriptors
/// that is so many times a second.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// How long the backlog may be quiet before it counts as empty at the end.
const BACKLOG_QUIET: Duration = Duration::from_millis(50);

/// How long the backlog is emptied at most, where clients never stop coming.
const BACKLOG_LIMIT: Duration = Duration::from_secs(1);

/// How many bytes of a body an HTTP/2 client may send ahead of its being read.
const STREAM_WINDOW: u32 = 64 << 10;

/// The same, of all bodies of one connection.
const CONNECTION_WINDOW: u32 = 256 << 10;

/// How connections are bounded.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// How long a client may take to send the body of a request.
    pub body: Duration,
    /// The longest body that is read, in bytes.
    pub body_bytes: usize,
    /// Connections open at once; more wait to be accepted.
    pub connections: usize,
    /// Of them, those from one address (`/64` of IPv6) that is no trusted
    /// proxy; more are closed at once.
    pub connections_per_address: usize,
    /// The largest header of a request, in bytes.
    pub header_bytes: u32,
    /// How long a client may take for a TLS handshake, or for the header of a
    /// request; an idle connection is closed after as long.
    pub header: Duration,
    /// How long a request may take, from its header to its answer.
    pub request: Duration,
    /// How long answers under way may take once we are asked to end.
    pub drain: Duration,
    /// Peers that speak for others.
    pub trusted_proxies: Vec<IpNet>,
    /// Where connections are counted that were closed at once.
    pub metrics: Option<Arc<Metrics>>,
}

/// Serves until `leave` turns true, then ends every connection after the
/// answer that it is waiting for.
///
/// Connections that were waiting in the backlog are still accepted then, and
/// answers under way have [`Bounds::drain`] to be finished.
pub async fn serve(
    listener: TcpListener,
    service: impl Answers,
    tls: Option<Tls>,
    bounds: Bounds,
    mut leave: watch::Receiver<bool>,
) {
    let listener = match Listener::of(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(error = %error, "Nothing can be accepted");
            return;
        }
    };
    let graceful = GracefulShutdown::new();
    let connections = Arc::new(Semaphore::new(bounds.connections));
    let drain = bounds.drain;
    let server = Server {
        service,
        tls,
        bodies: Bodies::new(bounds.body_bytes, bounds.body),
        hosts: Shares::new(u64::MAX, bounds.connections_per_address as u64),
        bounds: Arc::new(bounds),
    };
    let mut told: Option<Instant> = None;
    loop {
        let permit = tokio::select! {
            permit = Arc::clone(&connections).acquire_owned() => permit,
            _ = leave.wait_for(|leaving| *leaving) => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = leave.wait_for(|leaving| *leaving) => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let Some(place) = server.place(peer.ip()) else {
                    if let Some(metrics) = &server.bounds.metrics {
                        metrics.count_turned_away();
                    }
                    stream.turn_away();
                    continue;
                };
                let connection = server.clone().connection(stream, peer.ip(), &graceful);
                tokio::spawn(async move {
                    connection.await;
                    drop((permit, place));
                });
            }
            Err(error) => {
                if told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
                    tracing::warn!(error = %error, "A connection was not accepted");
                    told = Some(Instant::now());
                }
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    let take = |(stream, peer): (Accepted, SocketAddr)| {
        tokio::spawn(server.clone().connection(stream, peer.ip(), &graceful));
    };
    let emptied = timeout(BACKLOG_LIMIT, async {
        while let Ok(Ok(accepted)) = timeout(BACKLOG_QUIET, listener.accept()).await {
            take(accepted);
        }
    });
    if emptied.await.is_err() {
        // They still come: take those who are there at this moment, and no more.
        while let Some(Ok(accepted)) = listener.accept().now_or_never() {
            take(accepted);
        }
    }
    drop(listener);
    if timeout(drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("Some answers were not finished in time and were cut off");
    }
}

/// What answers requests: a router, or what stands before it.
pub trait Answers:
    Service<Request<Body>, Response = Response, Error = Infallible, Future: Send>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> Answers for S where
    S: Service<Request<Body>, Response = Response, Error = Infallible, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static
{
}

#[derive(Clone)]
struct Server<S> {
    service: S,
    tls: Option<Tls>,
    bounds: Arc<Bounds>,
    bodies: Bodies,
    hosts: Arc<Shares>,
}

impl<S: Answers> Server<S> {
    /// A place among the connections of the peer's address, if there is one. Who
    /// speaks for others has as many as there are.
    fn place(&self, peer: IpAddr) -> Option<Share> {
        let trusted = &self.bounds.trusted_proxies;
        if trusted.iter().any(|net| net.contains(&peer.to_canonical())) {
            return Some(self.hosts.nothing(peer));
        }
        self.hosts.take(peer)
    }

    /// One connection, from its handshake to its end.
    fn connection(
        self,
        stream: Accepted,
        peer: IpAddr,
        graceful: &GracefulShutdown,
    ) -> impl Future<Output = ()> + use<S> {
        let watcher = graceful.watcher();
        async move {
            let stream = match stream.keep() {
                Ok(stream) => stream,
                Err(error) => {
                    tracing::debug!(error = %error, "A connection was not kept");
                    return;
                }
            };
            match &self.tls {
                None => self.requests(stream, peer, watcher).await,
                Some(tls) => match timeout(self.bounds.header, tls.accept(stream)).await {
                    Ok(Ok(stream)) => self.requests(stream, peer, watcher).await,
                    Ok(Err(error)) => tracing::debug!(error = %error, "A TLS handshake failed"),
                    Err(elapsed) => {
                        tracing::debug!(error = %elapsed, "A TLS handshake took too long");
                    }
                },
            }
        }
    }

    async fn requests(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: IpAddr,
        watcher: hyper_util::server::graceful::Watcher,
    ) {
        let answers = self.service.clone();
        let (bounds, bodies) = (Arc::clone(&self.bounds), self.bodies.clone());
        let activity = Arc::new(Activity::default());
        let begins = Arc::clone(&activity);
        let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
            let under_way = UnderWay::of(&begins);
            request.extensions_mut().insert(Peer(peer));
            let answers = answers.clone();
            let client = |request: &Request<Incoming>| {
                client_ip(Peer(peer), request.headers(), &bounds.trusted_proxies)
            };
            let (request, reading) = bodies.bound(request, client);
            let limit = bounds.request;
            async move {
                let activity = Arc::clone(&under_way.0);
                let mut response = answer(answers, request, limit).await;
                if let Some(fault) = reading.as_deref().and_then(Reading::fault) {
                    response = unread(fault);
                }
                drop((under_way, reading));
                Ok::<_, Infallible>(while_taken(response, activity))
            }
        });
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(self.bounds.header)
            .max_buf_size(self.bounds.header_bytes as usize);
        builder
            .http2()
            .timer(TokioTimer::new())
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(self.bounds.header_bytes)
            .max_concurrent_streams(MAX_STREAMS)
            .keep_alive_interval(self.bounds.header)
            .keep_alive_timeout(self.bounds.header);
        let connection = builder
            .serve_connection(TokioIo::new(stream), service)
            .into_owned();
        tokio::select! {
            ended = pin!(watcher.watch(connection)) => {
                if let Err(error) = ended {
                    tracing::debug!(error = %error, "A connection ended early");
                }
            }
            () = silence(&activity, self.bounds.header) => {
                tracing::debug!("A connection brought no request in time, or did not take its answers");
            }
        }
    }
}

/// What a connection is doing: how many requests are under way, and a number
/// that changes whenever one begins or ends.
#[derive(Debug, Default)]
struct Activity {
    open: AtomicUsize,
    turns: AtomicU64,
}

/// One request under way, until it is answered or given up.
struct UnderWay(Arc<Activity>);

impl UnderWay {
    fn of(activity: &Arc<Activity>) -> Self {
        activity.open.fetch_add(1, Ordering::Relaxed);
        activity.turns.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(activity))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.turns.fetch_add(1, Ordering::Relaxed);
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An answer of unknown length is under way as long as somebody takes it.
fn while_taken(response: Response, activity: Arc<Activity>) -> Response {
    if response.body().size_hint().exact().is_some() {
        return response;
    }
    response.map(|body| {
        Body::new(body.map_frame(move |frame| {
            activity.turns.fetch_add(1, Ordering::Relaxed);
            frame
        }))
    })
}

/// Ends when a connection has had no request under way for a while.
///
/// The protocols' own timeouts do not cover a client that never says which of
/// them it speaks, an idle HTTP/2 client that answers pings, and one that never
/// reads what it asked for.
async fn silence(activity: &Activity, limit: Duration) {
    let mut seen = activity.turns.load(Ordering::Relaxed);
    loop {
        sleep(limit).await;
        let turns = activity.turns.load(Ordering::Relaxed);
        if turns == seen && activity.open.load(Ordering::Relaxed) == 0 {
            return;
        }
        seen = turns;
    }
}

async fn answer(service: impl Answers, request: Request<Body>, limit: Duration) -> Response {
    match timeout(limit, service.oneshot(request)).await {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(elapsed) => too_slow(&elapsed),
    }
}

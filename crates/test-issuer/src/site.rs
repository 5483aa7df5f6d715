//! One listening address: who connected to it, what they asked, and whether it is down.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use axum::{
    Router,
    http::{Request, header},
};
use hyper::{
    body::Incoming,
    rt::{Read, Write},
    service::{Service as _, service_fn},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
    service::TowerToHyperService,
};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_rustls::TlsAcceptor;

/// What happened at one address.
#[derive(Debug, Default)]
pub(crate) struct Site {
    connections: AtomicU64,
    /// Requests that carried an `Authorization` header.
    authorized: AtomicU64,
    paths: Mutex<BTreeMap<String, u64>>,
    down: watch::Sender<bool>,
}

impl Site {
    /// Resets connections from now on, those that stand too; or no longer.
    pub(crate) fn set_down(&self, down: bool) {
        self.down.send_replace(down);
    }

    /// What was counted since the last [`Site::forget`].
    pub(crate) fn counts(&self) -> Value {
        json!({
            "connections": self.connections.load(Relaxed),
            "authorized": self.authorized.load(Relaxed),
            "paths": *self.paths.lock().expect("no holder of the lock can panic"),
        })
    }

    /// Counts from nothing again.
    pub(crate) fn forget(&self) {
        self.connections.store(0, Relaxed);
        self.authorized.store(0, Relaxed);
        self.paths
            .lock()
            .expect("no holder of the lock can panic")
            .clear();
    }

    /// Serves `router` until the process ends.
    pub(crate) async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        tls: Option<TlsAcceptor>,
        router: Router,
    ) {
        loop {
            // What cannot be accepted (no descriptors left, or gone already) is the client's to retry.
            let Ok((stream, _)) = listener.accept().await else {
                tokio::task::yield_now().await;
                continue;
            };
            self.connections.fetch_add(1, Relaxed);
            tokio::spawn(Arc::clone(&self).connection(stream, tls.clone(), router.clone()));
        }
    }

    async fn connection(
        self: Arc<Self>,
        stream: TcpStream,
        tls: Option<TlsAcceptor>,
        router: Router,
    ) {
        let mut down = self.down.subscribe();
        if *down.borrow() {
            // A close with nothing lingering is a reset.
            drop(stream.set_zero_linger());
            return;
        }
        let served = async {
            match tls {
                Some(tls) => {
                    // Clients that do not trust the CA end here: theirs to say.
                    if let Ok(stream) = tls.accept(stream).await {
                        self.requests(TokioIo::new(stream), router).await;
                    }
                }
                None => self.requests(TokioIo::new(stream), router).await,
            }
        };
        tokio::select! {
            () = served => {}
            _ = down.wait_for(|down| *down) => {}
        }
    }

    async fn requests(&self, io: impl Read + Write + Unpin + Send + 'static, router: Router) {
        let router = TowerToHyperService::new(router);
        let counted = service_fn(|request: Request<Incoming>| {
            self.count(&request);
            router.call(request)
        });
        let server = auto::Builder::new(TokioExecutor::new());
        // Clients that hang up in the middle are what some tests are about.
        drop(server.serve_connection(io, counted).await);
    }

    fn count(&self, request: &Request<Incoming>) {
        if request.headers().contains_key(header::AUTHORIZATION) {
            self.authorized.fetch_add(1, Relaxed);
        }
        let mut paths = self.paths.lock().expect("no holder of the lock can panic");
        *paths.entry(request.uri().path().to_owned()).or_default() += 1;
    }
}

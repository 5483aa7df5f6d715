//! The edge: HTTP in, HTTP out, no decisions.
//!
//! All routes stand on this screen. Another route is a file beside this one
//! and a line in [`public`] or [`ops`]; status codes are named in `answer.rs`.

mod answer;
mod body;
mod browser;
mod caller;
mod client_ip;
mod discovery;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod health;
mod late;
mod listener;
mod oauth2;
mod parameters;
pub mod server;
pub mod tls;
mod token;
mod trace;

use std::{net::IpAddr, sync::Arc};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};
use ipnet::IpNet;

use crate::{metrics::Metrics, portpass::Portpass};

/// What the handlers hold.
#[derive(Debug)]
pub struct Edge {
    /// The journey.
    pub portpass: Arc<Portpass>,
    /// How long answers to those who ask too often are held back.
    pub late: Late,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Peers whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The largest body that is read, in bytes.
    pub max_body_bytes: usize,
    /// What clients call this server: the `issuer` of the discovery document.
    pub public_url: String,
    /// Whether this server still wants requests.
    pub readiness: Readiness,
}

/// The address that a connection came from; `server` puts it beside a request.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

pub use self::{health::Readiness, late::Late, trace::Public};

/// What clients and registries may reach.
pub fn public(edge: Arc<Edge>) -> Public {
    let router = Router::new()
        .route("/token", get(token::get).post(token::post))
        // Where distribution's `autoredirect` sends clients.
        .route("/auth/token", get(token::get).post(token::post))
        .route("/oauth2/token", post(oauth2::token))
        .route("/oauth2/token/", post(oauth2::token))
        // Where authentik has it, and its clients ask.
        .route("/application/o/token", post(oauth2::token))
        .route("/application/o/token/", post(oauth2::token))
        .route("/oauth2/revoke", post(oauth2::revoke))
        .route("/oauth2/introspect", post(oauth2::introspect))
        .route(
            "/.well-known/oauth-authorization-server",
            get(oauth2::metadata),
        )
        .route("/.well-known/jwks.json", get(discovery::jwks))
        .route(
            "/.well-known/openid-configuration",
            get(discovery::document),
        )
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        // What probes of distribution-oauth ask.
        .route("/live", get(health::live))
        .layer(DefaultBodyLimit::max(edge.max_body_bytes))
        .with_state(Arc::clone(&edge));
    Public { edge, router }
}

/// What the people who run the server may reach; the metrics only if asked for.
pub fn ops(edge: Arc<Edge>, with_metrics: bool) -> Router {
    let mut router = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready_in_detail));
    if with_metrics {
        router = router.route("/metrics", get(health::metrics));
    }
    router.with_state(edge)
}

//! Whether the server lives, whether it wants requests, and what it counts.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse as _, Response},
};
use serde_json::json;

use super::Edge;

/// Whether this server still wants requests: not once it is shutting down.
///
/// An issuer that is away does not make us unready: jobs of the others, and
/// keys that are held, go on.
#[derive(Clone, Debug, Default)]
pub struct Readiness {
    leaving: Arc<AtomicBool>,
}

impl Readiness {
    /// From now on, load balancers should look elsewhere.
    pub fn leave(&self) {
        self.leaving.store(true, Ordering::SeqCst);
    }

    /// Whether the server is shutting down.
    pub fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::SeqCst)
    }

    fn status(&self) -> (StatusCode, &'static str) {
        if self.is_leaving() {
            (StatusCode::SERVICE_UNAVAILABLE, "leaving")
        } else {
            (StatusCode::OK, "ready")
        }
    }
}

/// `/healthz`: the process answers.
pub(super) async fn alive() -> &'static str {
    "ok"
}

/// `/readyz` for everybody: one word.
pub(super) async fn ready(State(edge): State<Arc<Edge>>) -> Response {
    edge.readiness.status().into_response()
}

/// `/readyz` for operators: the issuers' keys, and how old they are.
pub(super) async fn ready_in_detail(State(edge): State<Arc<Edge>>) -> Response {
    let (status, word) = edge.readiness.status();
    let now = edge.portpass.clock.now();
    let issuers = edge.portpass.snapshot.load().directory.status(now);
    let body = json!({ "status": word, "issuers": issuers });
    (status, Json(body)).into_response()
}

/// `/metrics`, in the `OpenMetrics` text format.
pub(super) async fn metrics(State(edge): State<Arc<Edge>>) -> Response {
    let now = edge.portpass.clock.now();
    let text = edge.metrics.render(&edge.portpass, now);
    let media = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(CONTENT_TYPE, media)], text).into_response()
}

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
}

/// Whether requests are wanted, in one word; no question is asked for it.
fn status(edge: &Edge) -> (StatusCode, &'static str) {
    if edge.readiness.is_leaving() {
        (StatusCode::SERVICE_UNAVAILABLE, "leaving")
    } else if !edge.portpass.standing.is_reachable() {
        (StatusCode::SERVICE_UNAVAILABLE, "no database")
    } else {
        (StatusCode::OK, "ready")
    }
}

/// `/healthz`: the process answers.
pub(super) async fn alive() -> &'static str {
    "ok"
}

/// `/live`: the process answers, where it stands in for a shim that had this.
pub(super) async fn live(State(edge): State<Arc<Edge>>) -> StatusCode {
    if edge.portpass.snapshot.load().relay.is_some() {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::NOT_FOUND
    }
}

/// `/readyz` for everybody: one word.
pub(super) async fn ready(State(edge): State<Arc<Edge>>) -> Response {
    status(&edge).into_response()
}

/// `/readyz` for operators: the issuers' keys and how old they are, which
/// issuers are suspended, and how long the database has been silent.
pub(super) async fn ready_in_detail(State(edge): State<Arc<Edge>>) -> Response {
    let (status, word) = status(&edge);
    let portpass = &edge.portpass;
    let directory = &portpass.snapshot.load().directory;
    let silence = portpass.standing.silence();
    let body = json!({
        "status": word,
        "issuers": directory.status(portpass.clock.now()),
        "suspended": portpass.standing.suspended(directory.bindings()),
        "database_silent_seconds": silence.map(|silence| silence.as_secs_f64()),
    });
    (status, Json(body)).into_response()
}

/// `/metrics`, in the `OpenMetrics` text format.
pub(super) async fn metrics(State(edge): State<Arc<Edge>>) -> Response {
    let now = edge.portpass.clock.now();
    let text = edge.metrics.render(&edge.portpass, now);
    let media = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(CONTENT_TYPE, media)], text).into_response()
}

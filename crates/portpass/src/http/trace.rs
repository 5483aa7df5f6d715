//! A request's id, and its line in the access log.

use std::{fmt, sync::Arc, time::Instant};

use axum::{
    extract::{Request, State},
    http::{HeaderValue, Version, header::CONNECTION},
    middleware::Next,
    response::Response,
};

use super::{Edge, Peer, client_ip::client_ip};
use crate::event_id::event_id;

/// How much of a path is logged, in characters: more than any of ours has.
const MAX_PATH: usize = 64;

/// The id under which a request stands in the log and in its event.
#[derive(Clone, Debug)]
pub(super) struct RequestId(Arc<str>);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Gives the request an id, answers it, and logs one line: never a header,
/// a query or a body, since any of them may hold a credential.
pub(super) async fn trace(
    State(edge): State<Arc<Edge>>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let id = RequestId(event_id(edge.portpass.clock.now()).into());
    let peer = request.extensions().get::<Peer>().copied();
    let address = peer.map(|peer| client_ip(peer, request.headers(), &edge.trusted_proxies));
    let method = request.method().clone();
    let path: String = request.uri().path().chars().take(MAX_PATH).collect();
    let keeps_alive = request.version() <= Version::HTTP_11;
    request.extensions_mut().insert(id.clone());

    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert("x-request-id", value);
    }
    if edge.readiness.is_leaving() && keeps_alive {
        // The next request on this connection belongs to another server.
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
    }
    let elapsed = started.elapsed();
    edge.metrics.time_request(&path, elapsed);
    tracing::info!(
        request.id = %id,
        request.method = %method,
        request.path = path,
        request.address = address.map(tracing::field::display),
        response.status = response.status().as_u16(),
        response.duration_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX),
        "Request answered"
    );
    response
}

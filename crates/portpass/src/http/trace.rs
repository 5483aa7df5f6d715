//! A request's id, and its line in the access log.

use std::{
    convert::Infallible,
    fmt, mem,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, Method, Version, header::CONNECTION},
    response::Response,
};
use futures_util::future::BoxFuture;
use tower::{Service, ServiceExt as _};

use super::{Edge, Peer, caller::Caller, client_ip::client_ip, token};
use crate::event_id::event_id;

/// How much of a path is logged, in characters: more than any of ours has.
const MAX_PATH: usize = 64;

/// The id under which a request stands in the log and in its event.
#[derive(Clone, Debug)]
pub(super) struct RequestId(pub(super) Arc<str>);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What clients and registries may reach, each request under an id and with its line in the log.
#[derive(Clone, Debug)]
pub struct Public {
    pub(super) edge: Arc<Edge>,
    pub(super) router: Router,
}

impl Service<Request> for Public {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let public = self.clone();
        Box::pin(async move { Ok(public.answer(request).await) })
    }
}

impl Public {
    /// Gives the request an id, answers it, and logs one line: never a header,
    /// a query or a body, since any of them may hold a credential.
    async fn answer(self, mut request: Request) -> Response {
        let Self { edge, router } = self;
        let started = Instant::now();
        let id = RequestId(event_id(edge.portpass.clock.now()).into());
        let peer = request.extensions().get::<Peer>().copied();
        let address = peer.map(|peer| client_ip(peer, request.headers(), &edge.trusted_proxies));
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let keeps_alive = request.version() <= Version::HTTP_11;

        let mut response = match peer {
            // Every pull and push comes this way, a hundred for one that goes another.
            Some(peer) if method == Method::GET && uri.path() == "/token" => {
                let caller = Caller {
                    edge: Arc::clone(&edge),
                    headers: mem::take(request.headers_mut()),
                    peer,
                    request_id: id.clone(),
                };
                token::answer_query(caller, uri.query()).await
            }
            Some(_) | None => {
                request.extensions_mut().insert(id.clone());
                router
                    .oneshot(request)
                    .await
                    .unwrap_or_else(|never| match never {})
            }
        };
        if let Ok(value) = HeaderValue::from_str(&id.0) {
            response.headers_mut().insert("x-request-id", value);
        }
        if edge.readiness.is_leaving() && keeps_alive {
            // The next request on this connection belongs to another server.
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        let elapsed = started.elapsed();
        edge.metrics.time_request(uri.path(), elapsed);
        tracing::info!(
            request.id = %id,
            request.method = %method,
            request.path = first(uri.path()),
            request.address = address.map(tracing::field::display),
            response.status = response.status().as_u16(),
            response.duration_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX),
            "Request answered"
        );
        response
    }
}

/// As much of a path as is logged.
fn first(path: &str) -> &str {
    let end = path.char_indices().nth(MAX_PATH).map(|(end, _)| end);
    end.and_then(|end| path.get(..end)).unwrap_or(path)
}

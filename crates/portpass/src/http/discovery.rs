//! What a verifier of our tokens may fetch: keys and where they are.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::header::CACHE_CONTROL,
    response::{IntoResponse as _, Response},
};

use super::Edge;

/// Short enough that a coming key is seen long before it signs.
pub(super) const CACHED: (axum::http::HeaderName, &str) = (CACHE_CONTROL, "public, max-age=300");

/// `/.well-known/jwks.json`: coming, current and past keys (RFC 7517 §5).
pub(super) async fn jwks(State(edge): State<Arc<Edge>>) -> Response {
    (
        [CACHED],
        Json(edge.portpass.signer.jwks(edge.portpass.clock.now())),
    )
        .into_response()
}

/// `/.well-known/openid-configuration` (OpenID Connect Discovery 1.0 §4.2).
pub(super) async fn document(State(edge): State<Arc<Edge>>) -> Response {
    let document = edge.portpass.signer.discovery(&edge.public_url);
    ([CACHED], Json(document)).into_response()
}

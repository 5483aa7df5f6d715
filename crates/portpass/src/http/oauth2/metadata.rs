//! `/.well-known/oauth-authorization-server` (RFC 8414).

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};

use super::{grant::GrantType, scope::OFFLINE};
use crate::{
    credential::JwtAlgorithm,
    http::{Edge, discovery::CACHED},
    snapshot::Snapshot,
};

pub(in crate::http) async fn metadata(State(edge): State<Arc<Edge>>) -> Response {
    let snapshot = edge.portpass.snapshot.load();
    ([CACHED], Json(document(&edge.public_url, &snapshot))).into_response()
}

/// What can truly be said of us in the words of RFC 8414 §2. Clients have no
/// secrets of their own: what they authenticate with is what they are given a
/// token for, and with nothing they are anonymous.
fn document(public_url: &str, snapshot: &Snapshot) -> Value {
    let base = public_url.trim_end_matches('/');
    let words = snapshot.scope_words.iter().map(String::as_str);
    let scopes: Vec<&str> = words.chain([OFFLINE]).collect();
    let mut document = json!({
        "issuer": public_url,
        "token_endpoint": format!("{base}/oauth2/token"),
        "jwks_uri": format!("{base}/.well-known/jwks.json"),
        "grant_types_supported": GrantType::ALL.map(GrantType::name),
        "token_endpoint_auth_methods_supported":
            ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported":
            JwtAlgorithm::ALL.map(JwtAlgorithm::name),
        "scopes_supported": scopes,
        "response_types_supported": [],
        "revocation_endpoint": format!("{base}/oauth2/revoke"),
        "revocation_endpoint_auth_methods_supported": ["none"],
    });
    let mut registries = snapshot.registries.iter();
    if registries.any(|registry| registry.introspection_secret.is_some()) {
        document["introspection_endpoint"] = json!(format!("{base}/oauth2/introspect"));
        document["introspection_endpoint_auth_methods_supported"] = json!(["client_secret_basic"]);
    }
    document
}

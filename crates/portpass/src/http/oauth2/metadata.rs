//! `/.well-known/oauth-authorization-server` (RFC 8414).

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use serde::Serialize;

use super::{grant::GrantType, scope::OFFLINE};
use crate::{
    credential::JwtAlgorithm,
    http::{Edge, discovery::CACHED},
    snapshot::Snapshot,
};

/// What can truly be said of us in the words of RFC 8414 §2. Clients have no
/// secrets of their own: what they authenticate with is what they are given a
/// token for, and with nothing they are anonymous.
#[derive(Serialize)]
struct Metadata<'a> {
    issuer: &'a str,
    jwks_uri: String,
    token_endpoint: String,
    token_endpoint_auth_methods_supported: [&'static str; 4],
    token_endpoint_auth_signing_alg_values_supported: [&'static str; JwtAlgorithm::ALL.len()],
    grant_types_supported: [&'static str; GrantType::ALL.len()],
    response_types_supported: [&'static str; 0],
    scopes_supported: Vec<&'a str>,
    revocation_endpoint: String,
    revocation_endpoint_auth_methods_supported: [&'static str; 1],
    #[serde(flatten)]
    introspection: Option<Introspection>,
}

/// Said only where a registry may ask.
#[derive(Serialize)]
struct Introspection {
    introspection_endpoint: String,
    introspection_endpoint_auth_methods_supported: [&'static str; 1],
}

pub(in crate::http) async fn metadata(State(edge): State<Arc<Edge>>) -> Response {
    let snapshot = edge.portpass.snapshot.load();
    ([CACHED], Json(Metadata::of(&edge.public_url, &snapshot))).into_response()
}

impl<'a> Metadata<'a> {
    fn of(public_url: &'a str, snapshot: &'a Snapshot) -> Self {
        let base = public_url.trim_end_matches('/');
        let words = snapshot.scope_words.iter().map(String::as_str);
        let mut registries = snapshot.registries.iter();
        let may_ask = registries.any(|registry| registry.introspection_secret.is_some());
        Self {
            issuer: public_url,
            jwks_uri: format!("{base}/.well-known/jwks.json"),
            token_endpoint: format!("{base}/oauth2/token"),
            token_endpoint_auth_methods_supported: [
                "none",
                "client_secret_basic",
                "client_secret_post",
                "private_key_jwt",
            ],
            token_endpoint_auth_signing_alg_values_supported: JwtAlgorithm::ALL
                .map(JwtAlgorithm::name),
            grant_types_supported: GrantType::ALL.map(GrantType::name),
            response_types_supported: [],
            scopes_supported: words.chain([OFFLINE]).collect(),
            revocation_endpoint: format!("{base}/oauth2/revoke"),
            revocation_endpoint_auth_methods_supported: ["none"],
            introspection: may_ask.then(|| Introspection {
                introspection_endpoint: format!("{base}/oauth2/introspect"),
                introspection_endpoint_auth_methods_supported: ["client_secret_basic"],
            }),
        }
    }
}

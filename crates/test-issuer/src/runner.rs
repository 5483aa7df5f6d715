//! The runner's side of GitHub and Forgejo Actions: `ACTIONS_ID_TOKEN_REQUEST_URL`.
//!
//! Which job runs stands in the URL (`fixture=`, `set=`), as the job itself only adds `&audience=`.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use serde_json::json;

use crate::{
    refused::Refused,
    sign::Order,
    testbed::{Testbed, now},
};

/// The audience of a job that asks for none: its owner's page.
const DEFAULT_AUDIENCE: &str = "https://github.com/acme";

/// The path that answers a job of that issuer.
pub(crate) fn path(issuer: &str) -> String {
    format!("/runner/{issuer}/token")
}

/// The runner's only route.
pub(crate) fn router(testbed: Arc<Testbed>) -> Router {
    Router::new()
        .route(&path("{issuer}"), get(token))
        .with_state(testbed)
}

async fn token(
    State(testbed): State<Arc<Testbed>>,
    Path(name): Path<String>,
    Query(mut pairs): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let authorization = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let bearer = authorization.and_then(|value| value.split_once(' '));
    let known = bearer.is_some_and(|(scheme, token)| {
        scheme.eq_ignore_ascii_case("bearer") && token == testbed.request_token
    });
    if !known {
        return Ok((
            StatusCode::UNAUTHORIZED,
            "the request token is not the runner's\n",
        )
            .into_response());
    }
    pairs.retain(|(key, _)| key != "api-version");
    let mut order = Order::from_query(pairs)?;
    order
        .audience
        .get_or_insert_with(|| DEFAULT_AUDIENCE.into());
    let value = order.sign(&*testbed.issuer(&name)?, now())?;
    Ok(Json(json!({"count": value.len(), "value": value})).into_response())
}

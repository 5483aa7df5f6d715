//! What tests tell the issuers to do, over plain HTTP on a port of its own.

use std::sync::Arc;

use anyhow::Context as _;
use axum::{
    Json, Router,
    extract::{Query, State},
    http::StatusCode,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    fault::{Fault, Mode},
    issuer::Rotation,
    refused::Refused,
    sign::Order,
    testbed::{Testbed, now},
};

/// A key, or all of an issuer's.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyName {
    issuer: String,
    kid: Option<String>,
}

type Shared = State<Arc<Testbed>>;

/// Every command.
pub(crate) fn router(testbed: Arc<Testbed>) -> Router {
    Router::new()
        .route("/control/fault", post(fault))
        .route("/control/keys", get(keys).delete(withdraw))
        .route("/control/requests", get(requests).delete(forget))
        .route("/control/rotate", post(rotate))
        .route("/control/sign", get(sign_query).post(sign_order))
        .with_state(testbed)
}

/// Sets one issuer's fault, in place of the one it had.
async fn fault(State(testbed): Shared, Query(fault): Query<Fault>) -> Result<StatusCode, Refused> {
    let site = testbed.site(&fault.issuer).context("no such issuer")?;
    site.set_down(fault.mode == Mode::Down);
    let mut issuer = testbed.issuer(&fault.issuer)?;
    issuer.fault = fault;
    Ok(StatusCode::NO_CONTENT)
}

/// The key set that an issuer should publish.
async fn keys(State(testbed): Shared, Query(of): Query<KeyName>) -> Result<Json<Value>, Refused> {
    Ok(Json(testbed.issuer(&of.issuer)?.key_set()?))
}

/// Takes a key out of the key set.
async fn withdraw(
    State(testbed): Shared,
    Query(of): Query<KeyName>,
) -> Result<StatusCode, Refused> {
    let kid = of.kid.context("`kid` says which key")?;
    testbed.issuer(&of.issuer)?.withdraw(&kid)?;
    Ok(StatusCode::NO_CONTENT)
}

/// What came to each address.
async fn requests(State(testbed): Shared) -> Json<Map<String, Value>> {
    Json(
        testbed
            .sites()
            .map(|(name, site)| (name.to_owned(), site.counts()))
            .collect(),
    )
}

/// Counts requests from nothing again.
async fn forget(State(testbed): Shared) -> StatusCode {
    testbed.sites().for_each(|(_, site)| site.forget());
    StatusCode::NO_CONTENT
}

/// A new key; answers its id.
async fn rotate(
    State(testbed): Shared,
    Query(rotation): Query<Rotation>,
) -> Result<Json<Value>, Refused> {
    let kid = testbed.issuer(&rotation.issuer)?.rotate(&rotation)?;
    Ok(Json(json!({"kid": kid})))
}

async fn sign_query(
    State(testbed): Shared,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<String, Refused> {
    sign(&testbed, &Order::from_query(pairs)?)
}

async fn sign_order(State(testbed): Shared, Json(order): Json<Order>) -> Result<String, Refused> {
    sign(&testbed, &order)
}

/// The JWT alone, without a newline, for `docker login --password-stdin`.
fn sign(testbed: &Testbed, order: &Order) -> Result<String, Refused> {
    Ok(order.sign(&*testbed.issuer(&order.issuer)?, now())?)
}

//! What the issuers serve: discovery and key set, and the same on the other host.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::get,
};
use fixtures::Kind;

use crate::{fault::Document, platform, refused::Refused, testbed::Testbed};

/// The two documents of the issuer of `kind`, with its faults.
pub(crate) fn issuer(testbed: Arc<Testbed>, kind: Kind) -> Router {
    let base = platform::base(kind);
    let answer = move |document| {
        move |State(testbed): State<Arc<Testbed>>| async move {
            faulty(&testbed, platform::name(kind), document).await
        }
    };
    Router::new()
        .route(
            &format!("{base}{}", platform::DISCOVERY),
            get(answer(Document::Discovery)),
        )
        .route(
            &format!("{base}{}", platform::keys(kind)),
            get(answer(Document::Keys)),
        )
        .with_state(testbed)
}

/// The documents of all issuers, sound, where nobody should fetch them.
pub(crate) fn elsewhere(testbed: Arc<Testbed>) -> Router {
    Router::new()
        .route("/{issuer}/{document}", get(sound))
        .with_state(testbed)
}

async fn faulty(testbed: &Testbed, name: &str, document: Document) -> Result<Response, Refused> {
    let fault = testbed.issuer(name)?.fault.clone();
    let elsewhere = |document| format!("{}/{name}/{document}", testbed.elsewhere);
    if fault.concerns(document) {
        let same = elsewhere(match document {
            Document::Discovery => "discovery",
            Document::Keys => "keys",
        });
        if let Some(response) = fault.answer(&same).await {
            return Ok(response);
        }
    }
    let answer = testbed
        .issuer(name)?
        .document(document, &elsewhere("keys"))?;
    Ok(Json(answer).into_response())
}

async fn sound(
    State(testbed): State<Arc<Testbed>>,
    Path((name, document)): Path<(String, String)>,
) -> Result<Response, Refused> {
    let issuer = testbed.issuer(&name)?;
    Ok(match document.as_str() {
        "discovery" => Json(issuer.discovery()).into_response(),
        "keys" => Json(issuer.key_set()?).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    })
}

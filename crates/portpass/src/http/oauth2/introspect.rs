//! `POST /oauth2/introspect` (RFC 7662).

use axum::{
    body::Bytes,
    extract::{RawQuery, rejection::BytesRejection},
    response::Response,
};

use super::{Caller, Form};
use crate::{
    credential::ClientCredentials,
    http::answer,
    introspect::Introspected,
    refused::{Nonsense, Refused},
};

/// For registries alone: who asks is proven before anything else is looked at.
pub(in crate::http) async fn introspect(
    caller: Caller,
    RawQuery(query): RawQuery,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let introspected = match Form::read(&caller.headers, query.as_deref(), body) {
        Ok(form) => asked(&caller, &form),
        Err(nonsense) => Err(nonsense.into()),
    };
    match introspected {
        Ok(introspected) => {
            let outcome = if introspected.is_active() {
                "active"
            } else {
                "inactive"
            };
            caller.edge.metrics.count_oauth2("introspect", outcome);
            answer::introspected(&introspected)
        }
        Err(refused) => {
            caller.edge.metrics.count_oauth2("introspect", "refused");
            caller.refuse_other(refused).await
        }
    }
}

fn asked(caller: &Caller, form: &Form) -> Result<Introspected, Refused> {
    let client = caller
        .authorization()?
        .and_then(|value| ClientCredentials::parse(value).ok());
    let token = form.text("token").unwrap_or_default();
    let portpass = &caller.edge.portpass;
    let introspected = portpass.introspect(client.as_ref(), token, &caller.origin())?;
    if token.is_empty() {
        let message = "the request has no token".to_owned();
        return Err(Nonsense::Request(message).into());
    }
    Ok(introspected)
}

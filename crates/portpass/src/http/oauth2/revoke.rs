//! `POST /oauth2/revoke` (RFC 7009).

use axum::{
    body::Bytes,
    extract::{RawQuery, rejection::BytesRejection},
    response::Response,
};

use super::{Caller, Form};
use crate::{
    http::answer,
    refused::{Nonsense, Refused},
    revoke::Revoked,
};

/// Whoever has a secret may give it up: what kind it is, its prefix says, and
/// neither a client nor `token_type_hint` has to.
pub(in crate::http) async fn revoke(
    caller: Caller,
    RawQuery(query): RawQuery,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let revoked = match Form::read(&caller.headers, query.as_deref(), body) {
        Ok(form) => given_up(&caller, &form).await,
        Err(nonsense) => Err(nonsense.into()),
    };
    match revoked {
        Ok(revoked) => {
            caller.edge.metrics.count_oauth2("revoke", revoked.code());
            answer::revoked()
        }
        Err(refused) => {
            caller.edge.metrics.count_oauth2("revoke", "refused");
            caller.refuse_other(refused).await
        }
    }
}

async fn given_up(caller: &Caller, form: &Form) -> Result<Revoked, Refused> {
    let Some(token) = form.text("token") else {
        let message = "the request has no token".to_owned();
        return Err(Nonsense::Request(message).into());
    };
    let portpass = &caller.edge.portpass;
    portpass.revoke(token, &caller.origin()).await
}

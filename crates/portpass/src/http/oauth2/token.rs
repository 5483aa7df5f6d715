//! `POST /oauth2/token` (RFC 6749 §3.2), which goes the way of `/token`.

use axum::{
    body::Bytes,
    extract::{RawQuery, rejection::BytesRejection},
    http::header::AUTHORIZATION,
    response::Response,
};

use super::{
    Caller, Form,
    grant::{GrantType, Header, issued_token_type, presented},
    scope::Asked,
    target::services,
};
use crate::{
    credential::ClientCredentials, limits::Sent, portpass::TokenRequest, refused::Nonsense,
    snapshot::Snapshot,
};

pub(in crate::http) async fn token(
    caller: Caller,
    RawQuery(query): RawQuery,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let snapshot = caller.edge.portpass.snapshot.load_full();
    let form = match Form::read(&caller.headers, query.as_deref(), body) {
        Ok(form) => form,
        Err(nonsense) => return caller.refuse(nonsense).await,
    };
    let values: Vec<&[u8]> = caller
        .headers
        .get_all(AUTHORIZATION)
        .iter()
        .map(axum::http::HeaderValue::as_bytes)
        .collect();
    let client = match values.as_slice() {
        [value] => ClientCredentials::parse(value).ok(),
        _ => None,
    };
    match request(&caller, &form, &values, client.as_ref(), &snapshot) {
        Ok((request, issued)) => caller.answer(&request, issued).await,
        Err(nonsense) => caller.refuse(nonsense).await,
    }
}

/// The request that the journey takes, and what the answer says of its token.
fn request<'a>(
    caller: &Caller,
    form: &'a Form,
    headers: &[&'a [u8]],
    client: Option<&'a ClientCredentials>,
    snapshot: &Snapshot,
) -> Result<(TokenRequest<'a>, Option<&'static str>), Nonsense> {
    let grant = GrantType::of(form)?;
    let header = match headers {
        [] => None,
        [value] => Some(Header { value, client }),
        [_, _, ..] => {
            let message = "the request has more than one Authorization header";
            return Err(Nonsense::Request(message.to_owned()));
        }
    };
    let presented = presented(grant, form, header)?;
    let asked = Asked::read(form.all("scope"), &snapshot.scope_words)?;
    let ids = form.text("client_id").into_iter();
    let ids: Vec<&str> = ids.chain(client.map(ClientCredentials::id)).collect();
    let request = TokenRequest {
        offline: asked.offline || form.text("access_type") == Some("offline"),
        origin: caller.origin(),
        presented,
        scopes: asked.docker,
        sent: Sent::Form,
        services: services(form, grant, &ids, snapshot)?,
    };
    Ok((request, issued_token_type(grant, form)))
}

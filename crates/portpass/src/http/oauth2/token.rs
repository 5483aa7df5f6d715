//! `POST /oauth2/token` (RFC 6749 §3.2), which goes the way of `/token`.

use axum::{
    body::Bytes,
    extract::{RawQuery, rejection::BytesRejection},
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
    let authorization = match caller.authorization() {
        Ok(authorization) => authorization,
        Err(nonsense) => return caller.refuse(nonsense).await,
    };
    let client = authorization.and_then(|value| ClientCredentials::parse(value).ok());
    let header = authorization.map(|value| Header {
        value,
        client: client.as_ref(),
    });
    match request(&caller, &form, header, &snapshot) {
        Ok((request, issued)) => caller.answer(&request, issued).await,
        Err(nonsense) => caller.refuse(nonsense).await,
    }
}

/// The request that the journey takes, and what the answer says of its token.
fn request<'a>(
    caller: &Caller,
    form: &'a Form,
    header: Option<Header<'a>>,
    snapshot: &Snapshot,
) -> Result<(TokenRequest<'a>, Option<&'static str>), Nonsense> {
    let grant = GrantType::of(form)?;
    let client = header.and_then(|header| header.client);
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

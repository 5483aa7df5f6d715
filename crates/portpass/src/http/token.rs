//! `GET` and `POST /token`: the Docker token protocol, and its form of OAuth 2.

use std::sync::Arc;

use axum::{
    Extension,
    body::Bytes,
    extract::{RawQuery, State, rejection::BytesRejection},
    http::{
        HeaderMap,
        header::{AUTHORIZATION, USER_AGENT},
    },
    response::Response,
};

use super::{
    Edge, Peer, answer, browser,
    client_ip::client_ip,
    parameters::{Parameters, is_form},
    trace::RequestId,
};
use crate::{
    audit::Origin,
    credential::{Credential, Presented},
    portpass::TokenRequest,
    refused::{Nonsense, Refused},
};

/// Everything beside the parameters that a request says of itself.
struct Caller<'a> {
    edge: &'a Edge,
    headers: &'a HeaderMap,
    peer: Peer,
    request_id: RequestId,
    /// Whether a browser's login counts: it does not in a form, which other
    /// sites' pages may send.
    may_be_browser: bool,
}

pub(super) async fn get(
    State(edge): State<Arc<Edge>>,
    Extension(peer): Extension<Peer>,
    Extension(request_id): Extension<RequestId>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let caller = Caller {
        edge: &edge,
        headers: &headers,
        peer,
        request_id,
        may_be_browser: true,
    };
    caller.ask(in_query(&query.unwrap_or_default())).await
}

pub(super) async fn post(
    State(edge): State<Arc<Edge>>,
    Extension(peer): Extension<Peer>,
    Extension(request_id): Extension<RequestId>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let caller = Caller {
        edge: &edge,
        headers: &headers,
        peer,
        request_id,
        may_be_browser: false,
    };
    caller.ask(form(&headers, body)).await
}

/// A credential in a query would stand in every log on the way.
fn in_query(query: &str) -> Result<Parameters, Nonsense> {
    let parameters = Parameters::read(query.as_bytes())?;
    if parameters.has_credential() {
        let message = "a credential does not belong in a query; send it as Basic credentials";
        return Err(Nonsense::Request(message.to_owned()));
    }
    Ok(parameters)
}

fn form(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<Parameters, Nonsense> {
    if !is_form(headers) {
        let message = "the body is not application/x-www-form-urlencoded";
        return Err(Nonsense::Request(message.to_owned()));
    }
    let body = body.map_err(|rejection| {
        tracing::debug!(error = %rejection, "A form was not read to its end");
        Nonsense::Request("the form is too long, or ended early".to_owned())
    })?;
    let parameters = Parameters::read(&body)?;
    parameters.check_grant_type()?;
    Ok(parameters)
}

impl Caller<'_> {
    async fn ask(self, parameters: Result<Parameters, Nonsense>) -> Response {
        let user_agent = self
            .headers
            .get(USER_AGENT)
            .and_then(|value| value.to_str().ok());
        let address = client_ip(self.peer, self.headers, &self.edge.trusted_proxies);
        let origin = Origin::new(address, self.request_id.to_string(), user_agent);
        let result = match &parameters {
            Ok(parameters) => {
                let request = TokenRequest {
                    offline: parameters.offline,
                    origin,
                    presented: Presented {
                        authorization: self
                            .headers
                            .get(AUTHORIZATION)
                            .map(axum::http::HeaderValue::as_bytes),
                        password: parameters.password.as_deref(),
                        username: parameters.username.as_deref(),
                        refresh_token: parameters.refresh_token.as_deref(),
                    },
                    scopes: parameters.scopes.iter().map(String::as_str).collect(),
                    services: parameters.services.iter().map(String::as_str).collect(),
                };
                return self.answer(request).await;
            }
            Err(nonsense) => {
                let portpass = &self.edge.portpass;
                portpass.refuse(nonsense.clone(), &origin).await
            }
        };
        self.edge.metrics.count_answer(&result);
        answer::render(&result, &self.request_id)
    }

    /// Answers a request; a browser that presents nothing else by the login that
    /// it has, and a browser's new login is kept.
    async fn answer(self, request: TokenRequest<'_>) -> Response {
        let portpass = &self.edge.portpass;
        let (relay, now) = (portpass.snapshot.load().relay.clone(), portpass.clock.now());
        let relay = relay.filter(|_| self.may_be_browser && browser::is_of_browser(self.headers));
        let cookie =
            browser::cookie(self.headers).filter(|_| request.presented.authorization.is_none());
        let recalled = match (&relay, &cookie) {
            (Some(relay), Some(cookie)) => relay.recall_of_browser(cookie, now),
            (None, _) | (_, None) => None,
        };
        let mut request = request;
        if let Some(password) = &recalled {
            request.presented.username = Some(password.user());
            request.presented.password = Some(password.secret().expose());
        }
        let result = portpass.answer(&request).await;
        self.edge.metrics.count_answer(&result);
        let mut response = answer::render(&result, &self.request_id);
        let (Some(relay), Ok(recorded)) = (relay, &result) else {
            return response;
        };
        match (recorded.outcome(), cookie) {
            (Ok(_), _) if recalled.is_none() => {
                let credential = Credential::from_request(&request.presented).ok();
                let kept = credential.and_then(|it| relay.keep_for_browser(it, now));
                if let Some(sealed) = kept {
                    browser::set_cookie(&mut response, &sealed);
                }
            }
            (Err(Refused::Provider(unvouched)), Some(cookie)) if unvouched.is_refused() => {
                relay.forget_of_browser(&cookie);
            }
            (Ok(_) | Err(_), _) => {}
        }
        response
    }
}

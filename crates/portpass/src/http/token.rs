//! `GET` and `POST /token`: the Docker token protocol, and its form of OAuth 2.

use axum::{
    body::Bytes,
    extract::{RawQuery, rejection::BytesRejection},
    http::HeaderMap,
    response::Response,
};

use super::{
    answer, browser,
    caller::Caller,
    parameters::{Parameters, is_form},
};
use crate::{
    audit::Recorded,
    credential::{Credential, Presented},
    limits::Sent,
    portpass::TokenRequest,
    refused::{Nonsense, Refused},
    relay::Relay,
};

pub(super) async fn get(caller: Caller, RawQuery(query): RawQuery) -> Response {
    answer_query(caller, query.as_deref()).await
}

/// Answers a `GET` with this query.
pub(super) async fn answer_query(caller: Caller, query: Option<&str>) -> Response {
    let parameters = in_query(query.unwrap_or_default());
    let may_log_in = browser::is_of_our_site(&caller.headers);
    caller.ask(parameters, Sent::Query, may_log_in).await
}

pub(super) async fn post(caller: Caller, body: Result<Bytes, BytesRejection>) -> Response {
    // Other sites' pages may send forms: a browser's login does not count there.
    let form = form(&caller.headers, body);
    caller.ask(form, Sent::Form, false).await
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
    let parameters = Parameters::read(&read_body(headers, body)?)?;
    parameters.check_grant_type()?;
    Ok(parameters)
}

/// The body of a form, read to its end.
pub(super) fn read_body(
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Bytes, Nonsense> {
    if !is_form(headers) {
        let message = "the body is not application/x-www-form-urlencoded";
        return Err(Nonsense::Request(message.to_owned()));
    }
    body.map_err(|rejection| {
        tracing::debug!(error = %rejection, "A form was not read to its end");
        Nonsense::Request("the form is too long, or ended early".to_owned())
    })
}

impl Caller {
    /// `may_log_in` is whether a browser's login counts, and may begin.
    async fn ask(
        &self,
        parameters: Result<Parameters, Nonsense>,
        sent: Sent,
        may_log_in: bool,
    ) -> Response {
        let read = parameters.and_then(|read| Ok((read, self.authorization()?)));
        let (parameters, authorization) = match read {
            Ok(read) => read,
            Err(nonsense) => return self.refuse(nonsense).await,
        };
        let request = TokenRequest {
            offline: parameters.offline,
            origin: self.origin(),
            presented: Presented {
                authorization,
                password: parameters.password.as_deref(),
                username: parameters.username.as_deref(),
                refresh_token: parameters.refresh_token.as_deref(),
            },
            scopes: parameters.scopes.iter().map(String::as_str).collect(),
            sent,
            services: parameters.services.iter().map(String::as_str).collect(),
        };
        match self.edge.portpass.snapshot.load().relay.clone() {
            Some(relay) if may_log_in => Box::pin(self.answer_browser(request, &relay)).await,
            Some(_) | None => self.answer(&request, None).await,
        }
    }

    /// Answers a browser, which may present nothing else than the login that it
    /// has, and whose new login is kept.
    async fn answer_browser(&self, request: TokenRequest<'_>, relay: &Relay) -> Response {
        let portpass = &self.edge.portpass;
        let now = portpass.clock.now();
        let is_bare = request.presented.authorization.is_none();
        let cookie = browser::cookie(&self.headers).filter(|_| is_bare);
        let recalled = cookie
            .as_ref()
            .and_then(|cookie| relay.recall_of_browser(cookie, now));
        let mut request = request;
        if let Some(password) = &recalled {
            request.presented.username = Some(password.user());
            request.presented.password = Some(password.secret().expose());
        }
        let result = portpass.answer(&request).await;
        self.edge.metrics.count_answer(&result);
        let mut response = answer::render(&result, None, &self.request_id);
        self.hold_back(&result).await;
        match (result.as_ref().map(Recorded::outcome), cookie) {
            (Ok(Ok(_)), _) if recalled.is_none() => {
                let credential = Credential::from_request(&request.presented).ok();
                let kept = credential.and_then(|it| relay.keep_for_browser(it, now));
                if let Some(sealed) = kept {
                    browser::set_cookie(&mut response, &sealed);
                }
            }
            (Ok(Err(Refused::Provider(unvouched))), Some(cookie)) if unvouched.is_refused() => {
                relay.forget_of_browser(&cookie);
            }
            (Ok(_) | Err(_), _) => {}
        }
        response
    }
}

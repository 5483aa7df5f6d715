//! The one place where an outcome becomes a status code and a body.

use axum::{
    Json,
    body::Body,
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse as _, Response},
};
use serde::Serialize;

use super::{body::BodyFault, trace::RequestId};
use crate::{
    answer::Answer,
    audit::{Recorded, Unrecorded},
    credential::Secret,
    identity::{Missing, Unproven},
    introspect::Introspected,
    refused::{self, Ask, Limited, Nonsense, Refused, Unvouched},
    relay::ProviderFault,
    short_id::ShortId,
};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// So many headers has an answer with a token.
const USUAL_HEADERS: usize = 8;

/// As long as most answers are, without the token.
const USUAL_TERMS: usize = 512;

/// The longest wait that an identity provider's is passed on as.
const LONGEST_WAIT_SECONDS: u64 = 60;

/// What is said of a token beside itself, in the words of the Docker token protocol and of
/// RFC 6749 §5.1.
///
/// `issued_at` is left out on purpose: clients compute the expiry from it with
/// clocks of their own, and all take the time of the answer without it.
#[derive(Serialize)]
struct Terms<'a> {
    token_type: &'static str,
    expires_in: i64,
    /// What a token exchange has made (RFC 8693 §2.2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    scope: String,
}

/// A refusal: one element of the registries' `errors`, since clients drop or
/// garble further ones, and the fields of RFC 6749 §5.2 beside it.
#[derive(Serialize)]
struct Refusal<'a> {
    errors: [RegistryError<'a>; 1],
    error: &'static str,
    error_description: &'a str,
}

#[derive(Serialize)]
struct RegistryError<'a> {
    code: &'static str,
    message: &'a str,
}

/// How a refusal looks from outside.
struct Shape {
    status: StatusCode,
    code: &'static str,
    error: &'static str,
    message: String,
    retry_after_seconds: Option<u64>,
}

/// Renders what was recorded; what was not is only said to be unavailable.
///
/// `issued_token_type` is what a token exchange says of its token, beside the rest.
pub(super) fn render(
    result: &Result<Recorded, Unrecorded>,
    issued_token_type: Option<&'static str>,
    request_id: &RequestId,
) -> Response {
    match result {
        Ok(recorded) => match recorded.outcome() {
            Ok(answer) => granted(answer, recorded.refresh_token(), issued_token_type),
            Err(refused) => shape(refused, request_id).into_response(),
        },
        Err(unrecorded) => {
            tracing::error!(error = %unrecorded, "A request was not answered because it was not recorded");
            let message = "the service cannot record requests right now; try again";
            Shape::unavailable(message.to_owned()).into_response()
        }
    }
}

/// A request that took too long in all, by its body or by what it waited for.
pub(super) fn too_slow(elapsed: &tokio::time::error::Elapsed) -> Response {
    tracing::debug!(error = %elapsed, "A request took too long");
    Shape::unavailable("the request took too long; try again".to_owned()).into_response()
}

/// A request whose body was not read to its end, for a reason that may pass.
pub(super) fn unread(fault: BodyFault) -> Response {
    tracing::debug!(error = %fault, "A body was not read to its end");
    Shape::unavailable(fault.to_string()).into_response()
}

/// That a secret is good for nothing, whatever it was before (RFC 7009 §2.2).
pub(super) fn revoked() -> Response {
    uncached(StatusCode::OK.into_response())
}

/// What a token is (RFC 7662 §2.2).
pub(super) fn introspected(introspected: &Introspected) -> Response {
    uncached((StatusCode::OK, Json(introspected)).into_response())
}

/// A token; the refresh token beside it only where its record stored it.
fn granted(
    answer: &Answer,
    refresh_token: Option<&Secret>,
    issued_token_type: Option<&'static str>,
) -> Response {
    let (token, expires_in, scope) = match answer {
        Answer::Passed(token) => (token.encoded(), token.told_seconds(), token.scope_text()),
        Answer::Signed(token) => (
            token.encoded(),
            token.lifetime_seconds(),
            token.grant().scope_text(),
        ),
    };
    let terms = Terms {
        token_type: "Bearer",
        expires_in,
        issued_token_type,
        refresh_token: refresh_token.map(Secret::expose),
        scope,
    };
    match body_of(token, &terms) {
        Ok(body) => {
            let mut response = Response::new(Body::from(body));
            let headers = response.headers_mut();
            headers.reserve(USUAL_HEADERS);
            headers.insert(CONTENT_TYPE, JSON);
            uncached(response)
        }
        Err(error) => {
            tracing::error!(error = %error, "An answer could not be written");
            uncached(StatusCode::INTERNAL_SERVER_ERROR.into_response())
        }
    }
}

/// An object of the token, twice under the two names that clients look for, and its terms.
fn body_of(token: &str, terms: &Terms<'_>) -> serde_json::Result<Vec<u8>> {
    let mut body = Vec::with_capacity(2 * token.len() + USUAL_TERMS);
    body.extend_from_slice(br#"{"token":"#);
    let begin = body.len();
    serde_json::to_writer(&mut body, token)?;
    let written = begin..body.len();
    body.extend_from_slice(br#","access_token":"#);
    body.extend_from_within(written);
    let brace = body.len();
    serde_json::to_writer(&mut body, terms)?;
    if let Some(brace) = body.get_mut(brace) {
        *brace = b',';
    }
    Ok(body)
}

fn shape(refused: &Refused, request_id: &RequestId) -> Shape {
    match refused {
        // Policy is refused with 401 too: clients lose the reason of a 403.
        Refused::Denied(denied) if denied.decision().proof().is_anonymous() => {
            Shape::unauthorized(denied.refusal().to_string())
        }
        Refused::Denied(denied) => Shape::denied(denied.refusal().to_string()),
        Refused::LimitedAddress(limited) => Shape::limited(*limited, limited.to_string()),
        Refused::LimitedIdentity { limited, proof, .. } => {
            let id = refused::limited_id(proof.identity());
            Shape::limited(*limited, format!("{limited}; decision {id}"))
        }
        Refused::Nonsense(nonsense) => {
            // Clients show the status alone, and a registry with another
            // `service` than ours is a common mistake.
            tracing::info!(request.id = %request_id, reason = %nonsense, "A request could not be understood");
            Shape {
                status: StatusCode::BAD_REQUEST,
                code: "UNSUPPORTED",
                error: nonsense_error(nonsense),
                message: nonsense.to_string(),
                retry_after_seconds: None,
            }
        }
        Refused::NotARegistry => Shape::unauthorized(refused.to_string()),
        Refused::NotRevoked(error) => {
            tracing::error!(request.id = %request_id, error = %error, "A secret was not revoked because of the database");
            Shape::unavailable("the database cannot be reached right now; try again".to_owned())
        }
        Refused::Provider(unvouched) => of_provider(unvouched, request_id),
        Refused::Sign(error) => {
            tracing::error!(request.id = %request_id, error = %error, "A granted token could not be signed");
            Shape {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                code: "UNKNOWN",
                error: "server_error",
                message: format!("internal error; request {request_id}"),
                retry_after_seconds: None,
            }
        }
        Refused::Unavailable { error, .. } => {
            tracing::error!(request.id = %request_id, error = %error, "A request was not decided because the database could not be read");
            Shape::unavailable("the database cannot be read right now; try again".to_owned())
        }
        Refused::Unproven { unproven, ask } => match unproven {
            Unproven::Rejected(rejected) => Shape::denied(ask.rejection(rejected)),
            Unproven::Stranger(stranger) => {
                Shape::unauthorized(with_decision(&stranger.reason, ask, stranger.login))
            }
            Unproven::Unavailable {
                what,
                login,
                reason,
                ..
            } => {
                // Fetching keys says itself why it failed, and how often.
                if *what == Missing::Store {
                    tracing::error!(request.id = %request_id, error = reason, "A login could not be looked up");
                }
                Shape::unavailable(with_decision(what, ask, *login))
            }
        },
    }
}

/// What the identity provider did not give: 401 where it refuses the caller,
/// 503 where it fails.
fn of_provider(unvouched: &Unvouched, request_id: &RequestId) -> Shape {
    let message = unvouched.message();
    match &unvouched.fault {
        ProviderFault::Busy { retry_after } => {
            let seconds = retry_after.map_or(1, |wait| wait.as_secs());
            let seconds = seconds.clamp(1, LONGEST_WAIT_SECONDS);
            Shape::limited(Limited { seconds }, message)
        }
        ProviderFault::Refused { .. } | ProviderFault::Withheld(_)
            if unvouched.is_of_somebody() =>
        {
            Shape::denied(message)
        }
        ProviderFault::Refused { .. } | ProviderFault::Withheld(_) => Shape::unauthorized(message),
        fault @ (ProviderFault::Misconfigured { .. }
        | ProviderFault::Token(_)
        | ProviderFault::Unavailable { .. }) => {
            let detail = fault.detail();
            tracing::warn!(
                request.id = %request_id,
                provider.fault = fault.word(),
                provider.detail = detail,
                "The identity provider gave nothing that can be used: {fault}"
            );
            Shape::unavailable(message)
        }
    }
}

/// A reason with the decision's id behind it, where there is a login to derive
/// one from: the same for the `POST` and the `GET` that repeats it.
fn with_decision(reason: &dyn std::fmt::Display, ask: &Ask, login: Option<ShortId>) -> String {
    match login {
        Some(login) => format!("{reason}; decision {}", ask.decision(login)),
        None => reason.to_string(),
    }
}

fn nonsense_error(nonsense: &Nonsense) -> &'static str {
    match nonsense {
        Nonsense::GrantType | Nonsense::OAuthGrantType => "unsupported_grant_type",
        Nonsense::Scope(_) | Nonsense::ScopeWord(_) => "invalid_scope",
        Nonsense::Target(_) => "invalid_target",
        Nonsense::TokenType => "unsupported_token_type",
        Nonsense::Request(_)
        | Nonsense::ServiceMissing
        | Nonsense::ServiceTwice
        | Nonsense::ServiceUnknown => "invalid_request",
    }
}

impl Shape {
    fn denied(message: String) -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            code: "DENIED",
            error: "access_denied",
            message,
            retry_after_seconds: None,
        }
    }

    fn limited(limited: Limited, message: String) -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            code: "TOOMANYREQUESTS",
            error: "temporarily_unavailable",
            message,
            retry_after_seconds: Some(limited.seconds),
        }
    }

    fn unauthorized(message: String) -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            code: "UNAUTHORIZED",
            error: "invalid_client",
            message,
            retry_after_seconds: None,
        }
    }

    fn unavailable(message: String) -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code: "UNAVAILABLE",
            error: "temporarily_unavailable",
            message,
            retry_after_seconds: Some(1),
        }
    }

    fn into_response(self) -> Response {
        let message = self.message.as_str();
        let body = Refusal {
            errors: [RegistryError {
                code: self.code,
                message,
            }],
            error: self.error,
            error_description: message,
        };
        let mut response = uncached((self.status, Json(body)).into_response());
        if self.status == StatusCode::UNAUTHORIZED {
            // RFC 9110 §11.6.1 wants a challenge. Basic, which clients ignore:
            // docker would print a Bearer challenge as another line of error.
            let challenge = HeaderValue::from_static("Basic realm=\"portpass\"");
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = self.retry_after_seconds {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// Neither tokens nor refusals may be kept on the way (RFC 6749 §5.1).
fn uncached(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

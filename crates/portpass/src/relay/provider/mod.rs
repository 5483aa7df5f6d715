//! Asking the provider for a token, and believing little of the answer.

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use form_urlencoded::Serializer;
use reqwest::{Client, Response, StatusCode, Url, header};
use scope::Scopes;
use serde_json::{Map, Value};

use super::{AccessFrom, Answering, JwtGrant, PasswordGrant, ProviderFault, RelaySettings};
use crate::{
    config::SecretText,
    credential::object,
    metrics::ProviderCounts,
    outbound::{Bounds, ClientFault, client, with_causes},
};

/// For one request, from the name to the last byte. With the keys of the
/// provider, should it have new ones, it stays within the 15 seconds that
/// docker waits for a token.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Longest answer; a token with 200 groups stays under it.
const MAX_BYTES: usize = 64 * 1024;

/// Connections kept open for the next request.
const IDLE_CONNECTIONS: usize = 32;

/// How much of the provider's `error` an operator is shown, in characters.
const MAX_CODE: usize = 64;

/// What says that a client asserts itself by a JWT (RFC 7523 §2.2).
const CLIENT_ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What asks for a refresh token (OpenID Connect Core §11). It is never asked for
/// unbidden: Keycloak refuses the whole login to users without that role.
const OFFLINE_ACCESS: &str = "offline_access";

/// What says that a JWT is the grant (RFC 7523 §2.1).
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// The provider's token endpoint.
#[derive(Debug)]
pub(super) struct Provider {
    client: Client,
    url: Url,
    counts: Arc<ProviderCounts>,
}

/// With what a token is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Showing<'a> {
    /// A job's JWT.
    Jwt(&'a SecretText),
    /// A person's name and password.
    Password {
        /// The name.
        user: &'a str,
        /// The password.
        password: &'a SecretText,
    },
    /// A refresh token that the provider gave before (RFC 6749 §6).
    RefreshToken(&'a SecretText),
}

/// What the provider gave.
#[derive(Debug)]
pub(super) struct ProviderToken {
    /// Its `access_token`, or `token`.
    pub(super) access_token: SecretText,
    /// Its `refresh_token`, if it gave one.
    pub(super) refresh_token: Option<SecretText>,
}

/// Why a provider cannot be asked at all; in words for the file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoProvider {
    #[error(transparent)]
    Client(#[from] ClientFault),
    #[error("the provider's token endpoint is not a URL: {0}")]
    Url(String),
}

impl Provider {
    /// A provider that nobody has asked yet; what it is asked is counted.
    pub(super) fn new(
        settings: &RelaySettings,
        counts: Arc<ProviderCounts>,
    ) -> Result<Self, NoProvider> {
        let url = Url::parse(&settings.token_url);
        let bounds = Bounds {
            timeout: TIMEOUT,
            idle_connections: IDLE_CONNECTIONS,
        };
        Ok(Self {
            client: client(
                settings.ca.as_deref(),
                settings.allow_private_network,
                bounds,
            )?,
            url: url.map_err(|error| NoProvider::Url(error.to_string()))?,
            counts,
        })
    }

    pub(super) fn counts(&self) -> &Arc<ProviderCounts> {
        &self.counts
    }

    /// Asks, once: within five seconds, for a JSON object of 64 KiB at most.
    ///
    /// `offline` asks for a refresh token, by [`OFFLINE_ACCESS`] if that is among
    /// the scopes of the settings; many providers give one without.
    pub(super) async fn ask(
        &self,
        settings: &RelaySettings,
        showing: Showing<'_>,
        scopes: &Scopes,
        offline: bool,
    ) -> Result<ProviderToken, ProviderFault> {
        let started = Instant::now();
        let form = form(settings, showing, scopes, offline);
        let answer = self.exchange(form).await;
        let outcome = answer.as_ref().map_or_else(ProviderFault::word, |_| "ok");
        self.counts.count(outcome, started.elapsed());
        answer
    }

    async fn exchange(&self, form: String) -> Result<ProviderToken, ProviderFault> {
        let request = self
            .client
            .post(self.url.clone())
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        let response = request.send().await.map_err(transport)?;
        let status = response.status();
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Err(ProviderFault::Busy {
                retry_after: retry_after(&response),
            });
        }
        if status.is_client_error() {
            // Whatever the body is, the status says enough.
            let code = body(response).await.ok().and_then(|body| code(&body));
            return Err(refusal(status, code));
        }
        if status != StatusCode::OK {
            let reason = if status.is_redirection() {
                format!("it answers {status}, and redirects are not followed")
            } else {
                format!("it answers {status}")
            };
            return Err(ProviderFault::Unavailable { reason });
        }
        token(&body(response).await?)
    }
}

/// The form that is posted: the credential, as whom we ask, and for what.
fn form(settings: &RelaySettings, showing: Showing<'_>, scopes: &Scopes, offline: bool) -> String {
    let mut form = Serializer::new(String::new());
    match (showing, settings.jwt_grant, settings.password_grant) {
        (Showing::Jwt(jwt), JwtGrant::JwtBearer, _) => form
            .append_pair("grant_type", JWT_BEARER)
            .append_pair("assertion", jwt.expose()),
        (Showing::Jwt(jwt), JwtGrant::ClientCredentials | JwtGrant::None, _) => form
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_assertion_type", CLIENT_ASSERTION)
            .append_pair("client_assertion", jwt.expose()),
        (Showing::Password { user, password }, _, grant) => form
            .append_pair(
                "grant_type",
                match grant {
                    PasswordGrant::ClientCredentials => "client_credentials",
                    PasswordGrant::Password => "password",
                },
            )
            .append_pair("username", user)
            .append_pair("password", password.expose()),
        (Showing::RefreshToken(token), _, _) => form
            .append_pair("grant_type", "refresh_token")
            .append_pair("refresh_token", token.expose()),
    };
    form.append_pair("client_id", &settings.client_id);
    // A provider that finds our secret beside a grant of clients may look at nothing
    // else, and let in whoever it is as our client itself (RFC 6749 §2.3, §4.4).
    let is_of_clients = match showing {
        Showing::Jwt(_) => settings.jwt_grant != JwtGrant::JwtBearer,
        Showing::Password { .. } => settings.password_grant == PasswordGrant::ClientCredentials,
        Showing::RefreshToken(_) => false,
    };
    if let Some(secret) = settings.client_secret.as_ref().filter(|_| !is_of_clients) {
        form.append_pair("client_secret", secret.expose());
    }
    let asked = match settings.answering {
        Answering::Passthrough | Answering::Resign(AccessFrom::Claim) => scopes.as_str().to_owned(),
        // Our rules decide, and providers such as Keycloak refuse a scope that they do not know.
        Answering::Resign(AccessFrom::Rules) => String::new(),
    };
    // A refresh token stands for what was asked at the login (RFC 6749 §6).
    let offline = offline || matches!(showing, Showing::RefreshToken(_));
    let words: Vec<_> = [Some(asked.as_str()), settings.scope.as_deref()]
        .into_iter()
        .flatten()
        .flat_map(str::split_ascii_whitespace)
        .filter(|word| offline || *word != OFFLINE_ACCESS)
        .collect();
    if !words.is_empty() {
        form.append_pair("scope", &words.join(" "));
    }
    form.finish()
}

/// The body, as long as it is no longer than any answer.
async fn body(mut response: Response) -> Result<Vec<u8>, ProviderFault> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(transport)? {
        if body.len() + chunk.len() > MAX_BYTES {
            let reason = format!("it sends more than {MAX_BYTES} bytes");
            return Err(ProviderFault::Unavailable { reason });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The token of a successful answer (RFC 6749 §5.1). Nothing of the body is
/// ever shown: it may be a credential in any form.
fn token(body: &[u8]) -> Result<ProviderToken, ProviderFault> {
    let unreadable = |reason: &str| ProviderFault::Unavailable {
        reason: reason.to_owned(),
    };
    let answer = object(body).map_err(|_unshown| unreadable("its answer is not a JSON object"))?;
    let access_token = text(&answer, "access_token").or_else(|| text(&answer, "token"));
    Ok(ProviderToken {
        access_token: access_token.ok_or_else(|| unreadable("its answer has no access_token"))?,
        refresh_token: text(&answer, "refresh_token"),
    })
}

fn text(answer: &Map<String, Value>, name: &str) -> Option<SecretText> {
    let text = answer.get(name)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned().into())
}

/// The `error` of a refusal (RFC 6749 §5.2), fit for an operator's eyes.
fn code(body: &[u8]) -> Option<String> {
    let answer = object(body).ok()?;
    let code = answer.get("error")?.as_str()?;
    let printable = code.chars().filter(char::is_ascii_graphic);
    let code: String = printable.take(MAX_CODE).collect();
    (!code.is_empty()).then_some(code)
}

/// Whether it is the caller whom the provider refuses, or us.
///
/// authentik answers a wrong password with 401 and `invalid_client`, since the
/// caller is the client of that grant.
fn refusal(status: StatusCode, code: Option<String>) -> ProviderFault {
    let is_of_caller = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => true,
        StatusCode::BAD_REQUEST => code.as_deref() == Some("invalid_grant"),
        _ => false,
    };
    if is_of_caller {
        ProviderFault::Refused { code }
    } else {
        ProviderFault::Misconfigured {
            code: code.unwrap_or_else(|| status.as_u16().to_string()),
        }
    }
}

/// How many seconds the provider asks to wait (RFC 9110 §10.2.3); a date is
/// taken for nothing said.
fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.headers().get(header::RETRY_AFTER)?;
    let seconds = value.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// Why nothing came back; without the address, which may hold what it should not.
fn transport(error: reqwest::Error) -> ProviderFault {
    ProviderFault::Unavailable {
        reason: with_causes(&error.without_url()),
    }
}

#[cfg(test)]
mod tests;

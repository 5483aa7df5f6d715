//! Asking an issuer for its keys, and believing little of the answer.

use std::{path::PathBuf, time::Duration};

use reqwest::{Client, Response, StatusCode, Url, header};

use super::source::{Location, Source};
use crate::{
    credential::object,
    outbound::{Bounds, ClientFault, client, with_causes},
};

/// For one request, from the name to the last byte. Two of them, discovery and
/// keys, stay within the 15 seconds that docker waits for a token.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Longest answer; GitHub's is 5 KB.
const MAX_BYTES: usize = 256 * 1024;
/// Longest bearer token; a service account's is 1 KB.
const MAX_BEARER_BYTES: usize = 16 * 1024;
const DISCOVERY_PATH: &str = "/.well-known/openid-configuration";

/// Why an issuer gave no keys; for the operator.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("the bearer file {} cannot be read: {reason}", path.display())]
    Bearer { path: PathBuf, reason: String },
    #[error("{url} is not an OpenID discovery document with an issuer and a jwks_uri")]
    Discovery { url: Url },
    #[error("{url} names the issuer {found:?}, which is not this one")]
    Issuer { url: Url, found: String },
    #[error("{url} names the key set {found}, which is not on its own host: set jwks_url")]
    OffHost { url: Url, found: String },
    #[error("{0} is not done in this process")]
    Place(String),
    #[error("{path} cannot be read: {reason}")]
    Read { path: String, reason: String },
    #[error("{url} redirects, which is not followed: set the address it leads to")]
    Redirect { url: Url },
    #[error("{url} answered {status}")]
    Status { url: Url, status: StatusCode },
    #[error("{url} sent more than 256 KiB")]
    TooLarge { url: Url },
    #[error("{url} could not be asked: {reason}")]
    Transport { url: Url, reason: String },
}

/// Asks one issuer.
#[derive(Debug)]
pub(super) struct Fetcher {
    client: Client,
}

impl Fetcher {
    /// A client that goes where the source says and nowhere else.
    pub(super) fn new(source: &Source) -> Result<Self, ClientFault> {
        let bounds = Bounds {
            timeout: TIMEOUT,
            idle_connections: 0,
        };
        let client = client(source.ca.as_deref(), source.allow_private_network, bounds)?;
        Ok(Self { client })
    }

    /// The text of the key set.
    pub(super) async fn key_set(&self, source: &Source) -> Result<Vec<u8>, FetchError> {
        match &source.location {
            Location::Discovery { base, issuers } => {
                let url = self.discover(source, base, issuers).await?;
                self.body(source, &url).await
            }
            Location::Url(url) => self.body(source, url).await,
            Location::File(_) | Location::Inline(_) => {
                Err(FetchError::Place(source.location.description()))
            }
        }
    }

    async fn discover(
        &self,
        source: &Source,
        base: &Url,
        issuers: &[String],
    ) -> Result<Url, FetchError> {
        let mut url = base.clone();
        url.set_path(&format!(
            "{}{DISCOVERY_PATH}",
            base.path().trim_end_matches('/')
        ));
        let text = self.body(source, &url).await?;
        key_set_address(&text, &url, base, issuers)
    }

    /// The body of a successful answer, at most [`MAX_BYTES`] of it held.
    async fn body(&self, source: &Source, url: &Url) -> Result<Vec<u8>, FetchError> {
        let transport = |error: reqwest::Error| FetchError::Transport {
            url: url.clone(),
            reason: with_causes(&error.without_url()),
        };
        let mut request = self
            .client
            .get(url.clone())
            .header(header::ACCEPT, "application/json");
        if let Some(bearer) = bearer(source, url).await? {
            request = request.bearer_auth(bearer);
        }
        let mut response = request.send().await.map_err(transport)?;
        check_status(&response, url)?;
        let too_large = || FetchError::TooLarge { url: url.clone() };
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(transport)? {
            if body.len() + chunk.len() > MAX_BYTES {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// Where a discovery document that was found at `url` says that the keys are.
pub(super) fn key_set_address(
    document: &[u8],
    url: &Url,
    base: &Url,
    issuers: &[String],
) -> Result<Url, FetchError> {
    let malformed = || FetchError::Discovery { url: url.clone() };
    let document = object(document).map_err(|_unreadable| malformed())?;
    let text = |name: &str| {
        let value = document.get(name).and_then(serde_json::Value::as_str);
        value.ok_or_else(malformed)
    };
    let issuer = text("issuer")?;
    if !issuers.iter().any(|expected| expected == issuer) {
        return Err(FetchError::Issuer {
            url: url.clone(),
            found: shortened(issuer),
        });
    }
    let found = text("jwks_uri")?;
    let jwks: Url = found.parse().map_err(|_not_a_url| malformed())?;
    if !is_same_place(&jwks, base) {
        return Err(FetchError::OffHost {
            url: url.clone(),
            found: shortened(found),
        });
    }
    Ok(jwks)
}

fn check_status(response: &Response, url: &Url) -> Result<(), FetchError> {
    let status = response.status();
    let url = url.clone();
    if status.is_redirection() {
        return Err(FetchError::Redirect { url });
    }
    if status != StatusCode::OK {
        return Err(FetchError::Status { url, status });
    }
    if response
        .content_length()
        .is_some_and(|length| length > MAX_BYTES as u64)
    {
        return Err(FetchError::TooLarge { url });
    }
    Ok(())
}

/// The issuer's bearer token, read anew, if the address is the issuer's own.
async fn bearer(source: &Source, url: &Url) -> Result<Option<String>, FetchError> {
    let is_own = source
        .own
        .as_ref()
        .is_some_and(|own| own.origin() == url.origin());
    let Some(path) = source.bearer_file.as_ref().filter(|_| is_own) else {
        return Ok(None);
    };
    let fault = |reason: String| FetchError::Bearer {
        path: path.clone(),
        reason,
    };
    let text = tokio::fs::read_to_string(path)
        .await
        .map_err(|error| fault(error.to_string()))?;
    let token = text.trim();
    let is_token = token.len() <= MAX_BEARER_BYTES
        && !token.is_empty()
        && token.bytes().all(|byte| byte.is_ascii_graphic());
    if is_token {
        Ok(Some(token.to_owned()))
    } else {
        Err(fault("it is not a bearer token".to_owned()))
    }
}

/// Whether a key set is where its discovery document is: the same host, as safe.
fn is_same_place(jwks: &Url, base: &Url) -> bool {
    jwks.host() == base.host()
        && jwks.scheme() == base.scheme()
        && jwks.username().is_empty()
        && jwks.password().is_none()
}

/// What a stranger's server wrote, fit for one line of a log.
fn shortened(text: &str) -> String {
    text.chars()
        .filter(|char| !char.is_control())
        .take(256)
        .collect()
}

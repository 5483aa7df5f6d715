//! The way to servers that nobody vouches for: short answers, no redirects, no secret in an error.

mod answer;
mod fault;

use std::{net::IpAddr, time::Duration};

use jiff::{Timestamp, fmt::rfc2822};
pub(crate) use reqwest::Url;
use reqwest::{Client, Method, header, tls::TlsInfo};

pub(super) use self::{
    answer::Answer,
    fault::{FaultKind, WireFault},
};
use crate::{
    clock::Clock,
    outbound::{Bounds, ClientFault, Reach, builder, with_causes},
};

/// For one request, from the name to the last byte; docker waits as long for a token.
const TIMEOUT: Duration = Duration::from_secs(15);
/// Longest body that is looked at.
const MAX_BODY: usize = 64 * 1024;
/// Longest header that is looked at.
const MAX_HEADER: usize = 8 * 1024;

/// Asks.
#[derive(Debug)]
pub(super) struct Wire {
    client: Client,
}

/// What is sent to prove something, or to fill space.
#[derive(Clone, Copy)]
pub(super) enum Auth<'a> {
    None,
    /// The credential of a Basic header, encoded.
    Basic(&'a str),
    Bearer(&'a str),
    /// A header of this name that is so many bytes long.
    Padding(&'static str, usize),
}

/// One request.
pub(super) struct Request<'a> {
    pub(super) method: &'static str,
    pub(super) url: &'a Url,
    pub(super) auth: Auth<'a>,
    pub(super) form: Option<String>,
}

impl<'a> Request<'a> {
    pub(super) fn get(url: &'a Url, auth: Auth<'a>) -> Self {
        Self {
            method: "GET",
            url,
            auth,
            form: None,
        }
    }
}

impl Wire {
    pub(super) fn new(ca: Option<&[u8]>) -> Result<Self, ClientFault> {
        let bounds = Bounds {
            timeout: TIMEOUT,
            idle_connections: 0,
        };
        // Whoever examines a registry inside named it; only what is never a server stays out.
        let client = builder(ca, true, bounds)?.tls_info(true).build();
        let client = client.map_err(|error| ClientFault::Client(with_causes(&error)))?;
        Ok(Self { client })
    }

    /// The answer to a request that needs nothing but an address.
    pub(super) async fn get(&self, url: &Url, auth: Auth<'_>) -> Result<Answer, WireFault> {
        self.ask(Request::get(url, auth)).await
    }

    /// The answer to a request.
    pub(super) async fn ask(&self, request: Request<'_>) -> Result<Answer, WireFault> {
        refuse_forbidden(request.url)?;
        let method = Method::from_bytes(request.method.as_bytes()).unwrap_or(Method::GET);
        let mut asked = self.client.request(method, request.url.clone());
        asked = match request.auth {
            Auth::None => asked,
            Auth::Basic(credential) => {
                asked.header(header::AUTHORIZATION, format!("Basic {credential}"))
            }
            Auth::Bearer(token) => asked.bearer_auth(token),
            Auth::Padding(name, bytes) => asked.header(name, padding(name, bytes)),
        };
        if let Some(form) = request.form {
            asked = asked
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form);
        }
        let mut response = asked.send().await.map_err(WireFault::of)?;
        let at = Clock::System.now();
        let headers = response.headers();
        let text = |name: header::HeaderName| headers.get(name).and_then(shortened);
        let mut answer = Answer {
            status: response.status().as_u16(),
            challenges: headers
                .get_all(header::WWW_AUTHENTICATE)
                .iter()
                .filter_map(shortened)
                .collect(),
            location: text(header::LOCATION),
            date: text(header::DATE).and_then(|date| date_of(&date)),
            at,
            is_registry: headers.contains_key("docker-distribution-api-version"),
            body: Vec::new(),
            certificate: response
                .extensions()
                .get::<TlsInfo>()
                .and_then(|tls| tls.peer_certificate().map(<[u8]>::to_vec)),
        };
        while let Some(chunk) = response.chunk().await.map_err(WireFault::of)? {
            let room = MAX_BODY.saturating_sub(answer.body.len());
            answer.body.extend(chunk.iter().take(room));
            if chunk.len() > room {
                break;
            }
        }
        Ok(answer)
    }
}

/// A form's or a query's text.
pub(super) fn encoded(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

/// The address with these in its query, beside what it has.
pub(super) fn with_query(url: &Url, pairs: &[(&str, &str)]) -> Url {
    let mut url = url.clone();
    url.query_pairs_mut().extend_pairs(pairs);
    url
}

/// A value that makes its whole header line so many bytes long, and says nothing.
fn padding(name: &str, bytes: usize) -> String {
    let scheme = if name == "authorization" {
        "Bearer "
    } else {
        ""
    };
    let used = name.len() + ": ".len() + scheme.len();
    format!("{scheme}{}", "x".repeat(bytes.saturating_sub(used)))
}

fn refuse_forbidden(url: &Url) -> Result<(), WireFault> {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    if address.is_ok_and(|address| Reach::of(address) == Reach::Forbidden) {
        return Err(WireFault {
            kind: FaultKind::Forbidden,
            words: format!("{host} is an address that is never asked for anything"),
        });
    }
    Ok(())
}

fn shortened(value: &header::HeaderValue) -> Option<String> {
    let bytes = value.as_bytes();
    let kept = bytes.get(..bytes.len().min(MAX_HEADER))?;
    Some(String::from_utf8_lossy(kept).into_owned())
}

/// A date of HTTP (RFC 9110 §5.6.7), in the one form that servers send.
fn date_of(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read() {
        let date = date_of("Mon, 23 Nov 2026 13:12:46 GMT").unwrap();
        assert_eq!(date.to_string(), "2026-11-23T13:12:46Z");
        assert_eq!(date_of("yesterday"), None);
    }

    #[test]
    fn padding_makes_a_line_of_its_size() {
        for name in ["authorization", "x-padding"] {
            let line = format!("{name}: {}", padding(name, 4096));
            assert_eq!(line.len(), 4096);
        }
    }

    #[tokio::test]
    async fn metadata_is_never_asked() {
        let wire = Wire::new(None).unwrap();
        let url: Url = "http://169.254.169.254/token".parse().unwrap();
        let fault = wire.get(&url, Auth::None).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Forbidden);
    }
}

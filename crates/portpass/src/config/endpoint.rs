//! The address of a token endpoint: where passwords may be sent.

use std::net::IpAddr;

use reqwest::Url;

use crate::outbound::{Reach, is_localhost};

/// Where a token endpoint is, as far as its address says.
pub(super) struct PlaceOf {
    url: Url,
    host: String,
    is_loopback: bool,
    pub(super) reach: Reach,
}

impl PlaceOf {
    /// Whether it can only be this machine.
    pub(super) fn is_loopback(&self) -> bool {
        self.is_loopback
    }

    /// Whether it is `http`.
    pub(super) fn is_plain(&self) -> bool {
        self.url.scheme() == "http"
    }
}

/// The place of a token endpoint, or why a text is none's.
pub(super) fn place_of(text: &str) -> Result<PlaceOf, String> {
    let url = Url::parse(text).map_err(|error| format!("this is not a URL: {error}"))?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(format!("`{}` is not spoken; use `https`", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a user or a password has no place here".to_owned());
    }
    if url.fragment().is_some() {
        return Err("a token endpoint has no `#` (RFC 6749 §3.2)".to_owned());
    }
    let host = url.host_str().unwrap_or_default().to_owned();
    let literal: Option<IpAddr> = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse()
        .ok();
    let is_loopback = literal.map_or_else(|| is_localhost(&host), |address| address.is_loopback());
    let reach = if is_loopback {
        Reach::Private
    } else {
        literal.map_or(Reach::Public, Reach::of)
    };
    Ok(PlaceOf {
        url,
        host,
        is_loopback,
        reach,
    })
}

/// Whether a text can be the provider's token endpoint; if not, why.
///
/// Passwords are sent there, so it is `https`, or `http` to this machine.
pub(super) fn check_token_url(text: &str, allow_private_network: bool) -> Result<(), String> {
    let place = place_of(text)?;
    if place.is_plain() && !place.is_loopback {
        return Err(
            "passwords would cross the network in plain text; use `https` (`http` is for this \
             machine's own addresses)"
                .to_owned(),
        );
    }
    match place.reach {
        Reach::Private if !allow_private_network => Err(format!(
            "{} is a private address: set allow_private_network = true, or use its public address",
            place.host
        )),
        Reach::Private | Reach::Public => Ok(()),
        Reach::Forbidden => Err(format!("{} is never asked for anything", place.host)),
    }
}

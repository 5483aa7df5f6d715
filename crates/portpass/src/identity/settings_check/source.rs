//! From where an issuer's keys may come.

use std::{fs, net::IpAddr};

use reqwest::Url;

use super::Faults;
use crate::{
    config::{Fault, Located, Place},
    identity::{
        IssuerKind, IssuerSettings, KeySource,
        keys::{Location, Source},
    },
    outbound::{Reach, is_localhost},
};

/// Where the file says from where the keys come.
pub(in crate::identity) fn keys_at(settings: &IssuerSettings) -> Place {
    let url_at = settings.url.as_ref().map_or(settings.at, |url| url.at);
    match &settings.keys {
        KeySource::Discovery => settings.ca.as_ref().map_or(url_at, |ca| ca.at),
        KeySource::File(path) => path.at,
        KeySource::Inline(text) | KeySource::Url(text) => text.at,
    }
}

/// An address that keys may be fetched from: https, or http on this machine.
pub(super) fn address(settings: &IssuerSettings, text: &Located<String>) -> Result<Url, Fault> {
    let fault = |message: String| Fault {
        message,
        at: text.at,
    };
    let url: Url = text
        .value
        .parse()
        .map_err(|error| fault(format!("{:?} is not an address: {error}", text.value)))?;
    let Some(host) = url.host_str() else {
        return Err(fault(format!("{:?} names no host", text.value)));
    };
    let literal: Option<IpAddr> = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse()
        .ok();
    let is_loopback = literal.map_or_else(|| is_localhost(host), |address| address.is_loopback());
    match url.scheme() {
        "https" => {}
        "http" if is_loopback => {}
        _ => {
            return Err(fault(format!(
                "{:?} must begin with https:// (http:// is for this machine's own addresses)",
                text.value
            )));
        }
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(fault(
            "an address may not contain a user name or password".to_owned(),
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(fault("an address may not contain '?' or '#'".to_owned()));
    }
    let reach = if is_loopback {
        Reach::Private
    } else {
        literal.map_or(Reach::Public, Reach::of)
    };
    match reach {
        Reach::Public => Ok(url),
        Reach::Private if settings.allow_private_network => Ok(url),
        Reach::Private => Err(fault(format!(
            "{host} is a private address: set allow_private_network = true for this issuer, or \
             use its public address"
        ))),
        Reach::Forbidden => Err(fault(format!("{host} is never asked for keys"))),
    }
}

/// The source of the keys, if nothing is wrong with it.
pub(super) fn source(
    settings: &IssuerSettings,
    url: Option<&Url>,
    iss: &[String],
    faults: &mut Faults,
) -> Option<Source> {
    let own = match settings.kind.value {
        // The API server, or the provider, is where it says; `iss` may be a mere name.
        IssuerKind::Described(_) | IssuerKind::Kubernetes | IssuerKind::Oidc if url.is_some() => {
            url.cloned()
        }
        IssuerKind::Described(_)
        | IssuerKind::Forgejo
        | IssuerKind::GithubActions
        | IssuerKind::Gitlab
        | IssuerKind::Kubernetes
        | IssuerKind::Oidc => None,
    };
    let location = match &settings.keys {
        KeySource::Discovery => found_by_iss(settings, own.as_ref(), iss, faults)?,
        KeySource::File(path) => Location::File(path.value.clone()),
        KeySource::Inline(text) => Location::Inline(text.value.clone()),
        KeySource::Url(text) => Location::Url(faults.take(address(settings, text))?),
    };
    let own = own
        .or_else(|| url.cloned())
        .or_else(|| iss.first()?.parse().ok());
    check_bearer(settings, &location, own.as_ref(), faults);
    let ca = match &settings.ca {
        None => None,
        Some(path) => Some(faults.take(fs::read(&path.value).map_err(|error| Fault {
            message: format!(
                "the CA bundle {} cannot be read: {error}",
                path.value.display()
            ),
            at: path.at,
        }))?),
    };
    Some(Source {
        location,
        own,
        ca,
        bearer_file: settings.bearer_file.as_ref().map(|path| path.value.clone()),
        allow_private_network: settings.allow_private_network,
    })
}

/// Where the platform is known to keep its keys, else discovery at its own
/// address or at its `iss`.
fn found_by_iss(
    settings: &IssuerSettings,
    own: Option<&Url>,
    iss: &[String],
    faults: &mut Faults,
) -> Option<Location> {
    if let Some(place) = known_place(settings, iss) {
        let url = faults.take(address(settings, &place))?;
        return Some(Location::Url(url));
    }
    let base = match own {
        Some(own) => own.clone(),
        None => faults.take(address(
            settings,
            &Located {
                value: iss.first()?.clone(),
                at: settings.iss.first().map_or(settings.at, |iss| iss.at),
            },
        ))?,
    };
    Some(Location::Discovery {
        base,
        issuers: iss.to_vec(),
    })
}

/// Where the platform keeps its keys, if it is known and not to be discovered.
fn known_place(settings: &IssuerSettings, iss: &[String]) -> Option<Located<String>> {
    let IssuerKind::Described(described) = settings.kind.value else {
        return None;
    };
    let jwks = described.jwks()?;
    let value = match jwks.strip_prefix('/') {
        None => jwks.to_owned(),
        Some(path) => format!("{}/{path}", iss.first()?.trim_end_matches('/')),
    };
    let at = settings.url.as_ref().map_or(settings.at, |url| url.at);
    Some(Located { value, at })
}

/// A bearer token that would never be sent is a mistake to name now.
fn check_bearer(
    settings: &IssuerSettings,
    location: &Location,
    own: Option<&Url>,
    faults: &mut Faults,
) {
    let Some(bearer) = &settings.bearer_file else {
        return;
    };
    let target = match location {
        Location::Discovery { base, .. } => Some(base),
        Location::Url(url) => Some(url),
        Location::File(_) | Location::Inline(_) => None,
    };
    let sent = target
        .zip(own)
        .is_some_and(|(target, own)| target.origin() == own.origin());
    if !sent {
        faults.add(
            bearer.at,
            "bearer_file would never be sent: the keys do not come from the issuer's own address, \
             which url sets",
        );
    }
}

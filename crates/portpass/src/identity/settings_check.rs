//! From one `[issuer.*]` of the file to values that cannot be wrong.

use std::{collections::BTreeSet, fs, net::IpAddr, sync::Arc, time::Duration};

use reqwest::Url;

use super::{
    IssuerKind, IssuerSettings, KeySource,
    keys::{Location, Reach, Source, is_localhost},
    pins::Pins,
    validity::Terms,
};
use crate::{
    config::{Fault, Located, Place},
    credential::JwtAlgorithm,
};

/// Names that identities of our own have.
const RESERVED: [&str; 3] = ["anonymous", "local", "token"];
/// Longest name of an issuer: it is part of every token's subject.
const MAX_NAME_BYTES: usize = 64;
/// Longest login.
const MAX_SESSION: Duration = Duration::from_hours(6);
/// Longest life of a JWT that may be asked for: a day's job.
const MAX_JWT_LIFETIME: Duration = Duration::from_hours(24);

/// What the settings say, once they say it well.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) name: Arc<str>,
    pub(super) kind: IssuerKind,
    pub(super) iss: Vec<String>,
    pub(super) source: Source,
    pub(super) algorithms: Vec<JwtAlgorithm>,
    pub(super) id_claim: Option<String>,
    pub(super) pins: Pins,
    pub(super) terms: Terms,
    pub(super) web: Option<String>,
}

/// Where the file says from where the keys come.
pub(super) fn keys_at(settings: &IssuerSettings) -> Place {
    let url_at = settings.url.as_ref().map_or(settings.at, |url| url.at);
    match &settings.keys {
        KeySource::Discovery => settings.ca.as_ref().map_or(url_at, |ca| ca.at),
        KeySource::File(path) => path.at,
        KeySource::Inline(text) | KeySource::Url(text) => text.at,
    }
}

/// Checks everything that can be checked without asking anybody.
pub(super) fn check(settings: IssuerSettings) -> Result<Checked, Vec<Fault>> {
    let mut faults = Faults::default();
    check_name(&settings, &mut faults);
    check_audience(&settings, &mut faults);
    let kind = settings.kind.value;
    let url = settings
        .url
        .as_ref()
        .and_then(|url| Some((url.value.as_str(), faults.take(address(&settings, url))?)));
    let iss = accepted_iss(
        &settings,
        url.as_ref().map(|(text, url)| (*text, url)),
        &mut faults,
    );
    let hosts = hosts(url.as_ref().map(|(_, url)| url), &iss);
    check_tenant(&settings, &hosts, &mut faults);
    let pins = pins(&settings, &mut faults);
    if let Some(claim) = &settings.id_claim
        && kind != IssuerKind::Oidc
    {
        faults.add(
            claim.at,
            "id_claim is for kind \"oidc\": the other kinds have an id of their own",
        );
    }
    let algorithms = algorithms(&settings, &mut faults);
    let session_max = session_max(&settings, &mut faults);
    let max_jwt_lifetime = max_jwt_lifetime(&settings, &mut faults);
    let source = source(
        &settings,
        url.as_ref().map(|(_, url)| url),
        &iss,
        &mut faults,
    );
    let web = kind.web(settings.url.as_ref().map(|url| url.value.as_str()));
    let Some(source) = source.filter(|_| faults.0.is_empty()) else {
        return Err(faults.0);
    };
    let name: Arc<str> = settings.name.into();
    let values = |list: Vec<Located<String>>| list.into_iter().map(|item| item.value).collect();
    Ok(Checked {
        terms: Terms {
            issuer: Arc::clone(&name),
            audiences: values(settings.audience),
            allow_extra_audiences: settings.allow_extra_audiences,
            max_jwt_lifetime,
            session_max,
        },
        name,
        kind,
        iss,
        source,
        algorithms,
        id_claim: settings.id_claim.map(|claim| claim.value),
        pins,
        web,
    })
}

/// The faults found so far.
#[derive(Debug, Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn add(&mut self, at: Place, message: impl Into<String>) {
        self.0.push(Fault {
            message: message.into(),
            at,
        });
    }

    fn take<T>(&mut self, outcome: Result<T, Fault>) -> Option<T> {
        outcome.map_err(|fault| self.0.push(fault)).ok()
    }
}

fn check_name(settings: &IssuerSettings, faults: &mut Faults) {
    let name = settings.name.as_str();
    if RESERVED.contains(&name) {
        faults.add(
            settings.at,
            format!("the issuer name {name:?} is reserved: choose another"),
        );
    } else if !is_name(name) {
        faults.add(
            settings.at,
            format!(
                "the issuer name {name:?} is not valid: use a-z and 0-9, with single '.', '_' or \
                 '-' between them, at most {MAX_NAME_BYTES} characters"
            ),
        );
    }
}

/// `[a-z0-9]+([._-][a-z0-9]+)*`: what may stand in a repository's name.
fn is_name(name: &str) -> bool {
    name.len() <= MAX_NAME_BYTES
        && name.split(['.', '_', '-']).all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
}

fn check_audience(settings: &IssuerSettings, faults: &mut Faults) {
    if settings.audience.is_empty() {
        faults.add(
            settings.at,
            "audience is missing: name what the JWT's aud must be, such as the registry's host",
        );
    }
    for audience in settings
        .audience
        .iter()
        .filter(|audience| audience.value.is_empty())
    {
        faults.add(audience.at, "an audience may not be empty");
    }
}

/// An address that keys may be fetched from: https, or http on this machine.
fn address(settings: &IssuerSettings, text: &Located<String>) -> Result<Url, Fault> {
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

fn accepted_iss(
    settings: &IssuerSettings,
    url: Option<(&str, &Url)>,
    faults: &mut Faults,
) -> Vec<String> {
    let kind = settings.kind.value;
    for iss in settings.iss.iter().filter(|iss| iss.value.is_empty()) {
        faults.add(iss.at, "an iss may not be empty");
    }
    if !settings.iss.is_empty() {
        return settings.iss.iter().map(|iss| iss.value.clone()).collect();
    }
    if let Some(iss) = kind.default_iss(url) {
        return vec![iss];
    }
    if settings.url.is_none() {
        faults.add(
            settings.at,
            format!(
                "url is missing: kind {:?} needs the issuer's address",
                kind.name()
            ),
        );
    }
    Vec::new()
}

fn hosts(url: Option<&Url>, iss: &[String]) -> BTreeSet<String> {
    let iss = iss.iter().filter_map(|iss| iss.parse::<Url>().ok());
    url.cloned()
        .into_iter()
        .chain(iss)
        .filter_map(|url| url.host_str().map(str::to_owned))
        .collect()
}

/// An issuer with other people's repositories is only believed of named owners.
fn check_tenant(settings: &IssuerSettings, hosts: &BTreeSet<String>, faults: &mut Faults) {
    let kind = settings.kind.value;
    let shared = kind
        .platform()
        .shared_hosts
        .iter()
        .find(|shared| hosts.contains(**shared));
    // Without an address of its own, an issuer of these kinds is the public one.
    let is_public =
        settings.url.is_none() && matches!(kind, IssuerKind::GithubActions | IssuerKind::Gitlab);
    if kind == IssuerKind::Oidc {
        if let Some(host) = shared {
            faults.add(
                settings.kind.at,
                format!(
                    "{host} signs for everybody, and kind \"oidc\" cannot tell its customers \
                     apart: use the platform's own kind"
                ),
            );
        }
        return;
    }
    if (shared.is_some() || is_public) && settings.owner_id.is_empty() {
        let host = shared.copied().unwrap_or("the issuer");
        let at = settings
            .owner_path
            .first()
            .map_or(settings.at, |path| path.at);
        let what = match kind {
            IssuerKind::Gitlab => "the namespace_id of each group, subgroups too",
            IssuerKind::Forgejo
            | IssuerKind::GithubActions
            | IssuerKind::Kubernetes
            | IssuerKind::Oidc => "the id of each owner",
        };
        faults.add(
            at,
            format!("owner_id is missing: {host} signs for everybody, so list {what}; names can change hands"),
        );
    }
}

fn pins(settings: &IssuerSettings, faults: &mut Faults) -> Pins {
    let kind = settings.kind.value;
    let mut pin = |name: &str, values: &[Located<String>], fits: bool, is_id: bool| {
        if let Some(first) = values.first().filter(|_| !fits) {
            faults.add(first.at, format!("kind {:?} has no {name}", kind.name()));
        }
        for value in values {
            let text = value.value.as_str();
            if is_id && !super::claims::is_decimal_id(text) {
                faults.add(
                    value.at,
                    format!("{text:?} is not an id: {name} is a number in quotes"),
                );
            } else if text.is_empty()
                || text.contains('*')
                || text.starts_with('/')
                || text.ends_with('/')
            {
                faults.add(
                    value.at,
                    format!("{text:?} is not a {name}: it is compared as it stands"),
                );
            }
        }
        values.iter().map(|value| value.value.clone()).collect()
    };
    let code_host = kind.is_code_host();
    Pins {
        owner_id: pin("owner_id", &settings.owner_id, code_host, true),
        owner_path: pin("owner_path", &settings.owner_path, code_host, false),
        repository_id: pin("repository_id", &settings.repository_id, code_host, true),
        namespace: pin(
            "namespace",
            &settings.namespace,
            kind == IssuerKind::Kubernetes,
            false,
        ),
    }
}

fn algorithms(settings: &IssuerSettings, faults: &mut Faults) -> Vec<JwtAlgorithm> {
    let Some(named) = &settings.algorithms else {
        return settings.kind.value.platform().algorithms.to_vec();
    };
    if named.is_empty() {
        faults.add(
            settings.at,
            "algorithms is empty: leave it out for the kind's own",
        );
    }
    let accepted = JwtAlgorithm::ALL.map(JwtAlgorithm::name).join(", ");
    named
        .iter()
        .filter_map(|name| {
            faults.take(name.value.parse().map_err(|_unknown| Fault {
                message: format!(
                    "{:?} is not an algorithm with a public key: use {accepted}",
                    name.value
                ),
                at: name.at,
            }))
        })
        .collect()
}

fn session_max(settings: &IssuerSettings, faults: &mut Faults) -> i64 {
    let Located { value, at } = settings.session_max;
    if value > MAX_SESSION {
        faults.add(at, "session_max may be at most \"6h\"");
    }
    whole_seconds(value)
}

fn max_jwt_lifetime(settings: &IssuerSettings, faults: &mut Faults) -> i64 {
    let Some(Located { value, at }) = settings.max_jwt_lifetime else {
        return whole_seconds(Duration::from_mins(
            settings.kind.value.platform().max_jwt_minutes,
        ));
    };
    if value > MAX_JWT_LIFETIME || value.is_zero() {
        faults.add(
            at,
            "max_jwt_lifetime must be more than nothing and at most \"24h\"",
        );
    }
    whole_seconds(value)
}

fn whole_seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

fn source(
    settings: &IssuerSettings,
    url: Option<&Url>,
    iss: &[String],
    faults: &mut Faults,
) -> Option<Source> {
    let iss_at = settings.iss.first().map_or(settings.at, |iss| iss.at);
    let own = match settings.kind.value {
        // The API server, or the provider, is where it says; `iss` may be a mere name.
        IssuerKind::Kubernetes | IssuerKind::Oidc if url.is_some() => url.cloned(),
        IssuerKind::Forgejo
        | IssuerKind::GithubActions
        | IssuerKind::Gitlab
        | IssuerKind::Kubernetes
        | IssuerKind::Oidc => None,
    };
    let location = match &settings.keys {
        KeySource::Discovery => {
            let base = match &own {
                Some(own) => own.clone(),
                None => faults.take(address(
                    settings,
                    &Located {
                        value: iss.first()?.clone(),
                        at: iss_at,
                    },
                ))?,
            };
            Location::Discovery {
                base,
                issuers: iss.to_vec(),
            }
        }
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

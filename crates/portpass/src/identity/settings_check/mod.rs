//! From one `[issuer.*]` of the file to values that cannot be wrong.

use std::{sync::Arc, time::Duration};

use reqwest::Url;

mod platform;
mod source;
mod tenant;

pub(super) use self::source::keys_at;
use self::{
    platform::check_platform,
    source::{address, source},
    tenant::{check_tenant, hosts, pins},
};
use super::{IssuerKind, IssuerSettings, SessionLimits, keys::Source, pins::Pins, validity::Terms};
use crate::{
    config::{Fault, Located, Place, closest},
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
    pub(super) groups_claim: Option<String>,
    pub(super) id_claim: Option<String>,
    pub(super) pins: Pins,
    pub(super) terms: Terms,
    pub(super) limits: SessionLimits,
    pub(super) web: Option<String>,
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
    check_platform(&settings, &mut faults);
    let hosts = hosts(url.as_ref().map(|(_, url)| url), &iss);
    // With a faulty url it is not known whose platform it is.
    if settings.url.is_none() || url.is_some() {
        check_tenant(&settings, &hosts, &mut faults);
    }
    let pins = pins(&settings, &mut faults);
    if let Some(claim) = &settings.id_claim
        && kind != IssuerKind::Oidc
    {
        faults.add(
            claim.at,
            "id_claim is for kind \"oidc\": the other kinds have an id of their own",
        );
    }
    if let Some(claim) = &settings.groups_claim
        && kind != IssuerKind::Oidc
    {
        faults.add(
            claim.at,
            "groups_claim is for kind \"oidc\": the others know no groups of an identity provider",
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
        limits: settings.session_limits,
        name,
        kind,
        iss,
        source,
        algorithms,
        groups_claim: settings.groups_claim.map(|claim| claim.value),
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
        let form = match kind {
            IssuerKind::Described(described) => described.url_form(),
            IssuerKind::Forgejo
            | IssuerKind::GithubActions
            | IssuerKind::Gitlab
            | IssuerKind::Kubernetes
            | IssuerKind::Oidc => None,
        };
        let form = form.map_or_else(String::new, |form| format!(", of the form {form}"));
        faults.add(
            settings.at,
            format!(
                "url is missing: kind {:?} needs the issuer's address{form}",
                kind.name()
            ),
        );
    }
    Vec::new()
}

fn algorithms(settings: &IssuerSettings, faults: &mut Faults) -> Vec<JwtAlgorithm> {
    let Some(named) = &settings.algorithms else {
        return settings.kind.value.algorithms().to_vec();
    };
    if named.is_empty() {
        faults.add(
            settings.at,
            "algorithms is empty: leave it out for the kind's own",
        );
    }
    named
        .iter()
        .filter_map(|name| {
            faults.take(name.value.parse().map_err(|_unknown| Fault {
                message: format!(
                    "{:?} is not an algorithm with a public key: {}",
                    name.value,
                    meant_algorithm(&name.value)
                ),
                at: name.at,
            }))
        })
        .collect()
}

/// The algorithm that was probably meant, else those there are. The HMACs
/// (RFC 7518 §3.2) are near to others by their letters only.
fn meant_algorithm(name: &str) -> String {
    let accepted = JwtAlgorithm::ALL.map(JwtAlgorithm::name);
    match closest(name, accepted).filter(|_| !name.starts_with("HS")) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("use {}", accepted.join(", ")),
    }
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
        return whole_seconds(Duration::from_mins(settings.kind.value.max_jwt_minutes()));
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

//! Whose repositories an issuer is believed of.

use std::collections::BTreeSet;

use reqwest::Url;

use super::Faults;
use crate::{
    config::Located,
    identity::{Described, Fact, IssuerKind, IssuerSettings, claims, pins::Pins},
};

/// The hosts that an issuer has, by its address and its `iss`.
pub(super) fn hosts(url: Option<&Url>, iss: &[String]) -> BTreeSet<String> {
    let iss = iss.iter().filter_map(|iss| iss.parse::<Url>().ok());
    url.cloned()
        .into_iter()
        .chain(iss)
        .filter_map(|url| url.host_str().map(str::to_owned))
        .collect()
}

/// An issuer with other people's repositories is only believed of named owners.
pub(super) fn check_tenant(
    settings: &IssuerSettings,
    hosts: &BTreeSet<String>,
    faults: &mut Faults,
) {
    let kind = settings.kind.value;
    let shared = kind.shared_host(hosts);
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
    if let IssuerKind::Described(described) = kind {
        if let Some(host) = shared {
            check_described(settings, described, &host, faults);
        }
        return;
    }
    if (shared.is_some() || is_public) && settings.owner_id.is_empty() {
        let host = shared.as_deref().unwrap_or("the issuer");
        let at = settings
            .owner_path
            .first()
            .map_or(settings.at, |path| path.at);
        let what = match kind {
            IssuerKind::Gitlab => "the namespace_id of each group, subgroups too",
            IssuerKind::Described(_)
            | IssuerKind::Forgejo
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

/// One of the keys that the platform's description names must pin somebody.
fn check_described(
    settings: &IssuerSettings,
    described: Described,
    host: &str,
    faults: &mut Faults,
) {
    let pinned = [
        ("id", &settings.id),
        ("owner_id", &settings.owner_id),
        ("owner_path", &settings.owner_path),
        ("repository_id", &settings.repository_id),
    ];
    let is_pinned = pinned
        .iter()
        .any(|(key, values)| !values.is_empty() && described.pins().iter().any(|pin| pin == key));
    if !is_pinned {
        let pins = described.pins().join(", or ");
        faults.add(
            settings.at,
            format!(
                "{pins} is missing: {host} signs for others too, so say whose JWTs are meant; see \
                 docs/reference/platforms.md"
            ),
        );
    }
}

/// What the file pins, each as its kind spells it.
pub(super) fn pins(settings: &IssuerSettings, faults: &mut Faults) -> Pins {
    let kind = settings.kind.value;
    let can_give = kind.facts();
    let mut pin = |fact: Fact, values: &[Located<String>], is_id: bool| {
        if let Some(first) = values.first().filter(|_| !can_give.contains(&fact)) {
            faults.add(first.at, format!("kind {:?} has no {fact}", kind.name()));
        }
        for value in values {
            let text = value.value.as_str();
            if let Some(words) = is_id.then(|| wrong_id(kind, fact, text)).flatten() {
                faults.add(
                    value.at,
                    format!("{text:?} is not an id: {fact} is {words}"),
                );
            } else if text.is_empty()
                || text.contains('*')
                || text.starts_with('/')
                || text.ends_with('/')
            {
                faults.add(
                    value.at,
                    format!("{text:?} is not a {fact}: it is compared as it stands"),
                );
            }
        }
        values.iter().map(|value| value.value.clone()).collect()
    };
    let mut pins = Pins {
        owner_id: pin(Fact::OwnerId, &settings.owner_id, true),
        owner_path: pin(Fact::OwnerPath, &settings.owner_path, false),
        repository_id: pin(Fact::RepositoryId, &settings.repository_id, true),
        namespace: pin(Fact::Namespace, &settings.namespace, false),
        ..Pins::default()
    };
    for id in &settings.id {
        if !kind.may_have_id(&id.value) {
            faults.add(
                id.at,
                format!(
                    "{:?} is never an id of kind {:?}, where it is {}",
                    id.value,
                    kind.name(),
                    kind.id_form()
                ),
            );
        }
        pins.id.insert(id.value.clone());
    }
    pins
}

/// What the fact is where the text could not be it, in words.
fn wrong_id(kind: IssuerKind, fact: Fact, text: &str) -> Option<&'static str> {
    match kind {
        IssuerKind::Described(described) => {
            (!described.may_have(fact, text)).then(|| described.form_words(fact))
        }
        IssuerKind::Forgejo
        | IssuerKind::GithubActions
        | IssuerKind::Gitlab
        | IssuerKind::Kubernetes
        | IssuerKind::Oidc => (!claims::is_decimal_id(text)).then_some("a number in quotes"),
    }
}

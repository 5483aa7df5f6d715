//! Whose repositories an issuer is believed of.

use std::collections::BTreeSet;

use reqwest::Url;

use super::Faults;
use crate::{
    config::Located,
    identity::{IssuerKind, IssuerSettings, claims, pins::Pins},
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

/// What the file pins, each as its kind spells it.
pub(super) fn pins(settings: &IssuerSettings, faults: &mut Faults) -> Pins {
    let kind = settings.kind.value;
    let mut pin = |name: &str, values: &[Located<String>], fits: bool, is_id: bool| {
        if let Some(first) = values.first().filter(|_| !fits) {
            faults.add(first.at, format!("kind {:?} has no {name}", kind.name()));
        }
        for value in values {
            let text = value.value.as_str();
            if is_id && !claims::is_decimal_id(text) {
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

//! `[registry.*]`: the registries that trust our tokens.

use std::{collections::BTreeMap, sync::Arc};

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Located, Place, names, period::Period, read::Reading};
use crate::registry::{Algorithm, Profile, Registry, RegistryKind};

/// A registry that trusts our tokens. Its name stands for it in rules.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegistrySection {
    /// What its tokens are signed with.
    #[serde(default = "es256")]
    algorithm: Algorithm,
    /// Which registry it is, and so what it can verify.
    kind: Located<RegistryKind>,
    /// How its tokens name the key that signed them. Default: `"pinned"` for
    /// zot, `"x5c"` for the others.
    profile: Option<Located<Profile>>,
    /// The name it has for itself: `auth.token.service` of distribution,
    /// `http.auth.bearer.service` of zot. It becomes the `aud` of its tokens.
    /// Example: `"registry.example.com"`.
    service: Located<String>,
    /// How long its tokens live, at most; one that is given to a proven caller
    /// ends with the login. A push that takes longer asks anew.
    #[serde(default = "quarter_of_an_hour")]
    token_ttl: Period<60, 21_600>,
}

fn es256() -> Algorithm {
    Algorithm::Es256
}

fn quarter_of_an_hour() -> Period<60, 21_600> {
    Period::seconds(900)
}

/// Takes all registries, whose tokens bear `token_issuer` as their `iss`.
///
/// Gives them with the names of the faulty ones too.
pub(super) fn settle(
    reading: &mut Reading<'_>,
    token_issuer: &str,
) -> (Vec<Arc<Registry>>, Vec<String>) {
    let mut known = Vec::new();
    let mut registries = Vec::new();
    let mut services: BTreeMap<String, Place> = BTreeMap::new();
    let faults_before = reading.faults.len();
    for table in reading.named::<RegistrySection>("registry") {
        names::check(reading, "registry", &table.name, table.at);
        known.push(table.name.clone());
        let Some(section) = table.value else { continue };
        let service = section.service;
        if service.value.is_empty() || service.value.chars().any(char::is_control) {
            reading.fault(service.at, "a service is a name that is not empty");
        }
        if let Some(first) = services.insert(service.value.clone(), service.at) {
            let message = format!(
                "`{}` is the service of another registry too ({}); tokens are told apart by it",
                service.value,
                reading.sources.describe(first)
            );
            reading.fault(service.at, message);
        }
        let kind = section.kind.value;
        let profile = section.profile.as_ref().map_or_else(
            || match kind {
                RegistryKind::Zot => Profile::Pinned,
                RegistryKind::Distribution
                | RegistryKind::Distribution2
                | RegistryKind::Distribution30 => Profile::X5c,
            },
            |profile| profile.value,
        );
        let at = section
            .profile
            .as_ref()
            .map_or(section.kind.at, |profile| profile.at);
        let registry = Registry {
            name: Arc::from(table.name),
            service: service.value,
            kind,
            profile,
            algorithm: section.algorithm,
            token_ttl: section.token_ttl.duration(),
            token_issuer: token_issuer.to_owned(),
        };
        if let Err(impossible) = registry.check_combination() {
            reading.fault(at, impossible.to_string());
        }
        registries.push(Arc::new(registry));
    }
    if known.is_empty() && reading.faults.len() == faults_before {
        reading.fault(
            Place::default(),
            "no registry is configured; add a `[registry.NAME]` with `service` and `kind`",
        );
    }
    (registries, known)
}

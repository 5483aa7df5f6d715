//! `[registry.*]`: the registries that trust our tokens.

use std::{collections::BTreeMap, sync::Arc};

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Located, Place, names,
    period::Period,
    read::Reading,
    secret::{SecretSection, SecretText},
};
use crate::{
    registry::{Algorithm, Naming, Profile, Registry, RegistryKind},
    token::{KeyError, check_given_key},
};

/// Half of the digits of a secret of 256 bits.
const MIN_SECRET_BYTES: usize = 32;

/// The longest key id: far more than any provider's.
const MAX_KID_BYTES: usize = 256;

/// A registry that trusts our tokens. Its name stands for it in rules.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegistrySection {
    /// What its tokens are signed with.
    #[serde(default = "es256")]
    algorithm: Algorithm,
    /// With what the registry may ask about its own tokens at
    /// `/oauth2/introspect` (RFC 7662), where its user name is its `service`.
    /// At least 32 bytes. Example: `{ file = "introspection" }`.
    introspection_secret: Option<Located<SecretSection>>,
    /// The `iss` of its tokens: `auth.token.issuer` of distribution. Default:
    /// `public_url`. For a registry that expects another provider's.
    /// Example: `"https://id.example.com/application/o/docker-registry/"`.
    issuer: Option<Located<String>>,
    /// PEM file with the private key that signs its tokens, instead of one that
    /// Portpass makes: that of a provider whose public key the registry trusts
    /// already. PKCS #8, PKCS #1 or SEC 1, without a passphrase; it must fit
    /// `algorithm`. Read again when it changes, and never copied.
    /// Example: `"authentik.pem"`.
    key: Option<Located<String>>,
    /// The id of `key` in the header of tokens, where the registry knows the key
    /// by an id of the provider's, from a JWKS file. Instead of `profile`.
    /// Example: `"7c69e6a7bd0ebbf21b447d3b8b172214"`.
    kid: Option<Located<String>>,
    /// Which registry it is, and so what it can verify.
    kind: Located<RegistryKind>,
    /// How its tokens name the key that signed them. Default: `"pinned"` for
    /// zot, `"x5c"` for the others; with `key` it is `"rfc7638"` for
    /// `"distribution"`, and `"libtrust"` for `"distribution-3.0"`, with a JWKS
    /// file, and `"distribution-2"`.
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

/// Takes all registries, whose tokens bear `public_url` as their `iss` unless they say another.
///
/// Gives them with the names of the faulty ones too.
pub(super) fn settle(
    reading: &mut Reading<'_>,
    public_url: &str,
) -> (Vec<Arc<Registry>>, Vec<String>) {
    let mut known = Vec::new();
    let mut registries = Vec::new();
    let mut services: BTreeMap<String, Place> = BTreeMap::new();
    let mut given = Vec::new();
    let faults_before = reading.faults.len();
    for table in reading.named::<RegistrySection>("registry") {
        names::check(reading, "registry", &table.name, table.at);
        known.push(table.name.clone());
        let Some(section) = table.value else { continue };
        let service = &section.service;
        check_name(service, "a service", reading);
        if let Some(first) = services.insert(service.value.clone(), service.at) {
            let message = format!(
                "`{}` is the service of another registry too ({}); tokens are told apart by it",
                service.value,
                reading.sources.describe(first)
            );
            reading.fault(service.at, message);
        }
        let key_at = section.key.as_ref().map(|key| key.at);
        let registry = Arc::new(section.settle(&table.name, table.at, public_url, reading));
        if let (Some(at), Some(path)) = (key_at, &registry.key) {
            match check_given_key(path, &registry) {
                Ok(thumbprint) => given.push((at, thumbprint, Arc::clone(&registry))),
                // What cannot be read was said already.
                Err(KeyError::File { .. }) => {}
                Err(error) => reading.fault(at, error.to_string()),
            }
        }
        registries.push(registry);
    }
    tell_keys_apart(&given, reading);
    if known.is_empty() && reading.faults.len() == faults_before {
        reading.fault(
            Place::default(),
            "no registry is configured; add a `[registry.NAME]` with `service` and `kind`",
        );
    }
    (registries, known)
}

impl RegistrySection {
    fn settle(
        self,
        name: &str,
        at: Place,
        public_url: &str,
        reading: &mut Reading<'_>,
    ) -> Registry {
        if let Some(issuer) = &self.issuer {
            check_name(issuer, "an issuer", reading);
        }
        let key = self.key.as_ref().map(|key| reading.file(key));
        let naming = self.naming(reading);
        let named_at = self.profile.as_ref().map(|profile| profile.at);
        let named_at = named_at.or(self.kid.as_ref().map(|kid| kid.at));
        let secret = self.introspection_secret;
        let registry = Registry {
            name: Arc::from(name),
            service: self.service.value,
            kind: self.kind.value,
            naming,
            key,
            algorithm: self.algorithm,
            token_ttl: self.token_ttl.duration(),
            token_issuer: self
                .issuer
                .map_or_else(|| public_url.to_owned(), |issuer| issuer.value),
            introspection_secret: secret
                .and_then(|secret| settle_secret(secret, name, at, reading)),
        };
        if let Err(impossible) = registry.check_combination() {
            reading.fault(named_at.unwrap_or(self.kind.at), impossible.to_string());
        }
        registry
    }

    /// How tokens name their key: as the file says, or as the kind finds it most easily.
    fn naming(&self, reading: &mut Reading<'_>) -> Naming {
        use RegistryKind::{Distribution, Distribution2, Distribution30, Zot};
        if let Some(kid) = &self.kid {
            check_name(kid, "a `kid`", reading);
            if kid.value.len() > MAX_KID_BYTES {
                let message = format!("this `kid` is longer than {MAX_KID_BYTES} bytes");
                reading.fault(kid.at, message);
            }
            if self.key.is_none() {
                let message = "`kid` is the id of a given key: give its file as `key`, or leave out \
                               `kid`";
                reading.fault(kid.at, message);
            }
            if let Some(profile) = &self.profile {
                let message = "`kid` says how the key is named: leave out `profile`";
                reading.fault(profile.at, message);
            }
            return Naming::Kid(kid.value.as_str().into());
        }
        let default = match (self.kind.value, &self.key) {
            (Zot, _) => Profile::Pinned,
            (Distribution | Distribution2 | Distribution30, None) => Profile::X5c,
            (Distribution, Some(_)) => Profile::Rfc7638,
            (Distribution2 | Distribution30, Some(_)) => Profile::Libtrust,
        };
        let Some(profile) = &self.profile else {
            return Naming::Profile(default);
        };
        if profile.value == Profile::X5c && self.key.is_some() {
            let message = "profile `x5c` signs with leaves under the CA, not with `key`: leave out \
                           `profile` or name the key with `kid`; or leave out `key`, and give a CA \
                           of your own as `[keys] ca`";
            reading.fault(profile.at, message);
        }
        Naming::Profile(profile.value)
    }
}

/// Names that registries compare, byte by byte.
fn check_name(name: &Located<String>, what: &str, reading: &mut Reading<'_>) {
    if name.value.is_empty() || name.value.chars().any(char::is_control) {
        reading.fault(
            name.at,
            format!("{what} is not empty and has no control characters"),
        );
    }
}

/// Refuses keys that somebody could take for one another: zot checks neither `iss` nor `aud`, and
/// the JWKS can have one key for an id.
fn tell_keys_apart(given: &[(Place, String, Arc<Registry>)], reading: &mut Reading<'_>) {
    for (index, (at, key, registry)) in given.iter().enumerate() {
        for (_, other_key, other) in given.iter().take(index) {
            let has_zot = [registry, other].map(|one| one.kind == RegistryKind::Zot);
            if key == other_key && has_zot.contains(&true) {
                let message = format!(
                    "this is the key of registry `{}` too, and zot looks at neither `iss` nor \
                     `aud`: tokens for one would be good at the other; give each its own",
                    other.name
                );
                reading.fault(*at, message);
            }
            let is_named_alike =
                matches!(registry.naming, Naming::Kid(_)) && registry.naming == other.naming;
            if key != other_key && is_named_alike {
                let message = format!(
                    "the `kid` is that of another key, registry `{}`'s: whoever finds keys by \
                     our JWKS could not tell them apart",
                    other.name
                );
                reading.fault(*at, message);
            }
        }
    }
}

/// A secret that nobody guesses. What is said about another one does not show it.
fn settle_secret(
    secret: Located<SecretSection>,
    registry: &str,
    table: Place,
    reading: &mut Reading<'_>,
) -> Option<SecretText> {
    let at = secret.at;
    let secret = secret.settle(reading)?;
    if secret.expose().len() < MIN_SECRET_BYTES {
        let message = format!(
            "the `introspection_secret` of registry `{registry}` is shorter than \
             {MIN_SECRET_BYTES} bytes; make one with `openssl rand -hex 32`"
        );
        reading.fault(reading.sources.away_from(at, table), message);
    }
    Some(secret)
}

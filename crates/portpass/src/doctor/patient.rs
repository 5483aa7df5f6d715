//! Who is examined, and what the operator knows of them.

use std::path::PathBuf;

use data_encoding::BASE64;

use super::{
    cure::shell,
    evidence::{Log, Said, Settings},
    jwt::Seen,
    wire::Url,
};
use crate::{
    config::{Config, SecretText},
    identity::{IssuerSettings, is_of},
    registry::{Registry, RegistryKind},
};

/// A registry, and everything that helps to see what is wrong with it.
#[derive(Debug)]
pub(crate) struct Patient {
    /// Its address, without a path.
    pub(crate) url: Url,
    /// The CA of its server and the token server's, in PEM, where it is no public one.
    pub(crate) ca: Option<Vec<u8>>,
    /// What to log in with.
    pub(crate) login: Option<Login>,
    /// A repository that may be asked for.
    pub(crate) repository: Option<String>,
    /// The registry's own configuration.
    pub(crate) settings: Option<Settings>,
    /// The registry's own log.
    pub(crate) log: Option<Log>,
    /// Our configuration.
    pub(crate) ours: Option<Ours>,
}

/// A credential, and what can be read in it.
#[derive(Debug)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) password: SecretText,
    pub(super) jwt: Option<Seen>,
}

/// Our configuration, and where it is.
#[derive(Debug)]
pub(crate) struct Ours {
    pub(crate) path: PathBuf,
    pub(crate) config: Config,
}

impl Patient {
    /// The registry of our configuration with this `service`; the only one there is, if no other
    /// has it.
    pub(super) fn registry(&self, service: &str) -> Option<&Registry> {
        let registries = &self.ours.as_ref()?.config.registries;
        let named = registries
            .iter()
            .find(|registry| registry.service == service);
        match (named, registries.as_slice()) {
            (Some(named), _) => Some(named),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }

    /// Whether the registry of a `service` is a zot: by its own files, its own words, or our table.
    pub(super) fn is_zot(&self, service: &str) -> bool {
        if let Some(settings) = &self.settings {
            return settings.is_zot;
        }
        let said = self.log.as_ref().and_then(Log::said);
        said.is_some_and(|(said, _)| said == Said::Signature)
            || self
                .registry(service)
                .is_some_and(|registry| registry.kind == RegistryKind::Zot)
    }
}

impl Login {
    pub(crate) fn new(user: String, password: String) -> Self {
        Self {
            jwt: Seen::of(&password),
            user,
            password: password.into(),
        }
    }

    /// The credential of a Basic header (RFC 7617 §2).
    pub(super) fn basic(&self) -> String {
        BASE64.encode(format!("{}:{}", self.user, self.password.expose()).as_bytes())
    }
}

impl Ours {
    /// Where our tokens are to be had.
    pub(super) fn realm(&self) -> String {
        format!("{}/token", self.config.public_url)
    }

    /// One of our commands on this configuration, for a shell.
    pub(super) fn command(&self, words: &str) -> String {
        format!(
            "portpass {words} -c {}",
            shell(&self.path.display().to_string())
        )
    }

    /// The issuer that would be asked about a JWT.
    pub(super) fn issuer(&self, iss: &str) -> Option<&IssuerSettings> {
        self.config.issuers.iter().find(|issuer| is_of(issuer, iss))
    }
}

/// A registry's address as people write it: with or without a scheme, with or without `/v2/`.
///
/// # Errors
///
/// Says why a text is none.
pub(crate) fn address(text: &str) -> Result<Url, String> {
    let with_scheme = if text.contains("://") {
        text.to_owned()
    } else {
        // As docker has it: this machine's own registries speak HTTP.
        let host = text.split(['/', ':']).next().unwrap_or_default();
        let is_own = crate::outbound::is_localhost(host) || host == "127.0.0.1";
        let scheme = if is_own { "http" } else { "https" };
        format!("{scheme}://{text}")
    };
    let mut url: Url = with_scheme
        .parse()
        .map_err(|error| format!("not an address: {error}"))?;
    if !["http", "https"].contains(&url.scheme()) {
        return Err("not an address of a registry: use https://HOST".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("give the credential with --user and --password-stdin".to_owned());
    }
    url.set_path("/");
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        for (text, url) in [
            ("registry.example.com", "https://registry.example.com/"),
            (
                "https://registry.example.com/v2/?x#y",
                "https://registry.example.com/",
            ),
            ("localhost:5000", "http://localhost:5000/"),
            ("127.0.0.1:5000", "http://127.0.0.1:5000/"),
            (
                "http://registry.example.com",
                "http://registry.example.com/",
            ),
        ] {
            assert_eq!(address(text).unwrap().as_str(), url);
        }
        for text in [
            "ftp://registry.example.com",
            "https://me:secret@registry.example.com",
            "https://",
        ] {
            assert!(!address(text).unwrap_err().contains("secret"), "{text}");
        }
    }
}

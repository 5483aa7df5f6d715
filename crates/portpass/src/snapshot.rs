//! What one request sees of the configuration: all of one reading of the file.

use std::{path::Path, sync::Arc};

use anyhow::Context as _;
use jiff::Timestamp;

use crate::{
    config::{Config, ConfigError, Fault},
    decision::Policy,
    identity::Directory,
    refused::Nonsense,
    registry::Registry,
    relay::Relay,
};

/// The folder, in the data folder, where the last good keys of issuers are.
const ISSUER_KEYS: &str = "issuers";

/// Issuers, rules and registries. A request takes one and keeps it.
#[derive(Debug)]
pub struct Snapshot {
    /// The issuers whose tokens are believed.
    pub directory: Directory,
    /// The rules.
    pub policy: Policy,
    /// The registries that trust our tokens.
    pub registries: Vec<Arc<Registry>>,
    /// The identity provider that we stand beside, if there is one.
    pub relay: Option<Arc<Relay>>,
    /// The words that may stand beside docker's scopes, and mean nothing here.
    pub scope_words: Vec<String>,
}

impl Snapshot {
    /// Compiles what the files say; the keys that `previous` has fetched stay,
    /// where their source is the same.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, not only the first.
    pub fn of(
        config: &Config,
        previous: Option<&Self>,
        now: Timestamp,
    ) -> Result<Self, ConfigError> {
        let cache = config.data_dir.join(ISSUER_KEYS);
        let known = previous.map(|previous| &previous.directory);
        let directory = Directory::build(config.issuers.clone(), known, &cache, now);
        let policy = Policy::compile(&config.policy);
        let running = previous.and_then(|previous| previous.relay.as_ref());
        let relay = config.relay.as_ref().map(|relay| {
            let at = relay.at;
            let opened = Relay::of(&relay.value, running);
            opened.map_err(|fault| vec![Fault::new(at, fault.to_string())])
        });
        match (directory, policy, relay.transpose()) {
            (Ok(directory), Ok(policy), Ok(relay)) => Ok(Self {
                directory,
                policy,
                registries: config.registries.clone(),
                relay,
                scope_words: config.scope_words.clone(),
            }),
            (directory, policy, relay) => {
                let mut faults = directory.err().unwrap_or_default();
                faults.extend(policy.err().unwrap_or_default());
                faults.extend(relay.err().unwrap_or_default());
                Err(ConfigError::new(config.sources.clone(), faults))
            }
        }
    }

    /// Opens what a relay seals others' secrets with; a server does so before it
    /// serves, and nobody else needs to.
    ///
    /// # Errors
    ///
    /// When the key cannot be read, or made in the data folder.
    pub fn open_session_key(&self, data_dir: &Path) -> anyhow::Result<()> {
        match &self.relay {
            Some(relay) => relay
                .open_session_key(data_dir)
                .context("opening the key that sessions are sealed with"),
            None => Ok(()),
        }
    }

    /// The registry that a request names by its `service`; the only one there
    /// is, if it names none. Where the provider alone knows the registries, it
    /// is whichever is named.
    ///
    /// # Errors
    ///
    /// When the request names another one, several, or none of several.
    pub fn registry(&self, services: &[&str]) -> Result<Arc<Registry>, Nonsense> {
        let mut named = services.iter().filter(|service| !service.is_empty());
        let Some(service) = named.next() else {
            return match self.registries.as_slice() {
                [only] => Ok(Arc::clone(only)),
                _ => Err(Nonsense::ServiceMissing),
            };
        };
        if named.any(|other| other != service) {
            return Err(Nonsense::ServiceTwice);
        }
        let takes_any = self
            .relay
            .as_ref()
            .is_some_and(|relay| relay.takes_any_service());
        match self.registries.as_slice() {
            [only] if takes_any => Ok(Arc::new(Registry {
                service: (*service).to_owned(),
                ..Registry::clone(only)
            })),
            all => all
                .iter()
                .find(|registry| registry.service == **service)
                .map(Arc::clone)
                .ok_or(Nonsense::ServiceUnknown),
        }
    }
}

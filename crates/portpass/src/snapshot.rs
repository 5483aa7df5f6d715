//! What one request sees of the configuration: all of one reading of the file.

use std::sync::Arc;

use jiff::Timestamp;

use crate::{
    config::{Config, ConfigError},
    decision::Policy,
    identity::Directory,
    refused::Nonsense,
    registry::Registry,
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
        let previous = previous.map(|previous| &previous.directory);
        let directory = Directory::build(config.issuers.clone(), previous, &cache, now);
        let policy = Policy::compile(&config.policy);
        match (directory, policy) {
            (Ok(directory), Ok(policy)) => Ok(Self {
                directory,
                policy,
                registries: config.registries.clone(),
                scope_words: config.scope_words.clone(),
            }),
            (directory, policy) => {
                let mut faults = directory.err().unwrap_or_default();
                faults.extend(policy.err().unwrap_or_default());
                Err(ConfigError::new(config.sources.clone(), faults))
            }
        }
    }

    /// The registry that a request names by its `service`; the only one there
    /// is, if it names none.
    ///
    /// # Errors
    ///
    /// When the request names another one, several, or none of several.
    pub fn registry(&self, services: &[&str]) -> Result<&Arc<Registry>, Nonsense> {
        let mut named = services.iter().filter(|service| !service.is_empty());
        let Some(service) = named.next() else {
            return match self.registries.as_slice() {
                [only] => Ok(only),
                _ => Err(Nonsense::ServiceMissing),
            };
        };
        if named.any(|other| other != service) {
            return Err(Nonsense::ServiceTwice);
        }
        self.registries
            .iter()
            .find(|registry| registry.service == **service)
            .ok_or(Nonsense::ServiceUnknown)
    }
}

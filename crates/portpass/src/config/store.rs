//! `[store]`: where Portpass keeps what must survive a restart.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Config, Located, Place,
    read::Reading,
    secret::{SecretSection, SecretText},
};
use crate::registry::{Naming, Profile};

/// Where Portpass keeps what must survive a restart.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct StoreSection {
    /// The folder with the database, the CA and the keys. Made with mode 0700;
    /// one server at a time.
    pub(super) data_dir: Located<String>,
    /// A PostgreSQL database instead of the one in `data_dir`, for several
    /// replicas; each still has a `data_dir` for its keys. The password is best
    /// kept in a file: `{ file = "…" }`.
    /// Example: `"postgres://portpass@db.example.com/portpass"`.
    database_url: Option<Located<SecretSection>>,
}

impl Default for StoreSection {
    fn default() -> Self {
        Self {
            data_dir: Located {
                value: "/var/lib/portpass".to_owned(),
                at: Place::default(),
            },
            database_url: None,
        }
    }
}

impl StoreSection {
    /// The address of the database, if it is not the one in the data folder.
    pub(super) fn settle(self, reading: &mut Reading<'_>) -> Option<SecretText> {
        let section = self.database_url?;
        let at = section.at;
        let url = section.settle(reading)?;
        let schemes = ["postgres://", "postgresql://"];
        if !schemes.iter().any(|start| url.expose().starts_with(start)) {
            // The text is not repeated: it may hold a password.
            reading.fault(
                at,
                "the address of a PostgreSQL database begins with `postgres://`",
            );
        }
        Some(url)
    }
}

impl Config {
    /// What loads and is probably not meant, in words for the operator.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.database_url.is_none() {
            return warnings;
        }
        if self.keys.ca.is_none() {
            warnings.push(
                "[store] database_url is for several replicas, and each makes a CA of its own; \
                 give them one with [keys] ca"
                    .to_owned(),
            );
        }
        let own_keys = self.registries.iter().filter(|registry| {
            registry.key.is_none() && registry.naming != Naming::Profile(Profile::X5c)
        });
        warnings.extend(own_keys.map(|registry| {
            format!(
                "[registry.{}] trusts one key of its own, which a second replica does not have; \
                 run one replica, or use profile x5c",
                registry.name
            )
        }));
        warnings
    }
}

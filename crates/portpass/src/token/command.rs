//! What an operator can have done with the keys, and what is answered.

use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    KeyError,
    certificate::Certificate,
    export, jwks,
    signer::Signer,
    state::State,
    table::{Table, longest_token},
};
use crate::registry::{Algorithm, Naming, Profile, Registry};

/// A command about our own keys.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "command", deny_unknown_fields)]
pub enum KeyCommand {
    /// Sign with a registry's staged key from now on.
    Activate {
        /// The registry's name.
        registry: String,
    },
    /// Sign leaves under the staged CA from now on.
    CaActivate,
    /// Give what registries of profile `x5c` must trust.
    CaExport,
    /// Make the next CA.
    CaStage,
    /// Give what a registry must trust.
    Export {
        /// The registry's name.
        registry: String,
        /// The staged key alone, for zot, which holds but one.
        staged: bool,
    },
    /// Show every key and the CA.
    List,
    /// Sign with new leaves from now on.
    Rotate {
        /// For this registry's algorithm only.
        registry: Option<String>,
    },
    /// Make a registry's next key.
    Stage {
        /// The registry's name.
        registry: String,
    },
}

impl KeyCommand {
    /// Whether it changes keys, and so is recorded with whoever gave it.
    pub fn changes_keys(&self) -> bool {
        match self {
            Self::Activate { .. }
            | Self::CaActivate
            | Self::CaStage
            | Self::Rotate { .. }
            | Self::Stage { .. } => true,
            Self::CaExport | Self::Export { .. } | Self::List => false,
        }
    }
}

/// What is answered to a [`KeyCommand`]. There is never a private key in it.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "answer")]
pub enum KeyAnswer {
    /// It was done.
    Done {
        /// What was done.
        message: String,
        /// What to do next, in order.
        next: Vec<String>,
    },
    /// Something to give to a registry, as it is to stand in a file.
    Exported {
        /// The file's whole text.
        content: String,
    },
    /// What keys there are.
    Listed {
        /// The CAs: today's, then the staged one.
        authorities: Vec<ListedAuthority>,
        /// The keys that sign tokens.
        keys: Vec<ListedKey>,
        /// What the operator should know.
        warning: Option<String>,
    },
}

/// One CA in a list.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct ListedAuthority {
    /// Whether leaves are signed under it already.
    pub state: State,
    /// From when it is valid.
    pub not_before: Timestamp,
    /// Until when it is valid.
    pub not_after: Timestamp,
}

/// One key in a list.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct ListedKey {
    /// Its id, as the tokens and the JWKS have it.
    pub kid: String,
    /// What is signed with it.
    pub algorithm: Algorithm,
    /// How its tokens name it, unless the operator says how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// Whether the operator gave it as a file.
    #[serde(default)]
    pub given: bool,
    /// Whether it signs.
    pub state: State,
    /// From when its certificate is valid.
    pub not_before: Timestamp,
    /// Until when its certificate is valid.
    pub not_after: Timestamp,
    /// The registries it signs for.
    pub registries: Vec<String>,
}

impl Signer {
    /// Does what an operator asks. It writes files and may make an RSA key: run
    /// it where blocking is allowed.
    ///
    /// # Errors
    ///
    /// When the command does not fit the registry or the state of its keys (the
    /// message has the way out), or a file cannot be read or written.
    pub fn execute(&self, command: KeyCommand, now: Timestamp) -> Result<KeyAnswer, KeyError> {
        match command {
            KeyCommand::Activate { registry } => self.activate(&registry, now),
            KeyCommand::CaActivate => self.activate_authority(now),
            KeyCommand::CaExport => Ok(exported(export::authority(&self.table.load(), now))),
            KeyCommand::CaStage => self.stage_authority(now),
            KeyCommand::Export { registry, staged } => {
                let table = self.table.load();
                let registry = named(&table, &registry)?;
                export::registry(&table, &registry, staged, now).map(exported)
            }
            KeyCommand::List => Ok(list(&self.table.load(), now)),
            KeyCommand::Rotate { registry } => self.rotate(registry.as_deref(), now),
            KeyCommand::Stage { registry } => self.stage(&registry, now),
        }
    }

    fn stage(&self, name: &str, now: Timestamp) -> Result<KeyAnswer, KeyError> {
        let registry = self.change(|table| {
            let registry = named(table, name)?;
            let keys = table.keys_of(&registry).ok_or_else(|| trusts(name))?;
            keys.stage(now)?;
            table.reread(&registry, now)?;
            Ok(registry)
        })?;
        let export = match registry.naming {
            Naming::Profile(Profile::Pinned) => format!("portpass keys export {name} --staged"),
            Naming::Kid(_)
            | Naming::Profile(Profile::Libtrust | Profile::Rfc7638 | Profile::X5c) => {
                format!("portpass keys export {name}")
            }
        };
        Ok(KeyAnswer::Done {
            message: format!("the next key of registry {name} is staged; it signs nothing yet"),
            next: vec![
                format!("`{export}`: give what it prints to the registry, and restart that"),
                format!("`portpass keys activate {name}`"),
            ],
        })
    }

    fn activate(&self, name: &str, now: Timestamp) -> Result<KeyAnswer, KeyError> {
        self.change(|table| {
            let registry = named(table, name)?;
            let keys = table.keys_of(&registry).ok_or_else(|| trusts(name))?;
            keys.activate(longest_token(&registry), now)?;
            table.reread(&registry, now)
        })?;
        Ok(KeyAnswer::Done {
            message: format!("tokens for registry {name} are signed with the staged key"),
            next: Vec::new(),
        })
    }

    fn rotate(&self, name: Option<&str>, now: Timestamp) -> Result<KeyAnswer, KeyError> {
        self.change(|table| {
            let only = match name {
                Some(name) => Some(named(table, name)?),
                None => None,
            };
            match &only {
                Some(registry) => refuse_to_rotate(registry)?,
                None if table.leaves.is_empty() => return Err(KeyError::NoLeaves),
                None => {}
            }
            table.rotate(only.map(|registry| registry.algorithm), now)
        })?;
        Ok(KeyAnswer::Done {
            message: "tokens are signed with new leaves; those of the old ones stay good"
                .to_owned(),
            next: Vec::new(),
        })
    }

    fn stage_authority(&self, now: Timestamp) -> Result<KeyAnswer, KeyError> {
        self.change(|table| {
            table.authority.stage(now)?;
            table.authority = Arc::new(table.authority.reread(now)?);
            Ok(())
        })?;
        Ok(KeyAnswer::Done {
            message: "the next CA is staged; nothing is signed under it yet".to_owned(),
            next: vec![
                "`portpass keys ca export`: give the bundle to every registry of profile x5c, and \
                 restart those"
                    .to_owned(),
                "`portpass keys ca activate`".to_owned(),
            ],
        })
    }

    fn activate_authority(&self, now: Timestamp) -> Result<KeyAnswer, KeyError> {
        self.change(|table| {
            table.authority.activate()?;
            table.authority = Arc::new(table.authority.reread(now)?);
            table.rotate(None, now)
        })?;
        Ok(KeyAnswer::Done {
            message: "tokens are signed with new leaves under the staged CA".to_owned(),
            next: Vec::new(),
        })
    }
}

fn exported(content: String) -> KeyAnswer {
    KeyAnswer::Exported { content }
}

fn trusts(registry: &str) -> KeyError {
    KeyError::TrustsAuthority {
        registry: registry.to_owned(),
    }
}

/// Only leaves are exchanged at once.
fn refuse_to_rotate(registry: &Registry) -> Result<(), KeyError> {
    match (&registry.key, &registry.naming) {
        (Some(path), _) => Err(KeyError::given_key(&registry.name, path)),
        (None, Naming::Profile(Profile::X5c)) => Ok(()),
        (None, Naming::Kid(_) | Naming::Profile(_)) => Err(KeyError::NeedsStaging {
            registry: registry.name.to_string(),
        }),
    }
}

fn named(table: &Table, name: &str) -> Result<Arc<Registry>, KeyError> {
    let registry = table.registries.get(name).cloned();
    registry.ok_or_else(|| KeyError::UnknownRegistry(name.to_owned()))
}

fn list(table: &Table, now: Timestamp) -> KeyAnswer {
    let listed = |certificate: &Certificate, state| ListedAuthority {
        state,
        not_before: certificate.not_before,
        not_after: certificate.not_after,
    };
    let current = listed(table.authority.certificate(), State::Current);
    let staged = table.authority.staged();
    let staged = staged.map(|staged| listed(staged, State::Coming));
    let keys = jwks::published(table, now).into_iter().map(|published| {
        let algorithm = published.key.algorithm();
        let uses_leaf = |registry: &&Arc<Registry>| {
            registry.naming == Naming::Profile(Profile::X5c) && registry.algorithm == algorithm
        };
        ListedKey {
            kid: published.key.named(&published.naming),
            algorithm,
            profile: published.naming.profile(),
            given: published.is_given,
            state: published.state,
            not_before: published.certificate.not_before,
            not_after: published.certificate.not_after,
            registries: match published.registry {
                Some(registry) => vec![registry.to_owned()],
                None => table
                    .registries
                    .values()
                    .filter(uses_leaf)
                    .map(|registry| registry.name.to_string())
                    .collect(),
            },
        }
    });
    KeyAnswer::Listed {
        authorities: std::iter::once(current).chain(staged).collect(),
        keys: keys.collect(),
        warning: table.authority.expiry(now).warning,
    }
}

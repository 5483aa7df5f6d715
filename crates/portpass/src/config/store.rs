//! `[store]`: where Portpass keeps what must survive a restart.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Located, Place};

/// Where Portpass keeps what must survive a restart.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct StoreSection {
    /// The folder with the database of events, the CA and the keys. Made with
    /// mode 0700; one server at a time.
    pub(super) data_dir: Located<String>,
}

impl Default for StoreSection {
    fn default() -> Self {
        Self {
            data_dir: Located {
                value: "/var/lib/portpass".to_owned(),
                at: Place::default(),
            },
        }
    }
}

//! `[keys]`: what tokens are signed with.

use std::{path::Path, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Located, period::Period, read::Reading};
use crate::token::KeySettings;

/// What tokens are signed with.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct KeysSection {
    /// A CA of your own, as `{ certificate = "ca.crt", key = "ca.key" }`.
    /// Without it Portpass makes one and keeps it in `store.data_dir`.
    ca: Option<CaFiles>,
    /// How often the signing keys under the CA are renewed.
    rotate_every: Period<600, 2_592_000>,
}

/// The files of a CA that the operator gives.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
struct CaFiles {
    /// PEM file with the CA's certificate: what registries trust.
    certificate: Located<String>,
    /// PEM file with the CA's private key.
    key: Located<String>,
}

impl Default for KeysSection {
    fn default() -> Self {
        Self {
            ca: None,
            rotate_every: Period::seconds(86_400),
        }
    }
}

impl KeysSection {
    /// How often the signing keys under the CA are renewed.
    pub(super) fn rotate_every(&self) -> Duration {
        self.rotate_every.duration()
    }

    pub(super) fn settle(self, data_dir: &Path, reading: &mut Reading<'_>) -> KeySettings {
        let rotate_every = self.rotate_every();
        let ca = self
            .ca
            .map(|files| (reading.file(&files.certificate), reading.file(&files.key)));
        KeySettings {
            data_dir: data_dir.to_owned(),
            ca,
            rotate_every,
        }
    }
}

//! `[tls]`: the certificate that clients see.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Located, read::Reading};

/// HTTPS on `listen.http`, where no proxy in front of Portpass does it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TlsSection {
    /// PEM file with the server's certificate and its chain; read again when
    /// it changes. Example: `"/etc/portpass/tls.crt"`.
    certificate: Located<String>,
    /// PEM file with its private key; read again when it changes.
    /// Example: `"/etc/portpass/tls.key"`.
    key: Located<String>,
}

/// The files with the server's certificate and key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TlsFiles {
    /// Certificate chain, PEM.
    pub certificate: PathBuf,
    /// Private key, PEM.
    pub key: PathBuf,
}

impl TlsSection {
    pub(super) fn settle(self, reading: &mut Reading<'_>) -> TlsFiles {
        TlsFiles {
            certificate: reading.file(&self.certificate),
            key: reading.file(&self.key),
        }
    }
}

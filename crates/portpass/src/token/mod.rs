//! The signed answer.

use std::{path::PathBuf, sync::Arc};

use jiff::Timestamp;

use crate::{decision::Grant, registry::Registry};

/// A token and the grant it was signed for. Only [`Signer::sign`] makes one.
#[derive(Debug)]
pub struct SignedToken {
    grant: Grant,
    encoded: String, // redact in Debug
    id: String,      // the `jti`: a UUIDv7, also the id of its event
    lifetime_seconds: i64,
    expires_at: Timestamp,
}

/// Where keys live and how long.
#[derive(Clone, Debug)]
pub struct KeySettings {
    pub data_dir: PathBuf,
    /// A CA that the operator gives: certificate and key files.
    pub ca: Option<(PathBuf, PathBuf)>,
    /// How often leaves are rotated.
    pub rotate_every: std::time::Duration,
}

/// Signs tokens, each registry's way.
pub struct Signer {}
impl Signer {
    /// Reads or makes the CA and every key the registries need.
    pub fn open(
        settings: KeySettings,
        registries: &[Arc<Registry>],
        now: Timestamp,
    ) -> Result<Self, KeyError> {
        todo!()
    }
    /// Makes what a changed list of registries needs; called before a reload's snapshot is swapped in.
    pub fn prepare(&self, registries: &[Arc<Registry>], now: Timestamp) -> Result<(), KeyError> {
        todo!()
    }
    /// Takes the grant. exp = min(token_ttl, until - now), at least 60 s.
    pub fn sign(&self, grant: Grant, now: Timestamp) -> Result<SignedToken, SignError> {
        todo!()
    }
    /// Renews what is due (leaves); returns when to come again. Called by a background task.
    pub fn maintain(&self, now: Timestamp) -> Result<Timestamp, KeyError> {
        todo!()
    }
}
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct KeyError(String);
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SignError(String);

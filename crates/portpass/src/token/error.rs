//! What can be wrong with our own keys.

use std::{
    io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

/// Keys could not be read, made, kept or exchanged.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A certificate could not be made.
    #[error("making a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// A file could not be read or written.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The operator gave the CA as files, so it is theirs to renew.
    #[error(
        "the CA is given as files, so a new one is given the same way: let every registry trust \
         the certificates of both, replace {path} and its key, and reload", path = path.display()
    )]
    GivenAuthority {
        /// The certificate's file.
        path: PathBuf,
    },
    /// The operator gave a registry's key as a file, so it is theirs to exchange.
    #[error(
        "the key of registry {registry} is given as a file, so a new one is given the same way: \
         let the registry trust both keys, replace {path} (and its `kid`, if one is given), and \
         reload", path = path.display()
    )]
    GivenKey {
        /// The registry's name.
        registry: String,
        /// The key's file.
        path: PathBuf,
    },
    /// A key could not be made.
    #[error("making an {0} key: the cryptographic library refused")]
    Generation(&'static str),
    /// The staged key alone was asked for, where all keys are given together.
    #[error(
        "registry {0} is given every key that it must trust, the staged one among them: leave out \
         `--staged`"
    )]
    GivenWhole(String),
    /// A registry's name cannot be a folder's.
    #[error(
        "registry {0:?} cannot keep a key under its name: use letters, digits, `-`, `_` and `.` only"
    )]
    RegistryName(String),
    /// A registry verifies one long-lived key, which cannot be rotated under it.
    #[error(
        "registry {registry} verifies one key and reads it at its start, so it cannot be rotated \
         at once: `portpass keys stage {registry}`, `portpass keys export {registry}`, give it to the \
         registry and restart that, then `portpass keys activate {registry}`"
    )]
    NeedsStaging {
        /// The registry's name.
        registry: String,
    },
    /// No registry uses leaves.
    #[error(
        "no registry has the profile x5c, so there is no leaf to rotate: use `portpass keys stage`, \
         `export` and `activate` with a registry's name"
    )]
    NoLeaves,
    /// A key that is to be activated was never staged.
    #[error("{what} has no staged key: run `portpass keys {stage}` first")]
    NotStaged {
        /// What the key is for.
        what: String,
        /// The command that stages one.
        stage: String,
    },
    /// An x5c registry trusts the CA, and needs no staging.
    #[error(
        "registry {registry} trusts the CA, whose leaves rotate by themselves: use `portpass keys \
         rotate` for a new leaf, `portpass keys ca stage` for a new CA"
    )]
    TrustsAuthority {
        /// The registry's name.
        registry: String,
    },
    /// A key file holds something else, and is left as it is.
    #[error(
        "{path}: {reason}; the file is left as it is: restore it from a backup, or move it away \
         to have a new one made", path = path.display()
    )]
    Unfit {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that the operator gave cannot be used.
    #[error("{path}: {reason}", path = path.display())]
    UnfitGiven {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A command names a registry that the configuration does not.
    #[error("no registry is called {0:?}")]
    UnknownRegistry(String),
}

impl KeyError {
    /// A registry's key that the operator keeps.
    pub(super) fn given_key(registry: &str, path: &Path) -> Self {
        Self::GivenKey {
            registry: registry.to_owned(),
            path: path.to_owned(),
        }
    }

    /// A file of the operator's that holds something else than it should.
    pub(super) fn unfit_given(path: &Path, reason: impl Into<String>) -> Self {
        Self::UnfitGiven {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }

    /// A file that holds something else than its name says.
    pub(super) fn unfit(path: &Path, reason: impl Into<String>) -> Self {
        Self::Unfit {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }
}

/// A token could not be signed. Always ours to mend, never the caller's.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The certificate ends too soon for any token.
    #[error(
        "the signing certificate for registry {registry} ends at {not_after}, too soon for a \
         token: {way_out}"
    )]
    Ending {
        /// The registry's name.
        registry: String,
        /// The end of the leaf.
        not_after: Timestamp,
        /// What an operator can do.
        way_out: &'static str,
    },
    /// The claims could not be written as JSON.
    #[error("writing the claims: {0}")]
    Json(#[from] serde_json::Error),
    /// The system has no random bytes to give.
    #[error("the system has no random bytes for a refresh token")]
    NoRandomness,
    /// There is no key for the registry.
    #[error("there is no key to sign for registry {0} with: see `portpass keys list`")]
    NoKey(String),
    /// The cryptographic library refused.
    #[error("the cryptographic library refused to sign for registry {0}")]
    Refused(String),
}

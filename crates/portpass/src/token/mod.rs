//! The signed answer.
//!
//! A registry trusts either the CA, under which short-lived leaves rotate by
//! themselves ([`Profile::X5c`](crate::registry::Profile::X5c)), or one long-lived
//! key of its own, which the operator may give. A new profile is a variant there, a row of the table in
//! `registry`, and its header in `header`.

mod authority;
mod certificate;
mod claims;
mod command;
mod error;
mod export;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod given_key;
mod header;
mod jwks;
mod leaf;
mod leaves;
mod pem;
mod public_key;
mod registry_keys;
mod signer;
mod signing_key;
mod state;
mod table;
mod trust;
mod verify;

#[cfg(test)]
mod tests;

use std::{fmt, path::PathBuf, time::Duration};

use jiff::Timestamp;

use self::authority::Authority;
pub(crate) use self::trust::{Judgement, Trust};
pub use self::{
    authority::AuthorityExpiry,
    command::{KeyAnswer, KeyCommand, ListedAuthority, ListedKey},
    error::{KeyError, SignError},
    given_key::check_given_key,
    signer::Signer,
    state::State,
    verify::VerifiedToken,
};
use crate::{credential::Secret, decision::Grant};

/// Where keys live and how long.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeySettings {
    /// The folder of everything that we keep; keys are under `keys/` in it.
    pub data_dir: PathBuf,
    /// A CA that the operator gives: the files of its certificate and its key, in PEM.
    pub ca: Option<(PathBuf, PathBuf)>,
    /// How often leaves are rotated; a minute at least.
    pub rotate_every: Duration,
}

impl KeySettings {
    /// Reads what the operator gives, and makes nothing.
    ///
    /// # Errors
    ///
    /// When a given CA cannot be read, is no CA, or has another's key.
    pub fn check(&self) -> Result<(), KeyError> {
        match &self.ca {
            Some((certificate, key)) => Authority::given(certificate, key).map(drop),
            None => Ok(()),
        }
    }

    /// When the CA ends, as far as its file can be read here; nothing is made.
    pub(crate) fn authority_ends(&self) -> Option<Timestamp> {
        let own = || table::authority_of(&self.data_dir).join("current.pem");
        let path = self.ca.as_ref().map_or_else(own, |(path, _)| path.clone());
        let text = pem::read(&path).ok()??;
        let certificate = pem::sections(&text).ok()?.first_certificate().ok()?;
        Some(certificate.not_after)
    }
}

/// A token and the grant it was signed for. Only [`Signer::sign`] makes one.
pub struct SignedToken {
    grant: Grant,
    encoded: String,
    refresh_token: Option<Secret>,
    id: String,
    lifetime_seconds: i64,
    expires_at: Timestamp,
}

impl SignedToken {
    /// What it was signed for.
    pub fn grant(&self) -> &Grant {
        &self.grant
    }

    /// The JWT itself: a credential, to be shown to its caller alone.
    pub fn encoded(&self) -> &str {
        &self.encoded
    }

    /// The same, with a refresh token for its session: of no use until it is
    /// stored, which its record does or not.
    #[must_use]
    pub fn with_refresh(self, secret: Secret) -> Self {
        Self {
            refresh_token: Some(secret),
            ..self
        }
    }

    /// The refresh token that goes with it, if one was asked for and there is
    /// a session that may have one.
    pub fn refresh_token(&self) -> Option<&Secret> {
        self.refresh_token.as_ref()
    }

    /// Its `jti`, a UUID of version 7, which is the id of its event as well.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How long it lives from now, in seconds: the `expires_in` of the answer.
    pub fn lifetime_seconds(&self) -> i64 {
        self.lifetime_seconds
    }

    /// Its `exp`.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

impl fmt::Debug for SignedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedToken")
            .field("grant", &self.grant)
            .field("refresh_token", &self.refresh_token)
            .field("id", &self.id)
            .field("lifetime_seconds", &self.lifetime_seconds)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

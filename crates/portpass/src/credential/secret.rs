//! Secrets that we make: refresh tokens and API tokens.

use std::fmt;

use secrecy::SecretString;

use super::Malformed;

/// What a secret of ours is for; its prefix says it to people and to scanners.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum SecretKind {
    /// `portpass_at_`: a robot's.
    ApiToken,
    /// `portpass_rt_`: what `docker login` keeps in place of the JWT.
    RefreshToken,
}

/// A secret of ours, with the hash that it is stored under.
pub struct Secret {
    kind: SecretKind,
    text: SecretString,
    hash: SecretHash,
}

/// The SHA-256 of a secret's whole text, in base32: what is stored and looked up.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct SecretHash(String);

impl SecretHash {
    /// The hash as it stands in the store.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Secret {
    /// A new secret: the prefix, 256 random bits, and a checksum over both.
    pub fn make(_kind: SecretKind) -> Self {
        todo!()
    }

    /// Reads what has one of the prefixes; `None` for anything else.
    ///
    /// # Errors
    ///
    /// When it has the prefix, and not the form or the checksum.
    pub fn parse(_text: &str) -> Option<Result<Self, Malformed>> {
        todo!()
    }

    /// What it is for.
    pub fn kind(&self) -> SecretKind {
        self.kind
    }

    /// The text, for its bearer alone.
    pub fn expose(&self) -> &str {
        use secrecy::ExposeSecret as _;
        self.text.expose_secret()
    }

    /// What it is stored under.
    pub fn hash(&self) -> &SecretHash {
        &self.hash
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

//! A registry that trusts our tokens, and how it wants them.

use std::{fmt, sync::Arc, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One `[registry.*]` of the file: everything a token for it depends on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Registry {
    /// The name of its table in the file.
    pub name: Arc<str>,
    /// The registry's `auth.token.service`: the `aud` of its tokens.
    pub service: String,
    /// What the registry can verify.
    pub kind: RegistryKind,
    /// How its tokens name their key.
    pub profile: Profile,
    /// What its tokens are signed with.
    pub algorithm: Algorithm,
    /// How long its tokens live, at most.
    pub token_ttl: Duration,
    /// The `iss` of its tokens: our `public_url`.
    pub token_issuer: String,
}

/// What a registry can verify.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
pub enum RegistryKind {
    /// CNCF Distribution 3.1 and later.
    #[serde(rename = "distribution")]
    Distribution,
    /// Docker Distribution 2.x.
    #[serde(rename = "distribution-2")]
    Distribution2,
    /// CNCF Distribution 3.0, whose EC key ids are wrong.
    #[serde(rename = "distribution-3.0")]
    Distribution30,
    /// zot with bearer authentication.
    #[serde(rename = "zot")]
    Zot,
}

/// How a token names the key that signed it.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// A `kid` in libtrust's form.
    Libtrust,
    /// No key id at all: the registry holds the one key.
    Pinned,
    /// A `kid` that is the key's RFC 7638 thumbprint.
    Rfc7638,
    /// The signing certificate itself, in the `x5c` header (RFC 7515 §4.1.6).
    X5c,
}

/// What a token is signed with (RFC 7518 §3.1, RFC 8037 §3.1).
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
pub enum Algorithm {
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// ECDSA over P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
}

impl Algorithm {
    /// Its name in a JOSE header (RFC 7518 §3.1).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

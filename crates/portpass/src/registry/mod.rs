//! A registry that trusts our tokens, and how it wants them.

use std::{fmt, path::PathBuf, str::FromStr, sync::Arc, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::SecretText;

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
    pub naming: Naming,
    /// The file of the private key that the operator gives, in PEM; we make one if there is none.
    pub key: Option<PathBuf>,
    /// What its tokens are signed with.
    pub algorithm: Algorithm,
    /// How long its tokens live, at most.
    pub token_ttl: Duration,
    /// The `iss` of its tokens: our `public_url`, unless the file says another.
    pub token_issuer: String,
    /// With what the registry may introspect its own tokens (RFC 7662), if it may.
    pub introspection_secret: Option<SecretText>,
}

/// How the tokens of one registry name the key that signed them.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Naming {
    /// With a `kid` that the operator gives beside the key.
    Kid(Arc<str>),
    /// As a profile has it.
    Profile(Profile),
}

impl Naming {
    /// The profile, unless the operator says how the key is named.
    pub fn profile(&self) -> Option<Profile> {
        match self {
            Self::Kid(_) => None,
            Self::Profile(profile) => Some(*profile),
        }
    }
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

impl Registry {
    /// Whether the registry can verify what its profile and algorithm give it.
    ///
    /// Where the operator names the key, only they know what the registry was told; what no
    /// file can tell it stays impossible.
    ///
    /// # Errors
    ///
    /// Says why it cannot, and what would do.
    pub fn check_combination(&self) -> Result<(), Impossible> {
        match (&self.naming, self.kind) {
            (Naming::Profile(profile), kind) => check(kind, *profile, self.algorithm),
            (Naming::Kid(_), RegistryKind::Zot) => Err(Impossible::ZotKid),
            (Naming::Kid(_), RegistryKind::Distribution2) if self.algorithm == Algorithm::EdDsa => {
                Err(Impossible::Distribution2EdDsa)
            }
            (
                Naming::Kid(_),
                RegistryKind::Distribution
                | RegistryKind::Distribution2
                | RegistryKind::Distribution30,
            ) => Ok(()),
        }
    }
}

/// One cell of the table profile × algorithm × registry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Combination {
    /// What the registry can verify.
    pub kind: RegistryKind,
    /// How its tokens would name their key.
    pub profile: Profile,
    /// What they would be signed with.
    pub algorithm: Algorithm,
    /// Whether it can verify them.
    pub verdict: Result<(), Impossible>,
}

/// Every combination, possible or not.
pub fn combinations() -> impl Iterator<Item = Combination> {
    RegistryKind::ALL.into_iter().flat_map(|kind| {
        Profile::ALL.into_iter().flat_map(move |profile| {
            Algorithm::ALL
                .into_iter()
                .map(move |algorithm| Combination {
                    kind,
                    profile,
                    algorithm,
                    verdict: check(kind, profile, algorithm),
                })
        })
    })
}

/// A registry cannot verify what its profile and algorithm would give it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Impossible {
    /// Distribution finds keys by certificate or key id.
    #[error(
        "distribution needs a certificate or a key id: use profile `x5c`, or `libtrust` for a key that \
         is given"
    )]
    DistributionPinned,
    /// Distribution 2's libtrust knows RSA and ECDSA.
    #[error("distribution 2 knows no EdDSA: use algorithm `ES256` or `RS256`")]
    Distribution2EdDsa,
    /// Distribution 2 computes key ids libtrust's way.
    #[error("distribution 2 knows no RFC 7638 key ids: use profile `x5c` or `libtrust`")]
    Distribution2Rfc7638,
    /// Distribution 3.0 computes the ids of all but RSA keys wrongly.
    #[error(
        "distribution 3.0 computes the RFC 7638 key id of a {0} key wrongly: use algorithm `RS256`, \
         or profile `x5c`, or distribution 3.1"
    )]
    Distribution30Rfc7638(Algorithm),
    /// zot looks for no key id.
    #[error("zot holds one key and looks at no key id: leave out `kid`")]
    ZotKid,
    /// zot holds one key, and looks at no header.
    #[error("zot holds one key and looks at no key id or certificate: use profile `pinned`")]
    ZotNeedsPinned,
}

/// What each registry verifies: distribution's `registry/auth/token` of 2.8.3,
/// 3.0.0 and 3.1.1, zot's `pkg/api/bearer.go` and `authn.go` (any of our
/// algorithms; a certificate, a public key or a set of one JWK).
fn check(kind: RegistryKind, profile: Profile, algorithm: Algorithm) -> Result<(), Impossible> {
    use RegistryKind::{Distribution, Distribution2, Distribution30, Zot};
    match (kind, profile, algorithm) {
        (Zot, Profile::Libtrust | Profile::Rfc7638 | Profile::X5c, _) => {
            Err(Impossible::ZotNeedsPinned)
        }
        (Distribution | Distribution2 | Distribution30, Profile::Pinned, _) => {
            Err(Impossible::DistributionPinned)
        }
        (Distribution2, Profile::Rfc7638, _) => Err(Impossible::Distribution2Rfc7638),
        (Distribution2, Profile::Libtrust | Profile::X5c, Algorithm::EdDsa) => {
            Err(Impossible::Distribution2EdDsa)
        }
        (Distribution30, Profile::Rfc7638, Algorithm::EdDsa | Algorithm::Es256) => {
            Err(Impossible::Distribution30Rfc7638(algorithm))
        }
        (Zot, Profile::Pinned, _)
        | (Distribution30, Profile::Rfc7638, Algorithm::Rs256)
        | (Distribution2, Profile::Libtrust | Profile::X5c, Algorithm::Es256 | Algorithm::Rs256)
        | (Distribution30, Profile::Libtrust | Profile::X5c, _)
        | (Distribution, Profile::Libtrust | Profile::Rfc7638 | Profile::X5c, _) => Ok(()),
    }
}

/// A word of the file that is none of those it may be.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{found:?} is none of {expected}")]
pub struct UnknownWord {
    found: String,
    expected: String,
}

/// Names for the variants of an enum, as the file, the JWTs and people have them.
macro_rules! named {
    ($type:ident { $($variant:ident = $name:literal),+ $(,)? }) => {
        impl $type {
            /// Every one there is.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// Its name in the file.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $type {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let found = Self::ALL.into_iter().find(|one| one.as_str() == text);
                found.ok_or_else(|| UnknownWord {
                    found: text.to_owned(),
                    expected: Self::ALL.map(Self::as_str).join(", "),
                })
            }
        }
    };
}

named!(RegistryKind {
    Distribution = "distribution",
    Distribution2 = "distribution-2",
    Distribution30 = "distribution-3.0",
    Zot = "zot",
});

named!(Profile {
    Libtrust = "libtrust",
    Pinned = "pinned",
    Rfc7638 = "rfc7638",
    X5c = "x5c",
});

named!(Algorithm {
    EdDsa = "EdDSA",
    Es256 = "ES256",
    Rs256 = "RS256",
});

#[cfg(test)]
mod tests;

//! Where an issuer's keys come from, checked.

use std::path::PathBuf;

use reqwest::Url;

/// Everything that decides which keys an issuer has: equal sources, equal keys.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::identity) struct Source {
    pub(in crate::identity) location: Location,
    /// The issuer's own address, the only one to get the bearer token.
    pub(in crate::identity) own: Option<Url>,
    /// PEM of the CA of the issuer's own server.
    pub(in crate::identity) ca: Option<Vec<u8>>,
    pub(in crate::identity) bearer_file: Option<PathBuf>,
    pub(in crate::identity) allow_private_network: bool,
}

/// The place itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::identity) enum Location {
    /// The document at `base`, which must name one of `issuers` (OpenID Connect
    /// Discovery 1.0 §4).
    Discovery { base: Url, issuers: Vec<String> },
    /// A file, read again when it changes.
    File(PathBuf),
    /// The set itself.
    Inline(String),
    /// The set's address.
    Url(Url),
}

impl Location {
    /// The location in words that tell it from every other.
    pub(super) fn description(&self) -> String {
        match self {
            Self::Discovery { base, issuers } => {
                format!("discovery {base} {}", issuers.join(" "))
            }
            Self::File(path) => format!("file {}", path.display()),
            Self::Inline(_) => "inline".to_owned(),
            Self::Url(url) => format!("url {url}"),
        }
    }

    /// The place alone: what else `issuers` there may be says nothing of it. Keys
    /// that stand in the configuration are nowhere else.
    pub(super) fn origin(&self) -> Option<String> {
        match self {
            Self::Discovery { base, .. } => Some(format!("discovery {base}")),
            Self::File(_) | Self::Url(_) => Some(self.description()),
            Self::Inline(_) => None,
        }
    }

    /// Whether the keys could be the same: one place, or one server, whose
    /// discovery may well lead to the other's address.
    pub(in crate::identity) fn may_share_keys(&self, other: &Self) -> bool {
        match (self.url(), other.url()) {
            (Some(mine), Some(theirs)) => {
                mine.host() == theirs.host()
                    && mine.port_or_known_default() == theirs.port_or_known_default()
            }
            (None, _) | (_, None) => self == other,
        }
    }

    /// The address that is asked, if one is.
    fn url(&self) -> Option<&Url> {
        match self {
            Self::Discovery { base: url, .. } | Self::Url(url) => Some(url),
            Self::File(_) | Self::Inline(_) => None,
        }
    }

    pub(super) fn is_remote(&self) -> bool {
        self.url().is_some()
    }
}

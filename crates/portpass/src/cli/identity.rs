//! An identity as it stands in a command: `ISSUER:ID`.

use std::{fmt, str::FromStr};

/// An identity: the issuer's name, and the immutable id under it, which may
/// have colons and slashes of its own.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Who {
    pub(super) issuer: String,
    pub(super) id: String,
}

/// A text without both halves.
#[derive(Debug, thiserror::Error)]
#[error("write an identity as ISSUER:ID, as in github:74 or cluster:ci/builder")]
pub(super) struct NobodyNamed;

impl FromStr for Who {
    type Err = NobodyNamed;

    fn from_str(text: &str) -> Result<Self, NobodyNamed> {
        match text.split_once(':') {
            Some((issuer, id)) if !issuer.is_empty() && !id.is_empty() => Ok(Self {
                issuer: issuer.to_owned(),
                id: id.to_owned(),
            }),
            _ => Err(NobodyNamed),
        }
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.issuer, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_colon_parts_issuer_and_id() {
        for (text, issuer, id) in [
            ("github:74", "github", "74"),
            ("cluster:ci/builder", "cluster", "ci/builder"),
            ("idp:https://id.example.com/a:b", "idp", "https://id.example.com/a:b"),
        ] {
            let who: Who = text.parse().unwrap();
            assert_eq!((who.issuer.as_str(), who.id.as_str()), (issuer, id));
            assert_eq!(who.to_string(), text);
        }
        for wrong in ["", "github", ":74", "github:"] {
            assert!(wrong.parse::<Who>().is_err(), "{wrong}");
        }
    }
}

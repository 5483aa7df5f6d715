//! Secrets that we make: refresh tokens and API tokens.

use std::fmt;

use aws_lc_rs::{
    digest::{SHA256, digest},
    error::Unspecified,
    rand,
};
use data_encoding::BASE32_NOPAD;
use secrecy::{ExposeSecret as _, SecretString};

use super::Malformed;

/// As many random bytes as nobody guesses.
const RANDOM_BYTES: usize = 32;
/// Their length in base32.
const RANDOM_CHARS: usize = 52;
/// So much of a SHA-256 that a slip passes once in a million million times; it
/// fills eight characters of base32 to the last bit.
const CHECKSUM_BYTES: usize = 5;

/// What a secret of ours is for; its prefix says it to people and to scanners.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum SecretKind {
    /// `portpass_at_`: a robot's.
    ApiToken,
    /// `portpass_rt_`: what `docker login` keeps in place of the JWT.
    RefreshToken,
}

impl SecretKind {
    const ALL: [Self; 2] = [Self::ApiToken, Self::RefreshToken];

    /// How its secrets begin.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::ApiToken => "portpass_at_",
            Self::RefreshToken => "portpass_rt_",
        }
    }
}

/// A secret of ours, with the hash that it is stored under.
pub struct Secret {
    kind: SecretKind,
    text: SecretString,
    hash: SecretHash,
}

/// The SHA-256 of a secret's whole text, in base32: what is stored and looked up.
///
/// Salt and stretching would add nothing: there are 256 random bits to guess.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct SecretHash(String);

impl SecretHash {
    fn of(text: &str) -> Self {
        Self(base32(digest(&SHA256, text.as_bytes()).as_ref()))
    }

    /// The hash as it stands in the store.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Secret {
    /// A new secret: the prefix, 256 random bits, and a checksum over both.
    ///
    /// # Errors
    ///
    /// When the system has no random bytes to give.
    pub fn make(kind: SecretKind) -> Result<Self, Unspecified> {
        let mut random = [0; RANDOM_BYTES];
        rand::fill(&mut random)?;
        let begun = format!("{}{}", kind.prefix(), base32(&random));
        let checksum = checksum(&begun);
        Ok(Self::of(kind, begun + &checksum))
    }

    /// Reads what has one of the prefixes; `None` for anything else.
    ///
    /// # Errors
    ///
    /// When it has the prefix, and not the form or the checksum.
    pub fn parse(text: &str) -> Option<Result<Self, Malformed>> {
        let kind = SecretKind::ALL
            .into_iter()
            .find(|kind| text.starts_with(kind.prefix()))?;
        let whole = text
            .split_at_checked(kind.prefix().len() + RANDOM_CHARS)
            .is_some_and(|(begun, rest)| checksum(begun) == rest);
        Some(if whole {
            Ok(Self::of(kind, text.to_owned()))
        } else {
            Err(Malformed::Secret)
        })
    }

    fn of(kind: SecretKind, text: String) -> Self {
        Self {
            kind,
            hash: SecretHash::of(&text),
            text: text.into(),
        }
    }

    /// What it is for.
    pub fn kind(&self) -> SecretKind {
        self.kind
    }

    /// The text, for its bearer alone.
    pub fn expose(&self) -> &str {
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

/// What tells a slip of the hand before any database is asked.
fn checksum(begun: &str) -> String {
    let hash = digest(&SHA256, begun.as_bytes());
    let cut: Vec<u8> = hash.as_ref().iter().copied().take(CHECKSUM_BYTES).collect();
    base32(&cut)
}

/// Lower-case base32 without padding (RFC 4648 §6).
fn base32(bytes: &[u8]) -> String {
    BASE32_NOPAD.encode(bytes).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One of each kind, always the same.
    const KNOWN: [(SecretKind, &str); 2] = [
        (
            SecretKind::ApiToken,
            "portpass_at_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaelwniwx",
        ),
        (
            SecretKind::RefreshToken,
            "portpass_rt_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaascmnldr",
        ),
    ];

    fn parsed(text: &str) -> Secret {
        Secret::parse(text).unwrap().unwrap()
    }

    #[test]
    fn a_secret_is_read_as_it_was_made() {
        for kind in SecretKind::ALL {
            let made = Secret::make(kind).unwrap();
            let again = parsed(made.expose());
            assert_eq!((made.kind(), again.kind()), (kind, kind));
            assert_eq!(again.hash(), made.hash());
            assert_eq!(again.expose(), made.expose());
        }
    }

    #[test]
    fn secrets_have_one_form_which_scanners_know() {
        for kind in SecretKind::ALL {
            let made = Secret::make(kind).unwrap();
            let rest = made.expose().strip_prefix(kind.prefix()).unwrap();
            assert_eq!(rest.len(), 60);
            let fits = |byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7');
            assert!(rest.bytes().all(fits), "{rest}");
        }
    }

    #[test]
    fn two_secrets_are_never_the_same() {
        let make = || Secret::make(SecretKind::RefreshToken).unwrap();
        assert_ne!(make().hash(), make().hash());
    }

    #[test]
    fn secrets_of_earlier_versions_stay_readable() {
        for (kind, text) in KNOWN {
            assert_eq!(parsed(text).kind(), kind);
        }
        let hash = parsed(KNOWN[0].1).hash().as_str().to_owned();
        assert_eq!(hash, "vlcrurzgc2e2ju6wspaxr7ri5bi4t2agmh7lzvpdm64tsbcfa4sq");
    }

    #[test]
    fn what_has_another_beginning_is_none_of_ours() {
        for other in ["", "hunter2", "portpass", "portpass_xt_a", "Portpass_at_a"] {
            assert!(Secret::parse(other).is_none(), "{other}");
        }
    }

    #[test]
    fn a_secret_that_is_cut_or_lengthened_is_damaged() {
        for (kind, text) in KNOWN {
            for length in kind.prefix().len()..text.len() {
                let cut = text.get(..length).unwrap();
                assert_eq!(Secret::parse(cut).unwrap().unwrap_err(), Malformed::Secret);
            }
            for longer in [format!("{text}a"), format!("{text}\n"), text.repeat(2)] {
                let parsed = Secret::parse(&longer).unwrap();
                assert_eq!(parsed.unwrap_err(), Malformed::Secret);
            }
            let shouted = text.replacen("aaaa", "AAAA", 1);
            assert!(Secret::parse(&shouted).unwrap().is_err());
        }
    }

    #[test]
    fn one_kind_cannot_be_passed_off_as_the_other() {
        let [(_, api), (_, refresh)] = KNOWN;
        for (text, from, to) in [(api, "_at_", "_rt_"), (refresh, "_rt_", "_at_")] {
            let swapped = text.replacen(from, to, 1);
            assert!(Secret::parse(&swapped).unwrap().is_err());
        }
    }

    #[test]
    fn a_secret_shows_its_kind_and_nothing_else() {
        let secret = Secret::make(SecretKind::ApiToken).unwrap();
        assert_eq!(format!("{secret:?}"), "Secret { kind: ApiToken, .. }");
    }

    proptest! {
        #[test]
        fn any_single_changed_character_is_refused(at in 0..72_usize, by: char) {
            for (_, text) in KNOWN {
                let changed: String = text
                    .chars()
                    .enumerate()
                    .map(|(index, char)| if index == at { by } else { char })
                    .collect();
                prop_assume!(changed != text);
                prop_assert!(!matches!(Secret::parse(&changed), Some(Ok(_))));
            }
        }

        #[test]
        fn nothing_that_begins_like_a_secret_panics(rest: String) {
            for kind in SecretKind::ALL {
                let text = format!("{}{rest}", kind.prefix());
                prop_assert!(Secret::parse(&text).unwrap().is_err());
            }
        }
    }
}

//! The sixteen characters under which people find a login or a decision.

use std::{fmt, str::FromStr};

use aws_lc_rs::digest;
use data_encoding::BASE32_NOPAD;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// The first 80 bits of a SHA-256, printed as lower-case base32 (RFC 4648 §6).
///
/// Short enough to read out over a telephone, long enough not to collide.
#[derive(Clone, Copy, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd)]
#[schemars(with = "String")]
pub struct ShortId([u8; 10]);

/// As long as most lists of parts are.
const USUAL_BYTES: usize = 512;

impl ShortId {
    /// The id of some parts, in order. Each part is length-prefixed, so that
    /// no two lists of parts share their bytes.
    pub fn of_parts<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut text = Vec::with_capacity(USUAL_BYTES);
        for part in parts {
            text.extend_from_slice(&(part.len() as u64).to_be_bytes());
            text.extend_from_slice(part);
        }
        Self::of(&text)
    }

    /// The id of one text, hashed as it stands.
    pub fn of(text: &[u8]) -> Self {
        Self::cut(&digest::digest(&digest::SHA256, text))
    }

    /// An id that means nothing, and that nobody can guess.
    ///
    /// # Errors
    ///
    /// When the system has no random bytes to give.
    pub fn random() -> Result<Self, aws_lc_rs::error::Unspecified> {
        let mut bytes = [0; 10];
        aws_lc_rs::rand::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// The characters of its text, all of them ASCII.
    pub(crate) fn letters(self) -> [u8; 16] {
        let mut letters = [0; 16];
        BASE32_NOPAD.encode_mut(&self.0, &mut letters);
        letters.make_ascii_lowercase();
        letters
    }

    fn cut(digest: &digest::Digest) -> Self {
        let mut bytes = [0; 10];
        for (to, from) in bytes.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
        Self(bytes)
    }
}

/// Sixteen characters that are no id of ours.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an id is 16 characters of lower-case base32: a to z and 2 to 7")]
pub struct NoShortId;

impl FromStr for ShortId {
    type Err = NoShortId;

    fn from_str(text: &str) -> Result<Self, NoShortId> {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(NoShortId);
        }
        let bytes = BASE32_NOPAD
            .decode(text.to_ascii_uppercase().as_bytes())
            .map_err(|_not_base32| NoShortId)?;
        bytes.try_into().map(Self).map_err(|_length| NoShortId)
    }
}

impl fmt::Display for ShortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = self.letters();
        f.write_str(std::str::from_utf8(&letters).map_err(|_not_ascii| fmt::Error)?)
    }
}

impl fmt::Debug for ShortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'de> Deserialize<'de> for ShortId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for ShortId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written() {
        let id = ShortId::random().unwrap();
        assert_eq!(id.to_string().parse(), Ok(id));
        for wrong in [
            "",
            "a",
            "AAAAAAAAAAAAAAAA",
            "aaaaaaaaaaaaaaa1",
            "aaaaaaaaaaaaaaaaa",
        ] {
            assert_eq!(wrong.parse::<ShortId>(), Err(NoShortId), "{wrong}");
        }
    }
}

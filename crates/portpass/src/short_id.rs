//! The sixteen characters under which people find a login or a decision.

use std::fmt;

use aws_lc_rs::digest;
use data_encoding::BASE32_NOPAD;
use serde::Serialize;

/// The first 80 bits of a SHA-256, printed as lower-case base32 (RFC 4648 §6).
///
/// Short enough to read out over a telephone, long enough not to collide.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ShortId([u8; 10]);

impl ShortId {
    /// The id of some parts, in order. Each part is length-prefixed, so that
    /// no two lists of parts share their bytes.
    pub fn of_parts<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        Self::cut(&context.finish())
    }

    /// The id of one text, hashed as it stands.
    pub fn of(text: &[u8]) -> Self {
        Self::cut(&digest::digest(&digest::SHA256, text))
    }

    fn cut(digest: &digest::Digest) -> Self {
        let mut bytes = [0; 10];
        for (to, from) in bytes.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
        Self(bytes)
    }
}

impl fmt::Display for ShortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE32_NOPAD.encode(&self.0).to_ascii_lowercase())
    }
}

impl fmt::Debug for ShortId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for ShortId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

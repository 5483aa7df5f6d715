//! What we keep of others' secrets: encrypted, under a key that is not beside them.

use std::fmt;

use crate::config::SecretText;

/// The key that secrets of others are sealed with.
pub struct SealKey {}

/// A secret that was sealed (AES-256-GCM), as the store or a cookie has it: base64url.
#[derive(Clone, Eq, PartialEq)]
pub struct Sealed(String);

impl SealKey {
    /// The key that a text of any length stands for (HKDF-SHA-256, RFC 5869).
    pub fn derive(secret: &SecretText) -> Self {
        let _ = secret;
        todo!()
    }

    /// Seals a text for a purpose; it opens for no other.
    ///
    /// # Errors
    ///
    /// When the system has no random bytes to give.
    pub fn seal(&self, purpose: &str, text: &str) -> Result<Sealed, aws_lc_rs::error::Unspecified> {
        let _ = (purpose, text);
        todo!()
    }

    /// Opens what was sealed for the same purpose under the same key; `None` for anything else.
    pub fn open(&self, purpose: &str, sealed: &Sealed) -> Option<SecretText> {
        let _ = (purpose, sealed);
        todo!()
    }
}

impl Sealed {
    /// What the store or a cookie has.
    pub fn of_text(text: String) -> Self {
        Self(text)
    }

    /// The text for the store or a cookie.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(…)")
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}

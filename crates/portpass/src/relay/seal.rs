//! What we keep of others' secrets: encrypted, under a key that is not beside them.

use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    error::Unspecified,
    hkdf::{HKDF_SHA256, KeyType, Salt},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::config::SecretText;

/// What tells this use of a text from every other (RFC 5869 §3.1).
const SALT: &[u8] = b"portpass sealed secrets 1";

/// The bytes of a key for AES-256.
const KEY_BYTES: usize = 32;

/// The key that secrets of others are sealed with.
pub struct SealKey {
    bytes: [u8; KEY_BYTES],
}

/// A secret that was sealed (AES-256-GCM), as the store or a cookie has it: base64url.
#[derive(Clone, Eq, PartialEq)]
pub struct Sealed(String);

/// The length of what a key is expanded to.
struct KeyBytes;

impl KeyType for KeyBytes {
    fn len(&self) -> usize {
        KEY_BYTES
    }
}

impl SealKey {
    /// The key that a text of any length stands for (HKDF-SHA-256, RFC 5869).
    pub fn derive(secret: &SecretText) -> Self {
        let mut bytes = [0; KEY_BYTES];
        Salt::new(HKDF_SHA256, SALT)
            .extract(secret.expose().as_bytes())
            .expand(&[b"key"], KeyBytes)
            .and_then(|key| key.fill(&mut bytes))
            .expect("32 bytes are within what HKDF-SHA-256 expands to");
        Self { bytes }
    }

    /// Seals a text for a purpose; it opens for no other.
    ///
    /// # Errors
    ///
    /// When the system has no random bytes to give.
    pub fn seal(&self, purpose: &str, text: &str) -> Result<Sealed, Unspecified> {
        let mut sealed = text.as_bytes().to_vec();
        let key = RandomizedNonceKey::new(&AES_256_GCM, &self.bytes)?;
        let nonce = key.seal_in_place_append_tag(Aad::from(purpose.as_bytes()), &mut sealed)?;
        let whole = [nonce.as_ref().as_slice(), &sealed].concat();
        Ok(Sealed(URL_SAFE_NO_PAD.encode(whole)))
    }

    /// Opens what was sealed for the same purpose under the same key; `None` for anything else.
    pub fn open(&self, purpose: &str, sealed: &Sealed) -> Option<SecretText> {
        let whole = URL_SAFE_NO_PAD.decode(&sealed.0).ok()?;
        let (nonce, sealed) = whole.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = sealed.to_vec();
        let key = RandomizedNonceKey::new(&AES_256_GCM, &self.bytes).ok()?;
        let opened = key.open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut sealed);
        let text = String::from_utf8(opened.ok()?.to_vec()).ok()?;
        Some(text.into())
    }
}

impl Sealed {
    /// What the store has; `None` for what cannot have been sealed.
    pub fn stored(text: String) -> Option<Self> {
        let whole = URL_SAFE_NO_PAD.decode(&text).ok()?;
        (whole.len() >= NONCE_LEN + AES_256_GCM.tag_len()).then_some(Self(text))
    }

    /// What a cookie has, or anything else that came from outside.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> SealKey {
        SealKey::derive(&text.to_owned().into())
    }

    #[test]
    fn a_secret_opens_for_its_purpose_under_its_key() {
        let sealed = key("a").seal("one", "hush").unwrap();
        let opened = |by: &str, purpose: &str| {
            let opened = key(by).open(purpose, &sealed);
            opened.map(|text| text.expose().to_owned())
        };
        assert_eq!(opened("a", "one").as_deref(), Some("hush"));
        assert_eq!(opened("b", "one"), None);
        assert_eq!(opened("a", "two"), None);
        assert!(!sealed.as_str().contains("hush"));
    }

    #[test]
    fn nothing_is_sealed_twice_alike() {
        let seal = || key("a").seal("one", "hush").unwrap();
        assert_ne!(seal(), seal());
    }

    #[test]
    fn what_was_changed_does_not_open() {
        let sealed = key("a").seal("one", "hush").unwrap();
        let text = sealed.as_str();
        for (index, letter) in text.char_indices() {
            let mut changed = text.to_owned();
            let other = if letter == 'A' { "B" } else { "A" };
            changed.replace_range(index..=index, other);
            assert!(key("a").open("one", &Sealed::of_text(changed)).is_none());
        }
        for bad in ["", "AAAA", "ä", text.split_at(20).0] {
            let bad = Sealed::of_text(bad.to_owned());
            assert!(key("a").open("one", &bad).is_none());
        }
    }

    #[test]
    fn a_secret_is_in_no_debug_output() {
        let key = key("hush");
        let shown = format!("{key:?} {:?}", key.seal("one", "hush").unwrap());
        assert_eq!(shown, "SealKey(…) Sealed(…)");
    }
}

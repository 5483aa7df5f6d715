//! A client's credentials in the `Authorization` header (RFC 6749 §2.3.1).

use std::{borrow::Cow, fmt};

use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    digest::{SHA256, digest},
};

use super::{Malformed, basic::Basic};

/// The id and the secret of a client of OAuth 2, from a Basic header.
///
/// Both are form-urlencoded there, which many clients forget: what cannot be
/// told apart by decoding is therefore kept as it was written, too.
pub struct ClientCredentials {
    id: String,
    secret: String,
    as_written: Basic,
}

impl ClientCredentials {
    /// Reads the value of an `Authorization` header.
    ///
    /// # Errors
    ///
    /// When it is not Basic authentication as RFC 7617 §2 writes it.
    pub fn parse(header: &[u8]) -> Result<Self, Malformed> {
        let as_written = Basic::parse(header)?;
        Ok(Self {
            id: decoded(&as_written.user).into_owned(),
            secret: decoded(&as_written.password).into_owned(),
            as_written,
        })
    }

    /// The client's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The client's secret, for whoever reads credentials; empty if it has none.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// Whether the header says something else where it is read as RFC 7617 has it.
    pub fn is_encoded(&self) -> bool {
        self.id != self.as_written.user || self.secret != self.as_written.password
    }

    /// Whether the client is called so, encoded or not.
    pub fn is_called(&self, name: &str) -> bool {
        self.id == name || self.as_written.user == name
    }

    /// Whether the secret is this one, encoded or not; takes as long for any
    /// other, whatever they have in common.
    pub fn has_secret(&self, secret: &str) -> bool {
        let wanted = digest(&SHA256, secret.as_bytes());
        let is = |presented: &str| {
            let presented = digest(&SHA256, presented.as_bytes());
            verify_slices_are_equal(presented.as_ref(), wanted.as_ref()).is_ok()
        };
        is(&self.secret) | is(&self.as_written.password)
    }
}

/// Says that it is there, never what it is.
impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials").finish_non_exhaustive()
    }
}

/// The one value of a form that this is (`application/x-www-form-urlencoded`).
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text);
    }
    // What should have been encoded ends no value here.
    let value = format!("={}", text.replace('&', "%26"));
    let mut pairs = form_urlencoded::parse(value.as_bytes());
    let decoded = pairs.next().map(|(_name, value)| value.into_owned());
    Cow::Owned(decoded.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> ClientCredentials {
        let header = format!("Basic {}", BASE64_STANDARD.encode(text));
        ClientCredentials::parse(header.as_bytes()).unwrap()
    }

    #[test]
    fn both_parts_are_decoded() {
        let client = parse("registry.example.com%3A5000:a%2Bb%26c+d");
        assert_eq!(client.id(), "registry.example.com:5000");
        assert_eq!(client.secret(), "a+b&c d");
        assert!(client.is_encoded());
    }

    #[test]
    fn what_needs_no_encoding_is_taken_as_it_is() {
        let client = parse("JWT:eyJhbGciOiJSUzI1NiJ9.e30.c2ln-_");
        assert_eq!(client.secret(), "eyJhbGciOiJSUzI1NiJ9.e30.c2ln-_");
        assert!(!client.is_encoded());
    }

    #[test]
    fn nothing_of_a_secret_that_was_not_encoded_is_lost() {
        assert_eq!(parse("me:a&b=c%20d&e").secret(), "a&b=c d&e");
    }

    #[test]
    fn a_secret_is_known_encoded_or_not() {
        for written in ["prod:a%2Bb", "prod:a+b"] {
            let client = parse(written);
            assert!(client.has_secret("a+b"), "{written}");
            assert!(!client.has_secret("a b!") && !client.has_secret(""));
            assert!(client.is_called("prod") && !client.is_called("staging"));
        }
    }

    #[test]
    fn another_scheme_is_no_client() {
        assert_eq!(
            ClientCredentials::parse(b"Bearer x").unwrap_err(),
            Malformed::Scheme
        );
    }

    #[test]
    fn nothing_of_it_is_shown() {
        let shown = format!("{:?}", parse("prod:hunter2"));
        assert_eq!(shown, "ClientCredentials { .. }");
    }

    proptest! {
        #[test]
        fn what_is_encoded_reads_back(id in "[^:]*", secret: String) {
            let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let client = parse(&format!("{}:{}", encode(&id), encode(&secret)));
            prop_assert_eq!(client.id(), id);
            prop_assert_eq!(client.secret(), secret);
        }
    }
}

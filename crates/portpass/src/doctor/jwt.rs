//! What a JWT says, believed by nobody.

use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::credential::object;

/// Far more than any JWT.
const MAX_BYTES: usize = 64 * 1024;

/// A JWT whose signature nobody has checked.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl Seen {
    /// Reads a JWT; anything else is none.
    pub(super) fn of(text: &str) -> Option<Self> {
        if text.len() > MAX_BYTES {
            return None;
        }
        let mut parts = text.split('.');
        let (header, claims, _signature) = (parts.next()?, parts.next()?, parts.next()?);
        let read = |part: &str| object(&BASE64URL_NOPAD.decode(part.as_bytes()).ok()?).ok();
        let (header, claims) = (read(header)?, read(claims)?);
        parts.next().is_none().then_some(Self { header, claims })
    }

    /// A parameter of the header.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.header.get(name)?.as_str()
    }

    /// Whether the certificate of the key is in the header.
    pub(super) fn has_certificate(&self) -> bool {
        self.header.contains_key("x5c")
    }

    /// A claim that is a text.
    pub(super) fn claim(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str()
    }

    /// A claim that is a time (RFC 7519 §2).
    pub(super) fn time(&self, name: &str) -> Option<Timestamp> {
        Timestamp::from_second(self.claims.get(name)?.as_i64()?).ok()
    }

    /// The audiences, one or a list (RFC 7519 §4.1.3).
    pub(super) fn audiences(&self) -> Vec<&str> {
        match self.claims.get("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            Some(_) | None => Vec::new(),
        }
    }

    /// Whether `aud` is a list, which distribution 2.8 cannot read.
    pub(super) fn has_audience_list(&self) -> bool {
        self.claims.get("aud").is_some_and(Value::is_array)
    }
}

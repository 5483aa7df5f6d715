//! The name that a key has by itself (RFC 7638).

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::without_leading_zeros;

/// The members that are hashed, in alphabetical order (RFC 7638 §3.2, RFC 8037 §2).
pub(super) const EC: &[&str] = &["crv", "kty", "x", "y"];
pub(super) const OKP: &[&str] = &["crv", "kty", "x"];
pub(super) const RSA: &[&str] = &["e", "kty", "n"];

/// The thumbprint of a key that has proven to be one (RFC 7638 §3). Leading zeros
/// of an RSA key's numbers are not part of it.
pub(super) fn thumbprint(jwk: &Map<String, Value>, members: &[&'static str]) -> String {
    let canonical: Map<String, Value> = members
        .iter()
        .filter_map(|name| {
            let text = jwk.get(*name)?.as_str()?;
            let text = match (*name, URL_SAFE_NO_PAD.decode(text)) {
                ("e" | "n", Ok(number)) => URL_SAFE_NO_PAD.encode(without_leading_zeros(&number)),
                (_, Ok(_) | Err(_)) => text.to_owned(),
            };
            Some(((*name).to_owned(), text.into()))
        })
        .collect();
    let text = Value::Object(canonical).to_string();
    URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()))
}

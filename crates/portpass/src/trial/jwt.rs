//! Claims to a JWT, as a platform puts them together.

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value, json};

/// Sets `aud`, in the form that the platform has it in.
pub(crate) fn address(claims: &mut Map<String, Value>, audience: &str) {
    let is_list = claims.get("aud").is_some_and(Value::is_array);
    let audience = if is_list {
        json!([audience])
    } else {
        json!(audience)
    };
    claims.insert("aud".to_owned(), audience);
}

/// A JWT of a header and claims (RFC 7515 §7.1).
///
/// # Errors
///
/// Whatever signing comes to.
pub(crate) fn compact<E>(
    header: &Value,
    claims: Map<String, Value>,
    sign: impl FnOnce(&str) -> Result<Vec<u8>, E>,
) -> Result<String, E> {
    let encode = |part: &Value| BASE64URL_NOPAD.encode(part.to_string().as_bytes());
    let input = format!("{}.{}", encode(header), encode(&claims.into()));
    let signature = BASE64URL_NOPAD.encode(&sign(&input)?);
    Ok(format!("{input}.{signature}"))
}

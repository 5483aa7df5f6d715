//! The payload of a JWT whose signature is right, read by type.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::credential::object;

/// Longest string in a claim.
const MAX_TEXT_BYTES: usize = 1024;
/// Longest decimal id: that of the largest 64-bit integer.
const MAX_ID_DIGITS: usize = 20;
/// Largest integer that every JSON parser reads alike (RFC 8259 §6).
const MAX_SAFE_INTEGER: u64 = 1 << 53;

/// Why claims are not those that their platform signs; for the operator only.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum ClaimFault {
    /// A required claim is there, and not in its platform's form.
    #[error("the claim {0} is not in the form that the kind signs")]
    Form(&'static str),
    /// A required claim is missing, empty or of the wrong type.
    #[error("the claim {0} is missing or of the wrong type")]
    Missing(&'static str),
    /// The platform signs such JWTs, and they are not accepted.
    #[error("{0}")]
    Refused(&'static str),
    /// A string has control characters or is longer than 1 KiB.
    #[error("a claim has control characters or is longer than 1 KiB")]
    Text,
    /// Not a JSON object that says everything once.
    #[error("the payload is not a JSON object without repeated members")]
    Unreadable,
}

/// The claims, every string of which is short and printable.
#[derive(Clone, Debug)]
pub(super) struct Claims(Arc<Map<String, Value>>);

impl Claims {
    pub(super) fn parse(payload: &[u8]) -> Result<Self, ClaimFault> {
        let claims = object(payload).map_err(|_unreadable| ClaimFault::Unreadable)?;
        Self::of(Arc::new(claims))
    }

    /// The claims of a JWT that was verified, now or when its session was opened.
    pub(super) fn of(claims: Arc<Map<String, Value>>) -> Result<Self, ClaimFault> {
        if claims
            .iter()
            .all(|(name, value)| is_text(name) && has_only_text(value))
        {
            Ok(Self(claims))
        } else {
            Err(ClaimFault::Text)
        }
    }

    pub(super) fn into_map(self) -> Arc<Map<String, Value>> {
        self.0
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A claim that is a string and says something.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// A claim that is true or false; platforms write both as strings, too.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        match self.get(name)? {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) if text == "true" => Some(true),
            Value::String(text) if text == "false" => Some(false),
            Value::String(_)
            | Value::Array(_)
            | Value::Null
            | Value::Number(_)
            | Value::Object(_) => None,
        }
    }

    /// A claim that is an integer a clock can mean.
    pub(super) fn seconds(&self, name: &str) -> Option<i64> {
        let seconds = self.get(name)?.as_u64()?;
        (seconds <= MAX_SAFE_INTEGER).then(|| i64::try_from(seconds).ok())?
    }

    /// A string that must be there.
    pub(super) fn required(&self, name: &'static str) -> Result<&str, ClaimFault> {
        self.text(name).ok_or(ClaimFault::Missing(name))
    }

    /// A decimal id, as a string, that must be there.
    pub(super) fn required_id(&self, name: &'static str) -> Result<&str, ClaimFault> {
        let id = self.required(name)?;
        if is_decimal_id(id) {
            Ok(id)
        } else {
            Err(ClaimFault::Form(name))
        }
    }

    /// A decimal id, as a string or an integer, that must be there.
    pub(super) fn required_id_or_integer(&self, name: &'static str) -> Result<String, ClaimFault> {
        match self.get(name).and_then(Value::as_u64) {
            Some(id) if id <= MAX_SAFE_INTEGER => Ok(id.to_string()),
            Some(_) => Err(ClaimFault::Form(name)),
            None => self.required_id(name).map(str::to_owned),
        }
    }
}

/// Whether a text is the one way to write a positive integer.
pub(super) fn is_decimal_id(text: &str) -> bool {
    text.len() <= MAX_ID_DIGITS
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && text.bytes().next().is_some_and(|first| first != b'0')
}

/// Whether a text is short and printable.
pub(super) fn is_text(text: &str) -> bool {
    text.len() <= MAX_TEXT_BYTES && !text.chars().any(char::is_control)
}

fn has_only_text(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => is_text(text),
        Value::Array(items) => items.iter().all(has_only_text),
        Value::Object(members) => members
            .iter()
            .all(|(name, value)| is_text(name) && has_only_text(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(text: &str) -> Claims {
        Claims::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn strings_are_short_and_printable_at_every_depth() {
        let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(1025));
        for bad in [
            r#"{"a":"x\ny"}"#,
            r#"{"a":[{"b":"\u0000"}]}"#,
            r#"{"a\t":1}"#,
            r#"{"a":"\u0085"}"#,
            &long,
        ] {
            assert_eq!(
                Claims::parse(bad.as_bytes()).unwrap_err(),
                ClaimFault::Text,
                "{bad}"
            );
        }
        assert!(Claims::parse(format!(r#"{{"a":"{}"}}"#, "x".repeat(1024)).as_bytes()).is_ok());
    }

    #[test]
    fn a_member_twice_is_refused() {
        assert_eq!(
            Claims::parse(br#"{"aud":"a","aud":"b"}"#).unwrap_err(),
            ClaimFault::Unreadable
        );
    }

    #[test]
    fn only_integers_in_range_are_times() {
        for bad in [
            r#""1700000000""#,
            "1.7e9",
            "1700000000.0",
            "-1",
            "9007199254740993",
            "18446744073709551615",
            "null",
            "true",
            "[1]",
        ] {
            let claims = claims(&format!(r#"{{"exp":{bad}}}"#));
            assert_eq!(claims.seconds("exp"), None, "{bad}");
        }
        assert_eq!(
            claims(r#"{"exp":1700000000}"#).seconds("exp"),
            Some(1_700_000_000)
        );
        assert_eq!(claims("{}").seconds("exp"), None);
    }

    #[test]
    fn flags_are_booleans_or_their_words() {
        let claims = claims(r#"{"a":true,"b":"false","c":"True","d":1,"e":null}"#);
        assert_eq!(claims.flag("a"), Some(true));
        assert_eq!(claims.flag("b"), Some(false));
        for other in ["c", "d", "e", "f"] {
            assert_eq!(claims.flag(other), None, "{other}");
        }
    }

    #[test]
    fn an_id_has_one_spelling() {
        for bad in [
            "",
            "0",
            "007",
            "-1",
            "1.0",
            " 1",
            "1 ",
            "a",
            "١",
            "123456789012345678901",
        ] {
            assert!(!is_decimal_id(bad), "{bad}");
        }
        assert!(is_decimal_id("74"));
        let claims = claims(r#"{"text":"74","number":74,"float":74.0}"#);
        assert_eq!(
            claims.required_id("number"),
            Err(ClaimFault::Missing("number"))
        );
        assert_eq!(claims.required_id_or_integer("number").unwrap(), "74");
        assert_eq!(claims.required_id_or_integer("text").unwrap(), "74");
        assert!(claims.required_id_or_integer("float").is_err());
    }
}

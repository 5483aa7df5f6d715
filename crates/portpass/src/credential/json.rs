//! JSON that says everything once.
//!
//! Parsers differ in which of two members of one name they keep, so a signed
//! text with both can mean one thing to its signer and another to us
//! (RFC 8725 §2.4): it is refused at every depth.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Why a text is not a JSON object that says everything once.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JsonFault {
    /// It is JSON, of another type.
    #[error("not a JSON object")]
    NotAnObject,
    /// It is not JSON, or has a member twice.
    #[error(transparent)]
    Syntax(#[from] serde_json::Error),
}

/// Reads a JSON object whose members, at every depth, are there once.
pub(crate) fn object(text: &[u8]) -> Result<Map<String, Value>, JsonFault> {
    match serde_json::from_slice::<Once>(text)?.0 {
        Value::Object(object) => Ok(object),
        Value::Array(_) | Value::Bool(_) | Value::Null | Value::Number(_) | Value::String(_) => {
            Err(JsonFault::NotAnObject)
        }
    }
}

/// A value no object of which has a member twice.
struct Once(Value);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OnceVisitor).map(Self)
    }
}

struct OnceVisitor;

impl<'de> Visitor<'de> for OnceVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without repeated members")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number that is not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Once(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, Once(value))) = members.next_entry::<String, Once>()? {
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a member is there twice"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_member_may_be_there_once_at_every_depth() {
        assert!(object(br#"{"a":1,"b":{"a":2}}"#).is_ok());
        for twice in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"a":[{"b":1,"b":2}]}"#,
            r#"{"iss":1,"\u0069ss":2}"#,
        ] {
            assert!(object(twice.as_bytes()).is_err(), "{twice}");
        }
    }

    #[test]
    fn only_an_object_is_an_object() {
        for other in [
            "",
            "[]",
            "null",
            "1",
            "\"x\"",
            "{",
            "{}{}",
            "{\"a\":NaN}",
            "{\"a\":1e999}",
        ] {
            assert!(object(other.as_bytes()).is_err(), "{other}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
        assert!(object(deep.as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(text: Vec<u8>) {
            let _ = object(&text);
        }
    }
}

//! A secret in the configuration: the text itself, or the file that holds it.

use std::{borrow::Cow, fmt};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, value::MapAccessDeserializer},
};

use super::{Located, read::Reading};

/// Far more than any secret.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// A secret as the file gives it.
pub(super) enum SecretSection {
    File(Located<String>),
    Text(SecretText),
}

/// `{ file = "…" }`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InFile {
    file: Located<String>,
}

/// A secret, as it was when the configuration was read.
#[derive(Clone)]
pub struct SecretText(SecretString);

impl SecretText {
    /// The secret, for the one place that uses it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The secret, still wrapped.
    pub fn secret(&self) -> &SecretString {
        &self.0
    }
}

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

/// In a time that does not tell how much is equal.
impl PartialEq for SecretText {
    fn eq(&self, other: &Self) -> bool {
        verify_slices_are_equal(self.expose().as_bytes(), other.expose().as_bytes()).is_ok()
    }
}

impl Eq for SecretText {}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(…)")
    }
}

impl Located<SecretSection> {
    /// The secret itself; nothing if it cannot be read or is empty.
    ///
    /// A file is read as text, without the newline at its end.
    pub(super) fn settle(self, reading: &mut Reading<'_>) -> Option<SecretText> {
        let (text, at) = match self.value {
            SecretSection::Text(text) => (text, self.at),
            SecretSection::File(path) => (reading.text(&path, MAX_FILE_BYTES)?.into(), path.at),
        };
        if text.expose().is_empty() {
            reading.fault(at, "the secret is empty");
            return None;
        }
        Some(text)
    }
}

impl fmt::Debug for SecretSection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(&path.value).finish(),
            Self::Text(text) => text.fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for SecretSection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = SecretSection;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text in quotes, or `{ file = \"…\" }`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(SecretSection::Text(text.to_owned().into()))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let InFile { file } = InFile::deserialize(MapAccessDeserializer::new(map))?;
                Ok(SecretSection::File(file))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

/// For the defaults of the reference alone, none of which is a secret.
impl Serialize for SecretSection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_none()
    }
}

impl JsonSchema for SecretSection {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "title": "secret", "anyOf": [
            { "type": "string" },
            {
                "type": "object",
                "properties": { "file": { "type": "string" } },
                "required": ["file"],
                "additionalProperties": false,
            },
        ] })
    }
}

//! Where in the files a value stands, so that an error can point at it.

use std::{borrow::Cow, ops::Range};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The bits of a span that count bytes; those above them number the file.
///
/// A file is shorter than this by [`super::sources::MAX_BYTES`].
const OFFSET_BITS: u32 = 32;

const _: () = assert!(
    usize::BITS == 64,
    "a span holds the number of its file above the offset"
);

/// A piece of one of the files that make up the configuration.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Place {
    /// Which file: an index into the list of files that were read.
    pub file: usize,
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Place {
    /// The span that stands for this place in the merged tree of all files.
    pub(super) fn to_span(self) -> Range<usize> {
        let file = self.file << OFFSET_BITS;
        file | self.start..file | self.end
    }

    /// The same place, where its bytes came from a span of the merged tree and
    /// its file from elsewhere.
    pub(super) fn plain(self) -> Self {
        Self {
            file: self.file,
            ..Self::of_span(&(self.start..self.end))
        }
    }

    /// The place that a span of the merged tree stands for.
    pub(super) fn of_span(span: &Range<usize>) -> Self {
        let offset = (1 << OFFSET_BITS) - 1;
        Self {
            file: span.start >> OFFSET_BITS,
            start: span.start & offset,
            end: span.end & offset,
        }
    }
}

/// A value and where it stands.
///
/// It reads itself from the merged tree of the configuration's files, with
/// the right file in its place however deep it stands.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Located<T> {
    pub value: T,
    pub at: Place,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Located<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = toml::Spanned::<T>::deserialize(deserializer)?;
        Ok(Self {
            at: Place::of_span(&spanned.span()),
            value: spanned.into_inner(),
        })
    }
}

impl<T: Serialize> Serialize for Located<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

/// The schema of what it holds: the place is not in the file.
impl<T: JsonSchema> JsonSchema for Located<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// Something wrong with the configuration, and where.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// What is wrong, in words that fit after the place; and the way out.
    pub message: String,
    pub at: Place,
}

impl Fault {
    /// A fault at a place.
    pub fn new(at: Place, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            at,
        }
    }
}

//! Numbers of days, as the file writes them: `"90d"`.

use std::{borrow::Cow, fmt, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// So many times 24 hours, between `MIN` and `MAX`, both included: for what is
/// kept so long that no hour matters.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Days<const MIN: u32, const MAX: u32>(u32);

impl<const MIN: u32, const MAX: u32> Days<MIN, MAX> {
    /// So many days, which must lie within the bounds.
    pub(super) const fn of(days: u32) -> Self {
        assert!(MIN <= days && days <= MAX, "within the bounds");
        Self(days)
    }

    /// The length of time.
    pub fn duration(self) -> Duration {
        Duration::from_hours(24 * u64::from(self.0))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let days = text
            .strip_suffix('d')
            .filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|number| number.parse().ok())
            .ok_or_else(|| format!("`{text}` is not a number of days; write it as in \"90d\""))?;
        if (MIN..=MAX).contains(&days) {
            return Ok(Self(days));
        }
        Err(format!(
            "`{text}` is out of bounds: at least \"{MIN}d\", at most \"{MAX}d\""
        ))
    }
}

impl<const MIN: u32, const MAX: u32> fmt::Display for Days<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}d", self.0)
    }
}

impl<const MIN: u32, const MAX: u32> Serialize for Days<MIN, MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, const MIN: u32, const MAX: u32> Deserialize<'de> for Days<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<const MIN: u32, const MAX: u32>;

        impl<const MIN: u32, const MAX: u32> de::Visitor<'_> for Visitor<MIN, MAX> {
            type Value = Days<MIN, MAX>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of days in quotes, as in \"90d\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Days::parse(text).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Visitor)
    }
}

impl<const MIN: u32, const MAX: u32> JsonSchema for Days<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Days".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let bounds = format!("{MIN}d to {MAX}d");
        json_schema!({ "type": "string", "pattern": "^[0-9]+d$", "title": bounds })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Kept = Days<1, 3650>;

    #[test]
    fn days_are_read_as_they_are_written() {
        for days in [1, 7, 90, 3650] {
            let written = Kept::of(days).to_string();
            assert_eq!(Kept::parse(&written), Ok(Kept::of(days)));
        }
        assert_eq!(Kept::of(2).duration(), Duration::from_hours(48));
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "d",
            "90",
            "90 d",
            "-1d",
            "+1d",
            "1.5d",
            "24h",
            "1w",
            "99999999999d",
        ] {
            assert!(Kept::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn bounds_are_named() {
        let words = "`0d` is out of bounds: at least \"1d\", at most \"3650d\"";
        assert_eq!(Kept::parse("0d").unwrap_err(), words);
        assert!(Kept::parse("3651d").is_err());
    }
}

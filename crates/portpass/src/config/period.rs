//! Lengths of time, as the file writes them: `"15m"`, `"1h"`, `"0s"`.

use std::{borrow::Cow, fmt, time::Duration};

use jiff::fmt::friendly::SpanParser;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A length of time between `MIN` and `MAX` seconds, both included.
///
/// Units are hours, minutes and seconds: a day is not always 24 hours long,
/// so what takes longer is written in hours.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Period<const MIN: u64, const MAX: u64>(Duration);

impl<const MIN: u64, const MAX: u64> Period<MIN, MAX> {
    /// A period of so many seconds, which must lie within the bounds.
    pub(super) const fn seconds(seconds: u64) -> Self {
        assert!(MIN <= seconds && seconds <= MAX, "within the bounds");
        Self(Duration::from_secs(seconds))
    }

    /// The length of time.
    pub fn duration(self) -> Duration {
        self.0
    }

    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!("`{text}` is not a length of time; write it as in \"15m\", \"1h\" or \"30s\"")
        };
        let plain = text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b' ' || byte == b'.');
        let duration = SpanParser::new()
            .parse_unsigned_duration(text)
            .ok()
            .filter(|_| plain)
            .ok_or_else(wrong)?;
        let bounds = Duration::from_secs(MIN)..=Duration::from_secs(MAX);
        if bounds.contains(&duration) {
            return Ok(Self(duration));
        }
        Err(format!(
            "`{text}` is out of bounds: at least \"{}\", at most \"{}\"",
            Written(*bounds.start()),
            Written(*bounds.end()),
        ))
    }
}

impl<const MIN: u64, const MAX: u64> fmt::Display for Period<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Written(self.0).fmt(f)
    }
}

impl<const MIN: u64, const MAX: u64> Serialize for Period<MIN, MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, const MIN: u64, const MAX: u64> Deserialize<'de> for Period<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<const MIN: u64, const MAX: u64>;

        impl<const MIN: u64, const MAX: u64> de::Visitor<'_> for Visitor<MIN, MAX> {
            type Value = Period<MIN, MAX>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a length of time in quotes, as in \"15m\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Period::parse(text).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Visitor)
    }
}

impl<const MIN: u64, const MAX: u64> JsonSchema for Period<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Period".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let bounds = format!(
            "{} to {}",
            Written(Duration::from_secs(MIN)),
            Written(Duration::from_secs(MAX))
        );
        json_schema!({ "type": "string", "format": "duration", "title": bounds })
    }
}

/// A duration in the fewest units: `15m`, `1h`, `90s`.
struct Written(Duration);

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        match (seconds % 3600, seconds % 60) {
            _ if seconds == 0 => write!(f, "0s"),
            (0, _) => write!(f, "{}h", seconds / 3600),
            (_, 0) => write!(f, "{}m", seconds / 60),
            _ => write!(f, "{seconds}s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Day = Period<0, 86_400>;

    #[test]
    fn hours_minutes_and_seconds_are_read() {
        for (text, seconds) in [
            ("15m", 900),
            ("1h", 3600),
            ("0s", 0),
            ("1h 30m", 5400),
            ("1h30m", 5400),
            ("2 minutes", 120),
            ("24h", 86_400),
        ] {
            assert_eq!(Day::parse(text), Ok(Day::seconds(seconds)), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "", "15", "m", "-15m", "15m ago", "1d", "1 day", "1mo", "1w", "1y", "25h", "PT15M",
            "15 m!", "00:15:00", "+1m", "ä",
        ] {
            assert!(Day::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn bounds_are_named() {
        assert_eq!(
            Period::<60, 21_600>::parse("59s").unwrap_err(),
            "`59s` is out of bounds: at least \"1m\", at most \"6h\""
        );
        assert!(Period::<60, 21_600>::parse("60s").is_ok());
        assert!(Period::<60, 21_600>::parse("6h").is_ok());
        assert!(Period::<60, 21_600>::parse("6h 1s").is_err());
    }

    #[test]
    fn what_is_printed_reads_back() {
        for seconds in [0, 1, 59, 60, 61, 90, 3600, 3660, 86_400] {
            let period = Day::seconds(seconds);
            assert_eq!(Day::parse(&period.to_string()), Ok(period));
        }
    }
}

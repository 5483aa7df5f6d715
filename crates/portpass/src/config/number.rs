//! Whole numbers within bounds, as the file writes them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};

/// A whole number between `MIN` and `MAX`, both included.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Number<const MIN: u32, const MAX: u32>(u32);

impl<const MIN: u32, const MAX: u32> Number<MIN, MAX> {
    /// A number that must lie within the bounds.
    pub(super) const fn of(number: u32) -> Self {
        assert!(MIN <= number && number <= MAX, "within the bounds");
        Self(number)
    }

    /// The number.
    pub fn number(self) -> u32 {
        self.0
    }
}

impl<'de, const MIN: u32, const MAX: u32> Deserialize<'de> for Number<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(deserializer)?;
        match u32::try_from(number) {
            Ok(number) if (MIN..=MAX).contains(&number) => Ok(Self(number)),
            Ok(_) | Err(_) => Err(de::Error::custom(format!(
                "`{number}` is out of bounds: at least {MIN}, at most {MAX}"
            ))),
        }
    }
}

impl<const MIN: u32, const MAX: u32> JsonSchema for Number<MIN, MAX> {
    fn schema_name() -> Cow<'static, str> {
        format!("Number{MIN}To{MAX}").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Table {
        number: Number<8, 16>,
    }

    #[test]
    fn only_what_is_within_the_bounds_is_read() {
        let read = |text: &str| toml::from_str::<Table>(text).map(|table| table.number.number());
        assert_eq!(read("number = 8").unwrap(), 8);
        assert_eq!(read("number = 16").unwrap(), 16);
        for bad in ["7", "17", "-1", "99999999999"] {
            let error = read(&format!("number = {bad}")).unwrap_err().to_string();
            assert!(error.contains("at least 8, at most 16"), "{error}");
        }
    }
}

//! Which claim is meant.

use serde::Deserialize;
use serde_json::Value;

use crate::identity::claims::Claims;

/// A claim by its very name, however many dots and slashes are in it; or, if it
/// begins with a slash, the way into a claim with members (RFC 6901).
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(try_from = "String")]
pub(super) struct ClaimPath {
    text: String,
    steps: Vec<String>,
}

impl ClaimPath {
    /// How the platform's file names it.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// What stands there, of whatever type.
    pub(super) fn value<'c>(&self, claims: &'c Claims) -> Option<&'c Value> {
        let (first, rest) = self.steps.split_first()?;
        rest.iter().try_fold(claims.get(first)?, |value, step| {
            value.as_object()?.get(step)
        })
    }

    /// A text that says something, or a whole number as it is written.
    pub(super) fn word(&self, claims: &Claims) -> Option<String> {
        match self.value(claims)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => number.as_u64().map(|number| number.to_string()),
            Value::Array(_)
            | Value::Bool(_)
            | Value::Null
            | Value::Object(_)
            | Value::String(_) => None,
        }
    }

    /// How people read it: `https://sts.amazonaws.com/` → `aws_account`.
    pub(super) fn shown(&self) -> String {
        let steps: Vec<_> = self.steps.iter().map(|step| format!("`{step}`")).collect();
        steps.join(" → ")
    }
}

impl TryFrom<String> for ClaimPath {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let steps: Vec<String> = match text.strip_prefix('/') {
            None => vec![text.clone()],
            Some(path) => path
                .split('/')
                .map(|step| step.replace("~1", "/").replace("~0", "~"))
                .collect(),
        };
        if steps.iter().any(String::is_empty) {
            return Err(format!("{text:?} names no claim"));
        }
        Ok(Self { text, steps })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(path: &str) -> Option<String> {
        let claims = r#"{"a/b.c": "flat", "a": {"b/c": "deep", "n": 7, "f": 7.5, "t": true},
            "": "", "empty": "", "list": ["x"]}"#;
        let claims = Claims::parse(claims.as_bytes()).unwrap();
        ClaimPath::try_from(path.to_owned()).unwrap().word(&claims)
    }

    #[test]
    fn a_name_with_dots_and_slashes_is_one_claim() {
        assert_eq!(word("a/b.c").as_deref(), Some("flat"));
        assert_eq!(word("/a~1b.c").as_deref(), Some("flat"));
        assert_eq!(word("/a/b~1c").as_deref(), Some("deep"));
        assert_eq!(word("/a/n").as_deref(), Some("7"));
    }

    #[test]
    fn what_is_no_text_is_no_word() {
        for path in [
            "a",
            "/a/f",
            "/a/t",
            "/a/b/c",
            "/a/b~1c/d",
            "empty",
            "list",
            "/list/0",
        ] {
            assert_eq!(word(path), None, "{path}");
        }
        for bad in ["", "/", "/a//b"] {
            assert!(ClaimPath::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}

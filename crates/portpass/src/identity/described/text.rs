//! Texts with claims in them: `{organization_slug}/{pipeline_slug}`.

use std::fmt;

use serde::Deserialize;

use super::claim_path::ClaimPath;
use crate::identity::claims::Claims;

/// Stands for the address of the platform's pages.
const WEB: &str = "web";

/// A text with claims between braces.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Text {
    source: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Claim(ClaimPath),
    Literal(String),
    Web,
}

impl Text {
    /// The text with these claims; nothing, if one of them is missing.
    pub(super) fn of(&self, claims: &Claims) -> Option<String> {
        self.rendered(None, |claim| claim.word(claims))
    }

    /// The same as an address, in which a claim may be one plain segment only.
    pub(super) fn address(&self, claims: &Claims, web: Option<&str>) -> Option<String> {
        self.rendered(web, |claim| {
            claim.word(claims).filter(|word| is_segment(word))
        })
    }

    fn rendered(
        &self,
        web: Option<&str>,
        word: impl Fn(&ClaimPath) -> Option<String>,
    ) -> Option<String> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Claim(claim) => text.push_str(&word(claim)?),
                Part::Literal(literal) => text.push_str(literal),
                Part::Web => text.push_str(web?),
            }
        }
        Some(text)
    }
}

/// Whether a text means itself as one segment of an address (RFC 3986 §2.3).
fn is_segment(text: &str) -> bool {
    !matches!(text, "" | "." | "..")
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'))
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl TryFrom<String> for Text {
    type Error = String;

    fn try_from(source: String) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = source.as_str();
        while let Some((literal, after)) = rest.split_once('{') {
            let (claim, after) = after
                .split_once('}')
                .ok_or_else(|| format!("{source:?} has no end of {{"))?;
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.to_owned()));
            }
            parts.push(match claim {
                WEB => Part::Web,
                claim => Part::Claim(claim.to_owned().try_into()?),
            });
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        Ok(Self { source, parts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(source: &str) -> Text {
        source.to_owned().try_into().unwrap()
    }

    #[test]
    fn a_text_is_whole_or_nothing() {
        let claims = Claims::parse(br#"{"a": "x", "b": {"c": "y z"}, "n": 7}"#).unwrap();
        assert_eq!(
            text("{a}/{/b/c}#{n}").of(&claims).as_deref(),
            Some("x/y z#7")
        );
        assert_eq!(text("{a}/{missing}").of(&claims), None);
        assert!(Text::try_from("{a".to_owned()).is_err());
    }

    #[test]
    fn an_address_takes_plain_segments_only() {
        let url = text("{web}/{a}/runs/{n}");
        let address = |a: &str, web| {
            let claims = format!(r#"{{"a": {a:?}, "n": 7}}"#);
            url.address(&Claims::parse(claims.as_bytes()).unwrap(), web)
        };
        let web = Some("https://ci.example.com");
        assert_eq!(
            address("acme", web).as_deref(),
            Some("https://ci.example.com/acme/runs/7")
        );
        for bad in ["..", "a/b", "a?b", "a b", "é", ""] {
            assert_eq!(address(bad, web), None, "{bad}");
        }
        assert_eq!(address("acme", None), None);
    }
}

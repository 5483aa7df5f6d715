//! Where a fact comes from.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{claim_path::ClaimPath, form::Form, text::Text};
use crate::identity::claims::Claims;

/// A claim, or a text with claims in it, and what becomes of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FactSource {
    claim: Option<ClaimPath>,
    text: Option<Text>,
    /// What the value must begin with; the fact is the rest.
    strip: Option<String>,
    /// What is put before it.
    prefix: Option<String>,
    /// What the fact must look like.
    form: Option<Form>,
    /// The platform's words, and ours; a word that ends in `*` is all that
    /// begin like it.
    #[serde(default)]
    map: BTreeMap<String, String>,
    /// Our word for those that `map` does not have.
    otherwise: Option<String>,
}

impl FactSource {
    /// What is wrong with it, if anything is.
    pub(super) fn fault(&self) -> Option<&'static str> {
        if self.claim.is_some() == self.text.is_some() {
            return Some("takes either `claim` or `text`");
        }
        let maps = !self.map.is_empty();
        if self.otherwise.is_some() && !maps {
            return Some("has `otherwise` without `map`");
        }
        (maps && (self.prefix.is_some() || self.form.is_some() || self.strip.is_some()))
            .then_some("has `map` and what changes or checks the word")
    }

    /// The fact that these claims give.
    pub(super) fn of(&self, claims: &Claims) -> Option<String> {
        let word = match (&self.claim, &self.text) {
            (Some(claim), _) => claim.word(claims)?,
            (None, text) => text.as_ref()?.of(claims)?,
        };
        if !self.map.is_empty() {
            return self.mapped(&word).map(str::to_owned);
        }
        let word = match &self.strip {
            Some(start) => word.strip_prefix(start.as_str())?.to_owned(),
            None => word,
        };
        if self.form.is_some_and(|form| !form.fits(&word)) {
            return None;
        }
        let prefix = self.prefix.as_deref().unwrap_or_default();
        Some(format!("{prefix}{word}")).filter(|_| !word.is_empty())
    }

    fn mapped(&self, word: &str) -> Option<&str> {
        let begins = |pattern: &str| {
            pattern
                .strip_suffix('*')
                .is_some_and(|start| word.starts_with(start))
        };
        let ours = self.map.get(word).or_else(|| {
            let mut patterns = self.map.iter();
            patterns.find_map(|(pattern, ours)| begins(pattern).then_some(ours))
        });
        ours.or(self.otherwise.as_ref()).map(String::as_str)
    }

    /// The claim that is the fact as it stands.
    pub(super) fn plain_claim(&self) -> Option<&ClaimPath> {
        let is_plain = self.map.is_empty() && self.strip.is_none() && self.prefix.is_none();
        self.claim.as_ref().filter(|_| is_plain)
    }

    /// What the fact must look like.
    pub(super) fn form(&self) -> Option<Form> {
        self.form
    }

    /// The words that the fact can be, where they are few.
    #[cfg(test)]
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.map.values().chain(&self.otherwise).map(String::as_str)
    }

    /// Where it comes from, in words.
    pub(super) fn shown(&self) -> String {
        let from = match (&self.claim, &self.text) {
            (Some(claim), _) => claim.shown(),
            (None, text) => text
                .as_ref()
                .map_or_else(String::new, |text| format!("`{text}`")),
        };
        let strip = self.strip.as_ref();
        let prefix = self.prefix.as_ref();
        let changed = [
            strip.map(|start| format!(", what follows `{start}`")),
            prefix.map(|prefix| format!(", with `{prefix}` before it")),
            self.form.map(|form| format!(", if it is {}", form.words())),
        ];
        let words = self
            .map
            .iter()
            .map(|(theirs, ours)| format!("`{theirs}` is `{ours}`"));
        let rest = self.otherwise.iter();
        let words: Vec<_> = words
            .chain(rest.map(|ours| format!("anything else is `{ours}`")))
            .collect();
        let changed: String = changed.into_iter().flatten().collect();
        let colon = if words.is_empty() { "" } else { ": " };
        format!("{from}{changed}{colon}{}", words.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> FactSource {
        let source: FactSource = toml::from_str(text).unwrap();
        assert_eq!(source.fault(), None, "{text}");
        source
    }

    fn of(text: &str, claims: &str) -> Option<String> {
        source(text).of(&Claims::parse(claims.as_bytes()).unwrap())
    }

    #[test]
    fn words_are_mapped_whole_or_by_their_beginning() {
        let map = r#"
            claim = "trg"
            otherwise = "other"
            map = { "h" = "exact", "h:*" = "push", "s:*" = "schedule" }
        "#;
        for (word, ours) in [
            ("h", "exact"),
            ("h:f-i:f", "push"),
            ("s:f-i:f", "schedule"),
            ("hx", "other"),
            ("x", "other"),
        ] {
            let claims = format!(r#"{{"trg": {word:?}}}"#);
            assert_eq!(of(map, &claims).as_deref(), Some(ours), "{word}");
        }
        assert_eq!(
            of(map, "{}"),
            None,
            "a claim that is missing is no other word"
        );
        assert_eq!(of(map, r#"{"trg": ["h"]}"#), None);
    }

    #[test]
    fn a_beginning_is_taken_away_or_put_before() {
        let strip = "claim = \"iss\"\nstrip = \"https://x/\"\nform = \"uuid\"";
        let uuid = "0184990a-477b-4fa8-9968-496074483cee";
        let claims = |iss: &str| format!(r#"{{"iss": {iss:?}}}"#);
        assert_eq!(
            of(strip, &claims(&format!("https://x/{uuid}"))).as_deref(),
            Some(uuid)
        );
        assert_eq!(of(strip, &claims(uuid)), None);
        assert_eq!(of(strip, &claims("https://x/acme")), None);
        let prefix = "claim = \"branch\"\nprefix = \"refs/heads/\"";
        let branch = r#"{"branch": "main"}"#;
        assert_eq!(of(prefix, branch).as_deref(), Some("refs/heads/main"));
        assert_eq!(of(prefix, r#"{"branch": ""}"#), None);
    }

    #[test]
    fn a_source_says_one_thing() {
        for text in [
            "",
            "claim = \"a\"\ntext = \"{b}\"",
            "claim = \"a\"\notherwise = \"b\"",
            "claim = \"a\"\nprefix = \"b\"\nmap = { a = \"b\" }",
        ] {
            let source: FactSource = toml::from_str(text).unwrap();
            assert!(source.fault().is_some(), "{text}");
        }
    }
}

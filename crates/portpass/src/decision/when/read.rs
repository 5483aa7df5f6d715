//! From TOML to a `when`: every key, every kind of value, and what is wrong with them.

use std::fmt;

use serde::{
    Deserialize,
    de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor},
};
use toml::Spanned;

use super::{Expected, Wanted, When};
use crate::{
    decision::{
        glob::Glob,
        suggestion::did_you_mean,
        vocabulary::{self, Kind},
    },
    identity::Fact,
};

/// The keys of the table; a test holds them to the facts' words.
const KEYS: &[&str] = &[
    "actor",
    "environment",
    "event",
    "event_raw",
    "fork",
    "idp_groups",
    "issuer",
    "match",
    "namespace",
    "node",
    "owner",
    "owner_id",
    "owner_path",
    "pod",
    "ref",
    "ref_protected",
    "ref_type",
    "repository",
    "repository_id",
    "reusable_workflow",
    "run_id",
    "run_url",
    "runner",
    "service_account",
    "sha",
    "user",
    "workflow",
    "workflow_ref",
];

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Table)
    }
}

/// Reads the table itself.
struct Table;

impl<'de> Visitor<'de> for Table {
    type Value = When;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of facts and what they must be")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<When, A::Error> {
        let mut when = When::default();
        while let Some(key) = table.next_key()? {
            match key {
                Key::Fact(fact) => {
                    let expected = table.next_value_seed(ExpectedOf(fact))?;
                    when.facts.insert(fact, expected);
                }
                Key::Match => when.matches = table.next_value::<Names>()?.0,
            }
        }
        Ok(when)
    }
}

/// A key of the table.
enum Key {
    Fact(Fact),
    Match,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Word;
        impl Visitor<'_> for Word {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a fact, or `match`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Key, E> {
                if text == "match" {
                    return Ok(Key::Match);
                }
                text.parse()
                    .map(Key::Fact)
                    .map_err(|_unknown| E::unknown_field(text, KEYS))
            }
        }
        deserializer.deserialize_identifier(Word)
    }
}

/// One name or a list of names, each with its place.
struct Names(Vec<Spanned<String>>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A span is only to be had by asking for it before the value's form is
        // known, so that the one name's place is the whole value's.
        let value = Spanned::<OneOrMore>::deserialize(deserializer)?;
        let span = value.span();
        Ok(Self(match value.into_inner() {
            OneOrMore::One(name) => vec![Spanned::new(span, name)],
            OneOrMore::More(names) => names,
        }))
    }
}

/// One name, or several.
enum OneOrMore {
    One(String),
    More(Vec<Spanned<String>>),
}

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;
        impl<'de> Visitor<'de> for Form {
            type Value = OneOrMore;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a `[match.*]` table, or a list of such names")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<OneOrMore, E> {
                Ok(OneOrMore::One(name.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<OneOrMore, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = list.next_element()? {
                    names.push(name);
                }
                if names.is_empty() {
                    return Err(A::Error::custom("an empty list can never be met"));
                }
                Ok(OneOrMore::More(names))
            }
        }
        deserializer.deserialize_any(Form)
    }
}

/// Reads what a fact must be: a value, a list, or `{ not = … }`.
#[derive(Clone, Copy)]
struct ExpectedOf(Fact);

impl<'de> DeserializeSeed<'de> for ExpectedOf {
    type Value = Expected;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Expected, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ExpectedOf {
    type Value = Expected;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        WantedOf(self.0).expecting(f)?;
        f.write_str(", or `{ not = … }`")
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Expected, E> {
        WantedOf(self.0).visit_bool(flag).map(Expected::Is)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Expected, E> {
        WantedOf(self.0).visit_i64(number).map(Expected::Is)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Expected, E> {
        WantedOf(self.0).visit_str(text).map(Expected::Is)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Expected, A::Error> {
        WantedOf(self.0).visit_seq(list).map(Expected::Is)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Expected, A::Error> {
        let mut expected = None;
        while let Some(Not) = table.next_key()? {
            expected = Some(Expected::Not(table.next_value_seed(WantedOf(self.0))?));
        }
        expected.ok_or_else(|| A::Error::missing_field("not"))
    }
}

/// The only key of `{ not = … }`.
struct Not;

impl<'de> Deserialize<'de> for Not {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Word;
        impl Visitor<'_> for Word {
            type Value = Not;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`not`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Not, E> {
                if text == "not" {
                    Ok(Not)
                } else {
                    Err(E::unknown_field(text, &["not"]))
                }
            }
        }
        deserializer.deserialize_identifier(Word)
    }
}

/// Reads what a fact is compared with, and refuses what it can never be.
#[derive(Clone, Copy)]
struct WantedOf(Fact);

impl WantedOf {
    fn is_flag(self) -> bool {
        vocabulary::kind(self.0) == Kind::Flag
    }

    /// Whether the fact can ever be this text; the error says why not.
    fn text<E: Error>(self, text: &str) -> Result<String, E> {
        let word = self.0.name();
        match vocabulary::kind(self.0) {
            Kind::Flag => return Err(E::invalid_type(serde::de::Unexpected::Str(text), &self)),
            Kind::Id if text.contains('*') => {
                return Err(E::custom(format_args!(
                    "`{word}` compares exactly, so `{text}` can never be met"
                )));
            }
            Kind::Id => {}
            Kind::List | Kind::Text => {
                let glob = Glob::parse(text).map_err(E::custom)?;
                if self.0 == Fact::Ref && !glob.may_begin_with("refs/") {
                    return Err(E::custom(format_args!(
                        "`ref` is always the full ref: `refs/heads/{text}` or `refs/tags/{text}`"
                    )));
                }
            }
            Kind::Word(words) => {
                let glob = Glob::parse(text).map_err(E::custom)?;
                if !words.iter().any(|word| glob.matches(word)) {
                    return Err(E::custom(format_args!(
                        "`{word}` is never `{text}`; it is one of {}{}",
                        words.join(", "),
                        did_you_mean(text, words.iter().copied()),
                    )));
                }
            }
        }
        Ok(text.to_owned())
    }
}

impl<'de> DeserializeSeed<'de> for WantedOf {
    type Value = Wanted;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Wanted, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for WantedOf {
    type Value = Wanted;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_flag() {
            "true or false"
        } else {
            "a string or a list of strings"
        })
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Wanted, E> {
        if !self.is_flag() {
            return Err(E::invalid_type(serde::de::Unexpected::Bool(flag), &self));
        }
        Ok(Wanted::Flag(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Wanted, E> {
        if self.is_flag() {
            return Err(E::invalid_type(
                serde::de::Unexpected::Signed(number),
                &self,
            ));
        }
        Err(E::custom(format_args!(
            "`{}` is a string: write \"{number}\"",
            self.0.name()
        )))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Wanted, E> {
        Ok(Wanted::Texts(vec![self.text(text)?]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Wanted, A::Error> {
        if self.is_flag() {
            return Err(A::Error::invalid_type(serde::de::Unexpected::Seq, &self));
        }
        let mut texts = Vec::new();
        while let Some(text) = list.next_element_seed(TextOf(self.0))? {
            texts.push(text);
        }
        if texts.is_empty() {
            return Err(A::Error::custom("an empty list can never be met"));
        }
        Ok(Wanted::Texts(texts))
    }
}

/// Reads one string of a list.
struct TextOf(Fact);

impl<'de> DeserializeSeed<'de> for TextOf {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for TextOf {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<String, E> {
        WantedOf(self.0).visit_i64(number).map(|_| String::new())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        WantedOf(self.0).text(text)
    }
}

//! The entries of `include`: a pattern of files, and the ceiling over what they say.

use schemars::JsonSchema;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{
    config::{Fault, Located, Place, suggest},
    decision::Within,
};

/// Files to include: a pattern, or a table with one.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "read by hand; this is for its schema")]
pub(in crate::config) enum EntrySection {
    Files(String),
    Table(EntryTable),
}

/// Files to include, and a ceiling over what they say.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "read by hand; this is for its schema")]
pub(in crate::config) struct EntryTable {
    /// A pattern of files. Example: `"teams/shop/*.toml"`.
    files: String,
    /// The ceiling over them, as if each said it itself. Example: `"shop/**"`.
    within: Option<WithinSection>,
}

/// A pattern of repositories, or several of which one must match.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "read by hand; this is for its schema")]
pub(in crate::config) enum WithinSection {
    Pattern(String),
    Patterns(#[schemars(length(min = 1))] Vec<String>),
}

/// The keys of an entry that is a table.
const KEYS: [&str; 2] = ["files", "within"];

/// One entry of `include`.
pub(in crate::config) struct Entry {
    pub(super) files: Located<String>,
    pub(super) within: Option<Located<Within>>,
}

/// The entries of the main file.
pub(super) fn take(mut root: DeTable<'_>, faults: &mut Vec<Fault>) -> Vec<Entry> {
    let Some(value) = root.remove("include") else {
        return Vec::new();
    };
    let at = Place::of_span(&value.span());
    let DeValue::Array(elements) = value.into_inner() else {
        let message = "expected a list, as in `[\"rules.d/*.toml\"]`";
        faults.push(Fault::new(at, message));
        return Vec::new();
    };
    let elements = elements.into_iter();
    elements
        .filter_map(|element| entry(element, faults))
        .collect()
}

fn entry(element: Spanned<DeValue<'_>>, faults: &mut Vec<Fault>) -> Option<Entry> {
    let at = Place::of_span(&element.span());
    match element.into_inner() {
        DeValue::Table(mut table) => {
            let within = table
                .remove("within")
                .and_then(|value| within(value, faults));
            let Some(value) = table.remove("files") else {
                faults.push(Fault::new(at, "`files` is missing"));
                return None;
            };
            for (key, _) in table {
                let hint = suggest::instead(key.get_ref(), KEYS);
                let message = format!("unknown key `{}`{hint}", key.get_ref());
                faults.push(Fault::new(Place::of_span(&key.span()), message));
            }
            let files = files(value, faults)?;
            Some(Entry { files, within })
        }
        other => {
            let files = files(Spanned::new(at.to_span(), other), faults)?;
            let within = None;
            Some(Entry { files, within })
        }
    }
}

fn files(value: Spanned<DeValue<'_>>, faults: &mut Vec<Fault>) -> Option<Located<String>> {
    let at = Place::of_span(&value.span());
    let files = text(value).filter(|files| !files.value.is_empty());
    if files.is_none() {
        let message = "expected a pattern, as in \"rules.d/*.toml\"";
        faults.push(Fault::new(at, message));
    }
    files
}

/// A ceiling: a pattern, or a list of them.
pub(super) fn within(
    value: Spanned<DeValue<'_>>,
    faults: &mut Vec<Fault>,
) -> Option<Located<Within>> {
    let at = Place::of_span(&value.span());
    let texts: Option<Vec<_>> = match value.into_inner() {
        DeValue::Array(texts) => texts.into_iter().map(text).collect(),
        one => text(Spanned::new(at.to_span(), one)).map(|text| vec![text]),
    };
    let Some(texts) = texts.filter(|texts| !texts.is_empty()) else {
        let message = "expected a pattern of repositories or a list of them, as in \"shop/**\"";
        faults.push(Fault::new(at, message));
        return None;
    };
    match Within::of(&texts) {
        Ok(value) => Some(Located { value, at }),
        Err(wrong) => {
            faults.extend(wrong);
            None
        }
    }
}

fn text(value: Spanned<DeValue<'_>>) -> Option<Located<String>> {
    let at = Place::of_span(&value.span());
    match value.into_inner() {
        DeValue::String(text) => Some(Located {
            value: text.into_owned(),
            at,
        }),
        _ => None,
    }
}

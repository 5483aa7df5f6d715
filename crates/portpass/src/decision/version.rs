//! The policy's version: a digest that changes with its content only.
//!
//! The file's version covers the file. A decision's covers besides what
//! operators and earlier requests have settled, as far as it concerns the caller.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    GroupSource, Mode, PolicySource, RuleSource, When, images,
    when::{Expected, Wanted},
};
use crate::{config::Located, short_id::ShortId};

/// The digest of live rules and denies, matches, groups and images. Lists are sets:
/// order, repetition and places do not count.
pub(super) fn version(source: &PolicySource) -> ShortId {
    let rules = |rules: &BTreeMap<String, RuleSource>| {
        by_name(
            rules.iter().filter(|(_, rule)| rule.mode == Mode::Live),
            rule,
        )
    };
    let images: BTreeSet<_> = images::rows(&source.images)
        .map(|(issuer, id, name)| (issuer, id, name.value.as_str()))
        .collect();
    let content = json!({
        "denies": rules(&source.denies),
        "groups": by_name(source.groups.iter(), group),
        "images": images,
        "matches": by_name(source.matches.iter(), |located| when(&located.value)),
        "rules": rules(&source.rules),
    });
    ShortId::of(content.to_string().as_bytes())
}

/// What a decision rests on beside the request.
pub(super) struct Standing<'a> {
    /// The file's version.
    pub(super) file: ShortId,
    /// Whether the caller's issuer is not suspended.
    pub(super) is_bound: bool,
    /// The operators' groups that the caller is in, sorted.
    pub(super) groups: Vec<&'a str>,
    /// The owners of the names that rules render for the caller.
    pub(super) owners: BTreeSet<Owned<'a>>,
}

/// A name and its owner.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Owned<'a> {
    pub(super) name: &'a str,
    pub(super) issuer: &'a str,
    pub(super) id: &'a str,
}

/// The version that a decision was made under: the file's, where operators and
/// earlier requests have settled nothing that concerns the caller.
pub(super) fn standing(standing: &Standing<'_>) -> ShortId {
    if standing.is_bound && standing.groups.is_empty() && standing.owners.is_empty() {
        return standing.file;
    }
    let file = standing.file.letters();
    let is_bound: &[u8] = if standing.is_bound { b"true" } else { b"false" };
    // The count keeps groups and owners apart: both are texts.
    let count = standing.groups.len().to_string();
    let head = [file.as_slice(), is_bound, count.as_bytes()];
    let owners = standing.owners.iter();
    let owners = owners.flat_map(|owned| [owned.name, owned.issuer, owned.id]);
    let texts = standing.groups.iter().copied().chain(owners);
    ShortId::of_parts(head.into_iter().chain(texts.map(str::as_bytes)))
}

/// Tables by their names, in alphabetical order.
fn by_name<'s, T: 's>(
    tables: impl Iterator<Item = (&'s String, &'s T)>,
    content: impl Fn(&T) -> Value,
) -> Value {
    let entries = tables.map(|(name, value)| (name.clone(), content(value)));
    Value::Object(entries.collect())
}

/// Operators change who is in their groups; that it is theirs, the file says.
fn group(group: &GroupSource) -> Value {
    match group {
        GroupSource::Members(members) => json!(members.iter().collect::<BTreeSet<_>>()),
        GroupSource::Operators => json!("operators"),
    }
}

fn rule(rule: &RuleSource) -> Value {
    let mut content = json!({
        "allow_root": rule.allow_root,
        "anonymous": rule.anonymous,
        "any_run": rule.any_run,
        "catalog": rule.catalog,
        "cel": rule.cel.as_ref().map(|cel| &cel.value),
        "delete": set(&rule.delete),
        "from": set(&rule.from),
        "group": rule.group.as_ref().map(|group| &group.value),
        "pull": set(&rule.pull),
        "push": set(&rule.push),
        "registries": set(&rule.registries),
        "when": rule.when.as_ref().map(|located| when(&located.value)),
    });
    if let Some(content) = content.as_object_mut()
        && !rule.within.is_open()
    {
        content.insert("within".to_owned(), json!(rule.within.texts()));
    }
    content
}

fn set(list: &[Located<String>]) -> BTreeSet<&str> {
    list.iter().map(|item| item.value.as_str()).collect()
}

fn when(when: &When) -> Value {
    let facts = when.facts.iter();
    let facts = facts.map(|(fact, expected)| (fact.name().to_owned(), is(expected)));
    let matches: BTreeSet<_> = when.matches.iter().map(toml::Spanned::get_ref).collect();
    json!({ "facts": Value::Object(facts.collect()), "matches": matches })
}

fn is(expected: &Expected) -> Value {
    let (negated, wanted) = match expected {
        Expected::Is(wanted) => (false, wanted),
        Expected::Not(wanted) => (true, wanted),
    };
    let wanted = match wanted {
        Wanted::Flag(flag) => json!(flag),
        Wanted::Texts(texts) => json!(texts.iter().collect::<BTreeSet<_>>()),
    };
    json!([negated, wanted])
}

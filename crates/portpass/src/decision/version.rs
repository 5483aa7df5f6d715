//! The policy's version: a digest that changes with its content only.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    PolicySource, RuleSource, When, images,
    when::{Expected, Wanted},
};
use crate::{config::Located, short_id::ShortId};

/// The digest of rules, denies, matches, groups and images. Lists are sets:
/// order, repetition and places do not count.
pub(super) fn version(source: &PolicySource) -> ShortId {
    let rules = |rules: &BTreeMap<String, RuleSource>| by_name(rules, rule);
    let images: BTreeSet<_> = images::rows(&source.images)
        .map(|(issuer, id, name)| (issuer, id, name.value.as_str()))
        .collect();
    let content = json!({
        "denies": rules(&source.denies),
        "groups": by_name(&source.groups, |group| json!(group.members().iter().collect::<BTreeSet<_>>())),
        "images": images,
        "matches": by_name(&source.matches, |located| when(&located.value)),
        "rules": rules(&source.rules),
    });
    ShortId::of(content.to_string().as_bytes())
}

/// A table by its names, in alphabetical order.
fn by_name<T>(table: &BTreeMap<String, T>, content: impl Fn(&T) -> Value) -> Value {
    let entries = table
        .iter()
        .map(|(name, value)| (name.clone(), content(value)));
    Value::Object(entries.collect())
}

fn rule(rule: &RuleSource) -> Value {
    json!({
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
    })
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

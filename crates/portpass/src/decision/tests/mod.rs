//! The sentences of the design, each held by a test.

mod allow;
mod api_tokens;
mod cel;
mod claimed;
mod deny;
mod explain;
mod faults;
mod least_rule;
mod namespaces;
mod operators;
mod owners;
mod properties;
mod refusals;
mod shadow;
mod standing;
mod suspended;
mod when;
mod within;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use scope::Scopes;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use toml::Spanned;

use super::{
    Caller, Denied, Grant, GroupSource, Held, Mode, Namespace, Owners, Policy, PolicySource,
    RuleSource, When, Within,
};
use crate::{
    config::{Located, Place},
    identity::{FactValue, Facts, Proof},
    registry::{Algorithm, Naming, Profile, Registry, RegistryKind},
    short_id::ShortId,
};

/// A file of rules, in TOML; the issuers are always the same.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    registries: Option<Vec<String>>,
    #[serde(default, rename = "match")]
    matches: BTreeMap<String, Spanned<When>>,
    #[serde(default)]
    rule: BTreeMap<String, RuleTable>,
    #[serde(default)]
    deny: BTreeMap<String, RuleTable>,
    #[serde(default)]
    group: BTreeMap<String, GroupTable>,
    #[serde(default)]
    images: BTreeMap<String, BTreeMap<String, Vec<Spanned<String>>>>,
}

/// A list of members, or the word `operators`.
#[derive(Deserialize)]
#[serde(untagged)]
enum GroupTable {
    Members(Vec<(String, String)>),
    Operators(Operators),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Operators {
    Operators,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a key of the file that is true or false"
)]
struct RuleTable {
    from: Vec<Spanned<String>>,
    group: Option<Spanned<String>>,
    anonymous: bool,
    when: Option<Spanned<When>>,
    cel: Option<Spanned<String>>,
    registries: Vec<Spanned<String>>,
    pull: Vec<Spanned<String>>,
    push: Vec<Spanned<String>>,
    delete: Vec<Spanned<String>>,
    catalog: bool,
    any_run: bool,
    allow_root: bool,
    within: Vec<Vec<Spanned<String>>>,
    mode: Mode,
}

fn located<T>(spanned: Spanned<T>) -> Located<T> {
    let span = spanned.span();
    Located {
        value: spanned.into_inner(),
        at: Place {
            file: 0,
            start: span.start,
            end: span.end,
        },
    }
}

fn list(list: Vec<Spanned<String>>) -> Vec<Located<String>> {
    list.into_iter().map(located).collect()
}

/// Ceilings, as a file and the entries of `include` that name it have them.
fn within(lists: Vec<Vec<Spanned<String>>>) -> Within {
    let mut within = Within::default();
    for patterns in lists {
        within.and(Within::of(&list(patterns)).unwrap());
    }
    within
}

fn rules(tables: BTreeMap<String, RuleTable>) -> BTreeMap<String, RuleSource> {
    let rule = |table: RuleTable| RuleSource {
        at: Place::default(),
        from: list(table.from),
        group: table.group.map(located),
        anonymous: table.anonymous,
        when: table.when.map(located),
        cel: table.cel.map(located),
        registries: list(table.registries),
        pull: list(table.pull),
        push: list(table.push),
        delete: list(table.delete),
        catalog: table.catalog,
        any_run: table.any_run,
        allow_root: table.allow_root,
        within: within(table.within),
        mode: table.mode,
        allow_lints: Vec::new(),
    };
    let rules = tables.into_iter();
    rules.map(|(name, table)| (name, rule(table))).collect()
}

fn source(text: &str) -> PolicySource {
    let file: File = toml::from_str(text).unwrap();
    let issuers = [
        ("cluster", false),
        ("github", true),
        ("gitlab", true),
        ("people", false),
    ];
    let images = file.images.into_iter().map(|(issuer, ids)| {
        let ids = ids.into_iter().map(|(id, names)| (id, list(names)));
        (issuer, ids.collect())
    });
    let matches = file.matches.into_iter();
    PolicySource {
        issuers: issuers.map(|(name, is)| (name.to_owned(), is)).into(),
        registries: file.registries.unwrap_or(vec!["prod".to_owned()]),
        matches: matches.map(|(name, when)| (name, located(when))).collect(),
        rules: rules(file.rule),
        denies: rules(file.deny),
        groups: file
            .group
            .into_iter()
            .map(|(name, group)| {
                let group = match group {
                    GroupTable::Members(members) => GroupSource::Members(members),
                    GroupTable::Operators(Operators::Operators) => GroupSource::Operators,
                };
                (name, group)
            })
            .collect(),
        images: images.collect(),
    }
}

#[track_caller]
fn policy(text: &str) -> Policy {
    Policy::compile(&source(text)).unwrap()
}

/// The faults of a file, as the words it marks and the message.
#[track_caller]
fn faults(text: &str) -> String {
    let faults = Policy::compile(&source(text)).unwrap_err();
    let faults = faults.into_iter().map(|fault| {
        let marked = text.get(fault.at.start..fault.at.end).unwrap();
        format!("{marked}: {fault}\n")
    });
    faults.collect()
}

fn facts(pairs: &[(&str, Value)]) -> Facts {
    let mut facts = Facts::default();
    for (word, value) in pairs {
        let value = match value {
            Value::Bool(flag) => FactValue::Flag(*flag),
            Value::Array(texts) => FactValue::List(
                texts
                    .iter()
                    .map(|text| text.as_str().unwrap().to_owned())
                    .collect(),
            ),
            text => FactValue::Text(text.as_str().unwrap().to_owned()),
        };
        facts.set(word.parse().unwrap(), value);
    }
    facts
}

fn proof(issuer: &str, id: &str, name: &str, pairs: &[(&str, Value)]) -> Proof {
    let claims = Map::from_iter([
        ("repository_id".to_owned(), json!(id)),
        ("tier".to_owned(), json!("production")),
        ("groups".to_owned(), json!(["ops", "dev"])),
    ]);
    let login = Some(ShortId::of(b"login"));
    Proof::of(issuer, id, name, facts(pairs), claims, login, None)
}

/// `acme/web` on main of a code host, with some facts set otherwise.
fn run(issuer: &str, set: &[(&str, Value)]) -> Proof {
    let usual = [
        ("repository", json!("acme/web")),
        ("repository_id", json!("74")),
        ("owner", json!("acme")),
        ("owner_id", json!("65")),
        ("ref", json!("refs/heads/main")),
        ("ref_protected", json!(true)),
        ("event", json!("push")),
    ];
    proof(issuer, "74", "acme/web", &[&usual, set].concat())
}

fn anonymous() -> Proof {
    let (facts, claims) = (Facts::default(), Map::new());
    Proof::of("anonymous", "", "anonymous", facts, claims, None, None)
}

fn registry(name: &str) -> Arc<Registry> {
    Arc::new(Registry {
        name: name.into(),
        service: "registry.example.com".to_owned(),
        kind: RegistryKind::Distribution,
        naming: Naming::Profile(Profile::X5c),
        key: None,
        algorithm: Algorithm::Es256,
        token_ttl: Duration::from_mins(15),
        token_issuer: "https://registry.example.com".to_owned(),
        introspection_secret: None,
    })
}

fn decide(policy: &Policy, proof: Proof, asked: &str) -> Result<Grant, Box<Denied>> {
    decide_held(policy, proof, Held::default(), asked)
}

fn decide_held(
    policy: &Policy,
    proof: Proof,
    held: Held<'_>,
    asked: &str,
) -> Result<Grant, Box<Denied>> {
    let asked = Scopes::parse([asked]).unwrap();
    policy.decide(proof, held, &registry("prod"), &asked)
}

/// What is granted, as scopes, or why it is refused, as a code.
fn answer(policy: &Policy, proof: Proof, asked: &str) -> String {
    answer_held(policy, proof, Held::default(), asked)
}

fn answer_held(policy: &Policy, proof: Proof, held: Held<'_>, asked: &str) -> String {
    match decide_held(policy, proof, held, asked) {
        Ok(grant) => grant.scope_text(),
        Err(denied) => format!("refused: {}", denied.refusal().code()),
    }
}

/// The message for the caller, with `ID` for the decision's.
fn told(policy: &Policy, proof: Proof, held: Held<'_>, asked: &str) -> String {
    let denied = decide_held(policy, proof, held, asked).unwrap_err();
    let id = denied.decision().id().to_string();
    denied.refusal().to_string().replace(&id, "ID")
}

/// Owners, from name, issuer and id.
fn owners(rows: &[(&str, &str, &str)]) -> Owners {
    let row = |(name, issuer, id): &(&str, &str, &str)| {
        ((*name).to_owned(), ((*issuer).into(), (*id).into()))
    };
    rows.iter().map(row).collect()
}

fn namespace(name: &str, owner: &str) -> Namespace {
    Namespace {
        name: name.to_owned(),
        owner: owner.to_owned(),
    }
}

fn groups(names: &[&str]) -> Vec<Arc<str>> {
    names.iter().map(|name| Arc::from(*name)).collect()
}

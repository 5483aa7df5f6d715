//! The whole file as a type: its schema and the reference page come from here.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, generate::SchemaSettings};

use super::{
    admin::AdminSection,
    events::EventSettings,
    group::GroupSection,
    include::{EntrySection, WithinSection},
    issuer::IssuerSection,
    keys::KeysSection,
    limits::Limits,
    listen::ListenSection,
    log::LogSettings,
    metrics::MetricSettings,
    oauth2::OAuth2Section,
    registry::RegistrySection,
    relay::RelaySection,
    rule::RuleSection,
    store::StoreSection,
    test::TestSection,
    tls::TlsSection,
};
use crate::decision::When;

/// The configuration of Portpass: one TOML file, plus those it includes.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, title = "portpass.toml")]
#[expect(dead_code, reason = "read section by section; this is for its schema")]
struct File {
    #[schemars(default)]
    admin: AdminSection,
    #[schemars(default)]
    deny: BTreeMap<String, RuleSection>,
    #[schemars(default)]
    events: EventSettings,
    #[schemars(default)]
    group: BTreeMap<String, GroupSection>,
    /// Existing repository names that no template fits: for each issuer, ids
    /// and their names. Rules give them as `{images}`.
    /// Example: `"74" = ["web"]`.
    #[schemars(default)]
    images: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// More files, by patterns relative to this one: `*` and `?` stand for
    /// parts of a name. They are read in the order of their names, each once,
    /// and include nothing themselves. An entry with `within` puts its files under
    /// a ceiling, as if each said so itself.
    /// Example: `["rules.d/*.toml", { files = "teams/shop/*.toml", within = "shop/**" }]`.
    #[schemars(default)]
    include: Vec<EntrySection>,
    #[schemars(default)]
    issuer: BTreeMap<String, IssuerSection>,
    #[schemars(default)]
    keys: KeysSection,
    #[schemars(default)]
    limits: Limits,
    #[schemars(default)]
    listen: ListenSection,
    #[schemars(default)]
    log: LogSettings,
    /// Conditions that rules name, written once. Fields as in a rule's `when`.
    #[schemars(default)]
    r#match: BTreeMap<String, When>,
    #[schemars(default)]
    metrics: MetricSettings,
    #[schemars(default)]
    oauth2: OAuth2Section,
    /// What clients see: the realm is this and `/token`, and the `iss` of our
    /// tokens is this. `https`, or `http` on loopback, and nothing after the
    /// port. Example: `"https://registry.example.com"`.
    public_url: String,
    registry: BTreeMap<String, RegistrySection>,
    relay: Option<RelaySection>,
    #[schemars(default)]
    rule: BTreeMap<String, RuleSection>,
    #[schemars(default)]
    store: StoreSection,
    #[schemars(default)]
    test: BTreeMap<String, TestSection>,
    tls: Option<TlsSection>,
    /// In an included file: the ceiling over it, one of whose patterns matches
    /// every repository that its rules give or take. Such a file holds `rule`,
    /// `deny`, `match`, `group`, `images` and `test` only. Example: `"shop/**"`.
    within: Option<WithinSection>,
}

/// The JSON Schema of the file (draft 2020-12).
pub fn schema() -> Schema {
    SchemaSettings::draft2020_12()
        .for_deserialize()
        .into_generator()
        .into_root_schema_for::<File>()
}

/// The keys and sections at the top of the file.
pub(super) fn keys() -> Vec<String> {
    schema()
        .get("properties")
        .and_then(|properties| properties.as_object())
        .map(|properties| properties.keys().cloned().collect())
        .unwrap_or_default()
}

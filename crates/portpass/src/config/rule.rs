//! `[rule.*]` and `[deny.*]`: who may do what, where.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Located, Place, include::Ceilings, names, read::Reading};
use crate::decision::{Mode, RuleSource, When};

/// Who may do what (`[rule.*]`), or never may (`[deny.*]`, which wins).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a key of the file that is true or false"
)]
pub(super) struct RuleSection {
    /// Whether names are rendered without a literal prefix, so that callers
    /// share the registry's root.
    #[serde(default)]
    allow_root: bool,
    /// Whether it is for callers who present nothing at all.
    #[serde(default)]
    anonymous: bool,
    /// Whether any run of a code host will do: pushes and deletes otherwise
    /// need a condition on `event` and on one of `ref`, `environment` or
    /// `ref_protected`.
    #[serde(default)]
    any_run: bool,
    /// Whether the list of all repositories may be read.
    #[serde(default)]
    catalog: bool,
    /// A condition in CEL, which sees `facts`, `claims` and `registry`.
    /// Example: `'claims.runner_environment == "github-hosted"'`.
    cel: Option<Located<String>>,
    /// The repositories that may be deleted from. Example: `["scratch/**"]`.
    #[serde(default)]
    delete: Vec<Located<String>>,
    /// The issuers whose identities it is for. Example: `["github", "gitlab"]`.
    #[serde(default)]
    from: Vec<Located<String>>,
    /// The group whose members it is for. Example: `"acl_docker_push"`.
    group: Option<Located<String>>,
    /// Whether it counts: `shadow` records what it would do beside the live
    /// ones, and gives or takes nothing. Example: `"shadow"`.
    #[serde(default)]
    mode: Mode,
    /// The repositories that may be pulled from: patterns, in which `*` stands
    /// for part of a segment and `**` for any; `{fact}` renders a fact of the
    /// caller. Example: `["**"]`.
    #[serde(default)]
    pull: Vec<Located<String>>,
    /// The repositories that may be pushed to, and so pulled from. `{images}`
    /// stands for the caller's rows of `[images.*]`.
    /// Example: `["apps/{issuer}/{repository}", "{images}"]`.
    #[serde(default)]
    push: Vec<Located<String>>,
    /// The registries it is for; required once there are two.
    /// Example: `["prod"]`.
    #[serde(default)]
    registries: Vec<Located<String>>,
    /// What must be true of the caller's facts.
    /// Example: `{ match = "release", environment = "production" }`.
    when: Option<Located<When>>,
}

/// What the names in rules can stand for.
pub(super) struct Known<'k> {
    pub(super) issuers: &'k [String],
    pub(super) groups: &'k [String],
    pub(super) registries: &'k [String],
    pub(super) ceilings: &'k Ceilings,
}

/// Takes all rules of a section: `rule` or `deny`.
pub(super) fn settle(
    reading: &mut Reading<'_>,
    section: &str,
    known: &Known<'_>,
) -> Vec<(String, RuleSource)> {
    let mut rules = Vec::new();
    for table in reading.named::<RuleSection>(section) {
        names::check(reading, section, &table.name, table.at);
        if let Some(rule) = table.value {
            rules.push((table.name, rule.settle(table.at, known, reading)));
        }
    }
    rules
}

impl RuleSection {
    fn settle(self, at: Place, known: &Known<'_>, reading: &mut Reading<'_>) -> RuleSource {
        names::refer(reading, "issuer", &self.from, known.issuers);
        names::refer(reading, "group", &self.group, known.groups);
        names::refer(reading, "registry", &self.registries, known.registries);
        RuleSource {
            at,
            from: self.from,
            group: self.group,
            anonymous: self.anonymous,
            when: self.when,
            cel: self.cel,
            registries: self.registries,
            pull: self.pull,
            push: self.push,
            delete: self.delete,
            catalog: self.catalog,
            any_run: self.any_run,
            allow_root: self.allow_root,
            within: known.ceilings.over(at.file).clone(),
            mode: self.mode,
        }
    }
}

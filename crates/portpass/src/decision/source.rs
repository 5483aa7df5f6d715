//! The rules as the file gives them: syntax read, names not yet resolved.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{When, Within};
use crate::config::{Located, Place};

/// Everything that a [`Policy`](super::Policy) is compiled from.
#[derive(Clone, Debug, Default)]
pub struct PolicySource {
    /// Issuer name → whether it is a code host (github-actions, gitlab, forgejo).
    pub issuers: BTreeMap<String, bool>,
    /// The names of the registries.
    pub registries: Vec<String>,
    /// The `[match.*]` tables.
    pub matches: BTreeMap<String, Located<When>>,
    /// The `[rule.*]` tables.
    pub rules: BTreeMap<String, RuleSource>,
    /// The `[deny.*]` tables.
    pub denies: BTreeMap<String, RuleSource>,
    /// The `[group.*]` tables.
    pub groups: BTreeMap<String, GroupSource>,
    /// Issuer → id → repository names.
    pub images: BTreeMap<String, BTreeMap<String, Vec<Located<String>>>>,
}

/// Who keeps a group: the file or operators, never both.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum GroupSource {
    /// The file: its members, as issuer and id; the issuers are configured ones.
    Members(Vec<(String, String)>),
    /// Operators, at run time: anybody may come to be in it.
    Operators,
}

impl GroupSource {
    /// The members that the file names.
    pub(crate) fn members(&self) -> &[(String, String)] {
        match self {
            Self::Members(members) => members,
            Self::Operators => &[],
        }
    }
}

/// Whether a rule counts.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It gives or takes.
    #[default]
    Live,
    /// What it says is recorded, and changes nothing.
    Shadow,
}

impl PolicySource {
    /// The same rules with those in shadow live.
    #[must_use]
    pub fn with_shadow_live(&self) -> Self {
        let mut live = self.clone();
        for rule in live.rules.values_mut().chain(live.denies.values_mut()) {
            rule.mode = Mode::Live;
        }
        live
    }
}

/// One `[rule.*]` or `[deny.*]`; a key that the file leaves out is empty or false.
#[derive(Clone, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a key of the file that is true or false"
)]
pub struct RuleSource {
    /// Its name in the table's header.
    pub at: Place,
    /// The issuers whose identities it is for.
    pub from: Vec<Located<String>>,
    /// The group whose members it is for.
    pub group: Option<Located<String>>,
    /// Whether it is for callers without a credential.
    pub anonymous: bool,
    /// What the caller's facts must be.
    pub when: Option<Located<When>>,
    /// What must be true besides, in CEL.
    pub cel: Option<Located<String>>,
    /// The registries it is about; needed once there are two.
    pub registries: Vec<Located<String>>,
    /// Patterns of repositories that may be pulled.
    pub pull: Vec<Located<String>>,
    /// Patterns of repositories that may be pushed, and therefore pulled.
    pub push: Vec<Located<String>>,
    /// Patterns of repositories in which something may be deleted.
    pub delete: Vec<Located<String>>,
    /// Whether the list of repositories may be read.
    pub catalog: bool,
    /// Whether push and delete are meant for every run of a code host.
    pub any_run: bool,
    /// Whether a template may begin with a placeholder.
    pub allow_root: bool,
    /// The ceiling of its file: what it gives or takes lies under it.
    pub within: Within,
    /// Whether it counts.
    pub mode: Mode,
}

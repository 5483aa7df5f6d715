//! What a proven caller may do.

use std::{collections::BTreeMap, sync::Arc};

use scope::Scopes;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    config::{Fault, Located},
    identity::{Fact, Proof},
    registry::Registry,
    short_id::ShortId,
};

/// The rules as the file gives them: syntax read, names not yet resolved.
#[derive(Debug, Default)]
pub struct PolicySource {
    /// Issuer name -> whether it is a code host (github-actions, gitlab, forgejo).
    pub issuers: BTreeMap<String, bool>,
    pub registries: Vec<String>,
    pub matches: BTreeMap<String, Located<When>>,
    pub rules: BTreeMap<String, RuleSource>,
    pub denies: BTreeMap<String, RuleSource>,
    pub groups: BTreeMap<String, Vec<(String, String)>>, // issuer, id ; validated by config against issuers
    /// issuer -> id -> repository names (each located)
    pub images: BTreeMap<String, BTreeMap<String, Vec<Located<String>>>>,
}

/// One `[rule.*]` or `[deny.*]`.
#[derive(Debug, Default)]
pub struct RuleSource {
    pub at: crate::config::Place, // its name in the table's header
    pub from: Vec<Located<String>>,
    pub group: Option<Located<String>>,
    pub anonymous: bool,
    pub when: Option<Located<When>>,
    pub cel: Option<Located<String>>,
    pub registries: Vec<Located<String>>,
    pub pull: Vec<Located<String>>,
    pub push: Vec<Located<String>>,
    pub delete: Vec<Located<String>>,
    pub catalog: bool,
    pub any_run: bool,
    pub allow_root: bool,
}

/// `when`: facts and what they must be, and named matches. (decision owns its Deserialize + JsonSchema.)
#[derive(Debug, Default, serde::Deserialize, schemars::JsonSchema)]
pub struct When {}

/// The compiled rules. Takes and gives values only: nothing in `decision/` performs I/O.
#[derive(Debug)]
pub struct Policy {}

impl Policy {
    /// # Errors: every fault, not only the first.
    pub fn compile(source: PolicySource) -> Result<Self, Vec<Fault>> {
        let _ = source;
        todo!()
    }
    /// A digest over rules, groups, images: changes whenever a decision could.
    pub fn version(&self) -> ShortId {
        todo!()
    }
    /// What the rules give of what was asked.
    pub fn decide(
        &self,
        proof: Proof,
        registry: &Arc<Registry>,
        asked: &Scopes,
    ) -> Result<Grant, Box<Denied>> {
        let _ = (proof, registry, asked);
        todo!()
    }
}

/// The decision id: of login, registry, sorted scopes and policy version.
pub fn decision_id(
    login: Option<ShortId>,
    registry: &str,
    asked: &Scopes,
    version: ShortId,
) -> ShortId {
    ShortId::of_parts([
        login
            .map(|login| login.to_string())
            .unwrap_or_default()
            .as_bytes(),
        registry.as_bytes(),
        asked.to_string().as_bytes(),
        version.to_string().as_bytes(),
    ])
}

/// What was allowed. Only [`Policy::decide`] makes one, so nothing can be signed that was not decided.
#[derive(Debug)]
pub struct Grant {
    decision: Decision,
    access: Vec<Access>,
}
/// A refusal, with the reason for the caller and the story for the operator.
#[derive(Debug)]
pub struct Denied {
    decision: Decision,
    refusal: Refusal,
}

/// What every decision carries, given or refused; the event is written from it.
#[derive(Debug)]
pub struct Decision {
    pub id: ShortId,
    pub proof: Proof,
    pub registry: Arc<Registry>,
    pub asked: Scopes,
    pub policy: ShortId,
    pub groups: Vec<String>,
    /// The claims that rules name, for later replay.
    pub claims: Map<String, Value>,
    pub rules: Vec<RuleOutcome>,
}

/// What one rule said, for the event: its name, whether it matched and gave anything, and the first unmet thing.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct RuleOutcome {
    pub rule: String, // "rule.own-namespace", "deny.nobody-deletes-base"
    pub outcome: Outcome,
}
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Matched,
    Void(String),
    UnmetFact(Fact),
    UnmetCel,
    OtherCaller,
    OtherRegistry,
}

/// The caller's message is `Refusal`'s Display: never a value a rule wants, never a rule's name.
#[derive(Clone, Debug)]
pub struct Refusal {}

/// One entry of a token's `access` claim.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Access {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    pub name: String,
    pub actions: Vec<String>,
}

//! The answer: who it is about, what came before the rules, and what they say.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    decision::{Access, Explanation},
    identity::Facts,
};

/// What the rules say of somebody, rule by rule.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
pub struct Story {
    /// Where what is known of the caller comes from.
    pub basis: Basis,
    /// The issuer's name.
    pub issuer: String,
    /// The immutable id under that issuer.
    pub id: String,
    /// What people know the identity by.
    pub name: String,
    /// The registry's name.
    pub registry: String,
    /// What is asked for.
    pub asked: String,
    /// For what it is refused before the rules are asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objections: Vec<Objection>,
    /// What its platform says.
    pub facts: Facts,
    /// What was decided then, where it is about a past decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Record>,
    /// What could make a difference and is not known here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
    /// What the rules of now say.
    pub explanation: Explanation,
}

/// Where what is known of a caller comes from.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// A fixture: what a platform would sign.
    Fixture,
    /// A JWT, checked as if it were presented.
    Presented,
    /// A JWT whose signature was not checked.
    Read,
    /// The event of a decision.
    Recorded,
}

/// For what somebody is refused before the rules are asked.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Objection {
    /// The step that refuses: `jwt` or `pin`.
    pub stage: String,
    /// The reason as a stable word, as events have it.
    pub code: String,
    /// What is wrong.
    pub message: String,
}

/// What an event says was decided.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Record {
    /// The event's id.
    pub event: String,
    /// When it happened.
    pub at: Timestamp,
    /// The version of the policy that decided.
    pub policy: Option<String>,
    /// The groups that the identity was in.
    pub groups: Vec<String>,
    /// Why it was refused, if it was.
    pub reason: Option<String>,
    /// What the caller was told, if it was refused.
    pub message: Option<String>,
    /// What was given, if it was granted.
    pub access: Option<Vec<Access>>,
}

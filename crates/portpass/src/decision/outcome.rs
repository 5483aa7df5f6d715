//! What one rule said of one request, for the event.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::identity::Fact;

/// A rule's name and what it said.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct RuleOutcome {
    /// The table: `rule.own-namespace`, `deny.nobody-deletes-base`; or
    /// `relay.access`, where access came from the claim of a provider's token.
    pub rule: Arc<str>,
    /// What it said.
    pub outcome: Outcome,
}

/// What one rule said.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is for this caller, its conditions are met, and it gives or takes
    /// some of what was asked.
    Matched,
    /// It would match, and is about nothing of what was asked: other
    /// repositories, or other actions.
    OtherAccess,
    /// It is for other callers.
    OtherCaller,
    /// It is for other registries.
    OtherRegistry,
    /// It matched and gives nothing, because this name that it renders belongs
    /// to another id.
    Owned(String),
    /// It gives nothing to ids of an issuer whose name stands for something
    /// else than before.
    Suspended,
    /// Its expression is not true, or could not be evaluated.
    UnmetCel,
    /// This is the first fact that is not as it should be.
    UnmetFact(Fact),
    /// It matched and gives nothing, because a template could not be rendered.
    Void(String),
}

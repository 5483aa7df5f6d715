//! What came of a test.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::{Expected, Stage};
use crate::{
    config::Place,
    decision::{Access, RuleOutcome},
    identity::Fact,
};

/// What came of one test.
#[derive(Clone, Debug, Serialize)]
pub struct TestResult {
    /// The test's name.
    pub name: String,
    /// Whether it came as expected.
    pub passed: bool,
    /// The registry that was asked for.
    pub registry: String,
    /// Who asked: the issuer and id, or `anonymous`; nothing where nobody was proven.
    pub identity: Option<String>,
    /// What was asked for, as scopes.
    pub asked: Vec<String>,
    /// What had to come of it.
    #[serde(serialize_with = "text")]
    pub expected: Expected,
    /// What came of it.
    pub got: Got,
    /// What each deny and each rule said, in that order; nothing where nobody was proven.
    pub rules: Vec<RuleOutcome>,
    /// Why it must be so, in the operator's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// Where `expect` stands.
    #[serde(skip)]
    pub at: Place,
}

/// What came of a request.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Got {
    /// This was given; nothing, for a login.
    Granted(Vec<Access>),
    /// Nothing was given.
    Refused {
        /// Where it ended.
        stage: Stage,
        /// The reason as a stable word, as events have it.
        code: Arc<str>,
        /// What the caller would have been told.
        message: String,
        /// The fact that was not as some rule wants it.
        #[serde(skip_serializing_if = "Option::is_none")]
        unmet: Option<Fact>,
        /// What only the operator is told.
        #[serde(skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
}

fn text<S: Serializer>(expected: &Expected, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(expected)
}

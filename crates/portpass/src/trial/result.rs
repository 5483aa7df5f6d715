//! What came of a test.

use scope::Scopes;
use serde::{Serialize, Serializer};

use super::{Change, Expected, Line, Stage, TestSource, compare};
use crate::{
    config::Place,
    decision::{Access, RuleOutcome, scope_text},
    identity::{Fact, Facts},
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
    /// Who asked, as `issuer:id`; nothing where nobody was proven.
    pub identity: Option<String>,
    /// What the platform says of the run; nothing where nobody was proven.
    pub facts: Option<Facts>,
    /// What was asked for.
    #[serde(serialize_with = "texts")]
    pub asked: Scopes,
    /// What had to come of it.
    #[serde(serialize_with = "text")]
    pub expected: Expected,
    /// What came of it.
    pub got: Got,
    /// What each deny and each rule said; nothing where nobody was proven.
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
        code: &'static str,
        /// What the caller is told, but for the decision's id.
        message: String,
        /// The fact that was not as some rule wants it.
        #[serde(skip_serializing_if = "Option::is_none")]
        unmet: Option<Fact>,
        /// What only the operator is told.
        #[serde(skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
    /// It could not be tried at all, and why; never what is expected.
    Untried(String),
}

impl TestResult {
    /// What is known before anything is asked.
    pub(super) fn begin(test: &TestSource) -> Self {
        Self {
            name: test.name.clone(),
            passed: false,
            registry: test.registry.clone(),
            identity: None,
            facts: None,
            asked: test.ask.clone(),
            expected: test.expect.clone(),
            got: Got::Untried("nothing was asked".to_owned()),
            rules: Vec::new(),
            because: test.because.clone(),
            at: test.expect_at,
        }
    }

    /// Compares what came with what was expected.
    pub(super) fn conclude(&mut self) {
        self.passed = match (&self.expected, &self.got) {
            (Expected::Granted, Got::Granted(access)) => compare::is_exactly(&self.asked, access),
            (Expected::Exactly(scopes), Got::Granted(access)) => {
                compare::is_exactly(scopes, access)
            }
            (Expected::Refused(None), Got::Refused { .. }) => true,
            (Expected::Refused(Some(expected)), Got::Refused { stage, .. }) => expected == stage,
            (Expected::Refused(_), Got::Granted(_))
            | (Expected::Granted | Expected::Exactly(_), Got::Refused { .. })
            | (_, Got::Untried(_)) => false,
        };
    }

    /// What was expected beside what was given, by scopes; nothing where a refusal was expected
    /// and came.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let nothing = Scopes::default();
        let expected = match &self.expected {
            Expected::Exactly(scopes) => scopes,
            Expected::Granted => &self.asked,
            Expected::Refused(_) => &nothing,
        };
        let given = match &self.got {
            Got::Granted(access) => access.as_slice(),
            Got::Refused { .. } | Got::Untried(_) => &[],
        };
        compare::lines(expected, given)
    }

    /// Why it failed, in a sentence: the first difference.
    pub fn complaint(&self) -> String {
        let name = &self.name;
        let difference = match (&self.expected, &self.got) {
            (_, Got::Untried(reason)) => reason.clone(),
            (expected, Got::Refused { message, .. }) => {
                format!("expected {expected}, got {}: {message}", self.got)
            }
            (expected @ Expected::Refused(_), got @ Got::Granted(_)) => {
                format!("expected {expected}, got {got}")
            }
            (Expected::Exactly(_) | Expected::Granted, got @ Got::Granted(_)) => {
                let lines = self.lines();
                let mut lines = lines.iter().filter(|line| line.change != Change::Same);
                match lines.next() {
                    Some(Line { change, scope }) if *change == Change::Missing => {
                        format!("{scope} was expected, and is not given")
                    }
                    Some(Line { scope, .. }) => format!("{scope} is given, and was not expected"),
                    None => format!("got {got}"),
                }
            }
        };
        let because = self.because.as_ref();
        let because = because.map(|because| format!(" ({because})"));
        format!(
            "test `{name}` fails: {difference}{}",
            because.unwrap_or_default()
        )
    }
}

impl std::fmt::Display for Got {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Granted(access) if access.is_empty() => f.write_str("a login"),
            Self::Granted(access) => f.write_str(&scope_text(access)),
            Self::Refused { stage, .. } => write!(f, "refused at {stage}"),
            Self::Untried(_) => f.write_str("nothing that could be tried"),
        }
    }
}

fn text<S: Serializer>(expected: &Expected, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(expected)
}

fn texts<S: Serializer>(scopes: &Scopes, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(scopes.iter().map(ToString::to_string))
}

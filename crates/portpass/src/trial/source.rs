//! The tests as the file gives them: names resolved, nothing tried yet.

use std::{fmt, str::FromStr};

use scope::Scopes;

use super::{FixtureOrder, Stage};
use crate::{config::Place, decision::Owners};

/// One `[test.*]`.
#[derive(Clone, Debug)]
pub struct TestSource {
    /// The name in the table's header.
    pub name: String,
    /// Where that name stands.
    pub at: Place,
    /// The name of the registry that is asked for; it is configured.
    pub registry: String,
    /// Who asks.
    pub proof: TestProof,
    /// What is asked for; nothing is a login.
    pub ask: Scopes,
    /// What must come of it.
    pub expect: Expected,
    /// Where that stands.
    pub expect_at: Place,
    /// The names that have an owner already.
    pub owners: Owners,
    /// Why it must be so, in the operator's words.
    pub because: Option<String>,
}

/// Who asks in a test.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TestProof {
    /// Somebody without a credential.
    Anonymous,
    /// The bearer of a fixture's JWT.
    Fixture(FixtureOrder),
}

/// What must come of what is asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Expected {
    /// Exactly these scopes.
    Exactly(Scopes),
    /// All that is asked for.
    Granted,
    /// Nothing, by whichever stage, or by this one.
    Refused(Option<Stage>),
}

impl Expected {
    /// The words that the file has for it, beside a list of scopes.
    pub const WORDS: [&'static str; 6] = [
        "granted",
        "refused",
        "refused at deny",
        "refused at jwt",
        "refused at pin",
        "refused at rules",
    ];
}

/// A word that is none of [`Expected::WORDS`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not one of {}", Expected::WORDS.join(", "))]
pub struct UnknownExpectation;

impl FromStr for Expected {
    type Err = UnknownExpectation;

    fn from_str(text: &str) -> Result<Self, UnknownExpectation> {
        match text {
            "granted" => Ok(Self::Granted),
            "refused" => Ok(Self::Refused(None)),
            other => {
                let stage = other.strip_prefix("refused at ");
                let stage = stage.and_then(|stage| {
                    let mut stages = Stage::ALL.into_iter();
                    stages.find(|known| known.name() == stage)
                });
                stage.map_or(Err(UnknownExpectation), |stage| {
                    Ok(Self::Refused(Some(stage)))
                })
            }
        }
    }
}

/// As the file writes it; a list with commas between its scopes.
impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(scopes) if scopes.is_empty() => f.write_str("nothing granted"),
            Self::Exactly(scopes) => {
                let texts: Vec<String> = scopes.iter().map(ToString::to_string).collect();
                f.write_str(&texts.join(", "))
            }
            Self::Granted => f.write_str("granted"),
            Self::Refused(None) => f.write_str("refused"),
            Self::Refused(Some(stage)) => write!(f, "refused at {stage}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_and_written_alike() {
        for word in Expected::WORDS {
            assert_eq!(word.parse::<Expected>().unwrap().to_string(), word);
        }
        for word in ["", "Granted", "refused at", "refused at door"] {
            assert_eq!(word.parse::<Expected>(), Err(UnknownExpectation), "{word}");
        }
    }
}

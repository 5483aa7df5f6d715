//! What a request of the admin API is: a question that has an answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{desk::Desk, failure::Failure};

/// What a question does, as HTTP says it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verb {
    /// Takes something away; the fields are in the path and the query.
    Delete,
    /// Changes nothing; the fields are in the path and the query.
    Get,
    /// Changes something; the fields are in the path and a JSON body.
    Post,
}

/// Something that operators ask for or have done.
pub trait Question: DeserializeOwned + JsonSchema + Send + Serialize + Sized + 'static {
    /// What is answered.
    type Answer: DeserializeOwned + JsonSchema + Send + Serialize + 'static;

    /// What it does.
    const VERB: Verb;
    /// Where it is asked; a field in braces is part of the path.
    const PATH: &'static str;
    /// What it is for, in a sentence.
    const SUMMARY: &'static str;

    /// Answers it.
    fn answer(
        self,
        desk: &Desk,
    ) -> impl Future<Output = Result<Self::Answer, Failure>> + Send;
}

/// Whether a change changed something.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Changed {
    /// Whether it is otherwise than before; where not, there is no event either.
    pub changed: bool,
}

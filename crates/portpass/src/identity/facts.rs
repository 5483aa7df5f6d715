//! The claims in our own, typed words, the same for every platform.

use std::collections::BTreeMap;

use serde::Serialize;

/// A word of ours for something a platform vouches for.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    Actor,
    Environment,
    Event,
    EventRaw,
    Fork,
    IdpGroups,
    Issuer,
    Namespace,
    Node,
    Owner,
    OwnerId,
    OwnerPath,
    Pod,
    Ref,
    RefProtected,
    RefType,
    Repository,
    RepositoryId,
    ReusableWorkflow,
    RunId,
    RunUrl,
    Runner,
    ServiceAccount,
    Sha,
    User,
    Workflow,
    WorkflowRef,
}

/// What a fact can be.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(untagged)]
pub enum FactValue {
    Flag(bool),
    List(Vec<String>),
    Text(String),
}

/// The facts of one login. A fact that the platform cannot vouch for is absent.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Facts(BTreeMap<Fact, FactValue>);
impl Facts {
    pub fn get(&self, fact: Fact) -> Option<&FactValue> {
        self.0.get(&fact)
    }
    pub fn text(&self, fact: Fact) -> Option<&str> {
        match self.get(fact) {
            Some(FactValue::Text(text)) => Some(text),
            _ => None,
        }
    }
    pub fn set(&mut self, fact: Fact, value: FactValue) {
        self.0.insert(fact, value);
    }
    pub fn iter(&self) -> impl Iterator<Item = (Fact, &FactValue)> {
        self.0.iter().map(|(f, v)| (*f, v))
    }
}

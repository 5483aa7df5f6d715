//! The claims in our own, typed words, the same for every platform.

use std::{
    collections::BTreeMap,
    fmt,
    str::FromStr,
    sync::{Arc, OnceLock},
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A word of ours for something a platform vouches for; [`Fact::doc`] says what.
#[derive(
    Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
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

/// Of which type the values of a fact are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FactType {
    /// True or false.
    Flag,
    /// A list of strings.
    List,
    /// A string.
    Text,
}

impl Fact {
    /// Every fact, in the order of their names.
    pub const ALL: [Self; 27] = [
        Self::Actor,
        Self::Environment,
        Self::Event,
        Self::EventRaw,
        Self::Fork,
        Self::IdpGroups,
        Self::Issuer,
        Self::Namespace,
        Self::Node,
        Self::Owner,
        Self::OwnerId,
        Self::OwnerPath,
        Self::Pod,
        Self::Ref,
        Self::RefProtected,
        Self::RefType,
        Self::Repository,
        Self::RepositoryId,
        Self::ReusableWorkflow,
        Self::RunId,
        Self::RunUrl,
        Self::Runner,
        Self::ServiceAccount,
        Self::Sha,
        Self::User,
        Self::Workflow,
        Self::WorkflowRef,
    ];

    /// The fact's name in rules, events and `cel`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Actor => "actor",
            Self::Environment => "environment",
            Self::Event => "event",
            Self::EventRaw => "event_raw",
            Self::Fork => "fork",
            Self::IdpGroups => "idp_groups",
            Self::Issuer => "issuer",
            Self::Namespace => "namespace",
            Self::Node => "node",
            Self::Owner => "owner",
            Self::OwnerId => "owner_id",
            Self::OwnerPath => "owner_path",
            Self::Pod => "pod",
            Self::Ref => "ref",
            Self::RefProtected => "ref_protected",
            Self::RefType => "ref_type",
            Self::Repository => "repository",
            Self::RepositoryId => "repository_id",
            Self::ReusableWorkflow => "reusable_workflow",
            Self::RunId => "run_id",
            Self::RunUrl => "run_url",
            Self::Runner => "runner",
            Self::ServiceAccount => "service_account",
            Self::Sha => "sha",
            Self::User => "user",
            Self::Workflow => "workflow",
            Self::WorkflowRef => "workflow_ref",
        }
    }

    /// Of which type the fact's values are.
    pub const fn value_type(self) -> FactType {
        match self {
            Self::Fork | Self::RefProtected => FactType::Flag,
            Self::IdpGroups => FactType::List,
            Self::Actor
            | Self::Environment
            | Self::Event
            | Self::EventRaw
            | Self::Issuer
            | Self::Namespace
            | Self::Node
            | Self::Owner
            | Self::OwnerId
            | Self::OwnerPath
            | Self::Pod
            | Self::Ref
            | Self::RefType
            | Self::Repository
            | Self::RepositoryId
            | Self::ReusableWorkflow
            | Self::RunId
            | Self::RunUrl
            | Self::Runner
            | Self::ServiceAccount
            | Self::Sha
            | Self::User
            | Self::Workflow
            | Self::WorkflowRef => FactType::Text,
        }
    }

    /// Whether the platform never gives the value to anybody else.
    pub const fn is_immutable_id(self) -> bool {
        matches!(self, Self::OwnerId | Self::RepositoryId | Self::RunId)
    }

    /// What the fact says, in one sentence for the reference page.
    pub const fn doc(self) -> &'static str {
        match self {
            Self::Actor => "The login of the person or bot that set the run off.",
            Self::Environment => "The deployment environment that the job runs in.",
            Self::Event => {
                "What set the run off: `push`, `tag`, `release`, `pull_request`, \
                 `pull_request_target`, `manual`, `schedule`, `api`, `workflow_run` or `other`."
            }
            Self::EventRaw => "The platform's own word for what set the run off.",
            Self::Fork => {
                "Whether the run is of a fork's code; absent where the platform does not say."
            }
            Self::IdpGroups => "The groups that the identity provider says a person is in.",
            Self::Issuer => "The name of the issuer in the configuration.",
            Self::Namespace => "The Kubernetes namespace.",
            Self::Node => "The Kubernetes node that the pod runs on.",
            Self::Owner => {
                "The organisation or user that owns the repository; on GitLab the group's full path."
            }
            Self::OwnerId => "The immutable id of the repository's owner.",
            Self::OwnerPath => "The owner's full path, with GitLab's parent groups.",
            Self::Pod => "The Kubernetes pod.",
            Self::Ref => "The full Git ref of the run: `refs/heads/main`, `refs/tags/v1`.",
            Self::RefProtected => "Whether the platform protects the ref.",
            Self::RefType => "`branch` or `tag`.",
            Self::Repository => "The repository's name with its owner's: `acme/web`.",
            Self::RepositoryId => "The immutable id of the repository.",
            Self::ReusableWorkflow => {
                "The called workflow with its repository and ref, where it is not the run's own."
            }
            Self::RunId => "The platform's id of the run.",
            Self::RunUrl => "The page of the run.",
            Self::Runner => "`hosted` by the platform, or `self-hosted`.",
            Self::ServiceAccount => {
                "The service account, of Kubernetes or Google Cloud; of Entra ID the application, of \
                 AWS the ARN of the role or user."
            }
            Self::Sha => "The commit.",
            Self::User => "The name a person signs in with at the identity provider.",
            Self::Workflow => "The path of the workflow's file in the run's own repository.",
            Self::WorkflowRef => {
                "The run's workflow with its repository and ref: \
                 `acme/web/.github/workflows/ci.yml@refs/heads/main`."
            }
        }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// There is no fact of this name.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("there is no fact {0:?}")]
pub struct UnknownFact(pub String);

impl FromStr for Fact {
    type Err = UnknownFact;

    fn from_str(text: &str) -> Result<Self, UnknownFact> {
        Self::ALL
            .into_iter()
            .find(|fact| fact.name() == text)
            .ok_or_else(|| UnknownFact(text.to_owned()))
    }
}

/// What a fact can be.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(untagged)]
pub enum FactValue {
    /// True or false.
    Flag(bool),
    /// A list of strings.
    List(Vec<String>),
    /// A string, never empty.
    Text(String),
}

/// The facts of one login. A fact that the platform cannot vouch for is absent.
// Copies share them: a login that is presented again has those of before.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(transparent)]
pub struct Facts {
    by_name: Arc<BTreeMap<Fact, FactValue>>,
    /// The same as JSON, once somebody has asked for it.
    #[serde(skip)]
    json: Arc<OnceLock<Box<str>>>,
}

impl PartialEq for Facts {
    fn eq(&self, other: &Self) -> bool {
        self.by_name == other.by_name
    }
}

impl Eq for Facts {}

impl Facts {
    /// The fact's value, if the platform gave one.
    pub fn get(&self, fact: Fact) -> Option<&FactValue> {
        self.by_name.get(&fact)
    }

    /// The fact's value, if the platform gave one and it is a string.
    pub fn text(&self, fact: Fact) -> Option<&str> {
        match self.get(fact) {
            Some(FactValue::Text(text)) => Some(text),
            Some(FactValue::Flag(_) | FactValue::List(_)) | None => None,
        }
    }

    /// Sets the fact.
    pub fn set(&mut self, fact: Fact, value: FactValue) {
        self.change().insert(fact, value);
    }

    /// Takes a fact away.
    pub fn remove(&mut self, fact: Fact) {
        self.change().remove(&fact);
    }

    /// The facts, to be changed: their text is no longer theirs.
    fn change(&mut self) -> &mut BTreeMap<Fact, FactValue> {
        match Arc::get_mut(&mut self.json) {
            Some(json) => drop(json.take()),
            None => self.json = Arc::default(),
        }
        Arc::make_mut(&mut self.by_name)
    }

    /// Sets a fact that is a string; an empty one says nothing and stays absent.
    pub fn set_text(&mut self, fact: Fact, value: Option<impl Into<String>>) {
        if let Some(text) = value
            .map(Into::into)
            .filter(|text: &String| !text.is_empty())
        {
            self.set(fact, FactValue::Text(text));
        }
    }

    /// Sets a fact that is true or false.
    pub fn set_flag(&mut self, fact: Fact, value: Option<bool>) {
        if let Some(flag) = value {
            self.set(fact, FactValue::Flag(flag));
        }
    }

    /// The facts as a JSON object: written once, however often their login comes back.
    pub fn json(&self) -> &str {
        self.json.get_or_init(|| {
            let json = serde_json::to_string(&*self.by_name);
            json.expect("names, texts and flags are JSON").into()
        })
    }

    /// The facts there are, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (Fact, &FactValue)> {
        self.by_name.iter().map(|(fact, value)| (*fact, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_is_found_by_the_name_it_is_serialised_under() {
        for fact in Fact::ALL {
            assert_eq!(fact.name().parse(), Ok(fact));
            assert_eq!(serde_json::to_value(fact).unwrap(), fact.name());
        }
        assert!("refs".parse::<Fact>().is_err());
    }

    #[test]
    fn all_is_sorted_by_name_and_has_every_fact_once() {
        assert!(Fact::ALL.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn their_json_is_theirs_after_each_change_too() {
        let mut facts = Facts::default();
        facts.set_text(Fact::Ref, Some("a\"b"));
        assert_eq!(facts.json(), r#"{"ref":"a\"b"}"#);
        let before = facts.clone();
        let unasked = Facts::default();
        let mut later = unasked.clone();
        later.set_flag(Fact::Fork, Some(true));
        assert_eq!((unasked.json(), later.json()), ("{}", r#"{"fork":true}"#));
        facts.set_flag(Fact::Fork, Some(true));
        assert_eq!(facts.json(), serde_json::to_string(&facts).unwrap());
        facts.remove(Fact::Ref);
        assert_eq!(facts.json(), r#"{"fork":true}"#);
        assert_eq!(before.json(), r#"{"ref":"a\"b"}"#);
    }

    #[test]
    fn an_empty_string_is_an_absent_fact() {
        let mut facts = Facts::default();
        facts.set_text(Fact::Ref, Some(""));
        assert_eq!(facts.get(Fact::Ref), None);
    }
}

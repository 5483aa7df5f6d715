//! The facts as rules write them: their words, what they are compared with,
//! and the sentences of the reference page.

use crate::identity::Fact;

/// What a condition may compare a fact with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// `true` or `false`.
    Flag,
    /// A string that compares exactly: an immutable id.
    Id,
    /// Several strings, of which one suffices.
    List,
    /// A glob.
    Text,
    /// A glob that meets at least one of these words.
    Word(&'static [&'static str]),
}

/// Every fact, in the order of the words.
pub(super) const FACTS: [Fact; 27] = [
    Fact::Actor,
    Fact::Environment,
    Fact::Event,
    Fact::EventRaw,
    Fact::Fork,
    Fact::IdpGroups,
    Fact::Issuer,
    Fact::Namespace,
    Fact::Node,
    Fact::Owner,
    Fact::OwnerId,
    Fact::OwnerPath,
    Fact::Pod,
    Fact::Ref,
    Fact::RefProtected,
    Fact::RefType,
    Fact::Repository,
    Fact::RepositoryId,
    Fact::ReusableWorkflow,
    Fact::RunId,
    Fact::RunUrl,
    Fact::Runner,
    Fact::ServiceAccount,
    Fact::Sha,
    Fact::User,
    Fact::Workflow,
    Fact::WorkflowRef,
];

/// What `event` can be.
const EVENTS: &[&str] = &[
    "api",
    "manual",
    "other",
    "pull_request",
    "pull_request_target",
    "push",
    "release",
    "schedule",
    "tag",
    "workflow_run",
];

/// The word for a fact, what it is compared with, and what it means.
const fn entry(fact: Fact) -> (&'static str, Kind, &'static str) {
    match fact {
        Fact::Actor => ("actor", Kind::Text, "the user name of who caused the run"),
        Fact::Environment => (
            "environment",
            Kind::Text,
            "the deployment environment the job runs in",
        ),
        Fact::Event => ("event", Kind::Word(EVENTS), "what caused the run"),
        Fact::EventRaw => ("event_raw", Kind::Text, "the platform's own word for it"),
        Fact::Fork => ("fork", Kind::Flag, "whether the code comes from a fork"),
        Fact::IdpGroups => (
            "idp_groups",
            Kind::List,
            "the groups that a person's identity provider vouches for",
        ),
        Fact::Issuer => ("issuer", Kind::Text, "the name of the issuer's table"),
        Fact::Namespace => ("namespace", Kind::Text, "the Kubernetes namespace"),
        Fact::Node => ("node", Kind::Text, "the Kubernetes node"),
        Fact::Owner => ("owner", Kind::Text, "the owner or top-level group's name"),
        Fact::OwnerId => ("owner_id", Kind::Id, "the owner's immutable id"),
        Fact::OwnerPath => (
            "owner_path",
            Kind::Text,
            "the full path of the group that holds the project",
        ),
        Fact::Pod => ("pod", Kind::Text, "the Kubernetes pod"),
        Fact::Ref => ("ref", Kind::Text, "the git ref, always as `refs/…`"),
        Fact::RefProtected => (
            "ref_protected",
            Kind::Flag,
            "whether the platform protects the ref",
        ),
        Fact::RefType => (
            "ref_type",
            Kind::Word(&["branch", "tag"]),
            "what the ref is",
        ),
        Fact::Repository => (
            "repository",
            Kind::Text,
            "the source repository, with its owner",
        ),
        Fact::RepositoryId => ("repository_id", Kind::Id, "its immutable id"),
        Fact::ReusableWorkflow => (
            "reusable_workflow",
            Kind::Text,
            "the called workflow's file and ref, where one was called",
        ),
        Fact::RunId => ("run_id", Kind::Id, "the run's id"),
        Fact::RunUrl => ("run_url", Kind::Text, "the run's page"),
        Fact::Runner => (
            "runner",
            Kind::Word(&["hosted", "self-hosted"]),
            "whose machine the job runs on",
        ),
        Fact::ServiceAccount => (
            "service_account",
            Kind::Text,
            "the Kubernetes service account",
        ),
        Fact::Sha => ("sha", Kind::Text, "the commit"),
        Fact::User => ("user", Kind::Text, "a person's user name"),
        Fact::Workflow => (
            "workflow",
            Kind::Text,
            "the workflow's path in its repository",
        ),
        Fact::WorkflowRef => (
            "workflow_ref",
            Kind::Text,
            "the ref the workflow is read from",
        ),
    }
}

/// The word for a fact in the file, in CEL and in messages.
pub(super) const fn word(fact: Fact) -> &'static str {
    entry(fact).0
}

/// What a fact is compared with.
pub(super) const fn kind(fact: Fact) -> Kind {
    entry(fact).1
}

/// What a fact means, for the reference page.
pub(super) const fn meaning(fact: Fact) -> &'static str {
    entry(fact).2
}

/// The fact that a word stands for.
pub(super) fn fact(text: &str) -> Option<Fact> {
    FACTS.into_iter().find(|fact| word(*fact) == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_has_the_word_that_events_use() {
        for fact in FACTS {
            assert_eq!(serde_json::to_value(fact).unwrap(), word(fact));
        }
    }

    #[test]
    fn facts_stand_in_the_order_of_their_words_each_once() {
        assert!(FACTS.is_sorted_by(|one, other| one < other));
    }
}

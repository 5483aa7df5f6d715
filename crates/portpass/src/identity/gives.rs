//! What each kind of issuer can say at all, for those who look at rules.

use std::time::Duration;

use super::{Fact, IssuerKind};

/// What the JWTs of a kind can give.
#[derive(Clone, Copy, Debug)]
pub struct Gives {
    /// The facts that they can give; every other is always absent.
    pub facts: &'static [Fact],
    /// The words that `event` can be.
    pub events: &'static [&'static str],
    /// Whether `fork` can be true: the others say of some runs that they are
    /// none of a fork, and of the rest nothing.
    pub tells_forks: bool,
}

/// Of GitHub and of what speaks like it.
const GITHUB: Gives = Gives {
    facts: &[
        Fact::Actor,
        Fact::Environment,
        Fact::Event,
        Fact::EventRaw,
        Fact::Fork,
        Fact::Issuer,
        Fact::Owner,
        Fact::OwnerId,
        Fact::OwnerPath,
        Fact::Ref,
        Fact::RefProtected,
        Fact::RefType,
        Fact::Repository,
        Fact::RepositoryId,
        Fact::ReusableWorkflow,
        Fact::RunId,
        Fact::RunUrl,
        Fact::Runner,
        Fact::Sha,
        Fact::Workflow,
        Fact::WorkflowRef,
    ],
    events: &[
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
    ],
    tells_forks: false,
};

const GITLAB: Gives = Gives {
    facts: &[
        Fact::Actor,
        Fact::Environment,
        Fact::Event,
        Fact::EventRaw,
        Fact::Fork,
        Fact::Issuer,
        Fact::Owner,
        Fact::OwnerId,
        Fact::OwnerPath,
        Fact::Ref,
        Fact::RefProtected,
        Fact::RefType,
        Fact::Repository,
        Fact::RepositoryId,
        Fact::RunId,
        Fact::RunUrl,
        Fact::Runner,
        Fact::Sha,
        Fact::Workflow,
        Fact::WorkflowRef,
    ],
    events: &[
        "api",
        "manual",
        "other",
        "pull_request",
        "push",
        "schedule",
        "tag",
        "workflow_run",
    ],
    tells_forks: true,
};

const KUBERNETES: Gives = Gives {
    facts: &[
        Fact::Issuer,
        Fact::Namespace,
        Fact::Node,
        Fact::Pod,
        Fact::ServiceAccount,
    ],
    events: &[],
    tells_forks: false,
};

const OIDC: Gives = Gives {
    facts: &[Fact::IdpGroups, Fact::Issuer, Fact::User],
    events: &[],
    tells_forks: false,
};

impl IssuerKind {
    /// What the kind can say at all.
    pub fn gives(self) -> Gives {
        match self {
            Self::Forgejo | Self::GithubActions => GITHUB,
            Self::Gitlab => GITLAB,
            Self::Kubernetes => KUBERNETES,
            Self::Oidc => OIDC,
        }
    }

    /// How long the kind's JWTs live at most, unless `max_jwt_lifetime` says.
    pub fn max_jwt_lifetime(self) -> Duration {
        Duration::from_mins(self.platform().max_jwt_minutes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{
        FactValue,
        claims::Claims,
        kind::{Reading, Subject},
    };

    /// What is read from a fixture.
    fn subject(kind: fixtures::Kind, fixture: &str) -> (IssuerKind, Subject) {
        let ours = IssuerKind::ALL
            .into_iter()
            .find(|ours| ours.name() == kind.name())
            .unwrap();
        let claims = fixtures::claims(kind, fixture).unwrap().at(1_700_000_000);
        let claims = serde_json::Value::Object(claims).to_string();
        let reading = Reading {
            issuer: "issuer",
            web: Some("https://git.example.com"),
            groups_claim: None,
            id_claim: None,
        };
        let claims = Claims::parse(claims.as_bytes()).unwrap();
        (ours, ours.subject(&claims, &reading).unwrap())
    }

    #[test]
    fn no_fixture_says_what_its_kind_does_not() {
        for kind in fixtures::Kind::ALL {
            for fixture in kind.fixtures() {
                let (ours, subject) = subject(kind, fixture);
                let gives = ours.gives();
                for (fact, value) in subject.facts.iter() {
                    assert!(gives.facts.contains(&fact), "{kind} {fixture}: {fact}");
                    if fact == Fact::Fork && *value == FactValue::Flag(true) {
                        assert!(gives.tells_forks, "{kind} {fixture}");
                    }
                }
                if let Some(event) = subject.facts.text(Fact::Event) {
                    assert!(gives.events.contains(&event), "{kind} {fixture}: {event}");
                }
            }
        }
    }
}

//! What each kind of issuer can say at all, for those who look at rules.

use std::time::Duration;

use super::IssuerKind;

/// Every word of `event`.
const EVENTS: [&str; 10] = [
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

/// The words of `event` that GitLab has.
const GITLAB_EVENTS: [&str; 8] = [
    "api",
    "manual",
    "other",
    "pull_request",
    "push",
    "schedule",
    "tag",
    "workflow_run",
];

impl IssuerKind {
    /// The words that `event` can be; all there are, where the kind is data.
    pub fn events(self) -> &'static [&'static str] {
        match self {
            Self::Described(_) | Self::Forgejo | Self::GithubActions => &EVENTS,
            Self::Gitlab => &GITLAB_EVENTS,
            Self::Kubernetes | Self::Oidc => &[],
        }
    }

    /// Whether `fork` can be true: others say of some runs that they are none of
    /// a fork, and of the rest nothing. Where the kind is data, it may be.
    pub fn tells_forks(self) -> bool {
        match self {
            Self::Described(_) | Self::Gitlab => true,
            Self::Forgejo | Self::GithubActions | Self::Kubernetes | Self::Oidc => false,
        }
    }

    /// Whether strangers can set runs off that have the repository's identity:
    /// those of `pull_request_target`, of `workflow_run`, of comments.
    pub fn has_strangers_runs(self) -> bool {
        match self {
            Self::Forgejo | Self::GithubActions => true,
            Self::Described(_) | Self::Gitlab | Self::Kubernetes | Self::Oidc => false,
        }
    }

    /// How long the kind's JWTs live at most, unless `max_jwt_lifetime` says.
    pub fn max_jwt_lifetime(self) -> Duration {
        Duration::from_mins(self.max_jwt_minutes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{
        Fact, FactValue,
        claims::Claims,
        kind::{Reading, Subject},
    };

    /// What is read from a fixture; nothing, if it proves nobody.
    fn subject(kind: fixtures::Kind, fixture: &str) -> (IssuerKind, Option<Subject>) {
        let ours = IssuerKind::all()
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
        (ours, ours.subject(&claims, &reading).ok())
    }

    #[test]
    fn no_fixture_says_what_its_kind_does_not() {
        let mut read = 0;
        for kind in fixtures::Kind::ALL {
            for fixture in kind.fixtures() {
                let (ours, subject) = subject(kind, fixture);
                let Some(subject) = subject else { continue };
                read += 1;
                for (fact, value) in subject.facts.iter() {
                    assert!(ours.facts().contains(&fact), "{kind} {fixture}: {fact}");
                    if fact == Fact::Fork && *value == FactValue::Flag(true) {
                        assert!(ours.tells_forks(), "{kind} {fixture}");
                    }
                }
                if let Some(event) = subject.facts.text(Fact::Event) {
                    assert!(ours.events().contains(&event), "{kind} {fixture}: {event}");
                }
            }
        }
        assert!(read > fixtures::Kind::ALL.len(), "only {read} fixtures");
    }
}

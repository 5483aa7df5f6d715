//! What the rules say of somebody, rule by rule: of a JWT, or of a decision of
//! the past. Nothing is granted by it, and no login begins.

mod case;
mod story;

use std::{fmt, sync::Arc};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use self::case::Case;
pub use self::story::{Basis, Objection, Record, Story};
use super::{
    Question, Verb,
    desk::{Deed, Desk},
    failure::Failure,
    host::Host,
};
use crate::{
    credential::{Credential, Presented, UnverifiedJwt},
    decision::{Caller, Held, Owners},
    identity::StrangerReason,
    snapshot::Snapshot,
    standing::{Settled, Standing},
};

/// Explains what the rules say of whoever a JWT is of, or of a past decision.
///
/// Exactly one of `decision` and `jwt` is given.
#[derive(Clone, Default, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Explain {
    /// The id of a decision, as the caller was told it.
    pub decision: Option<String>,
    /// Operators' groups, as if the caller were in them, too.
    pub groups: Vec<String>,
    /// A JWT. It is checked as if it were presented, and begins no login.
    pub jwt: Option<String>,
    /// The registry's name; needed where there are several, and no decision.
    pub registry: Option<String>,
    /// What is asked for, as `repository:apps/web:push`; else what the decision
    /// was about, or nothing, as a login does.
    pub scopes: Vec<String>,
}

/// Without the JWT, with which its job could be impersonated.
impl fmt::Debug for Explain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explain")
            .field("decision", &self.decision)
            .field("groups", &self.groups)
            .field("jwt", &self.jwt.is_some())
            .field("registry", &self.registry)
            .field("scopes", &self.scopes)
            .finish()
    }
}

impl Question for Explain {
    type Answer = Story;

    const VERB: Verb = Verb::Post;
    const PATH: &'static str = "/explain";
    const SUMMARY: &'static str = "What the rules say of a JWT or a past decision, rule by rule.";

    async fn answer(self, desk: &Desk) -> Result<Story, Failure> {
        let opened;
        let standing = match &desk.admin.host {
            Host::Server { portpass, .. } => &portpass.standing,
            Host::Files { .. } => {
                opened = Standing::open(desk.store().clone()).await?;
                &opened
            }
        };
        let settled = standing.settled().await?;
        let case = self.case(desk, &settled).await?;
        let identity = case.supposed.identity().clone();
        let namespaces = case.namespaces(&desk.snapshot.policy);
        let owners = standing.owners(&case.registry.name, &namespaces).await?;
        let held = self.held(&case.groups(&settled));
        let story = case.story(
            &desk.snapshot,
            Held {
                groups: &held,
                owners: &owners,
            },
        );
        desk.record(Deed {
            action: "explain",
            about: (Some(identity.issuer()), Some(identity.id())),
            detail: json!({ "registry": story.registry, "asked": story.asked }),
        })
        .await?;
        Ok(story)
    }
}

impl Explain {
    /// The answer for a JWT, which may be a fixture's, by a file alone: nobody is
    /// asked, so its signature is not checked, and what operators and earlier
    /// requests have settled is not known.
    ///
    /// # Errors
    ///
    /// When it is not about a JWT, or about one that is nobody's.
    pub fn by_file(
        &self,
        basis: Basis,
        snapshot: &Snapshot,
        now: Timestamp,
    ) -> Result<Story, Failure> {
        let jwt = self.presented()?;
        let supposed = snapshot.directory.suppose(&jwt, now);
        let case = Case::of_jwt(self, supposed, basis, snapshot)?;
        let owners = Owners::new();
        let held = self.held(&[]);
        let mut story = case.story(
            snapshot,
            Held {
                groups: &held,
                owners: &owners,
            },
        );
        if basis != Basis::Fixture {
            let unchecked = "whether the JWT's signature is right: nobody was asked for keys";
            story.unknown.push(unchecked.to_owned());
        }
        let unread = "owners of names, and what was revoked: they are with the server";
        story.unknown.push(unread.to_owned());
        if snapshot.policy.operators_groups().next().is_some() {
            let unknown = "who is in operators' groups, but for those that were named: that is with the server";
            story.unknown.push(unknown.to_owned());
        }
        Ok(story)
    }

    async fn case(&self, desk: &Desk, settled: &Settled) -> Result<Case, Failure> {
        let snapshot = &desk.snapshot;
        match (&self.decision, &self.jwt) {
            (Some(decision), None) => Case::of_decision(self, decision, desk, settled).await,
            (None, Some(_)) => {
                let jwt = self.presented()?;
                let presented = snapshot
                    .directory
                    .suppose_presented(&jwt, settled, desk.now);
                Case::of_jwt(self, presented.await, Basis::Presented, snapshot)
            }
            (Some(_), Some(_)) | (None, None) => Err(Failure::Malformed(
                "give the id of a decision or a JWT, one of both".to_owned(),
            )),
        }
    }

    fn presented(&self) -> Result<Arc<UnverifiedJwt>, Failure> {
        let refused = |why: &dyn fmt::Display| Failure::Refused(format!("this is no JWT: {why}"));
        let presented = Presented {
            password: self.jwt.as_deref().map(str::trim),
            ..Presented::default()
        };
        match Credential::from_request(&presented) {
            Ok(Credential::Jwt(jwt)) => Ok(jwt),
            Ok(
                Credential::Anonymous
                | Credential::ApiToken(_)
                | Credential::Password(_)
                | Credential::RefreshToken(_),
            ) => Err(refused(&"it has not three parts, or no header")),
            Err(malformed) => Err(refused(&StrangerReason::from(malformed))),
        }
    }

    /// Some groups, and those that were asked for.
    fn held(&self, groups: &[Arc<str>]) -> Vec<Arc<str>> {
        let more = self.groups.iter().map(|name| name.as_str().into());
        let mut held: Vec<Arc<str>> = groups.iter().cloned().chain(more).collect();
        held.sort_unstable();
        held.dedup();
        held
    }
}

//! Forgejo Actions, Codeberg's too.
//!
//! `sub` joins names and ids with `-`, which names may contain: it is never read.

use super::{
    Fact,
    claims::{ClaimFault, Claims},
    code_host,
    kind::{Platform, Reading, Subject},
};
use crate::credential::JwtAlgorithm;

pub(super) const PLATFORM: Platform = Platform {
    algorithms: &[JwtAlgorithm::Rs256],
    max_jwt_minutes: 65,
    shared_hosts: &["codeberg.org"],
    facts: &[
        Fact::Actor,
        Fact::Environment,
        Fact::Event,
        Fact::EventRaw,
        Fact::Fork,
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
};

/// Where Forgejo looks for workflows, in its own order.
const FOLDERS: [&str; 3] = [
    ".forgejo/workflows/",
    ".gitea/workflows/",
    ".github/workflows/",
];

/// The `iss` of the instance at an address.
pub(super) fn iss(url: &str) -> String {
    format!("{}/api/actions", url.trim_end_matches('/'))
}

/// The repository whose workflow asked for the JWT.
pub(super) fn subject(claims: &Claims, reading: &Reading<'_>) -> Result<Subject, ClaimFault> {
    let id = claims.required_id_or_integer("repository_id")?;
    let owner_id = claims.required_id_or_integer("repository_owner_id")?;
    claims.required("repository_owner")?;
    let name = claims.required("repository")?;
    if !code_host::is_owner_and_name(name) {
        return Err(ClaimFault::Form("repository"));
    }
    let mut facts = code_host::facts_of_github(claims, &FOLDERS);
    facts.set_text(Fact::RepositoryId, Some(id.as_str()));
    facts.set_text(Fact::OwnerId, Some(owner_id));
    // Its pages count the runs of each repository; the id is the instance's.
    let run_url = reading
        .web
        .zip(claims.text("run_number"))
        .map(|(web, run)| format!("{web}/{name}/actions/runs/{run}"));
    facts.set_text(Fact::RunUrl, run_url);
    Ok(Subject {
        id: id.into(),
        name: name.into(),
        facts,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_ids_decide_and_the_workflow_may_be_in_forgejos_folder() {
        let claims = json!({
            "sub": "repo:acme-65-666/web-74-1:ref:refs/heads/main",
            "repository": "acme/web", "repository_id": "74",
            "repository_owner": "acme", "repository_owner_id": 65,
            "ref": "refs/tags/v1", "ref_type": "tag", "event_name": "push", "run_id": "900", "run_number": "9",
            "workflow_ref": "acme/web/.forgejo/workflows/ci.yml@refs/tags/v1",
        });
        let claims = Claims::parse(claims.to_string().as_bytes()).unwrap();
        let reading = Reading {
            issuer: "codeberg",
            web: Some("https://codeberg.org"),
            groups_claim: None,
            id_claim: None,
        };
        let subject = subject(&claims, &reading).unwrap();
        assert_eq!(&*subject.id, "74");
        let text = |fact| subject.facts.text(fact);
        assert_eq!(text(Fact::OwnerId), Some("65"));
        assert_eq!(text(Fact::Event), Some("tag"));
        assert_eq!(text(Fact::Workflow), Some(".forgejo/workflows/ci.yml"));
        assert_eq!(
            text(Fact::RunUrl),
            Some("https://codeberg.org/acme/web/actions/runs/9")
        );
    }

    #[test]
    fn the_issuer_lies_under_the_instance() {
        assert_eq!(
            iss("https://codeberg.org/"),
            "https://codeberg.org/api/actions"
        );
    }
}

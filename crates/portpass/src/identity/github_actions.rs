//! GitHub Actions: github.com, GitHub Enterprise Server and data residency.
//!
//! `sub` is never read: its form differs by age of the repository, and a
//! repository's administrators may change it.

use reqwest::Url;

use super::{
    Fact,
    claims::{ClaimFault, Claims},
    code_host,
    kind::{Platform, Reading, Subject},
};
use crate::credential::JwtAlgorithm;

/// Where github.com signs for every customer.
const ISS: &str = "https://token.actions.githubusercontent.com";
/// Where people look at runs of github.com.
pub(super) const WEB: &str = "https://github.com";

pub(super) const PLATFORM: Platform = Platform {
    algorithms: &[JwtAlgorithm::Rs256],
    max_jwt_minutes: 15,
    shared_hosts: &["github.com", "token.actions.githubusercontent.com"],
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

/// The `iss` of the GitHub at an address.
pub(super) fn iss(url: Option<(&str, &Url)>) -> String {
    match url {
        None => ISS.to_owned(),
        Some((text, url)) => match url.host_str().unwrap_or_default() {
            "github.com" => ISS.to_owned(),
            host if host.ends_with(".ghe.com") => format!("https://token.actions.{host}"),
            _ => format!("{}/_services/token", text.trim_end_matches('/')),
        },
    }
}

/// The repository whose workflow asked for the JWT.
pub(super) fn subject(claims: &Claims, reading: &Reading<'_>) -> Result<Subject, ClaimFault> {
    let id = claims.required_id("repository_id")?;
    let owner_id = claims.required_id("repository_owner_id")?;
    claims.required("repository_owner")?;
    let name = claims.required("repository")?;
    if !code_host::is_owner_and_name(name) {
        return Err(ClaimFault::Form("repository"));
    }
    let mut facts = code_host::facts_of_github(claims, &[".github/workflows/"]);
    facts.set_text(Fact::RepositoryId, Some(id));
    facts.set_text(Fact::OwnerId, Some(owner_id));
    let run_url = reading
        .web
        .zip(facts.text(Fact::RunId))
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
    use serde_json::{Value, json};

    use super::*;

    fn read(changes: &Value) -> Result<Subject, ClaimFault> {
        let mut claims = json!({
            "sub": "repo:acme@65/web@74:environment:prod",
            "repository": "acme/web", "repository_id": "74",
            "repository_owner": "acme", "repository_owner_id": "65",
            "ref": "refs/heads/main", "ref_type": "branch", "ref_protected": "true",
            "environment": "prod", "event_name": "push", "sha": "abc", "actor": "octocat",
            "workflow_ref": "acme/web/.github/workflows/ci.yml@refs/heads/main",
            "job_workflow_ref": "acme/web/.github/workflows/ci.yml@refs/heads/main",
            "run_id": "5", "runner_environment": "github-hosted", "head_ref": "",
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let claims = Claims::parse(claims.to_string().as_bytes()).unwrap();
        let reading = Reading {
            issuer: "github",
            web: Some(WEB),
            groups_claim: None,
            id_claim: None,
        };
        super::super::IssuerKind::GithubActions.subject(&claims, &reading)
    }

    fn text(changes: &Value, fact: Fact) -> Option<String> {
        read(changes).unwrap().facts.text(fact).map(str::to_owned)
    }

    #[test]
    fn a_push_gives_every_fact() {
        let subject = read(&json!({})).unwrap();
        assert_eq!((&*subject.id, &*subject.name), ("74", "acme/web"));
        insta::assert_json_snapshot!(subject.facts, @r#"
        {
          "actor": "octocat",
          "environment": "prod",
          "event": "push",
          "event_raw": "push",
          "fork": false,
          "issuer": "github",
          "owner": "acme",
          "owner_id": "65",
          "owner_path": "acme",
          "ref": "refs/heads/main",
          "ref_protected": true,
          "ref_type": "branch",
          "repository": "acme/web",
          "repository_id": "74",
          "run_id": "5",
          "run_url": "https://github.com/acme/web/actions/runs/5",
          "runner": "hosted",
          "sha": "abc",
          "workflow": ".github/workflows/ci.yml",
          "workflow_ref": "acme/web/.github/workflows/ci.yml@refs/heads/main"
        }
        "#);
    }

    #[test]
    fn events_have_one_word_on_every_platform() {
        for (raw, event) in [
            ("push", "push"),
            ("release", "release"),
            ("pull_request", "pull_request"),
            ("pull_request_target", "pull_request_target"),
            ("workflow_dispatch", "manual"),
            ("schedule", "schedule"),
            ("repository_dispatch", "api"),
            ("workflow_run", "workflow_run"),
            ("issue_comment", "other"),
            ("tag", "other"),
        ] {
            assert_eq!(
                text(&json!({"event_name": raw}), Fact::Event).as_deref(),
                Some(event)
            );
        }
        let tag = json!({"ref": "refs/tags/main", "ref_type": "tag"});
        assert_eq!(text(&tag, Fact::Event).as_deref(), Some("tag"));
    }

    #[test]
    fn whose_code_a_pull_request_runs_is_not_known() {
        for event in [
            "pull_request",
            "pull_request_target",
            "workflow_run",
            "issue_comment",
        ] {
            let subject = read(&json!({"event_name": event})).unwrap();
            assert_eq!(subject.facts.get(Fact::Fork), None, "{event}");
        }
    }

    #[test]
    fn empty_and_wrongly_typed_optional_claims_are_absent_facts() {
        let subject = read(&json!({
            "ref": "", "environment": null, "ref_protected": "yes", "actor": ["octocat"],
            "runner_environment": "other", "workflow_ref": 1,
        }))
        .unwrap();
        for fact in [
            Fact::Ref,
            Fact::RefType,
            Fact::Environment,
            Fact::RefProtected,
            Fact::Actor,
            Fact::Runner,
            Fact::Workflow,
            Fact::WorkflowRef,
            Fact::ReusableWorkflow,
        ] {
            assert_eq!(subject.facts.get(fact), None, "{fact}");
        }
    }

    #[test]
    fn a_called_workflow_is_named_only_where_it_is_another() {
        let called = "acme/ci/.github/workflows/build.yml@refs/tags/v1";
        assert_eq!(
            text(&json!({"job_workflow_ref": called}), Fact::ReusableWorkflow).as_deref(),
            Some(called)
        );
        assert_eq!(text(&json!({}), Fact::ReusableWorkflow), None);
    }

    #[test]
    fn required_claims_have_their_types_and_forms() {
        for claim in [
            "repository_id",
            "repository_owner_id",
            "repository",
            "repository_owner",
        ] {
            for bad in [json!(74), json!(null), json!(""), json!(["74"])] {
                assert_eq!(
                    read(&json!({claim: bad})).unwrap_err(),
                    ClaimFault::Missing(claim)
                );
            }
        }
        assert!(read(&json!({"repository_id": "74x"})).is_err());
        assert!(read(&json!({"repository": "web"})).is_err());
        assert!(read(&json!({"repository": "acme/web/x"})).is_err());
    }

    #[test]
    fn the_iss_follows_from_the_address() {
        let of = |text: &str| iss(Some((text, &text.parse().unwrap())));
        assert_eq!(iss(None), ISS);
        assert_eq!(of("https://github.com"), ISS);
        assert_eq!(
            of("https://acme.ghe.com"),
            "https://token.actions.acme.ghe.com"
        );
        assert_eq!(
            of("https://git.example.com/"),
            "https://git.example.com/_services/token"
        );
    }
}

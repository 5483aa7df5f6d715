//! GitLab CI/CD id tokens: gitlab.com and self-managed instances.

use super::{
    Fact, Facts,
    claims::{ClaimFault, Claims},
    code_host::{self, Event},
    kind::{Platform, Reading, Subject},
};
use crate::credential::JwtAlgorithm;

/// The instance, and the `iss`, of everybody who has none of their own.
pub(super) const WEB: &str = "https://gitlab.com";

pub(super) const PLATFORM: Platform = Platform {
    algorithms: &[JwtAlgorithm::Rs256],
    max_jwt_minutes: 65,
    shared_hosts: &["gitlab.com"],
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
        Fact::RunId,
        Fact::RunUrl,
        Fact::Runner,
        Fact::Sha,
        Fact::Workflow,
        Fact::WorkflowRef,
    ],
};

/// The `iss` of the instance at an address: the address itself.
pub(super) fn iss(url: Option<&str>) -> String {
    url.unwrap_or(WEB).trim_end_matches('/').to_owned()
}

/// The project whose code the job runs; of a fork's merge request, the fork.
pub(super) fn subject(claims: &Claims, reading: &Reading<'_>) -> Result<Subject, ClaimFault> {
    let id = claims.required_id("project_id")?;
    let owner_id = claims.required_id("namespace_id")?;
    let owner = claims.required("namespace_path")?;
    let name = claims.required("project_path")?;
    let mut facts = Facts::default();
    facts.set_text(Fact::RepositoryId, Some(id));
    facts.set_text(Fact::Repository, Some(name));
    facts.set_text(Fact::OwnerId, Some(owner_id));
    facts.set_text(Fact::Owner, Some(owner));
    facts.set_text(Fact::OwnerPath, Some(owner));
    let claimed_type = claims.text("ref_type");
    code_host::set_ref(&mut facts, full_ref(claims).as_deref(), claimed_type);
    facts.set_flag(Fact::RefProtected, claims.flag("ref_protected"));
    facts.set_text(Fact::Environment, claims.text("environment"));
    if let Some(word) = claims.text("pipeline_source") {
        let tag = facts.text(Fact::RefType) == Some("tag");
        facts.set_text(Fact::Event, Some(event(word, tag).name()));
        facts.set_text(Fact::EventRaw, Some(word));
    }
    // GitLab before 18.4 does not say where a job runs.
    let job_project = claims.text("job_project_id");
    facts.set_flag(Fact::Fork, job_project.map(|job_project| job_project != id));
    if let Some(config) = claims.text("ci_config_ref_uri") {
        let path = reading
            .web
            .and_then(|web| web.split_once("://"))
            .and_then(|(_, host)| code_host::workflow_path(config, &format!("{host}/{name}//")));
        facts.set_text(Fact::Workflow, path);
        facts.set_text(Fact::WorkflowRef, Some(config));
    }
    facts.set_text(Fact::Runner, code_host::runner(claims, "gitlab-hosted"));
    facts.set_text(Fact::Actor, claims.text("user_login"));
    facts.set_text(Fact::RunId, claims.text("pipeline_id"));
    let runs_in = claims.text("job_project_path").unwrap_or(name);
    let run_url = reading
        .web
        .zip(facts.text(Fact::RunId))
        .map(|(web, run)| format!("{web}/{runs_in}/-/pipelines/{run}"));
    facts.set_text(Fact::RunUrl, run_url);
    facts.set_text(Fact::Sha, claims.text("sha"));
    Ok(Subject {
        id: id.into(),
        name: name.into(),
        facts,
    })
}

/// The full ref; `ref` has none of its prefix, and older instances no `ref_path`.
fn full_ref(claims: &Claims) -> Option<String> {
    let named = claims
        .text("ref_type")
        .zip(claims.text("ref"))
        .and_then(|(ref_type, name)| code_host::full_ref(ref_type, name));
    match (claims.text("ref_path"), named) {
        (None, named) => named,
        (Some(path), None) => Some(path.to_owned()),
        (Some(path), Some(named)) => (path == named).then_some(named),
    }
}

fn event(word: &str, tag: bool) -> Event {
    match word {
        "api" | "trigger" => Event::Api,
        "merge_request_event" => Event::PullRequest,
        "pipeline" => Event::WorkflowRun,
        "push" if tag => Event::Tag,
        "push" => Event::Push,
        "schedule" => Event::Schedule,
        "web" => Event::Manual,
        _ => Event::Other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{super::FactValue, *};

    fn read(changes: &Value) -> Result<Subject, ClaimFault> {
        let mut claims = json!({
            "project_id": "22", "project_path": "acme/team/web",
            "namespace_id": "72", "namespace_path": "acme/team",
            "user_login": "jo", "pipeline_id": "9", "pipeline_source": "push", "sha": "abc",
            "ref": "main", "ref_type": "branch", "ref_path": "refs/heads/main",
            "ref_protected": "true", "runner_id": 1, "runner_environment": "self-hosted",
            "ci_config_ref_uri": "git.example.com/acme/team/web//.gitlab-ci.yml@refs/heads/main",
            "job_project_id": "22", "job_project_path": "acme/team/web",
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let claims = Claims::parse(claims.to_string().as_bytes()).unwrap();
        let reading = Reading {
            issuer: "gitlab",
            web: Some("https://git.example.com"),
            groups_claim: None,
            id_claim: None,
        };
        super::super::IssuerKind::Gitlab.subject(&claims, &reading)
    }

    fn text(changes: &Value, fact: Fact) -> Option<String> {
        read(changes).unwrap().facts.text(fact).map(str::to_owned)
    }

    #[test]
    fn a_push_gives_every_fact() {
        let subject = read(&json!({})).unwrap();
        assert_eq!(&*subject.id, "22");
        insta::assert_json_snapshot!(subject.facts, @r#"
        {
          "actor": "jo",
          "event": "push",
          "event_raw": "push",
          "fork": false,
          "issuer": "gitlab",
          "owner": "acme/team",
          "owner_id": "72",
          "owner_path": "acme/team",
          "ref": "refs/heads/main",
          "ref_protected": true,
          "ref_type": "branch",
          "repository": "acme/team/web",
          "repository_id": "22",
          "run_id": "9",
          "run_url": "https://git.example.com/acme/team/web/-/pipelines/9",
          "runner": "self-hosted",
          "sha": "abc",
          "workflow": ".gitlab-ci.yml",
          "workflow_ref": "git.example.com/acme/team/web//.gitlab-ci.yml@refs/heads/main"
        }
        "#);
    }

    #[test]
    fn the_ref_is_full_and_unambiguous() {
        let old = json!({"ref_path": null, "ref": "v1.0", "ref_type": "tag"});
        assert_eq!(text(&old, Fact::Ref).as_deref(), Some("refs/tags/v1.0"));
        assert_eq!(text(&old, Fact::Event).as_deref(), Some("tag"));
        let contradiction = json!({"ref": "main", "ref_type": "tag"});
        assert_eq!(text(&contradiction, Fact::Ref), None);
        assert_eq!(text(&contradiction, Fact::RefType), None);
        let untyped = json!({"ref_path": null, "ref_type": null});
        assert_eq!(text(&untyped, Fact::Ref), None);
    }

    #[test]
    fn a_forks_merge_request_is_a_forks() {
        let fork = |job_project: Value| {
            let subject = read(&json!({"job_project_id": job_project})).unwrap();
            subject.facts.get(Fact::Fork).cloned()
        };
        assert_eq!(fork(json!("23")), Some(FactValue::Flag(true)));
        assert_eq!(fork(json!("22")), Some(FactValue::Flag(false)));
        assert_eq!(fork(json!(null)), None, "before 18.4 nobody says");
    }

    #[test]
    fn events_have_one_word_on_every_platform() {
        for (raw, event) in [
            ("merge_request_event", "pull_request"),
            ("web", "manual"),
            ("trigger", "api"),
            ("api", "api"),
            ("schedule", "schedule"),
            ("pipeline", "workflow_run"),
            ("parent_pipeline", "other"),
            ("external_pull_request_event", "other"),
        ] {
            assert_eq!(
                text(&json!({"pipeline_source": raw}), Fact::Event).as_deref(),
                Some(event)
            );
        }
    }

    #[test]
    fn anothers_configuration_is_not_a_path_of_this_project() {
        for config in [
            json!("git.example.com/acme/ci//.gitlab-ci.yml@refs/heads/main"),
            json!("git.evil.com/acme/team/web//.gitlab-ci.yml@refs/heads/main"),
            json!("git.example.com/acme/team/web//evil@ci.yml@refs/heads/main"),
            json!(null),
        ] {
            assert_eq!(
                text(&json!({"ci_config_ref_uri": config}), Fact::Workflow),
                None
            );
        }
    }

    #[test]
    fn required_claims_have_their_types_and_forms() {
        for claim in [
            "project_id",
            "namespace_id",
            "project_path",
            "namespace_path",
        ] {
            for bad in [json!(22), json!(null), json!("")] {
                assert_eq!(
                    read(&json!({claim: bad})).unwrap_err(),
                    ClaimFault::Missing(claim)
                );
            }
        }
        assert!(read(&json!({"project_id": "22 "})).is_err());
    }
}

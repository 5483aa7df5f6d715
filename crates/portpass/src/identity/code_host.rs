//! What Git refs and workflow names mean, wherever code is hosted.

use super::{Fact, Facts, claims::Claims};

const BRANCHES: &str = "refs/heads/";
const TAGS: &str = "refs/tags/";

/// What set a run off, in the words of all platforms.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Event {
    Api,
    Manual,
    Other,
    PullRequest,
    PullRequestTarget,
    Push,
    Release,
    Schedule,
    Tag,
    WorkflowRun,
}

impl Event {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Manual => "manual",
            Self::Other => "other",
            Self::PullRequest => "pull_request",
            Self::PullRequestTarget => "pull_request_target",
            Self::Push => "push",
            Self::Release => "release",
            Self::Schedule => "schedule",
            Self::Tag => "tag",
            Self::WorkflowRun => "workflow_run",
        }
    }

    /// The word of GitHub and Forgejo.
    pub(super) fn of_github(word: &str, tag: bool) -> Self {
        match word {
            "pull_request" => Self::PullRequest,
            "pull_request_target" => Self::PullRequestTarget,
            "push" if tag => Self::Tag,
            "push" => Self::Push,
            "release" => Self::Release,
            "repository_dispatch" => Self::Api,
            "schedule" => Self::Schedule,
            "workflow_dispatch" => Self::Manual,
            "workflow_run" => Self::WorkflowRun,
            _ => Self::Other,
        }
    }

    /// Whether only those who may write to the repository can set it off.
    fn is_of_the_repository_itself(self) -> bool {
        match self {
            Self::Api | Self::Manual | Self::Push | Self::Release | Self::Schedule | Self::Tag => {
                true
            }
            Self::Other | Self::PullRequest | Self::PullRequestTarget | Self::WorkflowRun => false,
        }
    }
}

/// `branch` or `tag`, if a full ref is one.
pub(super) fn ref_type(full: &str) -> Option<&'static str> {
    if full
        .strip_prefix(BRANCHES)
        .is_some_and(|name| !name.is_empty())
    {
        Some("branch")
    } else if full.strip_prefix(TAGS).is_some_and(|name| !name.is_empty()) {
        Some("tag")
    } else {
        None
    }
}

/// The full ref of a branch or tag.
pub(super) fn full_ref(ref_type: &str, name: &str) -> Option<String> {
    match ref_type {
        "branch" => Some(format!("{BRANCHES}{name}")),
        "tag" => Some(format!("{TAGS}{name}")),
        _ => None,
    }
}

/// The path in `<prefix><path>@<ref>`, or nothing if it could be split otherwise.
///
/// Paths and refs may both contain `@`: the first one must be followed by a full
/// ref, and no second one may be.
pub(super) fn workflow_path<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (path, at) = text.strip_prefix(prefix)?.split_once('@')?;
    let unambiguous = at.starts_with("refs/") && !at.contains("@refs/") && !path.is_empty();
    unambiguous.then_some(path)
}

/// A file directly in a folder.
pub(super) fn is_file_in(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|name| !name.is_empty() && !name.contains('/'))
}

/// The facts that GitHub and Forgejo sign under the same names.
pub(super) fn facts_of_github(claims: &Claims, folders: &[&str]) -> Facts {
    let mut facts = Facts::default();
    let repository = claims.text("repository").unwrap_or_default();
    facts.set_text(Fact::Repository, claims.text("repository"));
    facts.set_text(Fact::Owner, claims.text("repository_owner"));
    facts.set_text(Fact::OwnerPath, claims.text("repository_owner"));
    set_ref(&mut facts, claims.text("ref"), claims.text("ref_type"));
    facts.set_flag(Fact::RefProtected, claims.flag("ref_protected"));
    facts.set_text(Fact::Environment, claims.text("environment"));
    if let Some(word) = claims.text("event_name") {
        let tag = facts.text(Fact::RefType) == Some("tag");
        let event = Event::of_github(word, tag);
        facts.set_text(Fact::Event, Some(event.name()));
        facts.set_text(Fact::EventRaw, Some(word));
        // Of the other events the claims do not say whose code runs.
        if event.is_of_the_repository_itself() {
            facts.set_flag(Fact::Fork, Some(false));
        }
    }
    if let Some(workflow_ref) = claims.text("workflow_ref") {
        let path = workflow_path(workflow_ref, &format!("{repository}/"))
            .filter(|path| folders.iter().any(|folder| is_file_in(path, folder)));
        facts.set_text(Fact::Workflow, path);
        facts.set_text(Fact::WorkflowRef, Some(workflow_ref));
        let called = claims
            .text("job_workflow_ref")
            .filter(|called| *called != workflow_ref);
        facts.set_text(Fact::ReusableWorkflow, called);
    }
    facts.set_text(Fact::Runner, runner(claims, "github-hosted"));
    facts.set_text(Fact::Actor, claims.text("actor"));
    facts.set_text(Fact::RunId, claims.text("run_id"));
    facts.set_text(Fact::Sha, claims.text("sha"));
    facts
}

/// Sets the ref, and its type if the platform's word for it agrees.
pub(super) fn set_ref(facts: &mut Facts, full: Option<&str>, claimed_type: Option<&str>) {
    let Some(full) = full.filter(|full| full.starts_with("refs/")) else {
        return;
    };
    facts.set_text(Fact::Ref, Some(full));
    let agreed = ref_type(full).filter(|known| claimed_type.is_none_or(|said| said == *known));
    facts.set_text(Fact::RefType, agreed);
}

/// `hosted` or `self-hosted`, if the platform says one of both.
pub(super) fn runner(claims: &Claims, hosted: &str) -> Option<&'static str> {
    match claims.text("runner_environment")? {
        "self-hosted" => Some("self-hosted"),
        word if word == hosted => Some("hosted"),
        _ => None,
    }
}

/// Whether a text is `owner/name`.
pub(super) fn is_owner_and_name(text: &str) -> bool {
    text.split_once('/')
        .is_some_and(|(owner, name)| !owner.is_empty() && !name.is_empty() && !name.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workflow_path_is_split_in_one_way_or_not_at_all() {
        let of = |text| workflow_path(text, "acme/web/");
        assert_eq!(
            of("acme/web/.github/workflows/ci.yml@refs/heads/main"),
            Some(".github/workflows/ci.yml")
        );
        assert_eq!(
            of("acme/web/.github/workflows/ci.yml@refs/heads/ci.yml@x"),
            Some(".github/workflows/ci.yml")
        );
        for ambiguous in [
            "acme/web/.github/workflows/evil@ci.yml@refs/heads/main",
            "acme/web/.github/workflows/evil@ci.yml",
            "acme/web/a@refs/heads/ci.yml@refs/heads/main",
            "acme/web/@refs/heads/main",
            "evil/acme/web/.github/workflows/ci.yml@refs/heads/main",
            "acme/web-evil/.github/workflows/ci.yml@refs/heads/main",
            "acme/web/.github/workflows/ci.yml",
            "",
        ] {
            assert_eq!(of(ambiguous), None, "{ambiguous}");
        }
    }

    #[test]
    fn a_tag_named_like_a_branch_stays_a_tag() {
        assert_eq!(ref_type("refs/heads/v1"), Some("branch"));
        assert_eq!(ref_type("refs/tags/main"), Some("tag"));
        for other in [
            "refs/pull/1/merge",
            "refs/heads/",
            "main",
            "refs/headsx/main",
        ] {
            assert_eq!(ref_type(other), None, "{other}");
        }
    }

    #[test]
    fn a_ref_type_that_contradicts_the_ref_is_absent() {
        let mut facts = Facts::default();
        set_ref(&mut facts, Some("refs/tags/main"), Some("branch"));
        assert_eq!(facts.text(Fact::Ref), Some("refs/tags/main"));
        assert_eq!(facts.text(Fact::RefType), None);
    }

    #[test]
    fn a_file_is_directly_in_its_folder() {
        assert!(is_file_in(".github/workflows/ci.yml", ".github/workflows/"));
        for other in [
            ".github/workflows/",
            ".github/workflows/sub/ci.yml",
            "x/.github/workflows/ci.yml",
        ] {
            assert!(!is_file_in(other, ".github/workflows/"), "{other}");
        }
    }
}

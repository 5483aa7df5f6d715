//! The one job that the least rule is for, as its JWT describes it.

use anyhow::{anyhow, bail};
use scope::{Scopes, is_repository_name};

use super::platform::Platform;
use crate::{
    cli::is_hidden,
    decision::{Asker, NoLeastRule, least_rule},
    identity::{Fact, Facts, IssuerKind, Supposed},
};

/// A job, the rule for it, and what tells its fixture from others.
#[derive(Debug)]
pub(super) struct Job {
    /// The repository that it pushes to.
    pub(super) repository: String,
    /// The least rule, as text for the configuration.
    pub(super) rule: String,
    /// What makes a fixture of its kind this job, in words of the rules.
    pub(super) set: Vec<(&'static str, String)>,
    /// What set it off, on a code host.
    pub(super) run: Option<Run>,
    /// What is to be said of the JWT.
    pub(super) remarks: Vec<String>,
}

/// What set a job of a code host off, and where.
#[derive(Debug)]
pub(super) struct Run {
    /// The event in the words of the rules.
    pub(super) event: String,
    /// The event in the platform's own word.
    pub(super) raw: String,
    /// The full ref, if the JWT has one.
    pub(super) reference: Option<String>,
    pub(super) environment: Option<String>,
}

impl Job {
    /// The job whose JWT this is, and the rule that lets it push to `repository`.
    ///
    /// # Errors
    ///
    /// When no name can be made of what the JWT says, and when no rule can hold
    /// to the job.
    pub(super) fn of(
        supposed: &Supposed,
        platform: &Platform,
        repository: Option<&str>,
    ) -> anyhow::Result<Self> {
        let repository = match repository {
            Some(name) => name.to_owned(),
            None => usual_name(supposed, platform),
        };
        if !is_repository_name(&repository) {
            bail!(
                "`{}` is not a repository name: say with --repository where the job pushes to",
                repository.escape_debug()
            );
        }
        let scope = format!("repository:{repository}:pull,push");
        let asker = Asker {
            issuer: &platform.name,
            id: supposed.identity().id(),
            is_code_host: platform.kind.is_code_host(),
            facts: supposed.facts(),
            asked: &Scopes::parse([scope.as_str()])?,
            registry: None,
        };
        let rule = least_rule(&asker).map_err(|error| no_rule(&error))?;
        let is_code_host = platform.kind.is_code_host();
        let run = is_code_host.then(|| Run::of(supposed.facts()));
        if let Some(value) = run.as_ref().and_then(|run| run.unquotable(platform)) {
            bail!(
                "`{}` means something else in the file of a job: write rule and job by hand, or \
                 take the JWT of another run",
                value.escape_debug()
            );
        }
        Ok(Self {
            repository,
            rule,
            set: told_apart_by(supposed, is_code_host),
            run,
            remarks: Vec::new(),
        })
    }
}

impl Run {
    fn of(facts: &Facts) -> Self {
        let text = |fact| facts.text(fact).map(str::to_owned);
        Self {
            event: text(Fact::Event).unwrap_or_default(),
            raw: text(Fact::EventRaw).unwrap_or_default(),
            reference: text(Fact::Ref),
            environment: text(Fact::Environment),
        }
    }

    /// What the platform would not take as it stands, in whichever quotes: GitHub and Forgejo put
    /// expressions in, GitLab puts variables in, and its conditions know no escape. No name is
    /// written that hides something, either.
    fn unquotable(&self, platform: &Platform) -> Option<&str> {
        let acts = |value: &&str| {
            value.contains(is_hidden)
                || match platform.kind {
                    IssuerKind::Gitlab => value.contains(['"', '$', '\\']),
                    IssuerKind::Described(_)
                    | IssuerKind::Forgejo
                    | IssuerKind::GithubActions
                    | IssuerKind::Kubernetes
                    | IssuerKind::Oidc => value.contains("${{"),
                }
        };
        let optional = [self.reference.as_deref(), self.environment.as_deref()];
        let mut values = [self.raw.as_str()]
            .into_iter()
            .chain(optional.into_iter().flatten());
        values.find(acts)
    }

    /// The branch that it is of.
    pub(super) fn branch(&self) -> Option<&str> {
        self.reference.as_deref()?.strip_prefix("refs/heads/")
    }

    /// The tag that it is of.
    pub(super) fn tag(&self) -> Option<&str> {
        self.reference.as_deref()?.strip_prefix("refs/tags/")
    }
}

/// The name that the template of a whole platform would give.
fn usual_name(supposed: &Supposed, platform: &Platform) -> String {
    let facts = supposed.facts();
    let account = facts
        .text(Fact::Namespace)
        .zip(facts.text(Fact::ServiceAccount));
    let name = if let Some((namespace, account)) = account {
        format!("pods/{namespace}/{account}")
    } else {
        let name = facts.text(Fact::Repository).unwrap_or(supposed.name());
        format!("apps/{}/{name}", platform.name)
    };
    name.to_ascii_lowercase()
}

/// What a fixture must be set to in order to be this job.
fn told_apart_by(supposed: &Supposed, is_code_host: bool) -> Vec<(&'static str, String)> {
    let facts = supposed.facts();
    let mut set = Vec::new();
    let mut put = |word: &'static str, value: Option<&str>| {
        set.extend(value.map(|value| (word, value.to_owned())));
    };
    if is_code_host {
        put("repository", facts.text(Fact::Repository));
        put("repository_id", facts.text(Fact::RepositoryId));
        put("owner_id", facts.text(Fact::OwnerId));
        put("ref", facts.text(Fact::Ref));
        put("environment", facts.text(Fact::Environment));
        put(
            "event",
            facts.text(Fact::EventRaw).filter(|word| *word != "push"),
        );
    } else if facts.get(Fact::Namespace).is_some() {
        put("namespace", facts.text(Fact::Namespace));
        put("service_account", facts.text(Fact::ServiceAccount));
    } else {
        put("sub", Some(supposed.identity().id()));
    }
    set
}

fn no_rule(error: &NoLeastRule) -> anyhow::Error {
    anyhow!("no rule can be written for this JWT: {error}")
}

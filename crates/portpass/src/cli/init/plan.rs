//! What the files will say, once the arguments make sense.

use std::path::PathBuf;

use anyhow::{bail, ensure};
use jiff::Timestamp;

use super::{
    Init,
    choice::{Builder, RegistryChoice},
    config_file, gitlab,
    job::Job,
    plain,
    platform::{Platform, address},
    pod, presented, registry_file, workflow,
};
use crate::{identity::IssuerKind, registry::RegistryKind};

/// Everything that the files are written from.
#[derive(Debug)]
pub(super) struct Plan {
    /// The folder of the files, as an absolute path.
    pub(super) folder: PathBuf,
    pub(super) kind: RegistryKind,
    pub(super) public_url: String,
    /// What clients push to: the registry's service, and the JWT's audience.
    pub(super) host: String,
    pub(super) platforms: Vec<Platform>,
    pub(super) grant: Grant,
    builder: Option<Builder>,
}

/// What the rules give.
#[derive(Debug)]
pub(super) enum Grant {
    /// Nothing yet.
    Nothing,
    /// Each repository and each pod a name of its own, and everybody pulls.
    OwnNames,
    /// One job the one name that it pushes to.
    Least(Box<Job>),
}

impl Plan {
    /// For the platforms that the arguments name.
    pub(super) fn of_arguments(arguments: &Init, folder: PathBuf) -> anyhow::Result<Self> {
        // Not left to the arguments' own check: it passes over what is required of
        // an argument where something else rules the required one out.
        ensure!(
            arguments.repository.is_none() && arguments.issuer.is_none(),
            "--repository and --issuer are for --jwt-stdin"
        );
        let mut plan = Self::empty(arguments, folder)?;
        plan.platforms = Platform::of_arguments(arguments)?;
        plan.grant = Grant::OwnNames;
        ensure!(
            !plan.platforms.is_empty(),
            "say who pushes: --github OWNER, --gitlab URL, --forgejo URL, --kubernetes ISS, several \
             of them, or --jwt-stdin with the JWT of a job; or let --ask ask"
        );
        plan.checked()
    }

    /// For the job whose JWT this is.
    pub(super) fn of_jwt(
        arguments: &Init,
        folder: PathBuf,
        jwt: &str,
        now: Timestamp,
    ) -> anyhow::Result<Self> {
        let plan = Self::empty(arguments, folder)?;
        let repository = arguments.repository.as_deref();
        let issuer = arguments.issuer.as_deref();
        presented::plan_for(plan, jwt, repository, issuer, now)?.checked()
    }

    /// Without anybody who pushes.
    fn empty(arguments: &Init, folder: PathBuf) -> anyhow::Result<Self> {
        let public_url = arguments.public_url.as_deref();
        let public_url = public_url.unwrap_or("http://localhost:8080");
        address("--public-url", public_url)?;
        let host = match &arguments.registry_host {
            Some(host) => plain("--registry-host", host, ".:-")?.to_owned(),
            None => host_of(public_url),
        };
        let registry = arguments.registry.unwrap_or(RegistryChoice::Distribution);
        Ok(Self {
            folder,
            kind: registry.kind(),
            public_url: public_url.to_owned(),
            host,
            platforms: Vec::new(),
            grant: Grant::Nothing,
            builder: arguments.builder,
        })
    }

    fn checked(self) -> anyhow::Result<Self> {
        let runs_steps = [IssuerKind::GithubActions, IssuerKind::Forgejo];
        for Platform { kind, name, .. } in &self.platforms {
            if self.builder == Some(Builder::Kaniko) && runs_steps.contains(kind) {
                bail!(
                    "kaniko runs in a container of its own, and a step of {name} does not: take \
                     --builder docker or buildah"
                );
            }
            if self.builder == Some(Builder::Docker) && *kind == IssuerKind::Kubernetes {
                bail!("a pod has no Docker daemon: take --builder buildah or kaniko for {name}");
            }
        }
        Ok(self)
    }

    /// What builds in a platform's jobs.
    pub(super) fn builder(&self, platform: &Platform) -> Builder {
        let is_pod = platform.kind == IssuerKind::Kubernetes;
        let usual = if is_pod {
            Builder::Buildah
        } else {
            Builder::Docker
        };
        self.builder.unwrap_or(usual)
    }

    /// The job that the least rule is for, if it is for one.
    pub(super) fn job(&self) -> Option<&Job> {
        match &self.grant {
            Grant::Nothing | Grant::OwnNames => None,
            Grant::Least(job) => Some(job),
        }
    }

    /// The names and texts of the files.
    pub(super) fn files(&self) -> Vec<(&'static str, String)> {
        let mut files = vec![
            (config_file::NAME, config_file::portpass(self)),
            registry_file::file(self),
        ];
        files.extend(
            self.platforms
                .iter()
                .filter_map(|platform| self.job_file(platform)),
        );
        files
    }

    /// What the platform's jobs do, where there is a file for that.
    pub(super) fn job_file(&self, platform: &Platform) -> Option<(&'static str, String)> {
        match platform.kind {
            IssuerKind::GithubActions => {
                Some(("github-workflow.yml", workflow::github(self, platform)))
            }
            IssuerKind::Forgejo => {
                Some(("forgejo-workflow.yml", workflow::forgejo(self, platform)))
            }
            IssuerKind::Gitlab => Some(("gitlab-ci.yml", gitlab::job(self, platform))),
            IssuerKind::Kubernetes => Some(("pod.yaml", pod::pod(self, platform))),
            IssuerKind::Described(_) | IssuerKind::Oidc => None,
        }
    }

    /// The certificate or key that the registry trusts, which Portpass exports.
    pub(super) fn trusted(&self) -> PathBuf {
        self.folder.join("portpass-trust.pem")
    }

    /// Whether clients come over the network, through a server that speaks TLS.
    pub(super) fn is_public(&self) -> bool {
        self.public_url.starts_with("https:")
    }
}

/// Where clients push to, if the registry stands behind the same host.
fn host_of(public_url: &str) -> String {
    match public_url.strip_prefix("https://") {
        Some(host) => host.to_owned(),
        None => "localhost:5000".to_owned(),
    }
}

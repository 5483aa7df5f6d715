//! What `portpass init` writes works: Portpass and the registry serve by its files, and the shell of
//! its jobs pushes to them.
//!
//! No Docker daemon and no kaniko is here. In their places stand scripts that push with the
//! credential which the job's own lines stored (`stand_ins`); everything else is run as written.

mod job;
mod setup;

use anyhow::{Result, ensure};
use e2e::registry::Kind;
use libtest_mimic::Trial;

use self::{
    job::{Job, Platform},
    setup::SetUp,
};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial!(github_with_docker, Docker, DockerRegistry, Skopeo),
        trial!(github_with_buildah, Buildah, DockerRegistry),
        trial!(forgejo_with_docker, Docker, DockerRegistry, Skopeo),
        trial!(gitlab_with_docker, Docker, Registry31, Skopeo),
        trial!(gitlab_with_buildah, Buildah, DockerRegistry),
        trial!(gitlab_with_kaniko, Crane, Registry30),
        trial!(a_pod_with_buildah, Buildah, DockerRegistry),
        trial!(a_pod_with_kaniko, Crane, Zot),
        trial!(
            answers_make_files_that_serve,
            Docker,
            DockerRegistry,
            Skopeo
        ),
        trial!(another_job_pushes_nothing, Buildah, DockerRegistry),
    ]
}

fn github_with_docker() -> Result<()> {
    pushes(Kind::V28, Platform::Github, "docker")
}

fn github_with_buildah() -> Result<()> {
    pushes(Kind::V28, Platform::Github, "buildah")
}

fn forgejo_with_docker() -> Result<()> {
    pushes(Kind::V28, Platform::Forgejo, "docker")
}

fn gitlab_with_docker() -> Result<()> {
    pushes(Kind::V31, Platform::Gitlab, "docker")
}

fn gitlab_with_buildah() -> Result<()> {
    pushes(Kind::V28, Platform::Gitlab, "buildah")
}

fn gitlab_with_kaniko() -> Result<()> {
    pushes(Kind::V30, Platform::Gitlab, "kaniko")
}

fn a_pod_with_buildah() -> Result<()> {
    pushes(Kind::V28, Platform::Kubernetes, "buildah")
}

fn a_pod_with_kaniko() -> Result<()> {
    pushes(Kind::Zot, Platform::Kubernetes, "kaniko")
}

/// The job whose JWT `init` was given, expired by then, pushes with a new one.
fn pushes(registry: Kind, platform: Platform, builder: &str) -> Result<()> {
    let setup = SetUp::of_jwt(registry, platform, builder)?.serve()?;
    let job = Job::of(&setup, platform)?;
    job.run()?.succeeded()?;
    setup.has_image(platform.repository())
}

/// The answers to `init --ask` give every repository of an owner a name of its own.
fn answers_make_files_that_serve() -> Result<()> {
    let setup = SetUp::of_answers(Kind::V28, "github\nacme\n65\ndocker\n")?.serve()?;
    let job = Job::of(&setup, Platform::Github)?;
    job.run()?.succeeded()?;
    setup.has_image("apps/github/acme/web")
}

/// The least rule is for one repository: another of the same owner is told so.
fn another_job_pushes_nothing() -> Result<()> {
    let setup = SetUp::of_jwt(Kind::V28, Platform::Github, "buildah")?.serve()?;
    let job = Job::of(&setup, Platform::Github)?.of_another_repository();
    let said = job.run()?.refused()?.said();
    ensure!(said.contains("no rule allows this"), "{said}");
    Ok(())
}

//! A layer that the registry already has is mounted from another repository, if the caller may read it there.

use anyhow::{Context as _, Result, ensure};
use e2e::{
    client::{Client, Program},
    image::Image,
    registry::Kind,
    world::{OWN_NAMESPACE, SERVICE, World},
};
use libtest_mimic::Trial;

/// As [`OWN_NAMESPACE`], and one repository that everybody reads.
const WITH_BASE: &str = r#"
[rule.own-namespace]
from = ["github", "gitlab"]
when = { event = ["push", "tag"], ref = "refs/heads/main" }
push = ["apps/{issuer}/{repository}"]

[rule.everyone-reads-base]
from = ["github", "gitlab"]
pull = ["apps/gitlab/acme/web"]
"#;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial!(
            a_copy_within_a_registry_mounts_its_layers,
            Crane,
            DockerRegistry
        ),
        trial!(
            a_mount_from_a_denied_source_falls_back_to_an_upload,
            Skopeo,
            DockerRegistry
        ),
    ]
}

fn a_copy_within_a_registry_mounts_its_layers() -> Result<()> {
    let world = World::start(Kind::V28, WITH_BASE)?;
    let host = world.registry.host();
    let source = world.registry.image("apps/gitlab/acme/web", "v1");
    let target = world.registry.image("apps/github/acme/web", "v1");

    let gitlab = Client::new(Program::Crane)?;
    let image = Image::write(&gitlab.home().join("image"), "base", 2, 4096)?;
    gitlab
        .login(&host, &world.issuer.jwt("gitlab", SERVICE)?)?
        .succeeded()?;
    gitlab.push(&image, &source)?.succeeded()?;

    let github = Client::new(Program::Crane)?;
    github
        .login(&host, &world.issuer.jwt("github", SERVICE)?)?
        .succeeded()?;
    github
        .run(&["copy", "--insecure", &source, &target])?
        .succeeded()?;
    ensure!(github.pull(&target)? == image.id);

    let log = world.registry.server.log();
    let mounted = log
        .lines()
        .filter(|line| line.contains("from=apps%2Fgitlab%2Facme%2Fweb") && line.contains(" 201 "))
        .count();
    ensure!(mounted >= 2, "{mounted} layers mounted: {log}");
    Ok(())
}

/// The rules let nobody read another's repository: the source is dropped from the grant, and the
/// push goes on without it. An error would have broken it.
fn a_mount_from_a_denied_source_falls_back_to_an_upload() -> Result<()> {
    let world = World::start(Kind::V28, OWN_NAMESPACE)?;
    let host = world.registry.host();
    // skopeo remembers in its home where it has seen a layer, so both jobs share one runner.
    let client = Client::new(Program::Skopeo)?;
    let image = Image::write(&client.home().join("image"), "shared", 2, 4096)?;

    client
        .login(&host, &world.issuer.jwt("gitlab", SERVICE)?)?
        .succeeded()?;
    client
        .push(&image, &world.registry.image("apps/gitlab/acme/web", "v1"))?
        .succeeded()?;
    client
        .login(&host, &world.issuer.jwt("github", SERVICE)?)?
        .succeeded()?;
    let target = world.registry.image("apps/github/acme/web", "v1");
    client.push(&image, &target)?.succeeded()?;
    ensure!(client.pull(&target)? == image.id);

    // The test says something only if skopeo did ask for both.
    let events = world.portpass.events()?;
    let asked = events.iter().map(ToString::to_string).find(|event| {
        event.contains("repository:apps/gitlab/acme/web:pull")
            && event.contains("repository:apps/github/acme/web:")
    });
    asked.with_context(|| format!("skopeo tried no mount: {events:?}"))?;
    Ok(())
}

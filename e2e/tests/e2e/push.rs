//! Every client pushes and pulls with nothing but a job's JWT.

use anyhow::{Result, ensure};
use e2e::{
    client::{Client, Program},
    image::Image,
    registry::Kind,
    world::{OWN_NAMESPACE, SERVICE, World},
};
use libtest_mimic::Trial;
use serde_json::Value;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials: Vec<_> = Program::PUSHING
        .into_iter()
        .flat_map(|client| [Kind::V28, Kind::V31, Kind::Zot].map(|kind| (client, kind)))
        .map(|(client, kind)| {
            let name = format!(
                "push::{}_pushes_and_pulls_{}",
                client.tool().name(),
                named(kind)
            );
            crate::needing(name, &[client.tool(), kind.tool()], move || {
                pushes_and_pulls(client, kind)
            })
        })
        .collect();
    trials.push(trial!(
        a_job_on_a_github_runner_pushes_without_a_stored_secret,
        Skopeo,
        DockerRegistry
    ));
    trials.push(trial!(
        a_pushed_image_is_in_the_events,
        Crane,
        DockerRegistry
    ));
    trials
}

fn named(kind: Kind) -> &'static str {
    match kind {
        Kind::V28 => "with_distribution_2_8",
        Kind::V30 => "with_distribution_3_0",
        Kind::V31 => "with_distribution_3_1",
        Kind::Zot => "with_zot",
    }
}

fn pushes_and_pulls(client: Program, kind: Kind) -> Result<()> {
    let world = World::start(kind, OWN_NAMESPACE)?;
    let client = Client::new(client)?;
    let image = Image::write(&client.home().join("image"), "pushed", 3, 4096)?;
    let name = world.registry.image("apps/github/acme/web", "v1");

    let jwt = world.issuer.jwt("github", SERVICE)?;
    client.login(&world.registry.host(), &jwt)?.succeeded()?;
    client.push(&image, &name)?.succeeded()?;
    ensure!(client.pull(&name)? == image.id, "another image came back");
    Ok(())
}

fn a_job_on_a_github_runner_pushes_without_a_stored_secret() -> Result<()> {
    let world = World::start(Kind::V28, OWN_NAMESPACE)?;
    let client = Client::new(Program::Skopeo)?;
    let image = Image::tiny(&client.home().join("image"), "runner")?;
    let credential = format!("JWT:{}", world.issuer.runner_jwt(SERVICE)?);
    let source = format!("oci:{}:latest", image.folder.display());
    let name = format!(
        "docker://{}",
        world.registry.image("apps/github/acme/web", "v1")
    );

    client
        .run(&[
            "copy",
            "--dest-tls-verify=false",
            "--dest-creds",
            &credential,
            &source,
            &name,
        ])?
        .succeeded()?;
    let raw = client
        .run(&[
            "inspect",
            "--tls-verify=false",
            "--raw",
            "--creds",
            &credential,
            &name,
        ])?
        .succeeded()?;
    ensure!(e2e::image::config_digest(raw.stdout.as_bytes())? == image.id);
    Ok(())
}

fn a_pushed_image_is_in_the_events() -> Result<()> {
    let world = World::start(Kind::V28, OWN_NAMESPACE)?;
    let client = Client::new(Program::Crane)?;
    let image = Image::tiny(&client.home().join("image"), "recorded")?;
    let jwt = world.issuer.jwt("gitlab", SERVICE)?;
    client.login(&world.registry.host(), &jwt)?.succeeded()?;
    client
        .push(&image, &world.registry.image("apps/gitlab/acme/web", "v1"))?
        .succeeded()?;

    let events = world.portpass.events()?;
    let pushed = events.iter().find(|event| {
        event
            .to_string()
            .contains("repository:apps/gitlab/acme/web:")
    });
    let text = pushed.map(Value::to_string).unwrap_or_default();
    ensure!(
        text.contains("gitlab") && text.contains("acme/web"),
        "no event of the push: {events:?}"
    );
    let all = serde_json::to_string(&events)?;
    ensure!(!all.contains(&jwt), "an event holds the JWT");
    let log = world.portpass.server.log();
    ensure!(!log.contains(&jwt), "the log holds the JWT");
    Ok(())
}

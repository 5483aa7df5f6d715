//! `docker login` and its like: a credential is checked before anything is asked for.

use std::fs;

use anyhow::{Result, ensure};
use e2e::{
    client::{Client, Program},
    image::Image,
    registry::Kind,
    world::{OWN_NAMESPACE, SERVICE, World},
};
use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial!(docker_logs_in_with_a_jwt, Docker, DockerRegistry),
        trial!(
            what_docker_stored_serves_crane,
            Docker,
            Crane,
            DockerRegistry
        ),
        trial!(docker_shows_why_a_login_was_refused, Docker, DockerRegistry),
        trial!(
            every_client_logs_in,
            Crane,
            Oras,
            Regctl,
            Skopeo,
            DockerRegistry
        ),
        trial!(
            no_client_logs_in_with_an_expired_jwt,
            Crane,
            Oras,
            Regctl,
            Skopeo,
            DockerRegistry
        ),
    ]
}

fn docker_logs_in_with_a_jwt() -> Result<()> {
    let world = World::start(Kind::V28, OWN_NAMESPACE)?;
    let docker = Client::new(Program::Docker)?;
    let jwt = world.issuer.jwt("github", SERVICE)?;
    let said = docker
        .login(&world.registry.host(), &jwt)?
        .succeeded()?
        .said();
    ensure!(said.contains("Login Succeeded"), "{said}");
    Ok(())
}

fn what_docker_stored_serves_crane() -> Result<()> {
    let world = World::start(Kind::V28, OWN_NAMESPACE)?;
    let docker = Client::new(Program::Docker)?;
    let jwt = world.issuer.jwt("github", SERVICE)?;
    docker.login(&world.registry.host(), &jwt)?.succeeded()?;

    let crane = Client::new(Program::Crane)?;
    fs::create_dir_all(crane.home().join(".docker"))?;
    fs::copy(
        docker.home().join(".docker/config.json"),
        crane.home().join(".docker/config.json"),
    )?;
    let image = Image::tiny(&crane.home().join("image"), "docker's login")?;
    crane
        .push(&image, &world.registry.image("apps/github/acme/web", "v1"))?
        .succeeded()?;
    Ok(())
}

fn docker_shows_why_a_login_was_refused() -> Result<()> {
    let world = World::start(Kind::V28, OWN_NAMESPACE)?;
    let docker = Client::new(Program::Docker)?;
    let jwt = world
        .issuer
        .signed("github", SERVICE, &[("expired", "true")])?;
    let said = docker
        .login(&world.registry.host(), &jwt)?
        .refused()?
        .said();
    ensure!(said.contains("expired"), "no reason in: {said}");
    Ok(())
}

fn every_client_logs_in() -> Result<()> {
    let world = World::start(Kind::V28, OWN_NAMESPACE)?;
    let jwt = world.issuer.jwt("github", SERVICE)?;
    for program in [
        Program::Crane,
        Program::Oras,
        Program::Regctl,
        Program::Skopeo,
    ] {
        Client::new(program)?
            .login(&world.registry.host(), &jwt)?
            .succeeded()?;
    }
    Ok(())
}

fn no_client_logs_in_with_an_expired_jwt() -> Result<()> {
    let world = World::start(Kind::V28, OWN_NAMESPACE)?;
    let jwt = world
        .issuer
        .signed("github", SERVICE, &[("expired", "true")])?;
    let image = tempfile::tempdir()?;
    let image = Image::tiny(image.path(), "never")?;
    let name = world.registry.image("apps/github/acme/web", "v1");
    for program in [
        Program::Crane,
        Program::Oras,
        Program::Regctl,
        Program::Skopeo,
    ] {
        let client = Client::new(program)?;
        // crane stores what it is given and asks nobody.
        let login = client.login(&world.registry.host(), &jwt)?;
        if program != Program::Crane {
            login.refused()?;
        }
        client.push(&image, &name)?.refused()?;
    }
    Ok(())
}

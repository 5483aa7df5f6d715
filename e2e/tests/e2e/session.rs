//! The login that outlives its JWT: what `docker login` stored pushes on, until something ends it.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use e2e::{
    client::{Client, Program},
    image::Image,
    issuer::{Expiring, Issuer},
    portpass::{Draft, registry_table},
    registry::{Kind, Registry},
    tool::Tool,
    world::{OWN_NAMESPACE, SERVICE, World, tables, tables_with},
};
use libtest_mimic::Trial;
use serde_json::Value;

use crate::until;

const REPOSITORY: &str = "apps/github/acme/web";

pub(crate) fn trials() -> Vec<Trial> {
    let pushed = [Kind::V28, Kind::V31].map(|kind| {
        let name = format!(
            "session::dockers_login_pushes_to_{}_after_its_jwt_expired",
            kind.tool().name()
        );
        let tools = [Tool::Docker, Tool::Skopeo, Tool::Crane, kind.tool()];
        crate::needing(name, &tools, move || dockers_login_pushes_on(kind))
    });
    let accepted = [Program::Crane, Program::Skopeo].map(|program| {
        let name = format!(
            "session::{}_pushes_with_the_same_jwt_where_the_issuer_says_so",
            program.tool().name()
        );
        crate::needing(name, &[program.tool(), Tool::DockerRegistry], move || {
            the_same_jwt_pushes_again(program)
        })
    });
    pushed
        .into_iter()
        .chain(accepted)
        .chain([
            trial!(
                an_expired_jwt_without_a_session_is_refused_and_recorded,
                Skopeo,
                Crane,
                DockerRegistry
            ),
            trial!(
                a_revoked_session_is_refused_with_that_reason,
                Docker,
                Skopeo,
                Crane,
                DockerRegistry
            ),
            trial!(
                a_session_past_its_cap_is_refused_with_that_reason,
                Docker,
                Skopeo,
                Crane,
                DockerRegistry
            ),
            trial!(
                a_login_is_good_for_its_own_registry_only,
                Docker,
                Skopeo,
                Crane,
                DockerRegistry
            ),
            trial!(
                a_rule_taken_away_ends_what_the_login_could_do,
                Docker,
                Skopeo,
                Crane,
                DockerRegistry
            ),
        ])
        .collect()
}

/// What docker stored for a job that logged in.
fn docker_login(host: &str, jwt: &str) -> Result<Client> {
    let docker = Client::new(Program::Docker)?;
    docker.login(host, jwt)?.succeeded()?;
    let stored: Value = serde_json::from_str(&fs::read_to_string(docker.login_file())?)?;
    let identity = stored
        .pointer("/auths")
        .and_then(|auths| auths.get(host)?.get("identitytoken")?.as_str())
        .with_context(|| format!("no identity token in {stored}"))?;
    ensure!(identity.starts_with("portpass_rt_"), "{stored}");
    ensure!(
        !stored.to_string().contains(jwt),
        "the JWT itself is stored"
    );
    Ok(docker)
}

fn dockers_login_pushes_on(kind: Kind) -> Result<()> {
    let world = World::start(kind, OWN_NAMESPACE)?;
    let jwt = world.issuer.expiring("github", SERVICE)?;
    let docker = docker_login(&world.registry.host(), &jwt.text)?;
    jwt.wait();
    is_expired(&world, &jwt)?;
    for program in [Program::Skopeo, Program::Crane] {
        let client = Client::with_login_of(program, &docker)?;
        let tag = program.tool().name();
        let image = Image::tiny(&client.home().join("image"), tag)?;
        let name = world.registry.image(REPOSITORY, tag);
        client.push(&image, &name)?.succeeded()?;
        ensure!(client.pull(&name)? == image.id, "another image came back");
    }
    // All of it is one login's.
    let events = world.portpass.events()?;
    let logins = |kind: &str| -> Vec<_> {
        let of_kind = events.iter().filter(|event| event["kind"] == kind);
        of_kind.map(|event| event["login"].clone()).collect()
    };
    let tokens = logins("token");
    ensure!(tokens.len() >= 3, "{} tokens", tokens.len());
    ensure!(tokens.iter().all(|login| Some(login) == tokens.first()));
    Ok(())
}

/// The JWT itself is refused by now.
fn is_expired(world: &World, jwt: &Expiring) -> Result<()> {
    let scope = format!("repository:{REPOSITORY}:pull,push");
    let answer = world.portpass.token(SERVICE, &[&scope], &jwt.text)?;
    ensure!(answer.status == 401, "{} {}", answer.status, answer.text());
    ensure!(answer.text().contains("expired"), "{}", answer.text());
    Ok(())
}

/// Whoever stored the JWT itself is told why it does not push, and the operator sees it.
fn an_expired_jwt_without_a_session_is_refused_and_recorded() -> Result<()> {
    let world = World::start(Kind::V28, OWN_NAMESPACE)?;
    let jwt = world.issuer.expiring("github", SERVICE)?;
    let clients = [Client::new(Program::Skopeo)?, Client::new(Program::Crane)?];
    for client in &clients {
        client
            .login(&world.registry.host(), &jwt.text)?
            .succeeded()?;
    }
    jwt.wait();
    for client in &clients {
        refuses(&world.registry, client, &["expired"])?;
    }
    let events = world.portpass.events()?;
    let refusal = events
        .iter()
        .find(|event| event["kind"] == "refusal" && event["reason"] == "expired");
    let refusal = refusal.with_context(|| format!("no such refusal in {events:?}"))?;
    ensure!(refusal["issuer"] == "github" && refusal["identity"] == "74");
    Ok(())
}

fn the_same_jwt_pushes_again(program: Program) -> Result<()> {
    let world = World::start_with(Kind::V28, "accept_jwt_again = true", OWN_NAMESPACE)?;
    let client = Client::new(program)?;
    let jwt = world.issuer.expiring("github", SERVICE)?;
    client
        .login(&world.registry.host(), &jwt.text)?
        .succeeded()?;
    let image = Image::tiny(&client.home().join("image"), "again")?;
    let name = world.registry.image(REPOSITORY, "v1");
    // crane stores what it is given and asks nobody: its first push is what opens the session.
    client.push(&image, &name)?.succeeded()?;
    jwt.wait();
    let later = Image::tiny(&client.home().join("later"), "and again")?;
    client.push(&later, &name)?.succeeded()?;

    // One that expired before it was ever shown opens nothing.
    let late = world
        .issuer
        .signed("github", SERVICE, &[("expired", "true")])?;
    let stranger = Client::new(Program::Crane)?;
    stranger.login(&world.registry.host(), &late)?.succeeded()?;
    refuses(&world.registry, &stranger, &["expired"])
}

fn a_revoked_session_is_refused_with_that_reason() -> Result<()> {
    let world = World::start(Kind::V28, OWN_NAMESPACE)?;
    let jwt = world.issuer.jwt("github", SERVICE)?;
    let docker = docker_login(&world.registry.host(), &jwt)?;
    accepts(&world.registry, &docker)?;
    let sessions = world.portpass.listed(&["sessions", "list"])?;
    let [session] = sessions.as_slice() else {
        anyhow::bail!("one login, and these sessions: {sessions:?}");
    };
    let login = session["login"].as_str().context("no login")?;
    world
        .portpass
        .operate(&["sessions", "revoke", "--login", login])?;
    refuses_all(&world.registry, &docker, &["the login was revoked"])?;
    // The JWT that opened it has some minutes to live, and opens nothing again.
    let again = Client::new(Program::Crane)?;
    again.login(&world.registry.host(), &jwt)?.succeeded()?;
    refuses(&world.registry, &again, &["the login was revoked"])
}

fn a_session_past_its_cap_is_refused_with_that_reason() -> Result<()> {
    // From `iat`, which lies 300 s back: the cap is 8 s away.
    let world = World::start_with(Kind::V28, "session_max = \"308s\"", OWN_NAMESPACE)?;
    let jwt = world.issuer.expiring("github", SERVICE)?;
    let docker = docker_login(&world.registry.host(), &jwt.text)?;
    jwt.wait();
    refuses_all(&world.registry, &docker, &["the login ended at"])
}

fn a_login_is_good_for_its_own_registry_only() -> Result<()> {
    const OTHER: &str = "other.test";
    let issuer = Issuer::start()?;
    let both = format!("{OWN_NAMESPACE}registries = [\"main\", \"other\"]\n");
    let lines = format!("audience = [\"{SERVICE}\", \"{OTHER}\"]");
    let tables = tables_with(&issuer, Kind::V28, "", &both)?
        .replace(&format!("audience = [\"{SERVICE}\"]"), &lines)
        + &registry_table("other", OTHER, Kind::V28.config(), "x5c", "ES256");
    let portpass = Draft::new(&tables)?.serve()?;
    let trust = portpass.ca()?;
    let main = Registry::start(Kind::V28, &portpass.auth(SERVICE, trust.clone()))?;
    let other = Registry::start(Kind::V28, &portpass.auth(OTHER, trust))?;

    let docker = docker_login(&main.host(), &issuer.jwt("github", SERVICE)?)?;
    accepts(&main, &docker)?;
    // Somebody presents it where it was not given.
    let stored = fs::read_to_string(docker.login_file())?;
    docker.store_login(&stored.replace(&main.host(), &other.host()))?;
    refuses_all(&other, &docker, &["the login is for another registry"])
}

fn a_rule_taken_away_ends_what_the_login_could_do() -> Result<()> {
    let world = World::start(Kind::V28, OWN_NAMESPACE)?;
    let jwt = world.issuer.jwt("github", SERVICE)?;
    let docker = docker_login(&world.registry.host(), &jwt)?;
    accepts(&world.registry, &docker)?;

    let gitlab_only = OWN_NAMESPACE.replace("[\"github\", \"gitlab\"]", "[\"gitlab\"]");
    let tables = tables(&world.issuer, Kind::V28, &gitlab_only)?;
    world.portpass.draft.write(&tables)?;
    world.portpass.server.signal("HUP")?;
    let scope = format!("repository:{REPOSITORY}:pull,push");
    until("the rule is gone", || {
        let answer = world.portpass.token(SERVICE, &[&scope], &jwt)?;
        Ok(answer.status == 401)
    })?;
    refuses_all(
        &world.registry,
        &docker,
        &[&format!("push to {REPOSITORY} refused"), "no rule"],
    )
}

/// A push with what docker stored succeeds.
fn accepts(registry: &Registry, docker: &Client) -> Result<()> {
    let client = Client::with_login_of(Program::Skopeo, docker)?;
    let image = Image::tiny(&client.home().join("image"), "accepted")?;
    client
        .push(&image, &registry.image(REPOSITORY, "before"))?
        .succeeded()?;
    Ok(())
}

/// A push with what docker stored is refused, and each client says all of these words.
fn refuses_all(registry: &Registry, docker: &Client, words: &[&str]) -> Result<()> {
    for program in [Program::Skopeo, Program::Crane] {
        refuses(registry, &Client::with_login_of(program, docker)?, words)?;
    }
    Ok(())
}

fn refuses(registry: &Registry, client: &Client, words: &[&str]) -> Result<()> {
    let image = Image::tiny(&client.home().join("refused"), "refused")?;
    let name = registry.image(REPOSITORY, "refused");
    let said = client.push(&image, &name)?.refused()?.said();
    for word in words {
        ensure!(said.contains(word), "no {word:?} in: {said}");
    }
    Ok(())
}

//! A refused push says why in the client's own output, where the person who can mend it is looking.

use anyhow::{Context as _, Result, ensure};
use e2e::{
    client::{Client, Program},
    image::Image,
    registry::Kind,
    tool::Tool,
    world::{OWN_NAMESPACE, SERVICE, World},
};
use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    // regctl says "unauthorized" to everything.
    let clients = Program::PUSHING
        .into_iter()
        .filter(|client| *client != Program::Regctl);
    let shown = clients.map(|client| {
        let name = format!(
            "refusal::{}_shows_which_fact_was_unmet",
            client.tool().name()
        );
        crate::needing(name, &[client.tool(), Tool::DockerRegistry], move || {
            shows_which_fact_was_unmet(client)
        })
    });
    shown
        .chain([
            trial!(
                a_refusal_names_the_decision_that_the_operator_finds,
                Crane,
                DockerRegistry
            ),
            trial!(a_push_elsewhere_is_refused, Crane, DockerRegistry),
        ])
        .collect()
}

/// A dev branch pushes, where only main may.
fn refused_push(world: &World, program: Program) -> Result<String> {
    let client = Client::new(program)?;
    let image = Image::tiny(&client.home().join("image"), "refused")?;
    let dev = [("set", "ref=refs/heads/dev")];
    let jwt = world.issuer.signed("github", SERVICE, &dev)?;
    client.login(&world.registry.host(), &jwt)?.succeeded()?;
    let name = world.registry.image("apps/github/acme/web", "v1");
    Ok(client.push(&image, &name)?.refused()?.said())
}

fn shows_which_fact_was_unmet(program: Program) -> Result<()> {
    let world = World::start(Kind::V28, OWN_NAMESPACE)?;
    let said = refused_push(&world, program)?;
    for part in [
        "push to apps/github/acme/web",
        "ref refs/heads/dev",
        "no rule allows this ref",
    ] {
        ensure!(said.contains(part), "no {part:?} in: {said}");
    }
    // Neither the rule's name nor what it wants is anybody's business who does not satisfy it.
    ensure!(
        !said.contains("own-namespace"),
        "the rule's name is in: {said}"
    );
    ensure!(
        !said.contains("refs/heads/main"),
        "the wanted value is in: {said}"
    );
    Ok(())
}

fn a_refusal_names_the_decision_that_the_operator_finds() -> Result<()> {
    let world = World::start(Kind::V28, OWN_NAMESPACE)?;
    let said = refused_push(&world, Program::Crane)?;
    let (_, rest) = said
        .split_once("decision ")
        .with_context(|| format!("no decision in: {said}"))?;
    let id: String = rest
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect();
    ensure!(id.len() == 16, "a decision id of 16 characters, not {id:?}");

    let events = world.portpass.events()?;
    let event = events.iter().find(|event| event.to_string().contains(&id));
    let event = event.with_context(|| format!("no event of decision {id}: {events:?}"))?;
    let text = event.to_string();
    for part in ["refs/heads/dev", "own-namespace", "apps/github/acme/web"] {
        ensure!(text.contains(part), "no {part:?} in: {text}");
    }
    Ok(())
}

fn a_push_elsewhere_is_refused() -> Result<()> {
    let world = World::start(Kind::V28, OWN_NAMESPACE)?;
    let client = Client::new(Program::Crane)?;
    let image = Image::tiny(&client.home().join("image"), "elsewhere")?;
    let jwt = world.issuer.jwt("github", SERVICE)?;
    client.login(&world.registry.host(), &jwt)?.succeeded()?;
    for repository in [
        "apps/github/acme/other",
        "apps/gitlab/acme/web",
        "library/debian",
    ] {
        let name = world.registry.image(repository, "v1");
        client.push(&image, &name)?.refused()?;
    }
    Ok(())
}

//! What operators decide at run time, as the people at both ends see it.

use anyhow::{Context as _, Result, ensure};
use e2e::{
    client::{Client, Program},
    image::Image,
    process::Output,
    registry::Kind,
    world::{OWN_NAMESPACE, SERVICE, World},
};
use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial!(
            who_is_approved_after_the_first_build_pushes_with_the_next,
            Skopeo,
            DockerRegistry
        ),
        trial!(
            who_is_added_before_the_first_build_pushes_with_it,
            Skopeo,
            DockerRegistry
        ),
        trial!(
            a_new_repository_under_a_reused_name_is_refused_until_a_transfer,
            Skopeo,
            DockerRegistry
        ),
        trial!(
            an_api_token_pulls_what_its_ceiling_lets_it_until_it_is_revoked,
            Docker,
            Skopeo,
            DockerRegistry
        ),
    ]
}

const PUSH_GROUP: &str = r#"
[group.acl_docker_push]
operators = true

[rule.push-group]
group = "acl_docker_push"
when = { event = ["push", "tag"], ref = "refs/heads/main" }
push = ["team/**"]
"#;

/// One build: a JWT of its own, a login, a push.
fn build(world: &World, claims: &[(&str, &str)], repository: &str) -> Result<Output> {
    let client = Client::new(Program::Skopeo)?;
    let jwt = world.issuer.signed("github", SERVICE, claims)?;
    client.login(&world.registry.host(), &jwt)?.succeeded()?;
    let image = Image::tiny(&client.home().join("image"), repository)?;
    client.push(&image, &world.registry.image(repository, "v1"))
}

fn says(output: Output, words: &[&str]) -> Result<()> {
    let said = output.refused()?.said();
    for word in words {
        ensure!(said.contains(word), "no {word:?} in: {said}");
    }
    Ok(())
}

fn who_is_approved_after_the_first_build_pushes_with_the_next() -> Result<()> {
    let world = World::start(Kind::V28, PUSH_GROUP)?;
    says(
        build(&world, &[], "team/app")?,
        &["push to team/app refused", "no rule"],
    )?;

    let waiting = world.portpass.listed(&["identities", "inbox"])?;
    let [entry] = waiting.as_slice() else {
        anyhow::bail!("one build failed, and these wait: {waiting:?}");
    };
    ensure!(
        entry["issuer"] == "github" && entry["id"] == "74" && entry["name"] == "acme/web",
        "{entry}"
    );
    world.portpass.operate(&[
        "identities",
        "approve",
        "github:74",
        "--group",
        "acl_docker_push",
    ])?;
    build(&world, &[], "team/app")?.succeeded()?;
    let waiting = world.portpass.listed(&["identities", "inbox"])?;
    ensure!(waiting.is_empty(), "still waiting: {waiting:?}");
    // A run that the rule does not speak of is no more approved than before.
    let dev = [("set", "ref=refs/heads/dev")];
    says(
        build(&world, &dev, "team/app")?,
        &["no rule allows this ref"],
    )
}

fn who_is_added_before_the_first_build_pushes_with_it() -> Result<()> {
    let world = World::start(Kind::V28, PUSH_GROUP)?;
    world
        .portpass
        .operate(&["groups", "add", "acl_docker_push", "github:74"])?;
    build(&world, &[], "team/app")?.succeeded()?;
    // Nobody else is in it.
    let other = [
        ("set", "repository_id=75"),
        ("set", "repository=acme/other"),
    ];
    says(build(&world, &other, "team/app")?, &["no rule"])?;
    world
        .portpass
        .operate(&["groups", "remove", "acl_docker_push", "github:74"])?;
    says(build(&world, &[], "team/app")?, &["no rule"])
}

/// Why the owner of a name keeps it.
const TAKEN: &str = "apps/github/acme/web belongs to another repository";

fn a_new_repository_under_a_reused_name_is_refused_until_a_transfer() -> Result<()> {
    let world = World::start(Kind::V28, OWN_NAMESPACE)?;
    let name = "apps/github/acme/web";
    build(&world, &[], name)?.succeeded()?;
    // The repository was deleted, and its name registered anew.
    let anew = [("set", "repository_id=75")];
    says(
        build(&world, &anew, name)?,
        &["push to apps/github/acme/web refused", TAKEN],
    )?;

    let owned = world.portpass.listed(&["namespaces", "list"])?;
    let [row] = owned.as_slice() else {
        anyhow::bail!("one namespace, and these rows: {owned:?}");
    };
    ensure!(row["namespace"] == name && row["id"] == "74", "{row}");
    world
        .portpass
        .operate(&["namespaces", "transfer", name, "github:75"])?;
    build(&world, &anew, name)?.succeeded()?;
    says(build(&world, &[], name)?, &[TAKEN])
}

const ROBOTS: &str = r#"
[rule.team]
from = ["github"]
when = { event = "push", ref = "refs/heads/main" }
push = ["team/**", "other/**"]

[group.robots]
operators = true

[rule.robots]
group = "robots"
pull = ["team/**", "other/**"]
"#;

fn an_api_token_pulls_what_its_ceiling_lets_it_until_it_is_revoked() -> Result<()> {
    let world = World::start(Kind::V28, ROBOTS)?;
    for repository in ["team/app", "other/app"] {
        build(&world, &[], repository)?.succeeded()?;
    }
    let words = ["--group", "robots", "--pull", "team/**", "--expires", "90d"];
    let token = world.portpass.create_token("mirror", &words)?;
    ensure!(token.secret.starts_with("portpass_at_"));

    let docker = Client::new(Program::Docker)?;
    docker
        .login(&world.registry.host(), &token.secret)?
        .succeeded()?;
    let skopeo = Client::with_login_of(Program::Skopeo, &docker)?;
    skopeo.pull(&world.registry.image("team/app", "v1"))?;

    let above = skopeo.pull(&world.registry.image("other/app", "v1"));
    let said = above
        .err()
        .context("it pulled above its ceiling")?
        .to_string();
    ensure!(said.contains("pull from other/app refused"), "{said}");
    let image = Image::tiny(&skopeo.home().join("image"), "above")?;
    says(
        skopeo.push(&image, &world.registry.image("team/app", "v2"))?,
        &["push to team/app refused"],
    )?;

    // Shown once: no list has it, and no event.
    let listed = world.portpass.operate(&["tokens", "list", "--json"])?;
    ensure!(listed.contains(&token.id) && !listed.contains(&token.secret));
    let events = serde_json::to_string(&world.portpass.events()?)?;
    ensure!(
        !events.contains(&token.secret),
        "the secret is in the events"
    );

    world.portpass.operate(&["tokens", "revoke", &token.id])?;
    let revoked = skopeo.pull(&world.registry.image("team/app", "v1"));
    let said = revoked.err().context("it pulled when revoked")?.to_string();
    ensure!(said.contains("the API token was revoked"), "{said}");
    Ok(())
}

//! GitHub's `acme/web` and GitLab's `acme/web` are two projects, and never write the same repository.

use anyhow::{Result, ensure};
use e2e::{
    client::{Client, Program},
    image::Image,
    issuer::Issuer,
    portpass::Draft,
    registry::Kind,
    world::{OWN_NAMESPACE, SERVICE, World, tables},
};
use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial!(
            one_rule_gives_each_platform_its_own_namespace,
            Crane,
            DockerRegistry
        ),
        trial!(
            images_give_a_name_to_one_platform_only,
            Crane,
            DockerRegistry
        ),
        trial!(one_rule_that_would_mix_platforms_does_not_load),
        trial!(two_rules_that_would_mix_platforms_do_not_load),
        trial!(images_that_would_mix_platforms_do_not_load),
    ]
}

const WEB_IS_GITHUBS: &str = r#"
[images.github]
"74" = ["web"]

[rule.images]
from = ["github", "gitlab"]
when = { event = "push", ref = "refs/heads/main" }
push = ["{images}"]
"#;

/// Who pushes where, tried by crane; each of `refused` must fail.
fn only(rules: &str, allowed: &[(&str, &str)], refused: &[(&str, &str)]) -> Result<()> {
    let world = World::start(Kind::V28, rules)?;
    let client = Client::new(Program::Crane)?;
    let image = Image::tiny(&client.home().join("image"), "whose")?;
    let push = |(issuer, repository): &(&str, &str)| {
        let jwt = world.issuer.jwt(issuer, SERVICE)?;
        client.login(&world.registry.host(), &jwt)?.succeeded()?;
        client.push(&image, &world.registry.image(repository, "v1"))
    };
    for pair in allowed {
        push(pair)?.succeeded()?;
    }
    for pair in refused {
        push(pair)?.refused()?;
    }
    Ok(())
}

fn one_rule_gives_each_platform_its_own_namespace() -> Result<()> {
    let (github, gitlab) = ("apps/github/acme/web", "apps/gitlab/acme/web");
    only(
        OWN_NAMESPACE,
        &[("github", github), ("gitlab", gitlab)],
        &[("github", gitlab), ("gitlab", github)],
    )
}

fn images_give_a_name_to_one_platform_only() -> Result<()> {
    only(WEB_IS_GITHUBS, &[("github", "web")], &[("gitlab", "web")])
}

/// `portpass check` on these rules fails, and says `word`.
fn does_not_load(rules: &str, word: &str) -> Result<()> {
    let issuer = Issuer::start()?;
    let draft = Draft::new(&tables(&issuer, Kind::V28, rules)?)?;
    let said = draft.command(&["check"])?.refused()?.said();
    ensure!(said.contains(word), "no {word:?} in: {said}");
    Ok(())
}

fn one_rule_that_would_mix_platforms_does_not_load() -> Result<()> {
    let mixing = OWN_NAMESPACE.replace("{issuer}/", "");
    does_not_load(&mixing, "{issuer}")
}

fn two_rules_that_would_mix_platforms_do_not_load() -> Result<()> {
    let rule = |issuer: &str| {
        format!(
            "[rule.of-{issuer}]\nfrom = [{issuer:?}]\nwhen = {{ event = \"push\", ref = \"refs/heads/main\" }}\n\
             push = [\"apps/{{repository}}\"]\n"
        )
    };
    does_not_load(&(rule("github") + &rule("gitlab")), "apps/")?;
    // A prefix that another's template can reach into is the same namespace.
    let inner = rule("gitlab").replace("apps/", "apps/acme/");
    does_not_load(&(rule("github") + &inner), "apps/")
}

fn images_that_would_mix_platforms_do_not_load() -> Result<()> {
    let both = format!("{WEB_IS_GITHUBS}\n[images.gitlab]\n\"74\" = [\"web\"]\n");
    does_not_load(&both, "web")?;
    // GitLab's template can render the name that GitHub's project was given.
    let rendered =
        format!("{OWN_NAMESPACE}\n[images.github]\n\"74\" = [\"apps/gitlab/acme/web\"]\n");
    does_not_load(&rendered, "apps/gitlab/acme/web")
}

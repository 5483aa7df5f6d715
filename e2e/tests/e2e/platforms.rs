//! Jobs of platforms that are described by data push as all others do.

use anyhow::{Result, ensure};
use e2e::{
    client::{Client, Program},
    image::Image,
    issuer::Issuer,
    portpass::{Draft, Portpass, registry_table},
    registry::{Kind, Registry},
    world::SERVICE,
};
use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial!(
            a_buildkite_pipeline_pushes_to_a_name_of_its_own,
            Crane,
            DockerRegistry
        ),
        trial!(
            a_circleci_project_pushes_what_its_id_was_given,
            Crane,
            DockerRegistry
        ),
    ]
}

/// What a pipeline may do: the facts vouch for no branch, so a rule asks the claims.
const BUILDKITE: &str = r#"
[rule.pipelines]
from    = ["buildkite"]
any_run = true
cel     = "claims.build_source == 'webhook' && claims.build_branch == 'main'"
push    = ["apps/{issuer}/{repository}"]
"#;

/// What a project may do: names are given by id.
const CIRCLECI: &str = r#"
[rule.projects]
from    = ["circleci"]
any_run = true
when    = { ref = "refs/heads/main" }
push    = ["{images}"]

[images.circleci]
"ab70c257-7c86-45e2-b988-86003f49734d" = ["web"]
"#;

fn a_buildkite_pipeline_pushes_to_a_name_of_its_own() -> Result<()> {
    let pin = "owner_id = [\"0184990a-477b-4fa8-9968-496074483ce1\"]";
    let set = Set::start("buildkite", pin, BUILDKITE)?;
    set.pushes(&[], "apps/buildkite/acme/web")?;
    set.is_refused(&[("fixture", "branch")], "apps/buildkite/acme/web")?;
    set.is_refused(&[("fixture", "manual")], "apps/buildkite/acme/web")?;
    set.is_refused(&[], "apps/buildkite/acme/other")?;
    let stranger = [("set", "owner_id=0184990a-477b-4fa8-9968-496074483cee")];
    set.is_refused(&stranger, "apps/buildkite/acme/web")
}

fn a_circleci_project_pushes_what_its_id_was_given() -> Result<()> {
    let set = Set::start("circleci", "", CIRCLECI)?;
    set.pushes(&[], "web")?;
    set.is_refused(&[("fixture", "fork")], "web")?;
    set.is_refused(&[("fixture", "ssh-rerun")], "web")?;
    set.is_refused(&[], "other")
}

/// A platform, Portpass and a registry, each in a process of its own.
struct Set {
    kind: &'static str,
    issuer: Issuer,
    registry: Registry,
    _portpass: Portpass,
}

impl Set {
    fn start(kind: &'static str, pin: &str, rules: &str) -> Result<Self> {
        let issuer = Issuer::start_with(&[kind])?;
        let table = format!(
            "\n[issuer.{kind}]\nkind = {kind:?}\niss = [{iss:?}]\naudience = [{SERVICE:?}]\n\
             ca = \"{ca}\"\nallow_private_network = true\n{pin}\n",
            iss = issuer.url(kind)?,
            ca = issuer.ca()?.display(),
        );
        let registry = registry_table("main", SERVICE, Kind::V28.config(), "x5c", "ES256");
        let portpass = Draft::new(&(registry + &table + rules))?.serve()?;
        let registry = Registry::start(Kind::V28, &portpass.auth(SERVICE, portpass.ca()?))?;
        Ok(Self {
            kind,
            issuer,
            registry,
            _portpass: portpass,
        })
    }

    fn pushes(&self, job: &[(&str, &str)], repository: &str) -> Result<()> {
        ensure!(self.push(job, repository)?, "{repository} was not pushed");
        Ok(())
    }

    fn is_refused(&self, job: &[(&str, &str)], repository: &str) -> Result<()> {
        ensure!(!self.push(job, repository)?, "{job:?} pushed {repository}");
        Ok(())
    }

    /// Whether the platform's job logs in and pushes.
    fn push(&self, job: &[(&str, &str)], repository: &str) -> Result<bool> {
        let client = Client::new(Program::Crane)?;
        let image = Image::tiny(&client.home().join("image"), "pushed")?;
        let jwt = self.issuer.signed(self.kind, SERVICE, job)?;
        client.login(&self.registry.host(), &jwt)?.succeeded()?;
        let pushed = client.push(&image, &self.registry.image(repository, "v1"))?;
        Ok(pushed.succeeded().is_ok())
    }
}

//! Set-ups that are broken, each in one way: the doctor names the cause and no other, its cure is
//! applied as it is printed, a real client pushes, and the doctor finds nothing more.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use e2e::{
    client::{Client, Program},
    doctor::{Report, apply},
    image::Image,
    issuer::Issuer,
    portpass::{Draft, Portpass, issuer_tables, registry_table},
    registry::{Auth, Kind, Registry},
    world::{OWN_NAMESPACE, SERVICE},
};
use libtest_mimic::Trial;

mod clock;
mod platform;
mod proxy;
mod trust;
mod zot;

pub(crate) fn trials() -> Vec<Trial> {
    [
        trust::trials(),
        clock::trials(),
        proxy::trials(),
        platform::trials(),
        zot::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A repository that the usual job may push to.
const REPOSITORY: &str = "apps/github/acme/web";

/// A set-up that does not work yet.
struct Patient {
    issuer: Issuer,
    portpass: Portpass,
    registry: Registry,
}

impl Patient {
    /// An issuer, Portpass and a registry, whose trust is as `break_it` leaves it.
    fn start(
        kind: Kind,
        table: &str,
        break_it: impl FnOnce(&mut Auth) -> Result<()>,
    ) -> Result<Self> {
        let issuer = Issuer::start()?;
        let tables = table.to_owned() + &issuer_tables(&issuer, SERVICE)? + OWN_NAMESPACE;
        let portpass = Draft::new(&tables)?.serve()?;
        let mut auth = portpass.auth(SERVICE, portpass.trust("main")?);
        break_it(&mut auth)?;
        let registry = Registry::start(kind, &auth)?;
        Ok(Self {
            issuer,
            portpass,
            registry,
        })
    }

    /// As [`Patient::start`], with the table of the registry as it should be.
    fn usual(kind: Kind, break_it: impl FnOnce(&mut Auth) -> Result<()>) -> Result<Self> {
        let table = registry_table("main", SERVICE, kind.config(), "x5c", "ES256");
        Self::start(kind, &table, break_it)
    }

    /// What the doctor says, shown everything that there is.
    fn report(&self) -> Result<Report> {
        self.report_with(&["--registry-config", "--registry-log", "-c"])
    }

    /// What the doctor says, shown some of it.
    fn report_with(&self, shown: &[&str]) -> Result<Report> {
        let paths = [
            ("--registry-config", self.registry.config()),
            ("--registry-log", self.registry.log()),
            ("-c", self.portpass.draft.config()),
        ];
        let paths = paths.map(|(flag, path)| (flag, path.display().to_string()));
        let shown = paths.iter().filter(|(flag, _)| shown.contains(flag));
        let mut words: Vec<&str> = shown
            .flat_map(|(flag, path)| [*flag, path.as_str()])
            .collect();
        words.extend(["--repository", REPOSITORY]);
        let url = format!("http://{}", self.registry.host());
        Report::of(&url, &self.jwt()?, &words)
    }

    fn jwt(&self) -> Result<String> {
        self.issuer.jwt("github", SERVICE)
    }

    /// The doctor names the one cause; its cure is applied, and all is well.
    fn recovers_from(mut self, cause: &str) -> Result<()> {
        ensure!(
            push(self.registry.port, &self.jwt()?, REPOSITORY).is_err(),
            "it is not broken"
        );
        let report = self.report()?;
        let finding = report.only(cause)?;
        apply(finding, &mut self.registry, &mut self.portpass)?;
        push(self.registry.port, &self.jwt()?, REPOSITORY)
            .with_context(|| format!("after {finding:#}\n{}", self.registry.server.log()))?;
        self.report()?.healthy()
    }
}

/// Pushes an image by a real client.
fn push(port: u16, jwt: &str, repository: &str) -> Result<()> {
    let client = Client::new(Program::Crane)?;
    let image = Image::tiny(&client.home().join("image"), "doctor")?;
    let host = format!("localhost:{port}");
    client.login(&host, jwt)?.succeeded()?;
    client
        .push(&image, &format!("{host}/{repository}:v1"))?
        .succeeded()?;
    Ok(())
}

/// The file of a certificate.
fn written(folder: &Path, name: &str, text: &str) -> Result<std::path::PathBuf> {
    let path = folder.join(name);
    std::fs::write(&path, text)?;
    Ok(path)
}

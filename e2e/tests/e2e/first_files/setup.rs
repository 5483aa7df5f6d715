//! The files that `portpass init` wrote, served on free ports.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};
use e2e::{
    client::{Client, Program},
    http::{self, Credential},
    issuer::Issuer,
    ports,
    process::{Output, Server, run, run_with},
    registry::Kind,
    tool,
};
use tempfile::TempDir;

use super::job::Platform;

/// The files, and what serves by them.
pub(crate) struct SetUp {
    pub(crate) issuer: Issuer,
    /// The registry's host, as jobs name it.
    pub(crate) host: String,
    kind: Kind,
    port: u16,
    folder: TempDir,
    servers: Vec<Server>,
}

impl SetUp {
    /// From the JWT of the platform's usual job, which has expired.
    pub(crate) fn of_jwt(kind: Kind, platform: Platform, builder: &str) -> Result<Self> {
        let issuer = Issuer::start()?;
        let mut setup = Self::empty(kind, issuer)?;
        let expired = [("expired", "true")];
        let jwt = setup
            .issuer
            .signed(platform.issuer(), &setup.host, &expired)?;
        let (host, port) = (setup.host.clone(), setup.port);
        let url = format!("http://localhost:{port}");
        let words = [
            "--jwt-stdin",
            "--builder",
            builder,
            "--registry",
            kind.config(),
        ];
        let words = [
            &words[..],
            &["--registry-host", &host, "--public-url", &url],
        ]
        .concat();
        let said = setup.init(&words, &jwt)?.said();
        ensure!(said.contains("signature was not checked"), "{said}");
        setup.settle(platform.name())?;
        Ok(setup)
    }

    /// From answers to the questions about who pushes.
    pub(crate) fn of_answers(kind: Kind, answers: &str) -> Result<Self> {
        let issuer = Issuer::start()?;
        let mut setup = Self::empty(kind, issuer)?;
        let (host, port) = (setup.host.clone(), setup.port);
        let answers = format!(
            "{}\nhttp://localhost:{port}\n{host}\n{answers}",
            kind.config()
        );
        setup.init(&["--ask"], &answers)?;
        setup.settle("github")?;
        Ok(setup)
    }

    fn empty(kind: Kind, issuer: Issuer) -> Result<Self> {
        Ok(Self {
            issuer,
            host: format!("localhost:{}", ports::free()?),
            kind,
            port: ports::free()?,
            folder: tempfile::tempdir()?,
            servers: Vec::new(),
        })
    }

    fn init(&self, words: &[&str], input: &str) -> Result<Output> {
        let mut command = Command::new(tool::ours("portpass")?);
        command
            .arg("init")
            .args(words)
            .arg("--dir")
            .arg(self.files());
        run_with(&mut command, self.folder.path(), Some(input))?.succeeded()
    }

    /// The folder of the files.
    pub(crate) fn files(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    /// A file of it.
    pub(crate) fn file(&self, name: &str) -> Result<String> {
        let path = self.files().join(name);
        fs::read_to_string(&path).with_context(|| path.display().to_string())
    }

    /// Puts free ports in the place of the usual ones, and our own issuer, behind a CA of its own,
    /// in the place of the platform.
    fn settle(&mut self, issuer: &str) -> Result<()> {
        let ops = ports::free()?;
        let ca = self.issuer.ca()?;
        let mut more = format!("[issuer.{issuer}]\nca = \"{}\"\n", ca.display());
        let text = self.file("portpass.toml")?;
        if !text.contains("\nurl ") {
            let url = self.issuer.url(issuer)?;
            writeln!(more, "url = \"{url}\"\nallow_private_network = true")?;
        }
        let text = text
            .replace("127.0.0.1:8080", &format!("127.0.0.1:{}", self.port))
            .replace("127.0.0.1:9090", &format!("127.0.0.1:{ops}"))
            .replace(&format!("[issuer.{issuer}]\n"), &more);
        fs::write(self.files().join("portpass.toml"), text)?;
        let (_, port) = self.host.rsplit_once(':').context("no port")?;
        let name = self.registry_file();
        let text = self
            .file(name)?
            .replace("127.0.0.1:5000", &format!("127.0.0.1:{port}"));
        let text = text.replace("\"5000\"", &format!("\"{port}\""));
        Ok(fs::write(self.files().join(name), text)?)
    }

    fn registry_file(&self) -> &'static str {
        match self.kind {
            Kind::V28 | Kind::V30 | Kind::V31 => "registry.yml",
            Kind::Zot => "zot.json",
        }
    }

    fn portpass(&self, words: &[&str]) -> Result<Output> {
        let config = self.files().join("portpass.toml");
        let config = config.to_string_lossy();
        let words = words.iter().copied().chain(["-c", &config]);
        run(&tool::ours("portpass")?, self.folder.path(), words)?.succeeded()
    }

    /// Follows the next steps: checks, tests, exports what the registry trusts, starts both.
    pub(crate) fn serve(mut self) -> Result<Self> {
        self.portpass(&["check"])?;
        self.portpass(&["test"])?;
        let trust = self.portpass(&["keys", "export", "main"])?;
        fs::write(self.files().join("portpass-trust.pem"), trust.stdout)?;
        let mut serve = Command::new(tool::ours("portpass")?);
        serve
            .args(["serve", "-c"])
            .arg(self.files().join("portpass.toml"));
        let ready = self.port;
        self.start("portpass", &mut serve, move || {
            http::get(ready, "/readyz", &Credential::None).is_ok_and(|it| it.status == 200)
        })?;
        let (_, port) = self.host.rsplit_once(':').context("no port")?;
        let port: u16 = port.parse()?;
        let mut registry = Command::new(self.kind.tool().path()?);
        registry
            .arg("serve")
            .arg(self.files().join(self.registry_file()))
            .env("OTEL_TRACES_EXPORTER", "none");
        self.start("registry", &mut registry, move || {
            http::get(port, "/v2/", &Credential::None).is_ok()
        })?;
        Ok(self)
    }

    fn start(
        &mut self,
        name: &str,
        command: &mut Command,
        is_ready: impl Fn() -> bool,
    ) -> Result<()> {
        let mut server = Server::start(name, command, self.folder.path())?;
        server.wait_until(is_ready)?;
        self.servers.push(server);
        Ok(())
    }

    /// Whether a repository has been pushed to: its folder in the registry's storage says so.
    pub(crate) fn has_image(&self, repository: &str) -> Result<()> {
        let images = self.files().join("images");
        let below = match self.kind {
            Kind::V28 | Kind::V30 | Kind::V31 => images
                .join("docker/registry/v2/repositories")
                .join(repository)
                .join("_manifests/tags"),
            Kind::Zot => images.join(repository).join("index.json"),
        };
        ensure!(below.exists(), "nothing was pushed to {repository}");
        Ok(())
    }

    /// A home for a job's clients, which may speak to the registry without TLS.
    pub(crate) fn home(&self) -> Result<Client> {
        let client = Client::new(Program::Buildah)?;
        let registries = format!(
            "[[registry]]\nlocation = \"{}\"\ninsecure = true\n",
            self.host
        );
        let folder: &Path = &client.home().join(".config/containers");
        fs::write(folder.join("registries.conf"), registries)?;
        Ok(client)
    }
}

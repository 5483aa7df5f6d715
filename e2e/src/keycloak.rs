//! Keycloak with the realm of `e2e/keycloak/acme.json`: people with passwords, and groups.

use std::{fs, os::unix::fs::symlink, path::Path, process::Command};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::{
    http::{self, Credential},
    ports,
    process::Server,
    tool::{self, Tool},
};

/// A person in the group `acl_docker_push`, and her password.
pub const JO: (&str, &str) = ("jo", "jo's own password");

/// A person outside of it.
pub const SAM: (&str, &str) = ("sam", "sam's own password");

/// The client that the relay is.
pub const CLIENT: (&str, &str) = ("registry", "the registry client's secret");

/// What the program wants of Java, as its own script has it; of memory, less.
const OPTIONS: [&str; 8] = [
    "-Xms64m",
    "-Xmx512m",
    // It lives for some seconds: compiling quickly is worth more than compiling well.
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
    "-Djava.util.concurrent.ForkJoinPool.common.threadFactory=io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory",
    "--add-opens=java.base/java.util=ALL-UNNAMED",
    "--add-opens=java.base/java.security=ALL-UNNAMED",
];

/// A running Keycloak; what it writes goes away with it.
#[derive(Debug)]
pub struct Keycloak {
    /// Where it listens.
    pub port: u16,
    /// Its process.
    pub server: Server,
    _home: TempDir,
}

impl Keycloak {
    /// Starts it on a copy of the database that `scripts/setup` made, and waits until it answers.
    pub fn start() -> Result<Self> {
        let installed = Tool::Keycloak.path()?;
        let home = tempfile::tempdir()?;
        for folder in ["conf", "lib", "providers", "themes"] {
            symlink(installed.join(folder), home.path().join(folder))?;
        }
        copy_folder(&installed.join("data/h2"), &home.path().join("data/h2"))?;

        let (port, management) = (ports::free()?, ports::free()?);
        // Without its script, which would stay when its child is ended.
        let mut command = Command::new(tool::in_path("java").context("java is not here")?);
        command
            .args(OPTIONS)
            .arg(format!("-Dkc.home.dir={}", home.path().display()))
            .arg("-cp")
            .arg(home.path().join("lib/quarkus-run.jar"))
            .arg("io.quarkus.bootstrap.runner.QuarkusEntryPoint")
            .args(["start", "--optimized", "--cache=local"])
            .args(["--http-enabled=true", "--http-host=127.0.0.1"])
            .args(["--hostname-strict=false", &format!("--http-port={port}")])
            .arg(format!("--http-management-port={management}"));
        let mut server = Server::start("keycloak", &mut command, home.path())?;
        server.wait_until(|| {
            http::get(port, "/realms/acme", &Credential::None).is_ok_and(|got| got.status == 200)
        })?;
        Ok(Self {
            port,
            server,
            _home: home,
        })
    }

    /// The realm's address: the `iss` of its tokens.
    pub fn issuer_url(&self) -> String {
        format!("http://127.0.0.1:{}/realms/acme", self.port)
    }

    /// The realm's token endpoint.
    pub fn token_url(&self) -> String {
        format!("{}/protocol/openid-connect/token", self.issuer_url())
    }
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for file in fs::read_dir(from)? {
        let file = file?;
        fs::copy(file.path(), to.join(file.file_name()))?;
    }
    Ok(())
}

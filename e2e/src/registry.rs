//! The registries, as their own users would configure them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;
use serde_json::json;
use tempfile::TempDir;

use crate::{
    http::{self, Credential},
    ports,
    process::Server,
    tool::Tool,
};

/// A registry's program.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Debian's distribution 2.8.
    V28,
    /// Distribution 3.0.
    V30,
    /// Distribution 3.1.
    V31,
    /// zot, whose tests run where one is given.
    Zot,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::V28, Self::V30, Self::V31, Self::Zot];

    /// The `kind` of its `[registry.*]` table.
    pub fn config(self) -> &'static str {
        match self {
            Self::V28 => "distribution-2",
            Self::V30 => "distribution-3.0",
            Self::V31 => "distribution",
            Self::Zot => "zot",
        }
    }

    /// What its configuration is called.
    fn file(self) -> &'static str {
        match self {
            Self::V28 | Self::V30 | Self::V31 => "config",
            Self::Zot => "config.json",
        }
    }

    /// The program it is.
    pub fn tool(self) -> Tool {
        match self {
            Self::V28 => Tool::DockerRegistry,
            Self::V30 => Tool::Registry30,
            Self::V31 => Tool::Registry31,
            Self::Zot => Tool::Zot,
        }
    }
}

/// What a registry is given to check tokens with.
#[derive(Clone, Debug)]
pub enum Trust {
    /// Certificates and a JWK set at once, while one takes the other's place (distribution 3 only).
    Both {
        certificates: PathBuf,
        jwks: PathBuf,
    },
    /// Certificates: `rootcertbundle`, or zot's `cert`.
    Certificates(PathBuf),
    /// A JWK set (distribution 3 only).
    Jwks(PathBuf),
}

/// How a registry is to trust Portpass.
#[derive(Clone, Debug)]
pub struct Auth {
    /// The token endpoint.
    pub realm: String,
    /// The registry's own name: the `aud` of its tokens.
    pub service: String,
    /// The `iss` of its tokens.
    pub issuer: String,
    /// The keys.
    pub trust: Trust,
}

/// A running registry; its files go away with it.
#[derive(Debug)]
pub struct Registry {
    /// Where it listens.
    pub port: u16,
    /// Its process.
    pub server: Server,
    kind: Kind,
    folder: TempDir,
}

impl Registry {
    /// Starts a registry on a port of its own and waits until it answers.
    pub fn start(kind: Kind, auth: &Auth) -> Result<Self> {
        Self::start_on(kind, auth, ports::free()?)
    }

    /// Starts a registry on a port that was chosen before.
    pub fn start_on(kind: Kind, auth: &Auth, port: u16) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let storage = folder.path().join("storage");
        let text = match kind {
            Kind::V28 | Kind::V30 | Kind::V31 => distribution(port, &storage, auth),
            Kind::Zot => zot(port, &storage, auth),
        };
        fs::write(folder.path().join(kind.file()), text)?;
        let server = serve(kind, folder.path(), port)?;
        Ok(Self {
            port,
            server,
            kind,
            folder,
        })
    }

    /// Its configuration.
    pub fn config(&self) -> PathBuf {
        self.folder.path().join(self.kind.file())
    }

    /// Its log.
    pub fn log(&self) -> PathBuf {
        self.folder.path().join("registry.log")
    }

    /// Starts it again, with what its configuration says now.
    pub fn restart(&mut self) -> Result<()> {
        self.server.signal("KILL")?;
        self.server.wait()?;
        self.server = serve(self.kind, self.folder.path(), self.port)?;
        Ok(())
    }

    /// The registry's host, as it stands in an image's name.
    pub fn host(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// An image's whole name.
    pub fn image(&self, repository: &str, tag: &str) -> String {
        format!("localhost:{}/{repository}:{tag}", self.port)
    }
}

/// Starts the program on the configuration in a folder.
fn serve(kind: Kind, folder: &Path, port: u16) -> Result<Server> {
    let mut command = Command::new(kind.tool().path()?);
    command.arg("serve").arg(folder.join(kind.file()));
    // Distribution 3 sends traces to a collector unless told not to.
    command.env("OTEL_TRACES_EXPORTER", "none");
    let mut server = Server::start("registry", &mut command, folder)?;
    server.wait_until(|| http::get(port, "/v2/", &Credential::None).is_ok())?;
    Ok(server)
}

/// A configuration for distribution 2.8 and 3.
fn distribution(port: u16, storage: &Path, auth: &Auth) -> String {
    let trust = match &auth.trust {
        Trust::Certificates(path) => format!("rootcertbundle: {}", path.display()),
        Trust::Jwks(path) => format!("jwks: {}", path.display()),
        Trust::Both { certificates, jwks } => format!(
            "rootcertbundle: {}\n    jwks: {}",
            certificates.display(),
            jwks.display()
        ),
    };
    format!(
        "version: 0.1
log:
  level: info
storage:
  filesystem:
    rootdirectory: {storage}
  delete:
    enabled: true
http:
  addr: 127.0.0.1:{port}
auth:
  token:
    realm: {realm}
    service: {service}
    issuer: {issuer}
    {trust}
    signingalgorithms: [ES256, RS256, EdDSA]
",
        storage = storage.display(),
        realm = auth.realm,
        service = auth.service,
        issuer = auth.issuer,
    )
}

/// A configuration for zot, which looks at neither `iss` nor `aud`.
fn zot(port: u16, storage: &Path, auth: &Auth) -> String {
    let (Trust::Certificates(path)
    | Trust::Both {
        certificates: path, ..
    }
    | Trust::Jwks(path)) = &auth.trust;
    json!({
        "distSpecVersion": "1.1.1",
        "storage": {"rootDirectory": storage, "gc": false},
        "http": {
            "address": "127.0.0.1",
            "port": port.to_string(),
            "auth": {"bearer": {"realm": auth.realm, "service": auth.service, "cert": path}},
        },
        "log": {"level": "debug"},
    })
    .to_string()
}

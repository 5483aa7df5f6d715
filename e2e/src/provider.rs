//! An identity provider that behaves as authentik does; `e2e/provider` says how.

use std::{fs, os::unix::fs::symlink, path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    http::{self, Credential},
    issuer::Issuer,
    ports,
    process::Server,
    registry::Trust,
    tool::{self, Tool},
    world::SERVICE,
};

/// The user that the provider makes of the usual job at GitHub: named after its `sub` alone.
pub const JOB: &str = "registry-repo:acme@65/web@74:ref:refs/heads/main";

/// A person in the group of those who push, and her password.
pub const JO: (&str, &str) = ("jo", "jo's app password");

/// A person outside of it.
pub const SAM: (&str, &str) = ("sam", "sam's app password");

/// A running provider.
#[derive(Debug)]
pub struct Provider {
    /// Its token endpoint.
    pub token_url: String,
    /// The `iss` of its tokens, under which its discovery is.
    pub issuer_url: String,
    /// Where it listens.
    pub port: u16,
    control: u16,
    folder: TempDir,
    _server: Server,
}

/// One request that came to the token endpoint.
#[derive(Debug, Deserialize)]
pub struct TokenRequest {
    /// The body as it came.
    pub body: String,
    /// Its parameters, in their order.
    pub form: Vec<(String, String)>,
}

impl TokenRequest {
    /// A parameter's value.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let mut form = self.form.iter();
        let (_, value) = form.find(|(key, _)| key == name)?;
        Some(value)
    }
}

#[derive(Deserialize)]
struct Ready {
    issuer: String,
    token_url: String,
    control: String,
}

impl Provider {
    /// Starts it with two people, and [`JOB`] among those who push; `issuer`'s GitHub is federated.
    pub fn start(issuer: &Issuer) -> Result<Self> {
        Self::start_with(issuer, &json!({}))
    }

    /// As [`Provider::start`], with other settings over the usual ones.
    pub fn start_with(issuer: &Issuer, settings: &Value) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        // node looks for packages beside the program, and those are in the cache.
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("provider");
        for file in ["authentik.js", "faults.js", "package.json", "server.js"] {
            fs::copy(source.join(file), folder.path().join(file))?;
        }
        let packages = tool::provider_packages().context("no cache folder")?;
        symlink(packages, folder.path().join("node_modules"))?;
        let port = ports::free()?;
        let mut all = json!({
            "port": port,
            "client_id": SERVICE,
            "name": "registry",
            "slug": "registry",
            "sources": [issuer.jwks_uri("github")?],
            "users": {JO.0: {"password": JO.1}, SAM.0: {"password": SAM.1}},
            "groups": {"acl_docker_push": [JO.0, JOB]},
        });
        if let (Some(all), Some(settings)) = (all.as_object_mut(), settings.as_object()) {
            all.extend(settings.clone());
        }
        fs::write(folder.path().join("settings.json"), all.to_string())?;

        let mut command = Command::new(Tool::Node.path()?);
        command
            .args(["server.js", "settings.json"])
            .current_dir(folder.path())
            .env("NODE_EXTRA_CA_CERTS", issuer.ca()?);
        let (server, line) = Server::start_with_line("provider", &mut command, folder.path())?;
        let ready: Ready = serde_json::from_str(&line).with_context(|| line.clone())?;
        let (_, control) = ready.control.rsplit_once(':').context("no port")?;
        Ok(Self {
            token_url: ready.token_url,
            issuer_url: ready.issuer,
            port,
            control: control.parse()?,
            folder,
            _server: server,
        })
    }

    /// What a registry needs to verify its tokens: the key set, in a file.
    pub fn trust(&self) -> Result<Trust> {
        let path = self.folder.path().join("jwks.json");
        let keys = http::get(self.port, "/application/o/registry/jwks", &Credential::None)?;
        fs::write(&path, keys.body)?;
        Ok(Trust::Jwks(path))
    }

    /// From now on the token endpoint fails in this way; `none` ends it.
    pub fn fault(&self, mode: &str) -> Result<()> {
        self.control("POST", &format!("/fault?mode={mode}"))?;
        Ok(())
    }

    /// Takes a user's right to log in.
    pub fn deactivate(&self, user: &str) -> Result<()> {
        self.control("POST", &format!("/deactivate?user={user}"))?;
        Ok(())
    }

    /// Takes a user out of a group.
    pub fn leave(&self, user: &str, group: &str) -> Result<()> {
        self.control("POST", &format!("/leave?user={user}&group={group}"))?;
        Ok(())
    }

    /// Makes a new key, to sign with from now on; of the older ones `keep` stay published.
    pub fn rotate(&self, keep: usize) -> Result<()> {
        self.control("POST", &format!("/rotate?keep={keep}"))?;
        Ok(())
    }

    /// The token requests so far, whatever was answered.
    pub fn requests(&self) -> Result<Vec<TokenRequest>> {
        Ok(serde_json::from_value(self.control("GET", "/requests")?)?)
    }

    fn control(&self, method: &str, path: &str) -> Result<Value> {
        let answer = http::request(method, self.control, path, &Credential::None)?;
        ensure!(
            answer.status == 200,
            "{path}: {} {}",
            answer.status,
            answer.text()
        );
        answer.json()
    }
}

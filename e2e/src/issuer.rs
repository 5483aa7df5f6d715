//! The platforms: one test issuer process that signs as GitHub, GitLab and others do.

use std::{
    path::PathBuf,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    http::{self, Credential},
    process::Server,
    tool,
};

/// How many seconds clocks may be apart, as Portpass sees it.
const LEEWAY: u64 = 30;

/// How many seconds a job has held a JWT that is about to expire.
const HELD: u64 = 300;

/// For how many seconds more it is accepted: enough to log in on a busy machine.
const ACCEPTED: u64 = 8;

/// A JWT that is accepted now, and not for long.
#[derive(Debug)]
pub struct Expiring {
    /// The JWT.
    pub text: String,
    signed: Instant,
}

impl Expiring {
    /// Waits until it has expired, leeway and all; some seconds at most.
    pub fn wait(&self) {
        // Its times are whole seconds: one more.
        let end = Duration::from_secs(ACCEPTED + 1);
        thread::sleep(end.saturating_sub(self.signed.elapsed()));
    }
}

/// A running test issuer; its README says what it can do.
#[derive(Debug)]
pub struct Issuer {
    ready: Value,
    control: u16,
    _server: Server,
    _folder: TempDir,
}

impl Issuer {
    /// Starts it on free ports.
    pub fn start() -> Result<Self> {
        Self::start_with(&[])
    }

    /// Starts it on free ports, with issuers of these kinds, too.
    pub fn start_with(kinds: &[&str]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut command = Command::new(tool::ours("test-issuer")?);
        command.arg("--dir").arg(folder.path());
        for kind in kinds {
            command.arg("--also").arg(kind);
        }
        let (server, line) = Server::start_with_line("test-issuer", &mut command, folder.path())?;
        let ready: Value = serde_json::from_str(&line).with_context(|| line.clone())?;
        let control = text(&ready, "/control")?;
        let (_, port) = control.rsplit_once(':').context("no port")?;
        let control = port.parse()?;
        Ok(Self {
            ready,
            control,
            _server: server,
            _folder: folder,
        })
    }

    /// The certificate of the CA behind its TLS.
    pub fn ca(&self) -> Result<PathBuf> {
        Ok(text(&self.ready, "/ca")?.into())
    }

    /// The address of a platform: `github`, `gitlab`, `forgejo`, `kubernetes` or `oidc`.
    pub fn url(&self, name: &str) -> Result<String> {
        text(&self.ready, &format!("/issuers/{name}/url"))
    }

    /// Where a platform's key set is.
    pub fn jwks_uri(&self, name: &str) -> Result<String> {
        text(&self.ready, &format!("/issuers/{name}/jwks_uri"))
    }

    /// The JWT of the platform's usual job (a push to `acme/web`'s main) for this audience.
    pub fn jwt(&self, name: &str, audience: &str) -> Result<String> {
        self.signed(name, audience, &[])
    }

    /// The JWT of a job with these parameters: `("set", "repository=acme/app")`, `("age", "600")`, …
    pub fn signed(
        &self,
        name: &str,
        audience: &str,
        parameters: &[(&str, &str)],
    ) -> Result<String> {
        let mut path = format!("/control/sign?issuer={name}&audience={audience}");
        for (key, value) in parameters {
            path = path + "&" + key + "=" + &value.replace('=', "%3D");
        }
        self.control("GET", &path)
    }

    /// The JWT of a platform's usual job, which expires within seconds.
    pub fn expiring(&self, name: &str, audience: &str) -> Result<Expiring> {
        let signed = Instant::now();
        // It is accepted until `exp` plus the leeway, and `iat` lies `HELD` back.
        let lifetime = HELD + ACCEPTED - LEEWAY;
        let text = self.signed(
            name,
            audience,
            &[
                ("age", &HELD.to_string()),
                ("lifetime", &lifetime.to_string()),
            ],
        )?;
        Ok(Expiring { text, signed })
    }

    /// The JWT as a job on a GitHub runner gets it, from the address in its environment.
    pub fn runner_jwt(&self, audience: &str) -> Result<String> {
        let url = text(&self.ready, "/request_url")?;
        let (_, path) = url.split_once("//").context("no address")?;
        let (_, path) = path.split_once('/').context("no path")?;
        let bearer = Credential::Bearer(text(&self.ready, "/request_token")?);
        let path = format!("/{path}&audience={audience}");
        let answer = http::get(self.control, &path, &bearer)?;
        text(&answer.json()?, "/value")
    }

    /// What a runner of `github` or `forgejo` puts into a job's environment: where to ask for the
    /// JWT, and with which token.
    pub fn runner(&self, name: &str) -> Result<(String, String)> {
        let url = text(&self.ready, "/request_url")?;
        let url = url.replace("/runner/github/", &format!("/runner/{name}/"));
        Ok((url, text(&self.ready, "/request_token")?))
    }

    /// Makes one platform's key server fail: `fault("github", "mode=huge-body")`.
    pub fn fault(&self, name: &str, fault: &str) -> Result<()> {
        self.control("POST", &format!("/control/fault?issuer={name}&{fault}"))?;
        Ok(())
    }

    /// Makes a new key, to sign with from now on; of the older ones `keep` stay published.
    pub fn rotate(&self, name: &str, keep: usize) -> Result<()> {
        self.control(
            "POST",
            &format!("/control/rotate?issuer={name}&keep={keep}"),
        )?;
        Ok(())
    }

    /// How many requests for a path came to an address (`github`, …, `elsewhere`).
    pub fn requests(&self, address: &str) -> Result<u64> {
        let counts: Value = serde_json::from_str(&self.control("GET", "/control/requests")?)?;
        let paths = counts.pointer(&format!("/{address}/paths"));
        let paths = paths
            .and_then(Value::as_object)
            .context("no such address")?;
        Ok(paths.values().filter_map(Value::as_u64).sum())
    }

    fn control(&self, method: &str, path: &str) -> Result<String> {
        let answer = http::request(method, self.control, path, &Credential::None)?;
        ensure!(
            answer.status < 300,
            "{path}: {} {}",
            answer.status,
            answer.text()
        );
        Ok(answer.text())
    }
}

fn text(value: &Value, pointer: &str) -> Result<String> {
    let text = value.pointer(pointer).and_then(Value::as_str);
    Ok(text
        .with_context(|| format!("no {pointer} in {value}"))?
        .to_owned())
}

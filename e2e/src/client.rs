//! The clients people push and pull with, each by its own command line.

use std::{fs, path::Path, process::Command};

use anyhow::Result;
use tempfile::TempDir;

use crate::{
    image::Image,
    process::{Output, run, run_with},
    tool::Tool,
};

/// A client with an empty home: nothing that a test stored before, nothing of the machine's user.
#[derive(Debug)]
pub struct Client {
    tool: Tool,
    home: TempDir,
}

impl Client {
    /// A client that has never logged in anywhere.
    pub fn new(tool: Tool) -> Result<Self> {
        let home = tempfile::tempdir()?;
        let containers = home.path().join(".config/containers");
        fs::create_dir_all(&containers)?;
        fs::write(
            containers.join("policy.json"),
            r#"{"default": [{"type": "insecureAcceptAnything"}]}"#,
        )?;
        // Storage without mounts, so that it works in a container and without root.
        fs::write(
            containers.join("storage.conf"),
            format!(
                "[storage]\ndriver = \"vfs\"\ngraphroot = {:?}\nrunroot = {:?}\n",
                home.path().join("storage"),
                home.path().join("run"),
            ),
        )?;
        Ok(Self { tool, home })
    }

    /// The client's own folder.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Runs the client with these words.
    pub fn run(&self, args: &[&str]) -> Result<Output> {
        self.run_with(args, None)
    }

    /// Runs the client with these words and this text for its standard input.
    pub fn run_with(&self, args: &[&str], input: Option<&str>) -> Result<Output> {
        let mut command = Command::new(self.tool.path()?);
        command.args(args);
        match self.tool {
            // Without a daemon the CLI logs in by itself.
            Tool::Docker => {
                command.env("DOCKER_HOST", "unix:///nonexistent");
            }
            Tool::Buildah | Tool::Podman => {
                let storage = self.home().join(".config/containers/storage.conf");
                command
                    .env("CONTAINERS_STORAGE_CONF", storage)
                    .env("BUILDAH_ISOLATION", "chroot");
            }
            Tool::Crane
            | Tool::Curl
            | Tool::DockerRegistry
            | Tool::Oras
            | Tool::Regctl
            | Tool::Registry30
            | Tool::Registry31
            | Tool::Skopeo
            | Tool::Zot => {}
        }
        run_with(&mut command, self.home(), input)
    }

    /// Logs in to `host` with a JWT as the password, as the client's users do.
    pub fn login(&self, host: &str, jwt: &str) -> Result<Output> {
        match self.tool {
            Tool::Docker => {
                self.run_with(&["login", "-u", "JWT", "--password-stdin", host], Some(jwt))
            }
            Tool::Crane => self.run_with(
                &["auth", "login", host, "-u", "JWT", "--password-stdin"],
                Some(jwt),
            ),
            Tool::Oras => self.run_with(
                &["login", "--plain-http", "-u", "JWT", "--password-stdin", host],
                Some(jwt),
            ),
            Tool::Regctl => {
                self.run(&["registry", "set", "--tls", "disabled", host])?
                    .succeeded()?;
                self.run_with(
                    &["registry", "login", "-u", "JWT", "--pass-stdin", host],
                    Some(jwt),
                )
            }
            Tool::Buildah | Tool::Podman | Tool::Skopeo => self.run_with(
                &["login", "--tls-verify=false", "-u", "JWT", "--password-stdin", host],
                Some(jwt),
            ),
            Tool::Curl
            | Tool::DockerRegistry
            | Tool::Registry30
            | Tool::Registry31
            | Tool::Zot => anyhow::bail!("{} is no client", self.tool.name()),
        }
    }

    /// Pushes an image to `name` (`localhost:5000/team/app:tag`), logged in before.
    pub fn push(&self, image: &Image, name: &str) -> Result<Output> {
        let folder = image.folder.to_string_lossy();
        let layout = format!("oci:{folder}:latest");
        let remote = format!("docker://{name}");
        match self.tool {
            Tool::Skopeo => {
                self.run(&["copy", "--dest-tls-verify=false", &layout, &remote])
            }
            Tool::Crane => self.run(&["push", "--insecure", &folder, name]),
            Tool::Oras => self.run(&[
                "cp", "--from-oci-layout", "--to-plain-http", &format!("{folder}:latest"), name,
            ]),
            Tool::Regctl => {
                self.run(&["image", "copy", &format!("ocidir://{folder}:latest"), name])
            }
            Tool::Buildah | Tool::Podman => {
                let id = self.run(&["pull", "--quiet", &layout])?.succeeded()?;
                let id = id.stdout.trim();
                self.run(&["push", "--tls-verify=false", id, &remote])
            }
            Tool::Curl
            | Tool::Docker
            | Tool::DockerRegistry
            | Tool::Registry30
            | Tool::Registry31
            | Tool::Zot => anyhow::bail!("{} pushes nothing without a daemon", self.tool.name()),
        }
    }

    /// Pulls an image by name and gives its id.
    pub fn pull(&self, name: &str) -> Result<String> {
        let folder = self.home().join("pulled");
        let _ = fs::remove_dir_all(&folder);
        let path = folder.to_string_lossy();
        let layout = format!("oci:{path}:latest");
        let remote = format!("docker://{name}");
        match self.tool {
            Tool::Skopeo => {
                self.run(&["copy", "--src-tls-verify=false", &remote, &layout])?
            }
            Tool::Crane => self.run(&["pull", "--insecure", "--format=oci", name, &path])?,
            Tool::Oras => self.run(&[
                "cp", "--from-plain-http", "--to-oci-layout", name, &format!("{path}:latest"),
            ])?,
            Tool::Regctl => self.run(&["image", "copy", name, &format!("ocidir://{path}:latest")])?,
            Tool::Buildah | Tool::Podman => {
                self.run(&["pull", "--quiet", "--tls-verify=false", &remote])?
                    .succeeded()?;
                self.run(&["push", "--quiet", name, &layout])?
            }
            Tool::Curl
            | Tool::Docker
            | Tool::DockerRegistry
            | Tool::Registry30
            | Tool::Registry31
            | Tool::Zot => anyhow::bail!("{} pulls nothing without a daemon", self.tool.name()),
        }
        .succeeded()?;
        Image::id_in(&folder)
    }
}

/// Asks a server over TLS with curl, trusting `ca`; gives the body.
pub fn curl(ca: &Path, args: &[&str]) -> Result<String> {
    let home = tempfile::tempdir()?;
    let ca = ca.to_string_lossy();
    let fixed = ["--silent", "--show-error", "--fail", "--max-time", "20", "--cacert", &ca];
    let output = run(&Tool::Curl.path()?, home.path(), fixed.iter().chain(args))?;
    Ok(output.succeeded()?.stdout)
}

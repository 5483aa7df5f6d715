//! The clients people push and pull with, each by its own command line.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
};

use anyhow::Result;
use tempfile::TempDir;

use crate::{
    image::Image,
    process::{Output, run_with},
    tool::Tool,
};

/// A client's program.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Program {
    Buildah,
    Crane,
    /// The CLI alone: without a daemon it logs in, and neither pushes nor pulls.
    Docker,
    Oras,
    Podman,
    Regctl,
    Skopeo,
}

impl Program {
    /// Those that push and pull.
    pub const PUSHING: [Self; 6] = [
        Self::Buildah,
        Self::Crane,
        Self::Oras,
        Self::Podman,
        Self::Regctl,
        Self::Skopeo,
    ];

    /// The program as a tool that may be missing.
    pub fn tool(self) -> Tool {
        match self {
            Self::Buildah => Tool::Buildah,
            Self::Crane => Tool::Crane,
            Self::Docker => Tool::Docker,
            Self::Oras => Tool::Oras,
            Self::Podman => Tool::Podman,
            Self::Regctl => Tool::Regctl,
            Self::Skopeo => Tool::Skopeo,
        }
    }
}

/// A client with an empty home: nothing that a test stored before, nothing of the machine's user.
#[derive(Debug)]
pub struct Client {
    program: Program,
    home: TempDir,
}

impl Client {
    /// A client that has never logged in anywhere.
    pub fn new(program: Program) -> Result<Self> {
        // podman and buildah take a path for an image's name, which has no capitals.
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let home = tempfile::Builder::new()
            .prefix(&format!("portpass-client-{}-{number}", std::process::id()))
            .rand_bytes(0)
            .tempdir()?;
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
                "[storage]\ndriver = \"vfs\"\ngraphroot = \"{home}/storage\"\nrunroot = \"{home}/run\"\n",
                home = home.path().display(),
            ),
        )?;
        Ok(Self { program, home })
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
        let mut command = Command::new(self.program.tool().path()?);
        command.args(args);
        match self.program {
            // Without a daemon the CLI logs in by itself.
            Program::Docker => {
                command.env("DOCKER_HOST", "unix:///nonexistent");
            }
            Program::Buildah | Program::Podman => {
                let storage = self.home().join(".config/containers/storage.conf");
                command
                    .env("CONTAINERS_STORAGE_CONF", storage)
                    .env("BUILDAH_ISOLATION", "chroot");
            }
            Program::Crane | Program::Oras | Program::Regctl | Program::Skopeo => {}
        }
        run_with(&mut command, self.home(), input)
    }

    /// Logs in to `host` with a JWT as the password, as the client's users do.
    pub fn login(&self, host: &str, jwt: &str) -> Result<Output> {
        self.login_as("JWT", host, jwt)
    }

    /// Logs in to `host` with a name and a password.
    pub fn login_as(&self, user: &str, host: &str, password: &str) -> Result<Output> {
        match self.program {
            Program::Docker => self.run_with(
                &["login", "-u", user, "--password-stdin", host],
                Some(password),
            ),
            Program::Crane => self.run_with(
                &["auth", "login", host, "-u", user, "--password-stdin"],
                Some(password),
            ),
            Program::Oras => self.run_with(
                &[
                    "login",
                    "--plain-http",
                    "-u",
                    user,
                    "--password-stdin",
                    host,
                ],
                Some(password),
            ),
            Program::Regctl => {
                self.run(&["registry", "set", "--tls", "disabled", "--skip-check", host])?
                    .succeeded()?;
                self.run_with(
                    &["registry", "login", "-u", user, "--pass-stdin", host],
                    Some(password),
                )
            }
            Program::Buildah | Program::Podman | Program::Skopeo => self.run_with(
                &[
                    "login",
                    "--tls-verify=false",
                    "-u",
                    user,
                    "--password-stdin",
                    host,
                ],
                Some(password),
            ),
        }
    }

    /// Takes over what another client stored when it logged in.
    pub fn with_login_of(program: Program, other: &Self) -> Result<Self> {
        let client = Self::new(program)?;
        client.store_login(&fs::read_to_string(other.login_file())?)?;
        Ok(client)
    }

    /// Where docker keeps what it was logged in with; all the others look there, too.
    pub fn login_file(&self) -> PathBuf {
        self.home().join(".docker/config.json")
    }

    /// Stores a login as docker would.
    pub fn store_login(&self, config: &str) -> Result<()> {
        fs::create_dir_all(self.home().join(".docker"))?;
        Ok(fs::write(self.login_file(), config)?)
    }

    /// Pushes an image to `name` (`localhost:5000/team/app:tag`), logged in before.
    pub fn push(&self, image: &Image, name: &str) -> Result<Output> {
        let folder = image.folder.to_string_lossy();
        let layout = format!("oci:{folder}:latest");
        let remote = format!("docker://{name}");
        match self.program {
            Program::Skopeo => self.run(&["copy", "--dest-tls-verify=false", &layout, &remote]),
            Program::Crane => self.run(&["push", "--insecure", &folder, name]),
            Program::Oras => self.run(&[
                "cp",
                "--from-oci-layout",
                "--to-plain-http",
                &format!("{folder}:latest"),
                name,
            ]),
            Program::Regctl => {
                self.run(&["image", "copy", &format!("ocidir://{folder}:latest"), name])
            }
            Program::Buildah | Program::Podman => {
                let id = self.run(&["pull", "--quiet", &layout])?.succeeded()?;
                let id = id.stdout.trim();
                self.run(&["push", "--tls-verify=false", id, &remote])
            }
            Program::Docker => anyhow::bail!("docker pushes nothing without a daemon"),
        }
    }

    /// Pulls an image by name and gives its id.
    pub fn pull(&self, name: &str) -> Result<String> {
        let folder = self.home().join("pulled");
        let _ = fs::remove_dir_all(&folder);
        let path = folder.to_string_lossy();
        let layout = format!("oci:{path}:latest");
        let remote = format!("docker://{name}");
        match self.program {
            Program::Skopeo => self.run(&["copy", "--src-tls-verify=false", &remote, &layout])?,
            Program::Crane => self.run(&["pull", "--insecure", "--format=oci", name, &path])?,
            Program::Oras => self.run(&[
                "cp",
                "--from-plain-http",
                "--to-oci-layout",
                name,
                &format!("{path}:latest"),
            ])?,
            Program::Regctl => {
                self.run(&["image", "copy", name, &format!("ocidir://{path}:latest")])?
            }
            Program::Buildah | Program::Podman => {
                self.run(&["pull", "--quiet", "--tls-verify=false", &remote])?
                    .succeeded()?;
                self.run(&["push", "--quiet", name, &layout])?
            }
            Program::Docker => anyhow::bail!("docker pulls nothing without a daemon"),
        }
        .succeeded()?;
        Image::id_in(&folder)
    }
}

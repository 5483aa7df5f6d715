//! The registries and clients that tests drive, and where they are.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

/// A program that is not ours.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Tool {
    Buildah,
    Crane,
    /// The shim that the relay takes the place of: only where `PORTPASS_DISTRIBUTION_OAUTH` names it.
    DistributionOauth,
    Docker,
    /// Debian's registry, distribution 2.8.
    DockerRegistry,
    /// Not a program but a library, which gives a program another time: only C programs see it.
    Faketime,
    /// Not a program but our own image, by name: only where `PORTPASS_IMAGE` says that it was built.
    Image,
    /// Keycloak with the tests' realm, as `scripts/setup` prepared it; it runs on Java.
    Keycloak,
    /// What runs the provider from npm, and the packages that it is made of.
    Node,
    /// The proxy that registries stand behind.
    Nginx,
    /// What runs a program where a server's own file systems are.
    Nsenter,
    Oras,
    Podman,
    /// The database, of which each test that needs one starts its own.
    Postgres,
    Regctl,
    /// Distribution 3.0.
    Registry30,
    /// Distribution 3.1.
    Registry31,
    Skopeo,
    /// What kills a server at a named point. A container may forbid it.
    Strace,
    SystemdAnalyze,
    /// What gives a server file systems of its own.
    Unshare,
    /// zot, which no package registry has: only where `PORTPASS_ZOT` names it.
    Zot,
}

impl Tool {
    /// What the program is called in the search path.
    pub fn name(self) -> &'static str {
        match self {
            Self::Buildah => "buildah",
            Self::Crane => "crane",
            Self::DistributionOauth => "distribution-oauth",
            Self::Docker => "docker",
            Self::DockerRegistry => "docker-registry",
            Self::Faketime => "libfaketime.so.1",
            Self::Image => "image",
            Self::Keycloak => "keycloak",
            Self::Nginx => "nginx",
            Self::Node => "node",
            Self::Nsenter => "nsenter",
            Self::Oras => "oras",
            Self::Podman => "podman",
            Self::Postgres => "postgres",
            Self::Regctl => "regctl",
            Self::Registry30 => "registry-3.0",
            Self::Registry31 => "registry-3.1",
            Self::Skopeo => "skopeo",
            Self::Strace => "strace",
            Self::SystemdAnalyze => "systemd-analyze",
            Self::Unshare => "unshare",
            Self::Zot => "zot",
        }
    }

    /// Where the program is, if it is here.
    pub fn find(self) -> Option<PathBuf> {
        if self == Self::Image {
            return variable("PORTPASS_IMAGE").map(PathBuf::from);
        }
        if self == Self::Zot {
            return variable("PORTPASS_ZOT").map(PathBuf::from);
        }
        if self == Self::DistributionOauth {
            return variable("PORTPASS_DISTRIBUTION_OAUTH").map(PathBuf::from);
        }
        if self == Self::Faketime {
            return Some(cache()?.join("lib").join(self.name()))
                .filter(|library| library.is_file());
        }
        if self == Self::Keycloak {
            let home = cache()?.join("keycloak");
            return in_path("java").and(home.join(".ready").is_file().then_some(home));
        }
        let found = in_path(self.name());
        if self == Self::Postgres {
            return found.or_else(postgres);
        }
        if self == Self::Strace {
            return found.filter(|program| may_trace(program));
        }
        if self == Self::Node {
            return found.filter(|_| provider_packages().is_some_and(|folder| folder.is_dir()));
        }
        found
    }

    /// Where the program is.
    pub fn path(self) -> Result<PathBuf> {
        self.find()
            .with_context(|| format!("{} is not here: run scripts/setup", self.name()))
    }

    /// Whether CI may do without: zot and the shim it cannot get, and systemd not every machine has.
    pub fn may_be_missing_in_ci(self) -> bool {
        matches!(
            self,
            Self::DistributionOauth | Self::SystemdAnalyze | Self::Zot
        )
    }
}

/// Where a program of this name is in the search path.
pub fn in_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&path())
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

/// The packages of the provider from npm.
pub fn provider_packages() -> Option<PathBuf> {
    Some(cache()?.join("provider/node_modules"))
}

/// Whether `strace` is let do what it is for.
fn may_trace(strace: &Path) -> bool {
    let traced = Command::new(strace)
        .args(["-qq", "-o", "/dev/null", "true"])
        .stderr(std::process::Stdio::null())
        .status();
    traced.is_ok_and(|status| status.success())
}

/// Debian keeps the programs of each PostgreSQL apart; the newest serves.
fn postgres() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let programs = versions.filter_map(|version| {
        let folder = version.ok()?.path();
        let number: u32 = folder.file_name()?.to_str()?.parse().ok()?;
        Some((number, folder.join("bin/postgres")))
    });
    let newest = programs
        .filter(|(_, program)| program.is_file())
        .max_by_key(|(number, _)| *number);
    newest.map(|(_, program)| program)
}

/// Whether a missing tool is a failure.
pub fn in_ci() -> bool {
    variable("CI").is_some_and(|value| value == "true")
}

/// The search path: what `scripts/setup` installed, then the machine's own.
pub fn path() -> OsString {
    let machine = variable("PATH").unwrap_or_default();
    let folders = cache()
        .map(|cache| cache.join("bin"))
        .into_iter()
        .chain(env::split_paths(&machine));
    env::join_paths(folders).unwrap_or(machine)
}

/// Where `scripts/setup` puts things.
fn cache() -> Option<PathBuf> {
    variable("PORTPASS_CACHE").map(PathBuf::from).or_else(|| {
        let base = variable("XDG_CACHE_HOME").map(PathBuf::from);
        let base = base.or_else(|| Some(Path::new(&variable("HOME")?).join(".cache")));
        Some(base?.join("portpass"))
    })
}

/// Lets a client see the images of the machine's own storage, where `scripts/image` puts ours.
pub fn keep_container_storage(command: &mut Command) {
    if let Some(storage) = variable("CONTAINERS_STORAGE_CONF") {
        command.env("CONTAINERS_STORAGE_CONF", storage);
    }
}

/// One of our own programs: as the variable says, else beside this test in the target folder.
pub fn ours(name: &str) -> Result<PathBuf> {
    let variable_name = name.to_uppercase().replace('-', "_") + "_BIN";
    if let Some(path) = variable(&variable_name) {
        return Ok(path.into());
    }
    // target/debug/deps/e2e-… stands two folders below target/debug/NAME.
    let here = env::current_exe()?;
    let path = here
        .ancestors()
        .nth(2)
        .context("no target folder")?
        .join(name);
    anyhow::ensure!(
        path.is_file(),
        "{} is not built: run `cargo build --workspace` first",
        path.display()
    );
    Ok(path)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the environment says where tools are; this is the one place of the tests that asks"
)]
fn variable(name: &str) -> Option<OsString> {
    // Through `var`, which the lint knows: a path that is not UTF-8 counts as not set.
    env::var(name)
        .ok()
        .filter(|value| !value.is_empty())
        .map(Into::into)
}

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
    Docker,
    /// Debian's registry, distribution 2.8.
    DockerRegistry,
    /// Not a program but our own image, by name: only where `PORTPASS_IMAGE` says that it was built.
    Image,
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
            Self::Docker => "docker",
            Self::DockerRegistry => "docker-registry",
            Self::Image => "image",
            Self::Oras => "oras",
            Self::Podman => "podman",
            Self::Postgres => "postgres",
            Self::Regctl => "regctl",
            Self::Registry30 => "registry-3.0",
            Self::Registry31 => "registry-3.1",
            Self::Skopeo => "skopeo",
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
        let found = env::split_paths(&path())
            .map(|folder| folder.join(self.name()))
            .find(|program| program.is_file());
        if self == Self::Postgres {
            return found.or_else(postgres);
        }
        found
    }

    /// Where the program is.
    pub fn path(self) -> Result<PathBuf> {
        self.find()
            .with_context(|| format!("{} is not here: run scripts/setup", self.name()))
    }

    /// Whether CI may do without: zot it cannot get, and systemd not every machine has.
    pub fn may_be_missing_in_ci(self) -> bool {
        matches!(self, Self::SystemdAnalyze | Self::Zot)
    }
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
    let cache = variable("PORTPASS_CACHE").map(PathBuf::from).or_else(|| {
        let base = variable("XDG_CACHE_HOME").map(PathBuf::from);
        let base = base.or_else(|| Some(Path::new(&variable("HOME")?).join(".cache")));
        Some(base?.join("portpass"))
    });
    let machine = variable("PATH").unwrap_or_default();
    let folders = cache
        .map(|cache| cache.join("bin"))
        .into_iter()
        .chain(env::split_paths(&machine));
    env::join_paths(folders).unwrap_or(machine)
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

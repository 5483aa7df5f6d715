//! Where it is measured: the folder, the cores, the programs, and where the server has its data.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use bench::{
    cores::Cores,
    process,
    server::{RAISED_LIMITS, Server, Setup, free_ports},
};
use tempfile::TempDir;

use crate::Arguments;

/// What keeps the server's data.
#[derive(Clone, Debug)]
pub(crate) enum Database {
    /// A server beside, by the URL of a database that it has, and the process that began it.
    Postgres {
        /// Ends in the database's name.
        url: String,
        /// The parent of all its processes.
        postmaster: u32,
    },
    /// One file in the data folder.
    Sqlite,
}

impl Database {
    /// The word for it in what is printed.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Postgres { .. } => "PostgreSQL",
            Self::Sqlite => "SQLite",
        }
    }

    /// The CPU time that it has used so far in processes of its own.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        match self {
            Self::Postgres { postmaster, .. } => process::cpu_of_family(*postmaster),
            Self::Sqlite => Ok(Duration::ZERO),
        }
    }

    /// The URL of a new database of this name, where there are URLs.
    fn create(&self, name: &str) -> Result<Option<String>> {
        let Self::Postgres { url, .. } = self else {
            return Ok(None);
        };
        let status = Command::new("psql")
            .args(["--quiet", "--no-psqlrc", "--dbname", url, "--command"])
            .arg(format!("CREATE DATABASE bench_{name}"))
            .status()
            .context("starting psql")?;
        ensure!(status.success(), "the database bench_{name} was not made");
        let (server, _) = url.rsplit_once('/').context("the URL names no database")?;
        Ok(Some(format!("{server}/bench_{name}")))
    }
}

/// Where one server has its data.
#[derive(Debug)]
pub(crate) struct Data {
    /// The data folder.
    pub(crate) folder: PathBuf,
    /// The URL of its database, unless that is in the folder.
    pub(crate) url: Option<String>,
}

/// What all parts share.
#[derive(Debug)]
pub(crate) struct Place {
    folder: TempDir,
    floor: PathBuf,
    portpass: PathBuf,
    /// Which core does what.
    pub(crate) cores: Cores,
}

impl Place {
    /// A new folder, gone when dropped.
    pub(crate) fn new(arguments: &Arguments) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("portpass-bench-")
            .tempdir_in(&arguments.folder)
            .with_context(|| format!("making a folder in {}", arguments.folder.display()))?;
        Ok(Self {
            floor: arguments.floor.clone(),
            portpass: arguments.portpass.clone(),
            cores: Cores::new(arguments.server_core, arguments.load_core)?,
            folder,
        })
    }

    /// The folder itself.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Somewhere for data that nobody has used.
    pub(crate) fn data(&self, name: &str, database: &Database) -> Result<Data> {
        let url = database.create(name)?;
        let kind = if url.is_some() { "postgres" } else { "sqlite" };
        let folder = self.folder.path().join(format!("{kind}-{name}"));
        Ok(Data { folder, url })
    }

    /// Starts Portpass; says how long it took until it was ready.
    pub(crate) fn portpass(&self, data: &Data, settings: &str) -> Result<(Server, Duration)> {
        Server::timed(&Setup {
            program: &self.portpass,
            folder: self.folder.path(),
            data: &data.folder,
            database: data.url.as_deref(),
            limits: RAISED_LIMITS,
            settings,
            cores: self.cores,
        })
    }

    /// Starts the floor, whose answers are like a sample; it verifies JWTs where it is given keys.
    pub(crate) fn floor(&self, sample: &[u8], keys: Option<&str>) -> Result<Server> {
        let (port, _) = free_ports()?;
        let path = self.folder.path().join("sample");
        fs::write(&path, sample)?;
        let mut command = self.cores.on_server_core(self.floor.as_os_str());
        command.arg("--port").arg(port.to_string());
        command.arg("--sample").arg(&path);
        if let Some(keys) = keys {
            let path = self.folder.path().join("keys.json");
            fs::write(&path, keys)?;
            command.arg("--keys").arg(path);
        }
        let log = self.folder.path().join("floor.log");
        let (server, _) = Server::run(command, port, &log, "/readyz")?;
        Ok(server)
    }
}

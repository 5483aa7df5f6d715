//! Where it is measured: the folder, the cores, the programs, and the platform whose jobs ask.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use bench::{
    cores::Cores,
    fill::Sizes,
    jobs::Platform,
    server::{RAISED_LIMITS, Server, Setup, free_ports},
};
use tempfile::TempDir;

use crate::Arguments;

/// Where Portpass has its data.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Database {
    /// In one file of its own.
    Sqlite,
}

/// What all parts share.
#[derive(Debug)]
pub(crate) struct Place {
    folder: TempDir,
    floor: PathBuf,
    portpass: PathBuf,
    /// Which core does what.
    pub(crate) cores: Cores,
    /// Who signs.
    pub(crate) platform: Platform,
}

impl Place {
    /// A new folder, gone when dropped.
    pub(crate) fn new(arguments: &Arguments) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("portpass-bench-")
            .tempdir_in(&arguments.folder)
            .with_context(|| format!("making a folder in {}", arguments.folder.display()))?;
        let sizes = Sizes {
            events: 0,
            identities: 100,
            sessions: 0,
        };
        let platform = Platform::new(folder.path(), &sizes)?;
        Ok(Self {
            floor: arguments.floor.clone(),
            portpass: arguments.portpass.clone(),
            cores: Cores::new(arguments.server_core, arguments.load_core)?,
            platform,
            folder,
        })
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts Portpass on a data folder of this name, new if there is none.
    pub(crate) fn portpass(&self, name: &str, database: &Database) -> Result<Server> {
        match database {
            Database::Sqlite => {}
        }
        Server::start(&Setup {
            program: &self.portpass,
            folder: self.folder.path(),
            data: &self.path(name),
            database: None,
            limits: RAISED_LIMITS,
            settings: &self.platform.settings(),
            cores: self.cores,
        })
    }

    /// Starts the floor, whose answers are like a sample; it verifies JWTs where it is given keys.
    pub(crate) fn floor(&self, sample: &[u8], keys: Option<&Path>) -> Result<Server> {
        let (port, _) = free_ports()?;
        let path = self.path("sample");
        fs::write(&path, sample)?;
        let mut command = self.cores.on_server_core(self.floor.as_os_str());
        command.arg("--port").arg(port.to_string());
        command.arg("--sample").arg(&path);
        if let Some(keys) = keys {
            command.arg("--keys").arg(keys);
        }
        let (server, _) = Server::run(command, port, &self.path("floor.log"), "/readyz")?;
        Ok(server)
    }

    /// Writes the platform's key set to a file.
    pub(crate) fn keys(&self) -> Result<PathBuf> {
        let path = self.path("keys.json");
        fs::write(&path, self.platform.key_set().to_string())?;
        Ok(path)
    }
}

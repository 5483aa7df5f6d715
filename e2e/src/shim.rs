//! distribution-oauth, and `portpass serve` in its place: the same variables, the same fixed port.

use std::{
    net::{Ipv4Addr, TcpListener},
    process::Command,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use tempfile::TempDir;

use crate::{
    http::{self, Credential},
    process::Server,
    tool::{self, Tool},
};

/// Where either listens; there is no setting for it.
pub const PORT: u16 = 9001;

/// Where it sends clients to.
pub const REALM: &str = "http://localhost:9001/token";

/// What it is told with which variables, beside where tokens come from.
pub const USUAL: [(&str, &str); 3] = [
    ("SCOPE", "docker-registry"),
    ("PASS_JWT_USERNAME", "JWT"),
    ("LOG_LEVEL", "info"),
];

/// A running shim; one at a time.
#[derive(Debug)]
pub struct Shim {
    /// Its process.
    pub server: Server,
    /// The data folder, where it keeps anything.
    pub folder: TempDir,
    _port: MutexGuard<'static, ()>,
}

impl Shim {
    /// Starts the original with these variables, and no others.
    pub fn original(variables: &[(&str, &str)]) -> Result<Self> {
        Self::start(
            Command::new(Tool::DistributionOauth.path()?),
            "shim",
            variables,
        )
    }

    /// Starts Portpass in its place, with these variables and no file.
    pub fn ours(variables: &[(&str, &str)]) -> Result<Self> {
        let mut command = Command::new(tool::ours("portpass")?);
        command.arg("serve");
        Self::start(command, "portpass", variables)
    }

    fn start(mut command: Command, name: &str, variables: &[(&str, &str)]) -> Result<Self> {
        static TURN: Mutex<()> = Mutex::new(());
        // A test that failed while it had the port leaves nothing wrong behind.
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        wait_for_port()?;
        let folder = tempfile::tempdir()?;
        command
            .env_clear()
            .current_dir(folder.path())
            .env("PORTPASS_DATA_DIR", folder.path().join("data"))
            .envs(variables.iter().copied());
        let mut server = Server::start(name, &mut command, folder.path())?;
        server.wait_until(|| {
            http::get(PORT, "/live", &Credential::None).is_ok_and(|live| live.status == 204)
        })?;
        Ok(Self {
            server,
            folder,
            _port: turn,
        })
    }
}

/// Another run of these tests may have it for a moment.
fn wait_for_port() -> Result<()> {
    let start = Instant::now();
    while TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT)).is_err() {
        ensure!(
            start.elapsed() < Duration::from_mins(1),
            "something else listens on port {PORT}"
        );
        thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

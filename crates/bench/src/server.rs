//! The server that is measured, alone on its core.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, TcpListener},
    path::Path,
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{
    connection::Connection,
    cores::Cores,
    process::{self, Memory},
};

/// How long a server may take to be ready, or to leave.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long between two looks at whether it is ready.
const PAUSE: Duration = Duration::from_millis(1);

/// What `[limits]` says where limits are not what is measured.
pub const RAISED_LIMITS: &str = "requests_per_identity_per_minute = 6_000_000\n\
                                 unproven_per_address_per_minute = 6_000_000\n";

/// What a Portpass is started with.
#[derive(Clone, Copy, Debug)]
pub struct Setup<'a> {
    /// A release build of `portpass`.
    pub program: &'a Path,
    /// Where its configuration and its log are written.
    pub folder: &'a Path,
    /// Its data folder.
    pub data: &'a Path,
    /// The URL of a PostgreSQL, if its data is not all in the data folder.
    pub database: Option<&'a str>,
    /// The lines of `[limits]`.
    pub limits: &'a str,
    /// The tables of registries, issuers and rules.
    pub settings: &'a str,
    /// Where it runs.
    pub cores: Cores,
}

/// A running server, killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// Starts Portpass and waits until it is ready.
    pub fn start(setup: &Setup<'_>) -> Result<Self> {
        Ok(Self::timed(setup)?.0)
    }

    /// Starts Portpass; says how long it took from its start until it was ready.
    pub fn timed(setup: &Setup<'_>) -> Result<(Self, Duration)> {
        let (port, ops) = free_ports()?;
        let config = setup.folder.join("portpass.toml");
        fs::write(&config, text(setup, port, ops))?;
        let mut command = setup.cores.on_server_core(setup.program.as_os_str());
        command.args(["serve", "-c"]).arg(&config);
        let log = setup.folder.join("server.log");
        Self::run(command, port, &log, "/readyz")
    }

    /// Runs a command that serves a port, until it answers this path with 200.
    pub fn run(
        mut command: Command,
        port: u16,
        log: &Path,
        ready: &str,
    ) -> Result<(Self, Duration)> {
        command.stderr(File::create(log)?);
        let start = Instant::now();
        let child = command
            .spawn()
            .context("starting taskset (of util-linux)")?;
        let mut server = Self { child, port };
        server.wait_until_ready(log, ready, start)?;
        Ok((server, start.elapsed()))
    }

    fn wait_until_ready(&mut self, log: &Path, ready: &str, start: Instant) -> Result<()> {
        let said = || fs::read_to_string(log).unwrap_or_default();
        let ready = format!("GET {ready} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        while !Connection::open(self.port)
            .and_then(|mut connection| connection.ask(ready.as_bytes()))
            .is_ok_and(|answer| answer.status == 200)
        {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended with {status}: {}", said());
            }
            ensure!(
                start.elapsed() < PATIENCE,
                "the server is not ready: {}",
                said()
            );
            thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        // taskset becomes the program that it starts.
        self.child.id()
    }

    /// The CPU time that it has used so far, its own and the system's for it.
    pub fn cpu(&self) -> Result<Duration> {
        process::cpu(self.id())
    }

    /// What is resident of it.
    pub fn memory(&self) -> Result<Memory> {
        process::memory(self.id())
    }

    /// Ends it as operators do, and waits until it is gone.
    pub fn stop(mut self) -> Result<()> {
        let id = self.id().to_string();
        let status = Command::new("kill").args(["-s", "TERM", &id]).status()?;
        ensure!(status.success(), "the server is gone");
        let start = Instant::now();
        while self.child.try_wait()?.is_none() {
            ensure!(start.elapsed() < PATIENCE, "the server does not leave");
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text(setup: &Setup<'_>, port: u16, ops: u16) -> String {
    let database = setup
        .database
        .map_or_else(String::new, |url| format!("database_url = \"{url}\"\n"));
    format!(
        "public_url = \"http://localhost:{port}\"\n\n\
         [listen]\nhttp = \"127.0.0.1:{port}\"\nops = \"127.0.0.1:{ops}\"\n\n\
         [store]\ndata_dir = \"{data}\"\n{database}\n[limits]\n{limits}\n{settings}",
        data = setup.data.display(),
        limits = setup.limits,
        settings = setup.settings,
    )
}

/// Two ports that nothing listens on.
pub fn free_ports() -> Result<(u16, u16)> {
    let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let (one, other) = (bind()?, bind()?);
    Ok((one.local_addr()?.port(), other.local_addr()?.port()))
}

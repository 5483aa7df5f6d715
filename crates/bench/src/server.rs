//! The server that is measured, alone on its core.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{
    case::{Case, Folders},
    connection::Connection,
};

/// How long a server may take to be ready, or to leave.
const PATIENCE: Duration = Duration::from_mins(1);

/// The unit of times in `/proc/PID/stat`: `USER_HZ` is 100 on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// Which core does what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cores {
    server: usize,
    load: usize,
}

impl Cores {
    /// One core for the server and another for everything else.
    pub(crate) fn new(server: usize, load: usize) -> Result<Self> {
        ensure!(server != load, "the server needs a core to itself");
        Ok(Self { server, load })
    }

    /// Lets this process run on both cores: nothing is being measured.
    pub(crate) fn spread(self) -> Result<()> {
        confine(&format!("{},{}", self.server, self.load))
    }

    /// Keeps this process off the server's core.
    pub(crate) fn gather(self) -> Result<()> {
        confine(&self.load.to_string())
    }
}

/// Confines every thread of this process to some cores.
fn confine(cores: &str) -> Result<()> {
    let id = std::process::id().to_string();
    let status = Command::new("taskset")
        .args(["--all-tasks", "--cpu-list", "--pid", cores, &id])
        .stdout(Stdio::null())
        .status()
        .context("starting taskset (of util-linux)")?;
    ensure!(status.success(), "this process cannot run on cores {cores}");
    Ok(())
}

/// A running server, killed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// Starts the program on a case and waits until it is ready.
    pub(crate) fn start(
        program: &Path,
        folders: &Folders,
        case: Case,
        settings: &str,
        cores: &Cores,
    ) -> Result<Self> {
        folders.prepare(case)?;
        let (port, ops) = free_ports()?;
        let config = folders.parent().join("portpass.toml");
        let data = folders.of(case);
        let text = format!(
            "public_url = \"http://localhost:{port}\"\n\n\
             [listen]\nhttp = \"127.0.0.1:{port}\"\nops = \"127.0.0.1:{ops}\"\n\n\
             [store]\ndata_dir = \"{data}\"\n\n\
             [limits]\nrequests_per_identity_per_minute = 6_000_000\n\
             unproven_per_address_per_minute = 6_000_000\n\n{settings}",
            data = data.display(),
        );
        fs::write(&config, text)?;
        let log = folders.parent().join("server.log");
        let child = Command::new("taskset")
            .args(["--cpu-list", &cores.server.to_string()])
            .arg(program)
            .args(["serve", "-c"])
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?)
            .spawn()
            .context("starting taskset (of util-linux)")?;
        let mut server = Self { child, port };
        server.wait_until_ready(&log)?;
        Ok(server)
    }

    fn wait_until_ready(&mut self, log: &Path) -> Result<()> {
        let said = || fs::read_to_string(log).unwrap_or_default();
        let start = Instant::now();
        let ready = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n";
        while !Connection::open(self.port)
            .and_then(|mut connection| connection.ask(ready))
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
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The CPU time that it has used so far, its own and the system's for it.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        // taskset becomes the program that it starts.
        let path = format!("/proc/{}/stat", self.child.id());
        let stat = fs::read_to_string(&path)?;
        let ticks = ticks(&stat).with_context(|| format!("{path} says {stat}"))?;
        Ok(TICK * ticks)
    }

    /// Ends it as operators do, and waits until it is gone.
    pub(crate) fn stop(mut self) -> Result<()> {
        let id = self.child.id().to_string();
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

/// `utime` and `stime` together: fields 14 and 15 of `/proc/PID/stat` (proc(5)).
fn ticks(stat: &str) -> Option<u32> {
    // The second field is the program's name, which may contain anything.
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ').skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    user.checked_add(system)
}

/// Two ports that nothing listens on.
fn free_ports() -> Result<(u16, u16)> {
    let bind = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let (one, other) = (bind()?, bind()?);
    Ok((one.local_addr()?.port(), other.local_addr()?.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_program_with_a_strange_name_is_read() {
        let stat = "4 (a) 1 (b) S 1 2 3 4 5 6 7 8 9 10 250 30 0 0 20 0 3 0 8 9";
        assert_eq!(ticks(stat), Some(280));
        assert_eq!(ticks("4 (short) S 1"), None);
    }
}

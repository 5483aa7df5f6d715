//! A PostgreSQL of a test's own, from Debian's package: on a port of its own, for loopback alone.

use std::{
    fs,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::PathBuf,
    process::Command,
};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use crate::{ports, process::Server, tool::Tool};

/// A cluster with one database; it goes away with this value.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    /// Where it listens.
    pub port: u16,
    owner: Option<Owner>,
    server: Option<Server>,
    folder: TempDir,
}

/// Whose process it is: PostgreSQL refuses to be root's.
#[derive(Clone, Copy, Debug)]
struct Owner {
    user: u32,
    group: u32,
}

impl Postgres {
    /// Makes a cluster and starts it.
    pub fn start() -> Result<Self> {
        // Where it is, its tools are; a link to it may have none beside it.
        let program = fs::canonicalize(Tool::Postgres.path()?)?;
        let programs = program.parent().context("a program without a folder")?;
        let folder = tempfile::tempdir()?;
        let owner = owner()?;
        if let Some(owner) = owner {
            std::os::unix::fs::chown(folder.path(), Some(owner.user), Some(owner.group))?;
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711))?;
        }
        let mut cluster = Self {
            programs: programs.to_owned(),
            port: ports::free()?,
            owner,
            server: None,
            folder,
        };
        let data = cluster.data();
        let made = cluster
            .command("initdb")
            .args(["--auth=trust", "--encoding=UTF8", "--locale=C"])
            .args(["--username=postgres", "-D"])
            .arg(data)
            .output()?;
        ensure!(
            made.status.success(),
            "initdb: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        cluster.go_on()?;
        Ok(cluster)
    }

    /// The database's address, as `[store] database_url` has it.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Starts it again after [`Postgres::stop`] or [`Postgres::crash`].
    pub fn go_on(&mut self) -> Result<()> {
        let mut command = self.command("postgres");
        command
            .arg("-D")
            .arg(self.data())
            .args([
                "-p",
                &self.port.to_string(),
                "-c",
                "listen_addresses=127.0.0.1",
            ])
            // No socket in a folder that all of the machine shares.
            .args(["-c", "unix_socket_directories="]);
        let mut server = Server::start("postgres", &mut command, self.folder.path())?;
        server.wait_until(|| {
            let ready = self
                .command("pg_isready")
                .args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()])
                .status();
            ready.is_ok_and(|status| status.success())
        })?;
        self.server = Some(server);
        Ok(())
    }

    /// Ends it as an operator does: connections are broken off, commits are kept.
    pub fn stop(&mut self) -> Result<()> {
        self.end("INT")
    }

    /// Ends it without a word to anybody; the next start recovers.
    pub fn crash(&mut self) -> Result<()> {
        // SIGKILL would leave its children and their shared memory behind.
        self.end("QUIT")
    }

    /// What a statement answers, unadorned.
    pub fn query(&self, statement: &str) -> Result<String> {
        let answer = self
            .command("psql")
            .args(["-X", "-At", "-v", "ON_ERROR_STOP=1", "-c", statement])
            .arg(self.url())
            .output()?;
        ensure!(
            answer.status.success(),
            "{statement}: {}",
            String::from_utf8_lossy(&answer.stderr)
        );
        Ok(String::from_utf8(answer.stdout)?.trim().to_owned())
    }

    fn end(&mut self, signal: &str) -> Result<()> {
        let mut server = self.server.take().context("it is not running")?;
        server.signal(signal)?;
        server.wait()?;
        Ok(())
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// One of PostgreSQL's programs, run as somebody who is not root.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        // A home that its user may enter: there clients look for certificates.
        command
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path());
        if let Some(owner) = self.owner {
            command.uid(owner.user).gid(owner.group);
        }
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Killed with SIGKILL it would leave its children behind.
        if self.server.is_some() {
            let _ = self.crash();
        }
    }
}

/// Debian's user `postgres`, if we are root; else ourselves.
fn owner() -> Result<Option<Owner>> {
    use std::os::unix::fs::MetadataExt as _;
    if fs::metadata("/proc/self")?.uid() != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd")?;
    let line = users.lines().find(|line| line.starts_with("postgres:"));
    let mut fields = line
        .context("no user postgres, which Debian's package makes")?
        .split(':')
        .skip(2);
    let mut number = || anyhow::Ok(fields.next().context("a short line")?.parse()?);
    Ok(Some(Owner {
        user: number()?,
        group: number()?,
    }))
}

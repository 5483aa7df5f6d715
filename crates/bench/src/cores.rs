//! Which core does what: the server has one to itself.

use std::{
    ffi::OsStr,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};

/// Two cores: one for what is measured, one for everything else.
#[derive(Clone, Copy, Debug)]
pub struct Cores {
    server: usize,
    load: usize,
}

impl Cores {
    /// One core for the server and another for everything else.
    pub fn new(server: usize, load: usize) -> Result<Self> {
        ensure!(server != load, "the server needs a core to itself");
        Ok(Self { server, load })
    }

    /// Lets this process run on both cores: nothing is being measured.
    pub fn spread(self) -> Result<()> {
        confine(&std::process::id().to_string(), &self.both())
    }

    /// Keeps this process off the server's core.
    pub fn gather(self) -> Result<()> {
        confine(&std::process::id().to_string(), &self.load.to_string())
    }

    /// A command that runs a program on the server's core.
    pub fn on_server_core(self, program: &OsStr) -> Command {
        let mut command = Command::new("taskset");
        command
            .args(["--cpu-list", &self.server.to_string()])
            .arg(program)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    }

    fn both(self) -> String {
        format!("{},{}", self.server, self.load)
    }
}

/// Confines every thread of a process to some cores.
fn confine(process: &str, cores: &str) -> Result<()> {
    let status = Command::new("taskset")
        .args(["--all-tasks", "--cpu-list", "--pid", cores, process])
        .stdout(Stdio::null())
        .status()
        .context("starting taskset (of util-linux)")?;
    ensure!(status.success(), "this process cannot run on cores {cores}");
    Ok(())
}

//! Which core does what: the server has one to itself.

use std::{
    ffi::OsStr,
    fs,
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
        confine(Whose::Process, &self.both())
    }

    /// Keeps this process off the server's core.
    pub fn gather(self) -> Result<()> {
        confine(Whose::Process, &self.load.to_string())
    }

    /// Moves other processes to the core that the load comes from; what they start stays there.
    pub fn take_to_load_core(self, processes: &[u32]) -> Result<()> {
        processes
            .iter()
            .try_for_each(|id| confine(Whose::Other(*id), &self.load.to_string()))
    }

    /// Moves the thread that calls this, and all that it starts, to the server's core.
    pub fn take_server_core(self) -> Result<()> {
        // `PROCESS/task/THREAD` (proc(5)).
        let thread = fs::read_link("/proc/thread-self")?;
        let id = thread.file_name().and_then(OsStr::to_str);
        let id = id.context("/proc/thread-self names no thread")?;
        confine(Whose::Thread(id), &self.server.to_string())
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

/// Who is confined.
#[derive(Clone, Copy, Debug)]
enum Whose<'a> {
    /// Another process, all threads of it.
    Other(u32),
    /// This one, all threads of it.
    Process,
    /// One thread.
    Thread(&'a str),
}

/// Confines a process or a thread to some cores.
fn confine(whose: Whose<'_>, cores: &str) -> Result<()> {
    let mut command = Command::new("taskset");
    let id = match whose {
        Whose::Other(id) => {
            command.arg("--all-tasks");
            id.to_string()
        }
        Whose::Process => {
            command.arg("--all-tasks");
            std::process::id().to_string()
        }
        Whose::Thread(id) => id.to_owned(),
    };
    let status = command
        .args(["--cpu-list", "--pid", cores, &id])
        .stdout(Stdio::null())
        .status()
        .context("starting taskset (of util-linux)")?;
    ensure!(status.success(), "nothing can run on cores {cores}");
    Ok(())
}

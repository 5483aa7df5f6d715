//! Death at a named point: `strace` sees a program about to make a system call, and kills it.
//!
//! The program is the one that people run: nothing is compiled into it for this. The call is not
//! made any more, as when power is cut at that moment.

use std::{
    ffi::OsStr,
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};

use crate::tool::Tool;

/// How long it may take to watch a server.
const PATIENCE: Duration = Duration::from_secs(10);

/// The system call that is the last.
#[derive(Clone, Copy, Debug)]
pub struct Point<'a> {
    /// Which calls count, with commas between them: `fsync,fdatasync`.
    pub calls: &'a str,
    /// Which of them it is, from 1. Each thread counts for itself.
    pub nth: usize,
    /// Only calls that have to do with this file.
    pub path: Option<&'a Path>,
}

impl Point<'_> {
    fn words(&self, command: &mut Command) {
        command
            .args(["-f", "-qq", "-o", "/dev/null"])
            .arg(format!("--trace={}", self.calls))
            .arg(format!(
                "--inject={}:signal=KILL:when={}",
                self.calls, self.nth
            ));
        if let Some(path) = self.path {
            // As the system knows it, if it is there already.
            let known = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
            command.arg("-P").arg(known);
        }
    }

    /// A command that runs a program to this point; its process is the program's own.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Result<Command> {
        let mut command = Command::new(Tool::Strace.path()?);
        command.arg("-D");
        self.words(&mut command);
        command.arg("--").arg(program);
        Ok(command)
    }

    /// Watches a process that runs already; from here on calls are counted.
    pub fn watch(&self, pid: u32) -> Result<Watch> {
        let mut command = Command::new(Tool::Strace.path()?);
        self.words(&mut command);
        let strace = command
            .args(["-p", &pid.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let watch = Watch { strace };
        let start = Instant::now();
        while !is_watched(pid)? {
            ensure!(start.elapsed() < PATIENCE, "process {pid} is not watched");
            thread::sleep(Duration::from_millis(5));
        }
        Ok(watch)
    }
}

/// Whether every thread of a process is traced.
fn is_watched(pid: u32) -> Result<bool> {
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let Ok(status) = fs::read_to_string(thread?.path().join("status")) else {
            // A thread that has just ended.
            continue;
        };
        if status.lines().any(|line| line == "TracerPid:\t0") {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A `strace` beside a process; it goes away with this value.
#[derive(Debug)]
pub struct Watch {
    strace: Child,
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.strace.kill();
        let _ = self.strace.wait();
    }
}

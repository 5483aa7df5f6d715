//! The hostile process, as the honest one sees it.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    attack::Attack,
    flood::{Done, UNDER_WAY},
};

/// A process that attacks, killed when dropped.
#[derive(Debug)]
pub(crate) struct Attacker {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Attacker {
    /// Starts an attack on a port of this machine, and waits until it is under way.
    ///
    /// It runs on the core of this process, and only when nothing else wants to: what is measured is
    /// the server, and not how the load's core is shared.
    pub(crate) fn start(attack: Attack, port: u16, jwt: &Path) -> Result<Self> {
        let mut child = Command::new("chrt")
            .args(["--idle", "0"])
            .arg(std::env::current_exe()?)
            .args(["flood", "--attack", attack.name()])
            .args(["--port", &port.to_string(), "--jwt"])
            .arg(jwt)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("starting chrt (of util-linux)")?;
        let lines = child.stdout.take().context("its output is piped")?;
        let mut attacker = Self {
            child,
            lines: BufReader::new(lines),
        };
        let line = attacker.line()?;
        ensure!(line == UNDER_WAY, "the attack says {line:?}");
        Ok(attacker)
    }

    /// Ends the attack, and says what it came to.
    pub(crate) fn stop(mut self) -> Result<Done> {
        drop(self.child.stdin.take());
        let line = self.line()?;
        serde_json::from_str(&line).with_context(|| format!("the attack says {line:?}"))
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.lines.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Attacker {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

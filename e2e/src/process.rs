//! Programs that run for a while (servers) and programs that run once (clients).

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};

/// How long a server may take to be ready, or a client to finish, on a machine that is busy.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server process, killed when dropped.
#[derive(Debug)]
pub struct Server {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Server {
    /// Starts `command` with its output in `folder/NAME.log`.
    pub fn start(name: &str, command: &mut Command, folder: &Path) -> Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let out = File::options().create(true).append(true).open(&log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .spawn()
            .with_context(|| format!("starting {name}"))?;
        Ok(Self {
            name: name.to_owned(),
            child,
            log,
        })
    }

    /// Starts `command` with its output going where the caller says; there is no log.
    pub fn start_with_output(
        name: &str,
        command: &mut Command,
        output: impl Into<Stdio>,
        errors: impl Into<Stdio>,
    ) -> Result<Self> {
        let child = command
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .with_context(|| format!("starting {name}"))?;
        Ok(Self {
            name: name.to_owned(),
            child,
            log: PathBuf::new(),
        })
    }

    /// Starts `command` and gives the first line that it prints on standard output, too.
    pub fn start_with_line(
        name: &str,
        command: &mut Command,
        folder: &Path,
    ) -> Result<(Self, String)> {
        let log = folder.join(format!("{name}.log"));
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .spawn()
            .with_context(|| format!("starting {name}"))?;
        let mut line = String::new();
        let mut lines = BufReader::new(child.stdout.take().context("no standard output")?);
        lines.read_line(&mut line)?;
        let server = Self {
            name: name.to_owned(),
            child,
            log,
        };
        ensure!(!line.is_empty(), "{name} said nothing: {}", server.log());
        // What it says later is read, so that it never waits for a full pipe.
        thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        Ok((server, line))
    }

    /// Waits until `ready` holds, at most a minute.
    pub fn wait_until(&mut self, ready: impl Fn() -> bool) -> Result<()> {
        let start = Instant::now();
        while !ready() {
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended with {status}: {}", self.name, self.log());
            }
            ensure!(
                start.elapsed() < PATIENCE,
                "{} is not ready: {}",
                self.name,
                self.log()
            );
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Sends a signal by name (`HUP`, `TERM`, `KILL`).
    pub fn signal(&self, signal: &str) -> Result<()> {
        let status = Command::new("kill")
            .args(["-s", signal, &self.child.id().to_string()])
            .status()?;
        ensure!(status.success(), "no {} to signal", self.name);
        Ok(())
    }

    /// Waits for the process to end by itself, at most a minute.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        wait(&mut self.child, &self.name)
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What the server has written so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a client did.
#[derive(Debug)]
pub struct Output {
    /// The command line, without what follows a credential's flag.
    pub command: String,
    /// Whether it exited with 0.
    pub success: bool,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Output {
    /// Fails with everything the client said, unless it succeeded.
    pub fn succeeded(self) -> Result<Self> {
        ensure!(self.success, "{} failed: {}", self.command, self.said());
        Ok(self)
    }

    /// Fails unless the client failed.
    pub fn refused(self) -> Result<Self> {
        ensure!(!self.success, "{} succeeded: {}", self.command, self.said());
        Ok(self)
    }

    /// Both streams together: what a CI log shows.
    pub fn said(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// Runs a program to its end in an environment of its own: only `PATH`, and `home` for its files.
pub fn run(
    program: &Path,
    home: &Path,
    args: impl IntoIterator<Item: AsRef<OsStr>>,
) -> Result<Output> {
    run_with(Command::new(program).args(args), home, None)
}

/// As [`run`], for a command with settings of its own and text for its standard input.
pub fn run_with(command: &mut Command, home: &Path, input: Option<&str>) -> Result<Output> {
    let shown = describe(command);
    let kept: Vec<_> = command
        .get_envs()
        .filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())))
        .collect();
    let mut child = command
        .env_clear()
        .env("PATH", crate::tool::path())
        .env("HOME", home)
        .env("XDG_RUNTIME_DIR", home)
        .env("TMPDIR", home)
        .envs(kept)
        .stdin(if input.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {shown}"))?;
    if let Some((mut pipe, text)) = child.stdin.take().zip(input) {
        // A program that does not read its input closes the pipe: that is its answer, not our failure.
        let _ = std::io::Write::write_all(&mut pipe, text.as_bytes());
    }
    let stdout = drain(child.stdout.take());
    let stderr = drain(child.stderr.take());
    let status = wait(&mut child, &shown)?;
    Ok(Output {
        command: shown,
        success: status.success(),
        stdout: stdout.join().unwrap_or_default(),
        stderr: stderr.join().unwrap_or_default(),
    })
}

/// A command line fit to be shown: a JWT in it is cut to its beginning.
fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| {
            let word = word.to_string_lossy();
            match word.char_indices().nth(200) {
                Some((cut, _)) => format!("{}…", word.get(..cut).unwrap_or_default()),
                None => word.into_owned(),
            }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

fn drain<R: std::io::Read + Send + 'static>(stream: Option<R>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            let _ = stream.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn wait(child: &mut Child, name: &str) -> Result<ExitStatus> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if start.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            bail!("{name} did not end within {PATIENCE:?}");
        }
        thread::sleep(Duration::from_millis(10));
    }
}

//! `portpass init`: the files that a newcomer needs, for one registry.
//!
//! ```text
//! arguments, or answers (ask) ─► platform ─► plan ─► files, next steps
//! a JWT (presented)           ─┘
//! ```
//!
//! No other system is asked: what cannot be known stands in the file as a word
//! that `portpass check` points at.

use std::{
    fs,
    io::{self, IsTerminal as _, Read as _, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail, ensure};
use jiff::Timestamp;
use serde_json::json;

use self::{
    ask::Questions,
    choice::{Builder, RegistryChoice},
    plan::Plan,
};
use super::printer::Printer;
use crate::clock::Clock;

mod ask;
mod choice;
mod config_file;
mod gitlab;
mod job;
mod next_steps;
mod plan;
mod platform;
mod pod;
mod presented;
mod registry_file;
mod rules;
mod test_tables;
mod text;
mod workflow;

/// The longest input that is read for a JWT, in bytes: more than one may have.
const LONGEST_INPUT: u64 = 64 * 1024;

/// Writes a first configuration for Portpass, the registry and CI.
///
/// With a JWT it writes the least rule, for the one job that the JWT is of. On a
/// terminal it asks for what matters, if nothing says who pushes.
#[derive(Debug, clap::Args)]
pub(super) struct Init {
    /// Read a job's JWT from standard input, and write the least rule that lets
    /// it push. It may have expired, and its signature is not checked.
    #[arg(long, conflicts_with_all = ["github", "gitlab", "forgejo", "kubernetes"])]
    jwt_stdin: bool,
    /// The repository that the JWT's job pushes to. Default:
    /// `apps/ISSUER/REPOSITORY`, for pods `pods/NAMESPACE/SERVICE-ACCOUNT`.
    #[arg(long, value_name = "NAME", requires = "jwt_stdin")]
    repository: Option<String>,
    /// What the configuration calls the JWT's issuer. Default: by its platform.
    #[arg(long, value_name = "NAME", requires = "jwt_stdin")]
    issuer: Option<String>,
    /// Ask for what the arguments do not say, even if no terminal is there.
    #[arg(long, conflicts_with = "jwt_stdin")]
    ask: bool,
    /// The registry's software. Default: distribution.
    #[arg(long, value_enum)]
    registry: Option<RegistryChoice>,
    /// The GitHub user or organisation whose workflows push.
    #[arg(long, value_name = "OWNER")]
    github: Option<String>,
    /// Its numeric id; without it the file says how to find it.
    #[arg(long, value_name = "ID", requires = "github")]
    owner_id: Option<String>,
    /// The GitLab whose pipelines push, as in `https://gitlab.example.com`.
    #[arg(long, value_name = "URL")]
    gitlab: Option<String>,
    /// The group on it, by path.
    #[arg(long, value_name = "PATH", requires = "gitlab")]
    group: Option<String>,
    /// The group's numeric id: needed on gitlab.com, which strangers share.
    #[arg(long, value_name = "ID", requires = "gitlab")]
    group_id: Option<String>,
    /// The Forgejo whose workflows push, as in `https://codeberg.org`.
    #[arg(long, value_name = "URL")]
    forgejo: Option<String>,
    /// The user or organisation on it.
    #[arg(long, value_name = "OWNER", requires = "forgejo")]
    forgejo_owner: Option<String>,
    /// Its numeric id: needed on codeberg.org, which strangers share.
    #[arg(long, value_name = "ID", requires = "forgejo")]
    forgejo_owner_id: Option<String>,
    /// The `iss` of the Kubernetes cluster whose pods push.
    #[arg(long, value_name = "ISS")]
    kubernetes: Option<String>,
    /// The namespace of those pods. Default: ci.
    #[arg(long, value_name = "NAME", requires = "kubernetes")]
    namespace: Option<String>,
    /// Their service account. Default: builder.
    #[arg(long, value_name = "NAME", requires = "kubernetes")]
    service_account: Option<String>,
    /// What builds and pushes in the job. Default: docker, and buildah in pods.
    #[arg(long, value_enum)]
    builder: Option<Builder>,
    /// The address of Portpass that clients see. Default:
    /// `http://localhost:8080`.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Host, and port if any, that clients push to. Default: the host of the
    /// public URL; on loopback `localhost:5000`.
    #[arg(long, value_name = "HOST")]
    registry_host: Option<String>,
    /// The folder to write to.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    dir: PathBuf,
}

impl Init {
    /// Writes the files, and prints what to do next.
    ///
    /// # Errors
    ///
    /// An argument or an answer cannot be used, no rule can be written for the
    /// JWT, or one of the files is there already; then nothing is written.
    pub(super) fn run(mut self, printer: Printer) -> anyhow::Result<ExitCode> {
        if self.ask || self.may_ask(printer) {
            let mut questions = Questions::new(io::stdin().lock(), io::stderr().lock());
            ask::fill(&mut self, &mut questions)?;
        }
        let jwt = self.jwt_stdin.then(|| input(io::stdin().lock()));
        let Written { files, next } =
            write(&self, jwt.transpose()?.as_deref(), Clock::System.now())?;
        if printer.is_json() {
            Printer::json(&json!({ "files": files, "next": next }))?;
        } else {
            Printer::text(&said(&files, &next))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Whether somebody is there to answer, and there is something to ask.
    fn may_ask(&self, printer: Printer) -> bool {
        !self.jwt_stdin
            && !self.says_who()
            && !printer.is_json()
            && io::stdin().is_terminal()
            && io::stderr().is_terminal()
    }

    /// Whether the arguments name anybody who pushes.
    fn says_who(&self) -> bool {
        let platforms = [&self.github, &self.gitlab, &self.forgejo, &self.kubernetes];
        platforms.into_iter().any(Option::is_some)
    }
}

/// All of the input, if it is short enough to be a JWT.
fn input(reader: impl io::Read) -> anyhow::Result<String> {
    let mut text = String::new();
    reader
        .take(LONGEST_INPUT + 1)
        .read_to_string(&mut text)
        .context("reading the JWT from standard input")?;
    let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
    ensure!(
        length <= LONGEST_INPUT,
        "what came on standard input is no JWT: it is longer than 64 KiB"
    );
    ensure!(
        !text.trim().is_empty(),
        "nothing came on standard input, where --jwt-stdin expects the JWT"
    );
    Ok(text)
}

fn said(files: &[PathBuf], next: &str) -> String {
    let wrote = files
        .iter()
        .map(|file| format!("wrote {}\n", file.display()));
    wrote.collect::<String>() + "\n" + next
}

/// What a newcomer has now.
#[derive(Debug)]
struct Written {
    files: Vec<PathBuf>,
    /// What to do with them, as text.
    next: String,
}

/// Writes the files.
fn write(arguments: &Init, jwt: Option<&str>, now: Timestamp) -> anyhow::Result<Written> {
    fs::create_dir_all(&arguments.dir)
        .with_context(|| format!("making the folder {}", arguments.dir.display()))?;
    let folder = arguments
        .dir
        .canonicalize()
        .with_context(|| format!("finding the folder {}", arguments.dir.display()))?;
    let plan = match jwt {
        Some(jwt) => Plan::of_jwt(arguments, folder, jwt, now)?,
        None => Plan::of_arguments(arguments, folder)?,
    };
    let files = plan.files();
    for (name, _) in &files {
        let path = plan.folder.join(name);
        ensure!(
            !path.exists(),
            "{} is there already; move it away or choose another --dir",
            path.display()
        );
    }
    let mut written = Vec::with_capacity(files.len());
    for (name, text) in &files {
        write_new(&plan.folder.join(name), text)?;
        written.push(arguments.dir.join(name));
    }
    Ok(Written {
        files: written,
        next: next_steps::next_steps(&plan, &arguments.dir),
    })
}

/// Writes a file that must not be there yet.
fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    let file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("writing {}", path.display()))
}

/// Refuses what would need quoting in one of the files.
fn plain<'a>(what: &str, text: &'a str, also: &str) -> anyhow::Result<&'a str> {
    let fits = |character: char| character.is_ascii_alphanumeric() || also.contains(character);
    if text.is_empty() || !text.chars().all(fits) {
        bail!(
            "{what} `{}` can hold only letters, digits and {also}",
            text.escape_debug()
        );
    }
    Ok(text)
}

#[cfg(test)]
mod tests;

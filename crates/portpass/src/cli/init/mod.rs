//! `portpass init`: the files a newcomer needs, for one registry.
//!
//! It asks nobody and knows no ids: what it cannot know stands in the file as
//! a word that `portpass check` points at.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail, ensure};
use serde_json::json;

use self::plan::Plan;
use super::printer::Printer;
use crate::registry::RegistryKind;

mod files;
mod plan;

/// Writes a first configuration for Portpass, the registry and CI.
#[derive(Debug, clap::Args)]
pub(super) struct Init {
    /// The registry's software.
    #[arg(long, value_enum, default_value = "distribution")]
    registry: RegistryChoice,
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
    /// The address of Portpass that clients see.
    #[arg(long, value_name = "URL", default_value = "http://localhost:8080")]
    public_url: String,
    /// Host, and port if any, that clients push to. Default: the host of the
    /// public URL; on loopback `localhost:5000`.
    #[arg(long, value_name = "HOST")]
    registry_host: Option<String>,
    /// The folder to write to.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    dir: PathBuf,
}

/// The registries that a first configuration is written for.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
enum RegistryChoice {
    /// CNCF Distribution 3.1 and later.
    Distribution,
    /// Docker Distribution 2.x, as Debian's `docker-registry`.
    #[value(name = "distribution-2")]
    Distribution2,
    /// zot.
    Zot,
}

impl RegistryChoice {
    fn kind(self) -> RegistryKind {
        match self {
            Self::Distribution => RegistryKind::Distribution,
            Self::Distribution2 => RegistryKind::Distribution2,
            Self::Zot => RegistryKind::Zot,
        }
    }
}

impl Init {
    /// Writes the files, and prints what to do next.
    ///
    /// # Errors
    ///
    /// An argument cannot be used, or one of the files is there already; then
    /// nothing is written.
    pub(super) fn run(self, printer: Printer) -> anyhow::Result<ExitCode> {
        let Written { files, next } = write(&self)?;
        if printer.is_json() {
            Printer::json(&json!({ "files": files, "next": next }))?;
        } else {
            Printer::text(&said(&files, &next))?;
        }
        Ok(ExitCode::SUCCESS)
    }
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
fn write(arguments: &Init) -> anyhow::Result<Written> {
    fs::create_dir_all(&arguments.dir)
        .with_context(|| format!("making the folder {}", arguments.dir.display()))?;
    let folder = arguments
        .dir
        .canonicalize()
        .with_context(|| format!("finding the folder {}", arguments.dir.display()))?;
    let plan = Plan::new(arguments, folder)?;
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
        next: plan.next_steps(&arguments.dir),
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

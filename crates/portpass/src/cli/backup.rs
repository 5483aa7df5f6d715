//! `portpass backup` and `portpass restore`: a copy of everything, and back.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, ensure};
use clap::Args;
use serde_json::json;
use tokio::io::{AsyncBufRead, BufReader};

use super::{
    block_on, offline,
    printer::{Printer, minute},
    reach::Reach,
};
use crate::{
    admin::{self, Backup, Client, Header, Restored},
    clock::Clock,
};

/// What stands after `portpass backup`.
#[derive(Args, Clone, Debug)]
pub(super) struct BackupArgs {
    /// The file to write, which must not be there; else the standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// With the private keys of this server, its CA's among them; on its
    /// machine only.
    #[arg(long)]
    with_keys: bool,
}

impl BackupArgs {
    pub(super) fn run(self, reach: &Reach, printer: Printer) -> anyhow::Result<ExitCode> {
        let question = Backup {
            keys: self.with_keys,
        };
        let header = block_on(async {
            let operator = reach.operator().await?;
            let header = match &self.output {
                Some(path) => to_file(operator.client(), question, path).await,
                None => Ok(operator
                    .client()
                    .backup(question, &mut io::stdout())
                    .await?),
            };
            operator.close().await;
            header
        })?;
        match &self.output {
            Some(path) if printer.is_json() => Printer::json(&json!({
                "file": path,
                "created": header.created,
                "keys": self.with_keys,
                "ca_key": header.ca_key,
            }))?,
            // The copy itself may be on the standard output.
            Some(_) | None => Printer::note(said(&header, self.with_keys)),
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What is in a copy, as far as one must know to keep it.
fn said(header: &Header, with_keys: bool) -> &'static str {
    match (header.ca_key, with_keys) {
        (true, _) => {
            "The private key of the CA is in the copy: whoever reads it can sign tokens for every \
             registry that trusts it."
        }
        (false, true) => {
            "Private keys are in the copy, but not the CA's: it is not in the data folder."
        }
        (false, false) => {
            "The private key of the CA is not in the copy: keep it as well (--with-keys), or \
             registries must trust a new CA after a loss."
        }
    }
}

/// Writes a copy whole or not at all.
async fn to_file(client: &Client, question: Backup, path: &Path) -> anyhow::Result<Header> {
    ensure!(!path.exists(), "{} is there already", path.display());
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    let part = PathBuf::from(name);
    let mut file = draft(&part).with_context(|| format!("writing {}", part.display()))?;
    let header = client.backup(question, &mut file).await;
    let saved = match header {
        Ok(header) => file
            .sync_all()
            .and_then(|()| fs::rename(&part, path))
            .map(|()| header)
            .with_context(|| format!("writing {}", path.display())),
        Err(error) => Err(error.into()),
    };
    if saved.is_err() {
        // What is left of a copy that failed is of no use to anybody.
        drop(fs::remove_file(&part));
    }
    saved
}

/// A file of our own. There may be private keys in it, and the folder may be
/// everybody's: what somebody has put there under its name is not written into.
fn draft(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut options = OpenOptions::new();
    options.create_new(true).write(true).mode(0o600).open(path)
}

/// What stands after `portpass restore`.
#[derive(Args, Clone, Debug)]
pub(super) struct RestoreArgs {
    /// What `portpass backup` wrote; `-` is the standard input.
    file: PathBuf,
}

impl RestoreArgs {
    pub(super) fn run(self, reach: &Reach, printer: Printer) -> anyhow::Result<ExitCode> {
        let config = reach.local()?;
        let restored = block_on(async {
            let running = Client::connect(&config.admin_socket).await?;
            ensure!(
                running.is_none(),
                "a server is running; stop it (and, with PostgreSQL, every replica) first"
            );
            let files = offline::open(&config).await?;
            let keys = config.data_dir.join("keys");
            let (uid, now) = (offline::uid()?, Clock::System.now());
            let backup = self.open().await?;
            let restored = admin::restore(&files.store, &keys, backup, uid, now).await;
            files.close().await;
            Ok(restored?)
        })?;
        if printer.is_json() {
            Printer::json(&json!({
                "rows": restored.rows,
                "key_files": restored.key_files,
                "created": restored.header.created,
            }))?;
        } else {
            Printer::text(&report(&restored))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn open(&self) -> anyhow::Result<impl AsyncBufRead + Send + Unpin + use<>> {
        let path = if self.file == Path::new("-") {
            Path::new("/dev/stdin")
        } else {
            &self.file
        };
        let file = tokio::fs::File::open(path)
            .await
            .with_context(|| format!("reading {}", path.display()))?;
        Ok(BufReader::new(file))
    }
}

fn report(restored: &Restored) -> String {
    let keys = match restored.key_files {
        0 => "No keys were in it: those of this data folder stay, or are made at the next start.",
        _ => "The keys that were in it are in the data folder.",
    };
    format!(
        "restored {} rows of {} UTC\n\
         Every login has ended: whoever needs one presents a new JWT.\n\
         API tokens that were revoked after the backup was made are good again: see \
         `portpass tokens list`.\n{keys}\n",
        restored.rows,
        minute(restored.header.created),
    )
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write as _,
        os::unix::fs::{PermissionsExt as _, symlink},
    };

    use super::*;

    #[test]
    fn a_copy_is_written_into_no_file_that_somebody_else_has_put_there() {
        for plant in [
            (|part, other| symlink(other, part)) as fn(&Path, &Path) -> io::Result<()>,
            |part, other| fs::hard_link(other, part),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let (part, other) = (folder.path().join("copy.part"), folder.path().join("other"));
            fs::write(&other, "theirs").unwrap();
            plant(&part, &other).unwrap();
            draft(&part).unwrap().write_all(b"keys").unwrap();
            assert_eq!(fs::read_to_string(&other).unwrap(), "theirs");
            let mode = fs::symlink_metadata(&part).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}

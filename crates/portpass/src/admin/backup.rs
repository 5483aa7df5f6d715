//! A consistent copy of everything that is stored, as lines of JSON.
//!
//! ```text
//! header, key files (if asked for), rows, trailer
//! ```
//!
//! Of everything but the refresh tokens that an identity provider gave us for
//! people: nobody could use them after a restore, which ends all sessions.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use axum::{
    Extension,
    body::Body,
    extract::{Query, State, rejection::QueryRejection},
    http::header::CONTENT_TYPE,
    response::{IntoResponse as _, Response},
};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use futures_util::stream;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::mpsc;

use super::{
    actor::Actor,
    desk::{Deed, Desk},
    failure::Failure,
    host::Admin,
};
use crate::store::Store;

/// Where it is asked for.
pub(super) const PATH: &str = "/backup";

/// The form of backups that we write.
pub(super) const FORM: u32 = 1;

/// The file of our own CA, below the folder of keys.
const CA_KEY: &str = "ca/current.pem";

/// Lines that may wait for the reader.
const WAITING: usize = 256;

/// Asks for a copy.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Backup {
    /// With the private keys of this server, its CA's among them; over the Unix
    /// socket only.
    pub keys: bool,
}

/// The first line.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Header {
    /// The form of what follows.
    pub portpass_backup: u32,
    /// The migration that the database had come to.
    pub schema: i64,
    /// When it was made.
    pub created: Timestamp,
    /// Whether the private key of the CA is in it.
    pub ca_key: bool,
}

/// The line of one key file.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    /// Its path below the folder of keys.
    pub key_file: String,
    /// Its bytes, in base64.
    pub content: String,
}

/// The last line: without it the copy was cut short.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Trailer {
    /// How many lines stand between the header and this one.
    pub portpass_backup_lines: u64,
}

impl std::fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyFile")
            .field("key_file", &self.key_file)
            .finish_non_exhaustive()
    }
}

pub(super) async fn stream(
    State(admin): State<Admin>,
    Extension(actor): Extension<Actor>,
    question: Result<Query<Backup>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(Backup { keys }) =
        question.map_err(|rejection| Failure::Malformed(rejection.body_text()))?;
    // Whoever has the CA's key signs whatever they like, whatever the rules are.
    if keys && !actor.is_here() {
        return Err(Failure::Refused(
            "private keys are not given out over the network; ask for them on the server's machine"
                .to_owned(),
        ));
    }
    let desk = Desk::new(admin, actor);
    desk.record(Deed {
        action: "backup",
        about: (None, None),
        detail: json!({ "keys": keys }),
    })
    .await?;
    let folder = desk.admin.keys.clone();
    let files = tokio::task::spawn_blocking(move || {
        if keys {
            read_keys(&folder)
        } else {
            Ok(Vec::new())
        }
    });
    let files = files
        .await
        .map_err(|error| Failure::Broken(error.into()))?
        .map_err(|error| Failure::Broken(anyhow::Error::new(error).context("reading the keys")))?;
    let (lines, mut written) = mpsc::channel(WAITING);
    tokio::spawn(write(desk.store().clone(), desk.now, files, lines));
    let lines = stream::poll_fn(move |context| written.poll_recv(context));
    let kind = [(CONTENT_TYPE, "application/x-ndjson")];
    Ok((kind, Body::from_stream(lines)).into_response())
}

/// Writes all lines. If something fails, the answer breaks off with an error.
async fn write(
    store: Store,
    created: Timestamp,
    files: Vec<KeyFile>,
    lines: mpsc::Sender<io::Result<String>>,
) {
    let (sender, mut rows) = mpsc::channel::<String>(WAITING);
    let forward = async {
        let mut next = rows.recv().await;
        let header = Header {
            portpass_backup: FORM,
            schema: next.as_deref().and_then(schema_of).unwrap_or_default(),
            created,
            ca_key: files.iter().any(|file| file.key_file == CA_KEY),
        };
        lines.send(line(&header)).await.ok()?;
        for file in &files {
            lines.send(line(file)).await.ok()?;
        }
        let mut count = files.len() as u64;
        while let Some(row) = next {
            lines.send(Ok(row + "\n")).await.ok()?;
            count += 1;
            next = rows.recv().await;
        }
        Some(count)
    };
    let last = match tokio::join!(store.copy_out(sender), forward) {
        // Whoever asked has gone.
        (_, None) => return,
        (Ok(_), Some(portpass_backup_lines)) => line(&Trailer {
            portpass_backup_lines,
        }),
        (Err(error), Some(_)) => {
            tracing::error!(error = %error, "A backup broke off");
            Err(io::Error::other(error))
        }
    };
    // As above: nobody may be there to be told.
    let _ = lines.send(last).await;
}

/// The schema that the store says its copy has, in the copy's first line.
fn schema_of(line: &str) -> Option<i64> {
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    line.get("begin")?.get("schema")?.as_i64()
}

/// Sees a copy go by, in pieces, and knows whether it was whole.
#[derive(Debug, Default)]
pub(super) struct Whole {
    header: Option<Header>,
    /// The line that has not ended yet.
    line: Vec<u8>,
    /// The last line that has ended.
    last: Vec<u8>,
    lines: u64,
}

impl Whole {
    pub(super) fn see(&mut self, piece: &[u8]) {
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.last() == Some(&b'\n') {
                if self.lines == 0 {
                    self.header = serde_json::from_slice(&self.line).ok();
                }
                self.lines += 1;
                std::mem::swap(&mut self.last, &mut self.line);
                self.line.clear();
            }
        }
    }

    /// The header, if all lines came after it and the trailer after them.
    pub(super) fn header(self) -> Option<Header> {
        let trailer: Trailer = serde_json::from_slice(&self.last).ok()?;
        let is_whole = self.line.is_empty() && trailer.portpass_backup_lines + 2 == self.lines;
        self.header.filter(|_| is_whole)
    }
}

fn line(value: &impl Serialize) -> io::Result<String> {
    Ok(serde_json::to_string(value)? + "\n")
}

/// Every file below a folder, sorted.
fn read_keys(folder: &Path) -> io::Result<Vec<KeyFile>> {
    let mut paths: Vec<PathBuf> = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next)? {
            let entry = entry?;
            match entry.file_type()? {
                kind if kind.is_dir() => folders.push(entry.path()),
                kind if kind.is_file() => paths.push(entry.path()),
                _ => {}
            }
        }
    }
    paths.sort();
    let file = |path: PathBuf| {
        let below = path.strip_prefix(folder).unwrap_or(&path);
        Ok(KeyFile {
            key_file: below.to_string_lossy().into_owned(),
            content: BASE64_STANDARD.encode(fs::read(&path)?),
        })
    };
    paths.into_iter().map(file).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COPY: &str = concat!(
        r#"{"portpass_backup":1,"schema":2,"created":"2026-01-01T00:00:00Z","ca_key":false}"#,
        "\n",
        r#"{"begin":{"schema":2,"revision":0}}"#,
        "\n",
        r#"{"end":{"rows":0}}"#,
        "\n",
        r#"{"portpass_backup_lines":2}"#,
        "\n",
    );

    fn header_of(pieces: &[&[u8]]) -> Option<Header> {
        let mut whole = Whole::default();
        for piece in pieces {
            whole.see(piece);
        }
        whole.header()
    }

    #[test]
    fn a_copy_is_whole_however_it_is_cut_into_pieces() {
        for at in 0..COPY.len() {
            let (one, two) = COPY.as_bytes().split_at(at);
            assert_eq!(header_of(&[one, two]).unwrap().schema, 2, "{at}");
        }
    }

    #[test]
    fn a_copy_that_lacks_anything_is_not_whole() {
        for end in 0..COPY.len() {
            assert_eq!(header_of(&[&COPY.as_bytes()[..end]]), None, "{end}");
        }
        for gone in 0..4 {
            let lines = COPY.split_inclusive('\n').enumerate();
            let kept: String = lines
                .filter(|(number, _)| *number != gone)
                .map(|(_, line)| line)
                .collect();
            assert_eq!(header_of(&[kept.as_bytes()]), None, "{gone}");
        }
    }

    #[test]
    fn every_file_of_the_keys_is_read() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("ca")).unwrap();
        fs::write(folder.path().join("ca/current.pem"), "ca").unwrap();
        fs::write(folder.path().join("one.pem"), "one").unwrap();
        let files = read_keys(folder.path()).unwrap();
        let names: Vec<_> = files.iter().map(|file| file.key_file.as_str()).collect();
        assert_eq!(names, [CA_KEY, "one.pem"]);
        assert!(!format!("{files:?}").contains(&files[0].content));
    }
}

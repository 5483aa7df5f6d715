//! A backup into an empty store: all of it, or nothing.
//!
//! What must be true afterwards goes in with the rows, in their transaction:
//! every login has ended, and an event says who restored.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Component, Path, PathBuf},
    pin::Pin,
    task::{Context, Poll, ready},
};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, ReadBuf},
    sync::mpsc,
};

use super::{Header, KeyFile, Trailer, actor::Actor, backup::FORM};
use crate::{
    event_id::event_id,
    store::{Store, StoreError},
};

/// Far more than any line of ours.
const MAX_LINE_BYTES: u64 = 16 << 20;

/// Lines that may wait for the store.
const WAITING: usize = 256;

/// What was restored.
#[derive(Clone, Copy, Debug)]
pub struct Restored {
    /// The backup's first line.
    pub header: Header,
    /// How many rows it had.
    pub rows: u64,
    /// How many key files it had.
    pub key_files: usize,
}

/// Fills an empty store with a backup, and ends every login that was in it.
///
/// Key files are put into the folder `keys`, which must not be there if the
/// backup has any.
///
/// # Errors
///
/// When it is no backup, not a whole one, or one of a newer version, and when
/// the store is not empty; the store is then as it was.
pub async fn restore(
    store: &Store,
    keys: &Path,
    backup: impl AsyncBufRead + Send + Unpin,
    uid: u32,
    now: Timestamp,
) -> Result<Restored, RestoreError> {
    let (lines, fed) = mpsc::channel(WAITING);
    let mut reading = Reading {
        lines,
        keys: StagedKeys::new(keys),
        actor: Actor::uid(uid),
        now,
    };
    let fed = Fed {
        lines: fed,
        line: Vec::new(),
        read: 0,
    };
    let feeding = async {
        let result = reading.feed(backup).await;
        if result.is_err() {
            // The store sees it as a broken read, and undoes what it did.
            let broken = Err(io::Error::other("the backup is not whole"));
            let _ = reading.lines.send(broken).await;
        }
        (result, reading.keys)
    };
    let ((result, keys), copied) = tokio::join!(feeding, store.copy_in(fed));
    let (header, rows) = match (result, copied) {
        (Ok(_) | Err(RestoreError::Stopped), Err(error)) => return Err(error.into()),
        (Err(error), _) => return Err(error),
        (Ok(read), Ok(_)) => read,
    };
    let key_files = keys.keep();
    Ok(Restored {
        header,
        rows,
        key_files,
    })
}

/// A backup while it is read.
struct Reading {
    lines: mpsc::Sender<io::Result<Vec<u8>>>,
    keys: StagedKeys,
    actor: Actor,
    now: Timestamp,
}

impl Reading {
    /// Hands the rows on, until the trailer; gives the header and their number.
    async fn feed(
        &mut self,
        mut backup: impl AsyncBufRead + Unpin,
    ) -> Result<(Header, u64), RestoreError> {
        let first = next_line(&mut backup).await?;
        let header: Header =
            serde_json::from_slice(&first).map_err(|_other| RestoreError::NoBackup)?;
        if header.portpass_backup != FORM {
            return Err(RestoreError::Newer);
        }
        let (mut count, mut rows, mut has_ended) = (0, 0, false);
        loop {
            let line = next_line(&mut backup).await?;
            if line.is_empty() {
                return Err(RestoreError::Cut);
            }
            if let Ok(trailer) = serde_json::from_slice::<Trailer>(&line) {
                if trailer.portpass_backup_lines != count {
                    return Err(RestoreError::Cut);
                }
                break;
            }
            count += 1;
            if let Ok(file) = serde_json::from_slice::<KeyFile>(&line) {
                self.keys.stage(&file)?;
                continue;
            }
            match kind(&line, count)? {
                Kind::Begin => self.send(line).await?,
                Kind::Dropped => {}
                Kind::End => has_ended = true,
                Kind::Kept => {
                    rows += 1;
                    self.send(line).await?;
                }
            }
        }
        if !has_ended {
            return Err(RestoreError::Cut);
        }
        // Before the last row, with which all of them are committed: a store that has rows has
        // its keys, at whatever moment somebody pulls the plug. Else the next start would make
        // another CA, which no registry trusts.
        self.keys.put()?;
        let closing = self.closing_rows();
        let end = json!({ "end": { "rows": rows + closing.len() as u64 } });
        for line in closing.iter().chain([&end]) {
            self.send(line.to_string().into_bytes()).await?;
        }
        Ok((header, rows))
    }

    async fn send(&self, mut line: Vec<u8>) -> Result<(), RestoreError> {
        if line.last() != Some(&b'\n') {
            line.push(b'\n');
        }
        let sent = self.lines.send(Ok(line)).await;
        sent.map_err(|_closed| RestoreError::Stopped)
    }

    /// That every login has ended, and who restored.
    fn closing_rows(&self) -> [Value; 2] {
        let now = self.now.as_millisecond();
        let actor = self.actor.to_string();
        let body = json!({ "action": "restore", "actor": actor, "detail": {} });
        [
            json!({ "revocations": {
                "kind": "all", "issuer": "", "value": "", "at_ms": now, "actor": actor,
            } }),
            json!({ "events": {
                "id": event_id(self.now), "at_ms": now, "last_ms": now, "count": 1,
                "kind": "operator", "reason": null, "decision": null, "login": null,
                "registry": null, "issuer": null, "identity": null, "body": body.to_string(),
            } }),
        ]
    }
}

/// What a line of the store's copy is.
enum Kind {
    /// The first.
    Begin,
    /// A row that is not restored: refresh tokens are not, and what ended all
    /// logins before is replaced by what does so now.
    Dropped,
    /// The last: it counts the rows, of which there will be others.
    End,
    /// Any other row.
    Kept,
}

fn kind(line: &[u8], number: u64) -> Result<Kind, RestoreError> {
    // The parser's own error could repeat what is in the line.
    let line: Map<String, Value> =
        serde_json::from_slice(line).map_err(|_secret| RestoreError::Line(number))?;
    let mut entries = line.iter();
    Ok(
        match entries.next().map(|(table, row)| (table.as_str(), row)) {
            Some(("begin", _)) => Kind::Begin,
            Some(("end", _)) => Kind::End,
            Some(("refresh_tokens", _)) => Kind::Dropped,
            Some(("revocations", row)) if row.get("kind").is_some_and(|kind| kind == "all") => {
                Kind::Dropped
            }
            Some(_) | None => Kind::Kept,
        },
    )
}

/// The next line; empty at the end.
async fn next_line(backup: &mut (impl AsyncBufRead + Unpin)) -> Result<Vec<u8>, RestoreError> {
    let mut line = Vec::new();
    let read = backup
        .take(MAX_LINE_BYTES)
        .read_until(b'\n', &mut line)
        .await;
    read.map_err(RestoreError::Read)?;
    if !line.is_empty() && line.last() != Some(&b'\n') {
        return Err(RestoreError::Cut);
    }
    Ok(line)
}

/// Key files, in a folder beside the one they are for until all is well.
struct StagedKeys {
    folder: PathBuf,
    staging: PathBuf,
    files: usize,
    is_put: bool,
}

impl StagedKeys {
    fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            staging: folder.with_extension("restored"),
            files: 0,
            is_put: false,
        }
    }

    fn stage(&mut self, file: &KeyFile) -> Result<(), RestoreError> {
        let below = Path::new(&file.key_file);
        let is_plain = |part| matches!(part, Component::Normal(_));
        if file.key_file.is_empty() || !below.components().all(is_plain) {
            return Err(RestoreError::KeyPath(file.key_file.clone()));
        }
        if self.files == 0 {
            if self.folder.exists() {
                return Err(RestoreError::KeysThere(self.folder.clone()));
            }
            match fs::remove_dir_all(&self.staging) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(RestoreError::Keys(error));
                }
                Ok(()) | Err(_) => {}
            }
        }
        let content = BASE64_STANDARD
            .decode(&file.content)
            .map_err(|_not_base64| RestoreError::KeyPath(file.key_file.clone()))?;
        write_private(&self.staging.join(below), &content).map_err(RestoreError::Keys)?;
        self.files += 1;
        Ok(())
    }

    /// Puts what was staged into its place.
    fn put(&mut self) -> Result<(), RestoreError> {
        if self.files > 0 {
            fs::rename(&self.staging, &self.folder).map_err(RestoreError::Keys)?;
            self.is_put = true;
            let parent = self.folder.parent().unwrap_or(Path::new("."));
            fs::File::open(parent)
                .and_then(|parent| parent.sync_all())
                .map_err(RestoreError::Keys)?;
        }
        Ok(())
    }

    /// Leaves them there, now that all is well; says how many files it was.
    fn keep(mut self) -> usize {
        std::mem::take(&mut self.files)
    }
}

/// What was staged for nothing does not stay.
impl Drop for StagedKeys {
    fn drop(&mut self) {
        let folder = if self.is_put {
            &self.folder
        } else {
            &self.staging
        };
        if self.files > 0
            && let Err(error) = fs::remove_dir_all(folder)
        {
            tracing::warn!(error = %error, "Staged keys were not removed");
        }
    }
}

fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
    }
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(path)?;
    io::Write::write_all(&mut file, content)?;
    file.sync_all()
}

/// Lines that another task hands on, as something to read.
struct Fed {
    lines: mpsc::Receiver<io::Result<Vec<u8>>>,
    line: Vec<u8>,
    /// How much of the line has been read.
    read: usize,
}

impl AsyncBufRead for Fed {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        while this.read >= this.line.len() {
            match ready!(this.lines.poll_recv(context)) {
                Some(Ok(line)) => (this.line, this.read) = (line, 0),
                Some(Err(error)) => return Poll::Ready(Err(error)),
                None => return Poll::Ready(Ok(&[])),
            }
        }
        Poll::Ready(Ok(this.line.get(this.read..).unwrap_or_default()))
    }

    fn consume(self: Pin<&mut Self>, amount: usize) {
        self.get_mut().read += amount;
    }
}

impl AsyncRead for Fed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let line = ready!(self.as_mut().poll_fill_buf(context))?;
        let amount = line.len().min(buffer.remaining());
        buffer.put_slice(line.get(..amount).unwrap_or_default());
        self.consume(amount);
        Poll::Ready(Ok(()))
    }
}

/// Why a backup was not restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// It ends before its end.
    #[error("the backup was cut short: its last line is missing, or lines before it are")]
    Cut,
    /// A key file has a path that leads elsewhere, or is no base64.
    #[error("`{0}` in the backup is not a file of keys")]
    KeyPath(String),
    /// The key files cannot be written.
    #[error("the key files cannot be written: {0}")]
    Keys(#[source] io::Error),
    /// There are keys already.
    #[error("{} is there already, and the backup has keys; move it away first", .0.display())]
    KeysThere(PathBuf),
    /// A line is no row.
    #[error("line {0} after the first of the backup is not one of ours")]
    Line(u64),
    /// A newer version wrote it.
    #[error("the backup is of a newer Portpass; restore it with that version or a later one")]
    Newer,
    /// It is something else.
    #[error("this is not a backup: `portpass backup` writes one")]
    NoBackup,
    /// It cannot be read.
    #[error("the backup cannot be read: {0}")]
    Read(#[source] io::Error),
    /// The store would not take more; its own error says why.
    #[error("the store took no more rows")]
    Stopped,
    /// The store cannot be filled.
    #[error(transparent)]
    Store(#[from] StoreError),
}

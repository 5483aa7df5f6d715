//! The last good key set on disk, for a restart while its issuer is down.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Keys;

/// A file of more cannot be ours: a set has 256 KiB, escaped once.
const MAX_BYTES: u64 = 1024 * 1024;

/// One issuer's file.
#[derive(Clone, Debug)]
pub(super) struct CacheFile {
    path: PathBuf,
    issuer: String,
    source: String,
}

/// What it says. A set counts only for the issuer and the source it came from.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    issuer: String,
    source: String,
    fetched_at: i64,
    jwks: String,
}

impl CacheFile {
    /// The file of an issuer, whose name is safe as that of a file by its grammar.
    pub(super) fn new(dir: &Path, issuer: &str, source: String) -> Self {
        Self {
            path: dir.join(format!("{issuer}.json")),
            issuer: issuer.to_owned(),
            source,
        }
    }

    /// The set and when it was fetched; nothing if it is another source's, from
    /// the future, or unreadable.
    pub(super) fn load(&self, now: Timestamp) -> Option<(Vec<u8>, Timestamp)> {
        if fs::metadata(&self.path).ok()?.len() > MAX_BYTES {
            return None;
        }
        let saved: Saved = serde_json::from_slice(&fs::read(&self.path).ok()?).ok()?;
        let fetched_at = Timestamp::from_second(saved.fetched_at).ok()?;
        let is_ours = saved.issuer == self.issuer && saved.source == self.source;
        (is_ours && fetched_at <= now).then(|| (saved.jwks.into_bytes(), fetched_at))
    }

    /// Replaces the file as a whole: a crash leaves the old one or the new one.
    pub(super) fn save(&self, jwks: &[u8], fetched_at: Timestamp) -> io::Result<()> {
        let saved = Saved {
            issuer: self.issuer.clone(),
            source: self.source.clone(),
            fetched_at: fetched_at.as_second(),
            jwks: String::from_utf8_lossy(jwks).into_owned(),
        };
        if let Some(dir) = self.path.parent() {
            fs::create_dir_all(dir)?;
        }
        let draft = self.path.with_extension("json.new");
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)?;
        file.write_all(&serde_json::to_vec(&saved)?)?;
        file.sync_all()?;
        fs::rename(&draft, &self.path)
    }
}

impl Keys {
    /// Keeps the set for a restart, once nothing that left it is unwritten. A file
    /// is there anyway: of it only what has changed. The caller holds the flight.
    pub(super) async fn save(&self) {
        let Some(cache) = self.cache.clone() else {
            return;
        };
        let (text, fetched_at) = {
            let state = self.state();
            let is_in_vain = state.is_saved && !self.source.location.is_remote();
            match state.fetched_at {
                Some(fetched_at) if state.withdrawn.is_empty() && !is_in_vain => {
                    (state.text.clone(), fetched_at)
                }
                Some(_) | None => return,
            }
        };
        let saved = tokio::task::spawn_blocking(move || cache.save(&text, fetched_at)).await;
        match saved {
            Ok(Ok(())) => self.state().is_saved = true,
            Ok(Err(error)) => tracing::warn!(
                issuer.name = %self.issuer,
                "the issuer's keys cannot be kept for a restart: {error}"
            ),
            Err(error) => tracing::error!(
                issuer.name = %self.issuer,
                "keeping the issuer's keys ended badly: {error}"
            ),
        }
    }

    /// Begins with what is on the disk, if it is of this source and can be read.
    pub(super) fn restore(&self, now: Timestamp) {
        let Some((text, fetched_at)) = self.cache.as_ref().and_then(|cache| cache.load(now)) else {
            return;
        };
        match self.accept(text, fetched_at) {
            Ok(()) => self.state().is_saved = true,
            Err(reason) => {
                tracing::warn!(issuer.name = %self.issuer, "the keys on disk are left out: {reason}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn a_set_counts_for_its_issuer_and_source_only() {
        let dir = tempfile::tempdir().unwrap();
        let file = |issuer, source: &str| CacheFile::new(dir.path(), issuer, source.to_owned());
        let ours = file("github", "url https://a/");
        assert!(ours.load(at(10)).is_none());
        ours.save(b"{}", at(5)).unwrap();
        ours.save(b"{\"keys\":[]}", at(6)).unwrap();
        let (jwks, fetched_at) = ours.load(at(10)).unwrap();
        assert_eq!(
            (jwks.as_slice(), fetched_at),
            (&b"{\"keys\":[]}"[..], at(6))
        );
        assert!(file("github", "url https://b/").load(at(10)).is_none());
        fs::rename(
            dir.path().join("github.json"),
            dir.path().join("gitlab.json"),
        )
        .unwrap();
        assert!(file("gitlab", "url https://a/").load(at(10)).is_none());
    }

    #[test]
    fn a_set_from_the_future_or_of_garbage_is_ignored() {
        let dir = tempfile::tempdir().unwrap();
        let file = CacheFile::new(dir.path(), "github", "s".to_owned());
        file.save(b"{}", at(100)).unwrap();
        assert!(file.load(at(99)).is_none());
        assert!(file.load(at(100)).is_some());
        fs::write(&file.path, "{").unwrap();
        assert!(file.load(at(100)).is_none());
    }

    #[test]
    fn only_the_owner_may_read_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = CacheFile::new(&dir.path().join("new"), "github", "s".to_owned());
        file.save(b"{}", at(1)).unwrap();
        let mode = fs::metadata(&file.path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

//! The key that others' secrets are sealed with: given, or made once and kept.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use aws_lc_rs::rand;
use data_encoding::BASE64URL_NOPAD;

use super::{Relay, SealKey};
use crate::config::SecretText;

/// Where the key is kept, in the data folder; not in the database.
const FILE: &str = "session.key";

/// As many random bytes as nobody guesses.
const RANDOM_BYTES: usize = 32;

/// Far more than any key.
const MAX_BYTES: u64 = 1024;

impl Relay {
    /// Opens the key that is given, or the one in the data folder, which is made
    /// at the first start. Nothing is sealed before.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or made.
    pub fn open_session_key(&self, data_dir: &Path) -> io::Result<()> {
        if self.seal_key.get().is_some() {
            return Ok(());
        }
        let key = match &self.settings.session_key {
            Some(given) => SealKey::derive(given),
            None => SealKey::derive(&kept(data_dir)?),
        };
        // Whoever came first opened the same.
        let _ = self.seal_key.set(key);
        Ok(())
    }
}

/// The text in the file; made, if there is none.
fn kept(data_dir: &Path) -> io::Result<SecretText> {
    let path = data_dir.join(FILE);
    let mut text = String::new();
    match File::open(&path) {
        Ok(file) => {
            file.take(MAX_BYTES).read_to_string(&mut text)?;
            let text = text.trim();
            if text.is_empty() {
                let message = format!(
                    "{} is empty; remove it, and all log in anew",
                    path.display()
                );
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
            Ok(text.to_owned().into())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(data_dir, &path),
        Err(error) => Err(error),
    }
}

/// Makes a key, so that there is either a whole file or none.
fn make(data_dir: &Path, path: &Path) -> io::Result<SecretText> {
    let mut random = [0; RANDOM_BYTES];
    rand::fill(&mut random).map_err(|_without_words| io::Error::other("no random bytes"))?;
    let text = BASE64URL_NOPAD.encode(&random);
    let new = data_dir.join(format!("{FILE}.new"));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    File::open(data_dir)?.sync_all()?;
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_made_once_for_nobody_else_to_read() {
        let folder = tempfile::tempdir().unwrap();
        let first = kept(folder.path()).unwrap();
        assert!(first.expose().len() > RANDOM_BYTES);
        assert_eq!(kept(folder.path()).unwrap(), first);
        let mode = fs::metadata(folder.path().join(FILE))
            .unwrap()
            .permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
        let other = tempfile::tempdir().unwrap();
        assert_ne!(kept(other.path()).unwrap(), first);
    }

    #[test]
    fn an_empty_file_is_no_key() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), "\n").unwrap();
        let told = kept(folder.path()).unwrap_err().to_string();
        assert!(told.contains("is empty"), "{told}");
    }
}

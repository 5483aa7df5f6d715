//! Key files: PEM with a private key and certificates, written whole or not at all.

use std::{
    fs, io,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use data_encoding::BASE64;
use rustls_pki_types::pem::{PemObject as _, SectionKind};

use super::{KeyError, certificate::Certificate};

/// What a file is called at its end before it is whole.
const UNFINISHED: &str = "new";

/// What a PEM file held, in order.
#[derive(Default)]
pub(super) struct Sections {
    /// The first private key, in DER.
    pub(super) private_key: Option<Vec<u8>>,
    /// Every certificate, in DER.
    pub(super) certificates: Vec<Vec<u8>>,
}

impl Sections {
    /// The certificate of a file that is about one key.
    ///
    /// # Errors
    ///
    /// Says so if there is none that can be read.
    pub(super) fn first_certificate(&self) -> Result<Certificate, String> {
        let der = self.certificates.first();
        Certificate::from_der(der.ok_or("a file without a certificate")?)
    }
}

/// Takes a PEM text apart.
///
/// # Errors
///
/// Says what is not PEM.
pub(super) fn sections(text: &[u8]) -> Result<Sections, String> {
    let mut sections = Sections::default();
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(text) {
        let (kind, der) = section.map_err(|error| format!("not a PEM file: {error}"))?;
        match kind {
            SectionKind::Certificate => sections.certificates.push(der),
            SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey => {
                sections.private_key.get_or_insert(der);
            }
            _ => {}
        }
    }
    Ok(sections)
}

/// One PEM section (RFC 7468 §2).
pub(super) fn section(label: &str, der: &[u8]) -> String {
    let encoded: Vec<char> = BASE64.encode(der).chars().collect();
    let lines: Vec<String> = encoded
        .chunks(64)
        .map(|line| line.iter().collect())
        .collect();
    let body = lines.join("\n");
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

/// Reads a file that need not be there.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, KeyError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path, error)),
    }
}

/// Writes a file that only we may read, whole or not at all, and durably.
pub(super) fn write(path: &Path, text: &str) -> Result<(), KeyError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    create_folder(folder)?;
    let unfinished = path.with_extension(UNFINISHED);
    let written = (|| {
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&unfinished)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&unfinished, path)
    })();
    if written.is_err() {
        // On a full disk each attempt would leave another.
        drop(fs::remove_file(&unfinished));
    }
    written.map_err(|error| failed(path, error))?;
    sync_folder(folder)
}

/// Gives a file another name in its folder, replacing what had it.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), KeyError> {
    fs::rename(from, to).map_err(|error| failed(from, error))?;
    to.parent().map_or(Ok(()), sync_folder)
}

/// Removes a file that need not be there.
pub(super) fn remove(path: &Path) -> Result<(), KeyError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(path, error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The `.pem` files of a folder that need not be there, in order of their names.
pub(super) fn list(folder: &Path) -> Result<Vec<PathBuf>, KeyError> {
    with_extension(folder, "pem")
}

fn with_extension(folder: &Path, wanted: &str) -> Result<Vec<PathBuf>, KeyError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(folder, error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| failed(folder, error))?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == wanted)
        {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Removes what was being written to a folder when its writer was killed: private
/// keys that nobody will ever use.
pub(super) fn sweep(folder: &Path) -> Result<(), KeyError> {
    for path in with_extension(folder, UNFINISHED)? {
        remove(&path)?;
    }
    Ok(())
}

fn create_folder(folder: &Path) -> Result<(), KeyError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| failed(folder, error))
}

/// Makes a rename survive a power cut.
fn sync_folder(folder: &Path) -> Result<(), KeyError> {
    fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| failed(folder, error))
}

fn failed(path: &Path, source: io::Error) -> KeyError {
    KeyError::File {
        path: path.to_owned(),
        source,
    }
}

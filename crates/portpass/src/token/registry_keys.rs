//! The long-lived key of a registry that cannot follow a rotation.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use super::{KeyError, certificate::Certificate, header, pem, signing_key::SigningKey};
use crate::registry::{Algorithm, Profile, Registry};

/// How long after its `exp` registries may still take a token (distribution: 60 s).
const LEEWAY: SignedDuration = SignedDuration::from_mins(1);

/// One registry's key, its successor once staged, and its predecessors while
/// tokens of theirs live. A registry that changes its algorithm gets other ones.
#[derive(Debug)]
pub(super) struct RegistryKeys {
    folder: PathBuf,
    registry: String,
    algorithm: Algorithm,
    pub(super) current: LongLived,
    pub(super) staged: Option<LongLived>,
    past: Vec<(Timestamp, Certificate)>,
}

/// A key with the certificate that some registries want it in.
#[derive(Debug)]
pub(super) struct LongLived {
    pub(super) key: SigningKey,
    pub(super) certificate: Certificate,
    libtrust: String,
    pinned: String,
    rfc7638: String,
}

impl RegistryKeys {
    /// Reads a registry's keys, or makes the first.
    pub(super) fn open(
        folder: &Path,
        registry: &Registry,
        now: Timestamp,
    ) -> Result<Self, KeyError> {
        let name = registry.name.as_ref();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if name.is_empty() || name.starts_with('.') || !name.bytes().all(is_plain) {
            return Err(KeyError::RegistryName(name.to_owned()));
        }
        let algorithm = registry.algorithm;
        let folder = folder.join(name).join(algorithm.as_str());
        let path = folder.join("current.pem");
        let current = match LongLived::open(&path, algorithm)? {
            Some(current) => current,
            None => LongLived::make(&path, name, algorithm, now)?,
        };
        Ok(Self {
            registry: name.to_owned(),
            algorithm,
            staged: LongLived::open(&folder.join("staged.pem"), algorithm)?,
            past: past(&folder, now)?,
            current,
            folder,
        })
    }

    /// Makes the next key, unless one is staged already.
    pub(super) fn stage(&self, now: Timestamp) -> Result<(), KeyError> {
        if self.staged.is_none() {
            let path = self.folder.join("staged.pem");
            LongLived::make(&path, &self.registry, self.algorithm, now)?;
        }
        Ok(())
    }

    /// Makes the staged key the one that signs. The old one is remembered for
    /// as long as a token of it may live, without its private half.
    pub(super) fn activate(
        &self,
        longest_token: SignedDuration,
        now: Timestamp,
    ) -> Result<(), KeyError> {
        if self.staged.is_none() {
            return Err(self.not_staged());
        }
        let until = now + longest_token + LEEWAY;
        let past = self.folder.join(format!("past-{}.pem", until.as_second()));
        pem::write(&past, &self.current.certificate.pem())?;
        let current = self.folder.join("current.pem");
        pem::rename(&self.folder.join("staged.pem"), &current)
    }

    /// What is said where a staged key is needed and there is none.
    pub(super) fn not_staged(&self) -> KeyError {
        KeyError::NotStaged {
            what: format!("registry {}", self.registry),
            stage: format!("stage {}", self.registry),
        }
    }

    /// The certificates of former keys of which tokens live.
    pub(super) fn past(&self, now: Timestamp) -> impl Iterator<Item = &Certificate> {
        // A stop between the two steps of `activate` leaves the key in both places.
        let current = &self.current.certificate;
        let living = self.past.iter().filter(move |(until, _)| now < *until);
        living
            .map(|(_, certificate)| certificate)
            .filter(move |certificate| *certificate != current)
    }
}

/// Reads the former keys, and forgets those of which no token lives.
fn past(folder: &Path, now: Timestamp) -> Result<Vec<(Timestamp, Certificate)>, KeyError> {
    let mut past = Vec::new();
    for path in pem::list(folder)? {
        let until = path
            .file_stem()
            .and_then(|stem| stem.to_str()?.strip_prefix("past-")?.parse().ok())
            .and_then(|seconds| Timestamp::from_second(seconds).ok());
        let Some(until) = until else { continue };
        if until <= now {
            pem::remove(&path)?;
            continue;
        }
        let text = pem::read(&path)?.unwrap_or_default();
        let certificate = pem::sections(&text)
            .and_then(|sections| sections.first_certificate())
            .map_err(|reason| KeyError::unfit(&path, reason))?;
        past.push((until, certificate));
    }
    Ok(past)
}

impl LongLived {
    fn open(path: &Path, algorithm: Algorithm) -> Result<Option<Self>, KeyError> {
        let Some(text) = pem::read(path)? else {
            return Ok(None);
        };
        let read = Self::parse(&text, algorithm);
        read.map(Some)
            .map_err(|reason| KeyError::unfit(path, reason))
    }

    fn parse(text: &[u8], algorithm: Algorithm) -> Result<Self, String> {
        let sections = pem::sections(text)?;
        let certificate = sections.first_certificate()?;
        let key = SigningKey::from_pkcs8(&sections.private_key.ok_or("a file without a key")?)?;
        if key.public().algorithm() != algorithm {
            return Err(format!("a key that does not sign {algorithm}"));
        }
        if certificate.spki() != key.public().spki() {
            return Err("a private key that is not the certificate's".to_owned());
        }
        Ok(Self::new(key, certificate))
    }

    fn make(
        path: &Path,
        registry: &str,
        algorithm: Algorithm,
        now: Timestamp,
    ) -> Result<Self, KeyError> {
        let key = SigningKey::generate(algorithm)?;
        let certificate = Certificate::long_lived(&key, registry, now)?;
        let text = pem::section("PRIVATE KEY", key.pkcs8()) + &certificate.pem();
        pem::write(path, &text)?;
        Ok(Self::new(key, certificate))
    }

    fn new(key: SigningKey, certificate: Certificate) -> Self {
        let header = |profile| header::encode(key.public(), profile, &certificate);
        Self {
            libtrust: header(Profile::Libtrust),
            pinned: header(Profile::Pinned),
            rfc7638: header(Profile::Rfc7638),
            certificate,
            key,
        }
    }

    /// The encoded header of its tokens, unless the profile is one of leaves.
    pub(super) fn header(&self, profile: Profile) -> Option<&str> {
        match profile {
            Profile::Libtrust => Some(&self.libtrust),
            Profile::Pinned => Some(&self.pinned),
            Profile::Rfc7638 => Some(&self.rfc7638),
            Profile::X5c => None,
        }
    }
}

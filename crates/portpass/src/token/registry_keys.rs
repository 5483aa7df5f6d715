//! The long-lived key of a registry that cannot follow a rotation.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use super::{KeyError, certificate::Certificate, given_key, header, pem, signing_key::SigningKey};
use crate::registry::{Algorithm, Naming, Registry};

/// How long after its `exp` registries may still take a token (distribution: 60 s).
pub(super) const LEEWAY: SignedDuration = SignedDuration::from_mins(1);

/// One registry's key, its successor once staged, and its predecessors while
/// tokens of theirs live. A registry that changes its algorithm gets other ones.
#[derive(Debug)]
pub(super) struct RegistryKeys {
    home: Home,
    registry: String,
    algorithm: Algorithm,
    naming: Naming,
    pub(super) current: LongLived,
    pub(super) staged: Option<LongLived>,
    past: Vec<(Timestamp, Certificate)>,
}

/// Where a registry's key is kept, which says whose it is to exchange.
#[derive(Debug)]
enum Home {
    Given(PathBuf),
    Ours(PathBuf),
}

/// A key with the certificate that some registries want it in.
#[derive(Debug)]
pub(super) struct LongLived {
    pub(super) key: SigningKey,
    pub(super) certificate: Certificate,
    /// The encoded header of its tokens.
    pub(super) header: String,
}

impl RegistryKeys {
    /// Reads a registry's keys, or makes the first. A given one is read, and never kept.
    pub(super) fn open(
        folder: &Path,
        registry: &Registry,
        now: Timestamp,
    ) -> Result<Self, KeyError> {
        let name = registry.name.as_ref();
        let (algorithm, naming) = (registry.algorithm, &registry.naming);
        if let Some(path) = &registry.key {
            let (key, certificate) = given_key::open(path, registry, now)?;
            return Ok(Self {
                home: Home::Given(path.clone()),
                registry: name.to_owned(),
                algorithm,
                naming: naming.clone(),
                current: LongLived::new(key, certificate, naming),
                staged: None,
                past: Vec::new(),
            });
        }
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if name.is_empty() || name.starts_with('.') || !name.bytes().all(is_plain) {
            return Err(KeyError::RegistryName(name.to_owned()));
        }
        let folder = folder.join(name).join(algorithm.as_str());
        pem::sweep(&folder)?;
        let path = folder.join("current.pem");
        let current = match LongLived::open(&path, algorithm, naming)? {
            Some(current) => current,
            None => LongLived::make(&path, name, algorithm, naming, now)?,
        };
        Ok(Self {
            registry: name.to_owned(),
            algorithm,
            naming: naming.clone(),
            staged: LongLived::open(&folder.join("staged.pem"), algorithm, naming)?,
            past: past(&folder, now)?,
            current,
            home: Home::Ours(folder),
        })
    }

    /// Makes the next key, unless one is staged already.
    pub(super) fn stage(&self, now: Timestamp) -> Result<(), KeyError> {
        let folder = self.folder()?;
        if self.staged.is_none() {
            let path = folder.join("staged.pem");
            LongLived::make(&path, &self.registry, self.algorithm, &self.naming, now)?;
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
        let folder = self.folder()?;
        if self.staged.is_none() {
            return Err(self.not_staged());
        }
        let until = now + longest_token + LEEWAY;
        let past = folder.join(format!("past-{}.pem", until.as_second()));
        pem::write(&past, &self.current.certificate.pem())?;
        let current = folder.join("current.pem");
        pem::rename(&folder.join("staged.pem"), &current)
    }

    /// Where keys of ours are, which can be staged.
    fn folder(&self) -> Result<&Path, KeyError> {
        match &self.home {
            Home::Given(path) => Err(KeyError::given_key(&self.registry, path)),
            Home::Ours(folder) => Ok(folder),
        }
    }

    /// What is said where a staged key is needed and there is none.
    pub(super) fn not_staged(&self) -> KeyError {
        self.folder().err().unwrap_or_else(|| KeyError::NotStaged {
            what: format!("registry {}", self.registry),
            stage: format!("stage {}", self.registry),
        })
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
    fn open(path: &Path, algorithm: Algorithm, naming: &Naming) -> Result<Option<Self>, KeyError> {
        let Some(text) = pem::read(path)? else {
            return Ok(None);
        };
        let read = Self::parse(&text, algorithm, naming);
        read.map(Some)
            .map_err(|reason| KeyError::unfit(path, reason))
    }

    fn parse(text: &[u8], algorithm: Algorithm, naming: &Naming) -> Result<Self, String> {
        let sections = pem::sections(text)?;
        let certificate = sections.first_certificate()?;
        let key = SigningKey::from_pkcs8(&sections.private_key.ok_or("a file without a key")?)?;
        if key.public().algorithm() != algorithm {
            return Err(format!("a key that does not sign {algorithm}"));
        }
        if certificate.spki() != key.public().spki() {
            return Err("a private key that is not the certificate's".to_owned());
        }
        Ok(Self::new(key, certificate, naming))
    }

    fn make(
        path: &Path,
        registry: &str,
        algorithm: Algorithm,
        naming: &Naming,
        now: Timestamp,
    ) -> Result<Self, KeyError> {
        let key = SigningKey::generate(algorithm)?;
        let certificate = Certificate::long_lived(&key, registry, now)?;
        let text = pem::section("PRIVATE KEY", key.pkcs8()) + &certificate.pem();
        pem::write(path, &text)?;
        Ok(Self::new(key, certificate, naming))
    }

    fn new(key: SigningKey, certificate: Certificate, naming: &Naming) -> Self {
        Self {
            header: header::encode(key.public(), naming, &certificate),
            certificate,
            key,
        }
    }
}

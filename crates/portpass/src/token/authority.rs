//! The CA that registries trust once and for years.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use jiff::{SignedDuration, Timestamp};
use rcgen::PublicKeyData as _;

use super::{KeyError, certificate::Certificate, pem, public_key, signing_key::SigningKey};
use crate::registry::Algorithm;

/// How long before its end a CA's expiry is announced.
const ANNOUNCED: SignedDuration = SignedDuration::from_hours(180 * 24);

/// The CA that leaves hang under, and its successor once one is staged.
#[derive(Debug)]
pub(super) struct Authority {
    home: Home,
    current: Keyed,
    staged: Option<Keyed>,
}

/// Where a CA is kept, which says whose it is to renew.
#[derive(Clone, Debug)]
enum Home {
    Given { certificate: PathBuf, key: PathBuf },
    Ours(PathBuf),
}

/// A certificate with the key to sign under it.
struct Keyed {
    certificate: Certificate,
    key: rcgen::KeyPair,
}

impl fmt::Debug for Keyed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.certificate.fmt(f)
    }
}

impl Authority {
    /// Reads the CA that the operator gave.
    pub(super) fn given(certificate: &Path, key: &Path) -> Result<Self, KeyError> {
        let absent = |path: &Path| KeyError::File {
            path: path.to_owned(),
            source: std::io::ErrorKind::NotFound.into(),
        };
        let certificates = pem::read(certificate)?.ok_or_else(|| absent(certificate))?;
        let keys = pem::read(key)?.ok_or_else(|| absent(key))?;
        let certified = pem::sections(&certificates).and_then(|found| found.first_certificate());
        let certified = certified.map_err(|reason| KeyError::unfit_given(certificate, reason))?;
        let current =
            Keyed::read(certified, &keys).map_err(|reason| KeyError::unfit_given(key, reason))?;
        if !current.certificate.is_authority() {
            let reason = "a certificate that may not sign others, so no CA";
            return Err(KeyError::unfit_given(certificate, reason));
        }
        Ok(Self {
            home: Home::Given {
                certificate: certificate.to_owned(),
                key: key.to_owned(),
            },
            current,
            staged: None,
        })
    }

    /// Reads our own CA, or makes it at the first start.
    pub(super) fn open(folder: &Path, now: Timestamp) -> Result<Self, KeyError> {
        pem::sweep(folder)?;
        let path = folder.join("current.pem");
        let current = match Keyed::open(&path)? {
            Some(current) => current,
            None => Keyed::make(&path, now)?,
        };
        Ok(Self {
            staged: Keyed::open(&folder.join("staged.pem"))?,
            home: Home::Ours(folder.to_owned()),
            current,
        })
    }

    /// The same CA read anew, for a command or a reload that changed its files.
    pub(super) fn reread(&self, now: Timestamp) -> Result<Self, KeyError> {
        match &self.home {
            Home::Given { certificate, key } => Self::given(certificate, key),
            Home::Ours(folder) => Self::open(folder, now),
        }
    }

    /// Makes the next CA, unless one is staged already.
    pub(super) fn stage(&self, now: Timestamp) -> Result<(), KeyError> {
        let folder = self.folder()?;
        if self.staged.is_none() {
            Keyed::make(&folder.join("staged.pem"), now)?;
        }
        Ok(())
    }

    /// Makes the staged CA the one that leaves are signed under.
    pub(super) fn activate(&self) -> Result<(), KeyError> {
        let folder = self.folder()?;
        if self.staged.is_none() {
            return Err(KeyError::NotStaged {
                what: "the CA".to_owned(),
                stage: "ca stage".to_owned(),
            });
        }
        pem::rename(&folder.join("staged.pem"), &folder.join("current.pem"))
    }

    fn folder(&self) -> Result<&Path, KeyError> {
        match &self.home {
            Home::Given { certificate, .. } => Err(KeyError::GivenAuthority {
                path: certificate.clone(),
            }),
            Home::Ours(folder) => Ok(folder),
        }
    }

    pub(super) fn certificate(&self) -> &Certificate {
        &self.current.certificate
    }

    pub(super) fn staged(&self) -> Option<&Certificate> {
        self.staged.as_ref().map(|staged| &staged.certificate)
    }

    /// Certifies a key until a time, or until the CA itself ends.
    pub(super) fn certify(
        &self,
        key: &SigningKey,
        now: Timestamp,
        not_after: Timestamp,
    ) -> Result<Certificate, KeyError> {
        let not_after = not_after.min(self.current.certificate.not_after);
        let authority = (&self.current.certificate, &self.current.key);
        Certificate::leaf(key, authority, now, not_after)
    }

    /// When the CA ends, and what to say about it.
    pub(super) fn expiry(&self, now: Timestamp) -> AuthorityExpiry {
        let not_after = self.current.certificate.not_after;
        let way_out = match &self.home {
            Home::Given { .. } => "give a new one as files, once every registry trusts it",
            Home::Ours(_) => {
                "run `portpass keys ca stage`, give every registry the bundle of `portpass keys ca \
                 export`, then run `portpass keys ca activate`"
            }
        };
        let warning = (now + ANNOUNCED >= not_after).then(|| {
            let tense = if now < not_after { "ends" } else { "ended" };
            format!("the CA that registries trust {tense} at {not_after}: {way_out}")
        });
        AuthorityExpiry { not_after, warning }
    }
}

/// When the CA ends: for a metric, and a warning from 180 days before.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuthorityExpiry {
    /// The last moment at which a registry trusts it.
    pub not_after: Timestamp,
    /// What to tell the operator, if it is time to.
    pub warning: Option<String>,
}

impl Keyed {
    fn open(path: &Path) -> Result<Option<Self>, KeyError> {
        let Some(text) = pem::read(path)? else {
            return Ok(None);
        };
        let keyed = pem::sections(&text)
            .and_then(|found| found.first_certificate())
            .and_then(|certificate| Self::read(certificate, &text));
        keyed
            .map(Some)
            .map_err(|reason| KeyError::unfit(path, reason))
    }

    /// A given CA's key may be of any kind that can certify, save one that registries trip over.
    fn read(certificate: Certificate, key: &[u8]) -> Result<Self, String> {
        public_key::refuse_leading_zero(certificate.spki())?;
        let der = pem::sections(key)?
            .private_key
            .ok_or("a file without a private key")?;
        let key =
            rcgen::KeyPair::try_from(der).map_err(|error| format!("not a private key: {error}"))?;
        if key.subject_public_key_info() != certificate.spki() {
            return Err("a private key that is not the certificate's".to_owned());
        }
        Ok(Self { certificate, key })
    }

    fn make(path: &Path, now: Timestamp) -> Result<Self, KeyError> {
        let key = SigningKey::generate(Algorithm::Es256)?;
        let certificate = Certificate::authority(&key, now)?;
        let text = pem::section("PRIVATE KEY", key.pkcs8()) + &certificate.pem();
        pem::write(path, &text)?;
        Ok(Self {
            certificate,
            key: key.certifying()?,
        })
    }
}

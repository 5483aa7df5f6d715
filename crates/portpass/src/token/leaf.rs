//! Short-lived keys under the CA, each with its time to sign.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use super::{
    KeyError, authority::Authority, certificate::Certificate, header, pem, signing_key::SigningKey,
};
use crate::registry::{Naming, Profile};

/// How long a certificate outlives the last token that its key signed.
pub(super) const OUTLIVES: SignedDuration = SignedDuration::from_mins(2);

/// One key under the CA. Its file is named by the moment from which it signs,
/// in milliseconds since 1970, and holds the key, its certificate and the CA's.
#[derive(Debug)]
pub(super) struct Leaf {
    path: PathBuf,
    pub(super) key: SigningKey,
    pub(super) certificate: Certificate,
    /// The CA that it was made under, which may not be today's.
    pub(super) authority: Certificate,
    pub(super) sign_from: Timestamp,
    pub(super) header: String,
}

impl Leaf {
    /// Makes a leaf and keeps it in a folder.
    pub(super) fn make(
        folder: &Path,
        key: SigningKey,
        authority: &Authority,
        sign_from: Timestamp,
        now: Timestamp,
        not_after: Timestamp,
    ) -> Result<Self, KeyError> {
        let certificate = authority.certify(&key, now, not_after)?;
        let path = folder.join(format!("{}.pem", sign_from.as_millisecond()));
        let text = pem::section("PRIVATE KEY", key.pkcs8())
            + &certificate.pem()
            + &authority.certificate().pem();
        pem::write(&path, &text)?;
        Ok(Self::new(
            path,
            key,
            certificate,
            authority.certificate().clone(),
            sign_from,
        ))
    }

    /// Reads a leaf that an earlier start made.
    pub(super) fn read(path: PathBuf) -> Result<Self, KeyError> {
        let text = pem::read(&path)?.unwrap_or_default();
        match Self::parse(&path, &text) {
            Ok((key, certificate, authority, sign_from)) => {
                Ok(Self::new(path, key, certificate, authority, sign_from))
            }
            Err(reason) => Err(KeyError::unfit(&path, reason)),
        }
    }

    fn parse(
        path: &Path,
        text: &[u8],
    ) -> Result<(SigningKey, Certificate, Certificate, Timestamp), String> {
        let sign_from = path
            .file_stem()
            .and_then(|stem| stem.to_str()?.parse().ok())
            .and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok())
            .ok_or("a leaf's file whose name is not a time in milliseconds")?;
        let sections = pem::sections(text)?;
        let key = SigningKey::from_pkcs8(&sections.private_key.ok_or("a file without a key")?)?;
        let [certificate, authority] = sections.certificates.as_slice() else {
            return Err("a leaf's file without its two certificates".to_owned());
        };
        let certificate = Certificate::from_der(certificate)?;
        if certificate.spki() != key.public().spki() {
            return Err("a private key that is not the certificate's".to_owned());
        }
        Ok((
            key,
            certificate,
            Certificate::from_der(authority)?,
            sign_from,
        ))
    }

    fn new(
        path: PathBuf,
        key: SigningKey,
        certificate: Certificate,
        authority: Certificate,
        sign_from: Timestamp,
    ) -> Self {
        Self {
            header: header::encode(key.public(), &Naming::Profile(Profile::X5c), &certificate),
            path,
            key,
            certificate,
            authority,
            sign_from,
        }
    }

    /// The latest `exp` of a token that it may sign.
    pub(super) fn last_expiry(&self) -> Timestamp {
        self.certificate.not_after - OUTLIVES
    }

    /// Forgets the key, once no token of it lives or before there is one.
    pub(super) fn remove(&self) -> Result<(), KeyError> {
        pem::remove(&self.path)
    }
}

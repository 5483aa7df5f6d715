//! A private key that the operator gives for a registry: read and checked, never kept.

use std::{fs, path::Path};

use jiff::Timestamp;

use super::{
    KeyError,
    certificate::Certificate,
    pem,
    public_key::{PublicKey, refuse_leading_zero},
    signing_key::SigningKey,
};
use crate::registry::{Naming, Profile, Registry};

/// Reads the key that a registry's tokens are to be signed with, and says whose it is.
///
/// Gives the thumbprint of its public half (RFC 7638 §3), by which two files with one key are told.
///
/// # Errors
///
/// When the file cannot be read, holds no private key, or one that does not fit the registry.
pub fn check_given_key(path: &Path, registry: &Registry) -> Result<String, KeyError> {
    let (key, _) = read(path, registry)?;
    Ok(key.public().thumbprint())
}

/// The key of a file, with the certificate that the file has for it; with one of
/// our making, for registries that read keys in certificates only, if it has none.
pub(super) fn open(
    path: &Path,
    registry: &Registry,
    now: Timestamp,
) -> Result<(SigningKey, Certificate), KeyError> {
    let (key, certificate) = read(path, registry)?;
    let certificate = match certificate {
        Some(certificate) => certificate,
        None => Certificate::long_lived(&key, &registry.name, now)?,
    };
    Ok((key, certificate))
}

fn read(path: &Path, registry: &Registry) -> Result<(SigningKey, Option<Certificate>), KeyError> {
    let text = fs::read(path).map_err(|source| KeyError::File {
        path: path.to_owned(),
        source,
    })?;
    parse(&text, registry).map_err(|reason| KeyError::unfit_given(path, reason))
}

fn parse(text: &[u8], registry: &Registry) -> Result<(SigningKey, Option<Certificate>), String> {
    // Of PKCS #8 in the label (RFC 7468 §11), of the older forms in a header (RFC 1421 §4.6.1.1).
    if text.windows(9).any(|word| word == b"ENCRYPTED") {
        return Err("the private key is encrypted; give it without a passphrase".to_owned());
    }
    let sections = pem::sections(text)?;
    let der = sections.private_key.as_ref();
    let key = SigningKey::from_der(der.ok_or("a file without a private key")?)?;
    fits(key.public(), registry)?;
    if sections.certificates.is_empty() {
        return Ok((key, None));
    }
    let certificate = sections.first_certificate()?;
    if certificate.spki() != key.public().spki() {
        return Err("a private key that is not the certificate's".to_owned());
    }
    Ok((key, Some(certificate)))
}

/// Whether tokens for a registry can be signed with a key.
///
/// A key whose coordinate begins with a zero byte is the operator's to choose: their registry has
/// it in a file that names it, or has its fingerprint from the whole of its DER. Only where
/// distribution itself computes the thumbprint of such a key is it certain to be refused.
fn fits(key: &PublicKey, registry: &Registry) -> Result<(), String> {
    let (found, wanted) = (key.algorithm(), registry.algorithm);
    if found != wanted {
        return Err(format!(
            "a key that signs {found}, where tokens are signed with {wanted}: say `algorithm = \"{found}\"`, or give \
             another key"
        ));
    }
    if registry.naming == Naming::Profile(Profile::Rfc7638) {
        refuse_leading_zero(key.spki()).map_err(|reason| {
            format!("{reason} under the id that it computes: give the id in a JWKS with `kid`, or use profile `libtrust`")
        })?;
    }
    Ok(())
}

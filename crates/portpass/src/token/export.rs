//! What a registry is given to trust, as the text of a file.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    KeyError,
    certificate::Certificate,
    jwks::{self, Published},
    table::Table,
};
use crate::registry::{Profile, Registry, RegistryKind};

/// The CAs: today's, the staged one, and those of which leaves still live.
pub(super) fn authority(table: &Table, now: Timestamp) -> String {
    let trusted = authorities(table, now);
    trusted.into_iter().map(Certificate::pem).collect()
}

/// The certificates of [`authority`], each once.
pub(super) fn authorities(table: &Table, now: Timestamp) -> Vec<&Certificate> {
    let mut certificates = vec![table.authority.certificate()];
    certificates.extend(table.authority.staged());
    for leaves in table.leaves.values() {
        certificates.extend(
            leaves
                .states(&table.authority, now)
                .map(|(leaf, _)| &leaf.authority),
        );
    }
    let mut distinct: Vec<&Certificate> = Vec::new();
    for certificate in certificates {
        if !distinct.contains(&certificate) {
            distinct.push(certificate);
        }
    }
    distinct
}

/// What one registry must trust.
///
/// Distribution 3 knows a key under libtrust's id, or one that the operator chose, only from a
/// `jwks` file; every other distribution reads certificates from `rootcertbundle`; zot reads the
/// first certificate of its `cert` file, and no other.
///
/// # Errors
///
/// When the staged key alone is asked for where there is none, or where a
/// registry must be given all keys together.
pub(super) fn registry(
    table: &Table,
    registry: &Arc<Registry>,
    staged: bool,
    now: Timestamp,
) -> Result<String, KeyError> {
    let name = registry.name.as_ref();
    let profile = registry.naming.profile();
    if staged && profile != Some(Profile::Pinned) {
        return Err(KeyError::GivenWhole(name.to_owned()));
    }
    let Some(keys) = table.keys_of(registry) else {
        return Ok(authority(table, now));
    };
    let published = jwks::of_registry(table, registry, now);
    match (profile, registry.kind) {
        (
            None | Some(Profile::Libtrust),
            RegistryKind::Distribution | RegistryKind::Distribution30,
        ) => Ok(jwk_set(&published)),
        (Some(Profile::Pinned), _) if staged => {
            let staged = keys.staged.as_ref().ok_or_else(|| keys.not_staged())?;
            Ok(staged.certificate.pem())
        }
        (Some(Profile::Pinned), _) => Ok(keys.current.certificate.pem()),
        (None | Some(Profile::Libtrust | Profile::Rfc7638 | Profile::X5c), _) => {
            Ok(bundle(&published))
        }
    }
}

fn jwk_set(published: &[Published<'_>]) -> String {
    let keys: Vec<_> = published.iter().map(Published::jwk).collect();
    let mut text = format!("{:#}", jwks::set(&keys));
    text.push('\n');
    text
}

fn bundle(published: &[Published<'_>]) -> String {
    published
        .iter()
        .map(|published| published.certificate.pem())
        .collect()
}

//! Issuers' names and what they stand for, at the start and at each reload.

use jiff::Timestamp;

use crate::{identity::Directory, standing::Standing, store::StoreError};

/// Binds issuers that are new, ends the logins of those that are gone, and
/// says loudly which are suspended.
///
/// # Errors
///
/// When the database fails.
pub(super) async fn bind(
    standing: &Standing,
    directory: &Directory,
    now: Timestamp,
) -> Result<(), StoreError> {
    standing.bind(directory.bindings(), now).await?;
    for name in standing.suspended(directory.bindings()) {
        tracing::error!(
            issuer.name = name,
            "An issuer is suspended: its kind, `iss` or key source is not what its name was bound to, \
             so its members and sessions do not count. If that is meant: `portpass issuers rebind {name}`"
        );
    }
    Ok(())
}

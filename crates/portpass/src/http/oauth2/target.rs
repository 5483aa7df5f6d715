//! Which registry an OAuth 2 request is for.

use std::collections::BTreeSet;

use super::{form::Form, grant::GrantType};
use crate::{refused::Nonsense, snapshot::Snapshot};

/// The registries that a request names, as `service` parameters would: by
/// `service`, by `audience` (RFC 8693 §2.1), and by a client id that is the
/// `service` of a registry. Nothing, where there is but one and it names none.
///
/// # Errors
///
/// When it names something that is no registry, or none of several.
pub(super) fn services<'a>(
    form: &'a Form,
    grant: GrantType,
    client_ids: &[&'a str],
    snapshot: &Snapshot,
) -> Result<Vec<&'a str>, Nonsense> {
    if form.all("resource").next().is_some() {
        return Err(Nonsense::Target(
            "resource is not supported; name the registry by its service, as audience or service",
        ));
    }
    let is_service = |name: &str| {
        let mut registries = snapshot.registries.iter();
        registries.any(|registry| registry.service == name)
    };
    let audiences: BTreeSet<&str> = form.all("audience").collect();
    if grant == GrantType::TokenExchange {
        if !audiences.iter().all(|audience| is_service(audience)) {
            return Err(Nonsense::Target(
                "the audience is not the service of one of this server's registries",
            ));
        }
        if audiences.len() > 1 {
            return Err(Nonsense::Target(
                "the request names more than one audience; a token is for one registry",
            ));
        }
    }
    let clients = client_ids.iter().copied().filter(|id| is_service(id));
    let services: Vec<&str> = form
        .all("service")
        .chain(audiences)
        .chain(clients)
        .collect();
    if services.is_empty() && snapshot.registries.len() > 1 {
        let message = "the request names no registry: client_id, service or audience must be a \
                       registry's service";
        return Err(Nonsense::Request(message.to_owned()));
    }
    Ok(services)
}

//! What a platform that is described asks of its issuer's settings.

use super::Faults;
use crate::{
    config::Located,
    identity::{Described, IssuerKind, IssuerSettings},
};

/// Checks address and audience by the platform's description.
pub(super) fn check_platform(settings: &IssuerSettings, faults: &mut Faults) {
    let described = match settings.kind.value {
        IssuerKind::Described(described) => Some(described),
        IssuerKind::Forgejo
        | IssuerKind::GithubActions
        | IssuerKind::Gitlab
        | IssuerKind::Kubernetes
        | IssuerKind::Oidc => None,
    };
    if let (Some(described), Some(url)) = (described, &settings.url)
        && let Some(fault) = described.url_fault(&url.value)
    {
        faults.add(url.at, fault);
    }
    for iss in &settings.iss {
        let fault = described.and_then(|described| described.iss_fault(&iss.value));
        if let Some(fault) = fault {
            faults.add(iss.at, fault);
        }
    }
    check_audience(settings, described, faults);
}

/// An audience that is not ours is accepted with open eyes only.
fn check_audience(settings: &IssuerSettings, described: Option<Described>, faults: &mut Faults) {
    let is_foreign = described.is_some_and(Described::has_foreign_audience);
    match &settings.allow_foreign_audience {
        Some(Located { value: true, .. }) if is_foreign => {}
        Some(Located { value: true, at }) => faults.add(
            *at,
            "allow_foreign_audience is for platforms that let nobody choose the aud: leave it out, \
             and have your JWTs made for this registry",
        ),
        Some(Located { value: false, .. }) | None if is_foreign => faults.add(
            settings.kind.at,
            format!(
                "kind {:?} signs one aud for everybody, so that whoever gets such a JWT could use \
                 it here: set allow_foreign_audience = true to accept that, with the exact id of \
                 each identity",
                settings.kind.value.name()
            ),
        ),
        Some(Located { value: false, .. }) | None => {}
    }
}

//! Why the conditions of a rule cannot be met by anybody of an issuer.

use std::collections::BTreeSet;

use crate::{
    decision::Way,
    identity::{Fact, IssuerKind, IssuerSettings},
};

/// The events of which GitHub's kinds say `fork`, and that is false.
const OF_ITSELF: [&str; 6] = ["api", "manual", "push", "release", "schedule", "tag"];

/// The reason, in words; nothing where somebody could meet them. `given` are the
/// facts that identities of the issuer can have.
pub(super) fn reason(
    way: &Way<'_>,
    issuer: &IssuerSettings,
    given: &BTreeSet<Fact>,
) -> Option<String> {
    missing(way, issuer, given)
        .or_else(|| contradiction(way, issuer))
        .or_else(|| pinned_away(way, issuer))
        .or_else(|| no_such_fork(way, issuer))
        .or_else(|| no_such_run(way, issuer))
}

/// A fact that the kind never gives.
fn missing(way: &Way<'_>, issuer: &IssuerSettings, given: &BTreeSet<Fact>) -> Option<String> {
    let kind = issuer.kind.value;
    let fact = way.facts().find(|fact| !given.contains(fact))?;
    Some(format!("kind `{}` never gives `{fact}`", kind.name()))
}

/// A fact of which two things are asked that it cannot be at once.
fn contradiction(way: &Way<'_>, issuer: &IssuerSettings) -> Option<String> {
    if !way.admits(Fact::Issuer, &issuer.name) {
        return Some(format!("`issuer` is `{}`", issuer.name));
    }
    let fact = way.facts().find(|fact| !way.can_be(*fact))?;
    Some(format!("`{fact}` cannot be all that is asked of it"))
}

/// A tenant that the issuer's table keeps out.
fn pinned_away(way: &Way<'_>, issuer: &IssuerSettings) -> Option<String> {
    let exact = [
        (Fact::Namespace, &issuer.namespace),
        (Fact::OwnerId, &issuer.owner_id),
        (Fact::RepositoryId, &issuer.repository_id),
    ];
    let mut away = exact.into_iter().filter(|(fact, pins)| {
        !pins.is_empty() && !pins.iter().any(|pin| way.admits(*fact, &pin.value))
    });
    let paths = &issuer.owner_path;
    let fact = away.next().map(|(fact, _)| fact).or_else(|| {
        let fits = |path: &str| {
            way.can_be_like(Fact::OwnerPath, path)
                || way.can_be_like(Fact::OwnerPath, &format!("{path}/**"))
        };
        let is_away = !paths.is_empty() && !paths.iter().any(|path| fits(&path.value));
        is_away.then_some(Fact::OwnerPath)
    })?;
    Some(format!("`[issuer.{}]` pins another `{fact}`", issuer.name))
}

/// A fork, where the platform never says of one.
fn no_such_fork(way: &Way<'_>, issuer: &IssuerSettings) -> Option<String> {
    if !way.looks_at(Fact::Fork) || issuer.kind.value.tells_forks() {
        return None;
    }
    let kind = issuer.kind.value.name();
    if !way.admits_flag(Fact::Fork, false) {
        return Some(format!("kind `{kind}` never says that a run is of a fork"));
    }
    let is_said = OF_ITSELF.iter().any(|event| way.admits(Fact::Event, event));
    (!is_said).then(|| format!("kind `{kind}` does not say `fork` of runs of this event"))
}

/// An event on a ref that it is never of.
fn no_such_run(way: &Way<'_>, issuer: &IssuerSettings) -> Option<String> {
    let given = issuer.kind.value.events();
    let looks = |fact| way.looks_at(fact);
    // What words mean together, only the kinds with code say.
    if matches!(issuer.kind.value, IssuerKind::Described(_)) {
        return None;
    }
    if !looks(Fact::Event) && !looks(Fact::Ref) && !looks(Fact::RefType) {
        return None;
    }
    let admitted = given.iter().filter(|event| way.admits(Fact::Event, event));
    let mut events: Vec<&str> = admitted.copied().collect();
    if events.is_empty() {
        return Some(format!(
            "kind `{}` never gives this `event`",
            issuer.kind.value.name()
        ));
    }
    let can_be = |shape, word| way.can_be_like(Fact::Ref, shape) && way.admits(Fact::RefType, word);
    let is_branch = can_be("refs/heads/**", "branch");
    let is_tag = can_be("refs/tags/**", "tag");
    events.retain(|event| match *event {
        "push" => is_branch,
        "tag" => is_tag,
        // Refs of pull requests are neither.
        _ => is_branch || is_tag || !looks(Fact::RefType),
    });
    let reason = if looks(Fact::Event) {
        "no run of this `event` has such a `ref`: the push of a tag is the event `tag`"
    } else {
        "no `ref` is of this `ref_type`"
    };
    events.is_empty().then(|| reason.to_owned())
}

//! What differs between two files and no recorded request tells the effect of.

use std::collections::BTreeSet;

use super::Pair;
use crate::{
    config::Located,
    identity::{IssuerSettings, KeySource},
};

impl Pair {
    /// What differs and no event tells the effect of, in sentences.
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        self.issuers(&mut remarks);
        self.registries(&mut remarks);
        let new = self.new.operators.difference(&self.old.operators);
        remarks.extend(new.map(|group| {
            format!(
                "group.{group}: operators keep it by the new file only; no event tells who will be in it"
            )
        }));
        remarks
    }

    fn issuers(&self, remarks: &mut Vec<String>) {
        for issuer in &self.new.issuers {
            let name = &issuer.name;
            match self.old.issuer(name) {
                Some(before) => {
                    let differing = differing(before, issuer);
                    remarks.extend(differing.map(|what| format!("issuer.{name}: {what}")));
                    remarks.extend(self.moved(name));
                }
                None => remarks.push(format!(
                    "issuer.{name}: the new file alone has it; no event tells of its callers"
                )),
            }
        }
        let gone = self.old.issuers.iter();
        let gone = gone.filter(|issuer| self.new.issuer(&issuer.name).is_none());
        remarks.extend(gone.map(|issuer| {
            format!(
                "issuer.{}: the new file has it no more; its callers prove nothing",
                issuer.name
            )
        }));
    }

    /// What follows when the name of an issuer stands for something else.
    fn moved(&self, issuer: &str) -> Option<String> {
        let (old, new) = (self.old.binding(issuer)?, self.new.binding(issuer)?);
        (old.digest != new.digest).then(|| {
            format!(
                "issuer.{issuer}: kind, iss or the source of its keys differs, so its memberships, \
                 sessions and names are suspended until `portpass issuers rebind {issuer}`"
            )
        })
    }

    fn registries(&self, remarks: &mut Vec<String>) {
        for registry in &self.new.registries {
            let name = &registry.name;
            match self.old.registry(name) {
                Some(before) if before.service != registry.service => remarks.push(format!(
                    "registry.{name}: service was {} and is {}; clients ask for the one that the registry names",
                    before.service, registry.service
                )),
                Some(_) => {}
                None => remarks.push(format!("registry.{name}: the new file alone has it")),
            }
        }
        let gone = self.old.registries.iter();
        let gone = gone.filter(|registry| self.new.registry(&registry.name).is_none());
        remarks.extend(
            gone.map(|registry| format!("registry.{}: the new file has it no more", registry.name)),
        );
    }
}

/// What of an issuer's settings differs, each with what cannot be told of it.
fn differing(old: &IssuerSettings, new: &IssuerSettings) -> impl Iterator<Item = String> {
    let audience = (set(&old.audience), old.allow_extra_audiences)
        != (set(&new.audience), new.allow_extra_audiences);
    let lifetime = |issuer: &IssuerSettings| {
        let lifetime = issuer.max_jwt_lifetime.as_ref();
        lifetime.map(|lifetime| lifetime.value)
    };
    let limits = |issuer: &IssuerSettings| {
        let limits = issuer.session_limits;
        let again = limits.accept_jwt_again;
        (
            issuer.session_max.value,
            again,
            limits.max_uses,
            limits.same_network,
        )
    };
    let jwts = "differs; no event tells which JWTs it lets through";
    let plain = [
        (audience, format!("audience {jwts}")),
        (algorithms(old) != algorithms(new), format!("algorithms {jwts}")),
        (lifetime(old) != lifetime(new), format!("max_jwt_lifetime {jwts}")),
        (
            limits(old) != limits(new),
            "how long and how often a login may be used differs; each event is weighed as if its login held"
                .to_owned(),
        ),
        (
            keys(old) != keys(new),
            "its keys come from elsewhere; no event tells which JWTs they verify".to_owned(),
        ),
    ];
    let pins = [
        ("namespace", &old.namespace, &new.namespace),
        ("owner_id", &old.owner_id, &new.owner_id),
        ("owner_path", &old.owner_path, &new.owner_path),
        ("repository_id", &old.repository_id, &new.repository_id),
    ];
    let plain = plain.into_iter().filter(|(differs, _)| *differs);
    let widened = pins
        .into_iter()
        .filter_map(|(key, old, new)| widened(key, old, new));
    plain
        .map(|(_, what)| what)
        .chain(widened)
        .collect::<Vec<_>>()
        .into_iter()
}

fn algorithms(issuer: &IssuerSettings) -> Option<BTreeSet<&str>> {
    issuer.algorithms.as_deref().map(set)
}

/// Whom an issuer comes to be believed of, where its pins say so.
fn widened(key: &str, old: &[Located<String>], new: &[Located<String>]) -> Option<String> {
    let (old, new) = (set(old), set(new));
    let more: Vec<_> = new.difference(&old).copied().collect();
    let whom = match (old.is_empty(), new.is_empty()) {
        (true, _) => return None,
        (false, true) => "any".to_owned(),
        (false, false) if more.is_empty() => return None,
        (false, false) => more.join(", "),
    };
    Some(format!(
        "{key} lets in {whom} besides; what its callers asked was not recorded as theirs"
    ))
}

fn keys(issuer: &IssuerSettings) -> (u8, Option<String>) {
    match &issuer.keys {
        KeySource::Discovery => (0, None),
        KeySource::File(path) => (1, Some(path.value.display().to_string())),
        KeySource::Inline(text) => (2, Some(text.value.clone())),
        KeySource::Url(url) => (3, Some(url.value.clone())),
    }
}

fn set(values: &[Located<String>]) -> BTreeSet<&str> {
    values.iter().map(|value| value.value.as_str()).collect()
}

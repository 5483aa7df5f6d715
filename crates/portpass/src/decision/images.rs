//! `[images]`: existing names that no template fits, by issuer and id.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use scope::is_repository_name;

use super::suggestion::did_you_mean;
use crate::{
    config::{Fault, Located, Place},
    identity::Identity,
};

/// Issuer → id → repository names.
#[derive(Debug, Default)]
pub(super) struct Images(HashMap<String, HashMap<String, BTreeSet<String>>>);

impl Images {
    /// Reads the rows; a name belongs to the ids of one issuer only.
    pub(super) fn compile(
        source: &BTreeMap<String, BTreeMap<String, Vec<Located<String>>>>,
        issuers: &BTreeMap<String, bool>,
        faults: &mut Vec<Fault>,
    ) -> Self {
        let mut images = Self::default();
        let mut owners: HashMap<&str, &str> = HashMap::new();
        for (issuer, id, name) in rows(source) {
            if !issuers.contains_key(issuer) {
                let suggestion = did_you_mean(issuer, issuers.keys().map(String::as_str));
                faults.push(Fault {
                    message: format!(
                        "unknown issuer `{issuer}` in `[images.{issuer}]`{suggestion}"
                    ),
                    at: name.at,
                });
            }
            if !is_repository_name(&name.value) {
                faults.push(Fault {
                    message: format!("`{}` is not a repository name", name.value),
                    at: name.at,
                });
            }
            let owner = *owners.entry(&name.value).or_insert(issuer);
            if owner != issuer {
                faults.push(Fault {
                    message: format!(
                        "`{}` stands in `[images.{owner}]` already; a name belongs to one issuer",
                        name.value
                    ),
                    at: name.at,
                });
            }
            let ids = images.0.entry(issuer.to_owned()).or_default();
            ids.entry(id.to_owned())
                .or_default()
                .insert(name.value.clone());
        }
        images
    }

    /// The rows of one identity.
    pub(super) fn of(&self, identity: &Identity) -> Option<&BTreeSet<String>> {
        self.0.get(identity.issuer())?.get(identity.id())
    }
}

/// Every row: issuer, id, name.
pub(super) fn rows(
    source: &BTreeMap<String, BTreeMap<String, Vec<Located<String>>>>,
) -> impl Iterator<Item = (&str, &str, &Located<String>)> {
    source.iter().flat_map(|(issuer, ids)| {
        ids.iter().flat_map(move |(id, names)| {
            names
                .iter()
                .map(move |name| (issuer.as_str(), id.as_str(), name))
        })
    })
}

/// Every name, each once, with the place where it stands first.
pub(super) fn names(
    source: &BTreeMap<String, BTreeMap<String, Vec<Located<String>>>>,
) -> BTreeMap<&str, Place> {
    let mut names = BTreeMap::new();
    for (_, _, name) in rows(source) {
        names.entry(name.value.as_str()).or_insert(name.at);
    }
    names
}

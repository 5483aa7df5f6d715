//! Who asks in a test: a fixture, and what is different in it.

use std::collections::BTreeMap;

use fixtures::{Claims, FixtureError, Kind};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::Known;
use crate::{
    config::{Located, names, read::Reading, suggest},
    decision::GroupSource,
    identity::IssuerSettings,
    trial::{self, FixtureOrder},
};

/// A fixture, and what is different in it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FixtureSection {
    /// The situation, as `portpass fixtures` lists them; the platform's usual one, if not named.
    fixture: Option<Located<String>>,
    /// The operators' groups that the identity is in.
    #[serde(default)]
    groups: Vec<Located<String>>,
    /// The name of the issuer; the fixtures are its kind's.
    issuer: Located<String>,
    /// Claims that are taken away.
    #[serde(default)]
    remove: Vec<Located<String>>,
    /// Claims to set, by their names or the rules' words; those that depend on them follow. A
    /// claim that no fixture has is written `"/claim"`.
    #[serde(default)]
    set: BTreeMap<Located<String>, Located<Value>>,
}

impl FixtureSection {
    /// The order, with a fault at each word that means nothing.
    pub(super) fn settle(self, known: &Known<'_>, reading: &mut Reading<'_>) -> FixtureOrder {
        names::refer(reading, "issuer", [&self.issuer], known.issuer_names);
        let mut issuers = known.issuers.iter();
        if let Some(issuer) = issuers.find(|issuer| issuer.name == self.issuer.value) {
            self.check(issuer, reading);
        }
        self.check_groups(known, reading);
        FixtureOrder {
            issuer: self.issuer.value,
            fixture: self.fixture.map(|fixture| fixture.value),
            set: self
                .set
                .into_iter()
                .map(|(claim, value)| (claim.value, value.value))
                .collect(),
            remove: values(self.remove),
            groups: values(self.groups),
        }
    }

    fn check(&self, issuer: &IssuerSettings, reading: &mut Reading<'_>) {
        let kind = match trial::fixtures_of(issuer.kind.value) {
            Ok(kind) => kind,
            Err(error) => {
                reading.fault(self.issuer.at, error.to_string());
                return;
            }
        };
        let name = self.fixture.as_ref().map(|fixture| fixture.value.as_str());
        match (trial::fixture(kind, name), &self.fixture) {
            (Ok(claims), _) => self.check_claims(issuer, claims, reading),
            (Err(_), Some(fixture)) => {
                let hint = suggest::instead(&fixture.value, kind.fixtures());
                let message = format!("kind `{kind}` has no fixture `{}`{hint}", fixture.value);
                reading.fault(fixture.at, message);
            }
            (Err(error), None) => reading.fault(self.issuer.at, error.to_string()),
        }
    }

    fn check_claims(&self, issuer: &IssuerSettings, mut claims: Claims, reading: &mut Reading<'_>) {
        let kind = claims.kind();
        let known = fixtures::known_claims(kind);
        for (claim, value) in &self.set {
            if !claim.value.starts_with('/')
                && !known.contains(&claim.value)
                && !is_named_by(issuer, &claim.value)
            {
                reading.fault(claim.at, unknown_claim(kind, &claim.value, &known));
                continue;
            }
            if self
                .remove
                .iter()
                .any(|removed| removed.value == claim.value)
            {
                reading.fault(claim.at, "this is set, and removed too: keep one of both");
                continue;
            }
            let set = [(claim.value.as_str(), value.value.clone())];
            match claims.clone().with(&set) {
                Ok(with) => claims = with,
                Err(error @ FixtureError::Nowhere(_)) => {
                    reading.fault(claim.at, error.to_string());
                }
                Err(error) => reading.fault(value.at, error.to_string()),
            }
        }
        for claim in &self.remove {
            if claims.get(&claim.value).is_none() {
                let known = known.iter().map(String::as_str);
                let known = known.filter(|known| claims.get(known).is_some());
                let hint = suggest::closest(&claim.value, known);
                let hint = hint.map(|meant| format!("; did you mean `{meant}`?"));
                let message = format!("the fixture has no claim `{}` to remove", claim.value);
                reading.fault(claim.at, message + &hint.unwrap_or_default());
            }
        }
    }

    fn check_groups(&self, known: &Known<'_>, reading: &mut Reading<'_>) {
        names::refer(reading, "group", &self.groups, known.group_names);
        for group in &self.groups {
            if let Some(GroupSource::Members(_)) = known.groups.get(&group.value) {
                let message = format!(
                    "the file says who is in `{}`: whoever has an id of its `members` is, here \
                     too; set the id, and name operators' groups alone",
                    group.value
                );
                reading.fault(group.at, message);
            }
        }
    }
}

/// Whether the issuer itself reads a claim of this name.
fn is_named_by(issuer: &IssuerSettings, claim: &str) -> bool {
    let groups = issuer.groups_claim.as_ref();
    let groups = groups.and_then(|groups| groups.value.split('.').next());
    let id = issuer.id_claim.as_ref().map(|id| id.value.as_str());
    groups == Some(claim) || id == Some(claim)
}

fn unknown_claim<'k>(
    kind: Kind,
    claim: &str,
    known: impl IntoIterator<Item = &'k String>,
) -> String {
    let known = known.into_iter().map(String::as_str);
    let way_out = match suggest::closest(claim, known) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("write \"/{claim}\" if the platform signs it all the same"),
    };
    format!("no fixture of kind `{kind}` has a claim `{claim}`; {way_out}")
}

fn values(list: Vec<Located<String>>) -> Vec<String> {
    list.into_iter().map(|item| item.value).collect()
}

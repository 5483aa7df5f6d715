//! Which fixture, and what is different in it.

use fixtures::{Claims, FixtureError, Kind};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::jwt;
use crate::identity::{IssuerKind, Signatory};

/// The claims by which a tenant is known, in the words of the rules, each before those that
/// follow from it.
const TENANT: [&str; 4] = ["namespace", "owner_path", "owner_id", "repository_id"];

/// Which fixture of an issuer's platform is to be signed, and what is different in it.
///
/// It is signed as a job of the tenant that the issuer is configured for: `iss` and `aud` are the
/// issuer's, and where it pins other ids than those of the fixtures' own tenant, that tenant has
/// the first that is pinned. What is set is as it is set.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct FixtureOrder {
    /// The issuer's name in the configuration.
    pub issuer: String,
    /// The situation; the platform's usual one, if none is named.
    pub fixture: Option<String>,
    /// Claims, JSON pointers into them or words of rules, and what they are set to.
    pub set: Vec<(String, Value)>,
    /// Claims that are taken away, named in the same ways.
    pub remove: Vec<String>,
    /// The operators' groups that the identity is in.
    pub groups: Vec<String>,
}

impl FixtureOrder {
    /// The claims as they are signed at `now`.
    pub(super) fn claims(
        &self,
        signatory: &Signatory<'_>,
        now: Timestamp,
    ) -> Result<Map<String, Value>, FixtureError> {
        let kind = fixtures_of(signatory.kind)?;
        let plain = fixture(kind, self.fixture.as_deref())?;
        let mut claims = of_tenant(plain, signatory)?
            .with(&self.set)?
            .without(&self.remove)?
            .at(now.as_second());
        let is_own = |claim: &str| {
            let is_set = self.set.iter().any(|(key, _)| key == claim);
            !is_set && !self.remove.iter().any(|key| key == claim)
        };
        if let Some(iss) = signatory.iss.filter(|_| is_own("iss")) {
            claims.insert("iss".to_owned(), iss.into());
        }
        if let Some(audience) = signatory.audience.filter(|_| is_own("aud")) {
            jwt::address(&mut claims, audience);
        }
        Ok(claims)
    }
}

/// The fixtures of an issuer's kind.
pub(crate) fn fixtures_of(kind: IssuerKind) -> Result<Kind, FixtureError> {
    kind.name().parse()
}

/// A fixture by its name; the kind's usual one, without.
pub(crate) fn fixture(kind: Kind, name: Option<&str>) -> Result<Claims, FixtureError> {
    fixtures::claims(kind, name.unwrap_or(kind.usual()))
}

/// The claims with the fixtures' own tenant as the one that is pinned; what is a stranger's there
/// stays a stranger's.
fn of_tenant(claims: Claims, signatory: &Signatory<'_>) -> Result<Claims, FixtureError> {
    let usual = fixture(claims.kind(), None)?;
    let ours = TENANT.iter().filter_map(|word| {
        let value = claims.get(word)?;
        let own = value.as_str().filter(|_| usual.get(word) == Some(value))?;
        Some((*word, signatory.pinned(word, own)?))
    });
    let ours: Vec<(&str, &str)> = ours.collect();
    claims.with(&ours)
}

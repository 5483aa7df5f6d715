//! What the rules look at of whoever asks: proven, or only supposed.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Ceiling, Policy, cel::NamedClaims};
use crate::{
    identity::{ApiToken, Facts, Identity, Proof, Supposed, TOKEN},
    session::Evidence,
    short_id::ShortId,
};

/// What the rules look at of whoever asks.
///
/// It can be weighed and explained; to be given anything it takes a [`Proof`].
#[derive(Clone, Copy, Debug)]
pub struct Caller<'p> {
    identity: &'p Identity,
    name: &'p str,
    facts: &'p Facts,
    claims: &'p Map<String, Value>,
    told: Told<'p>,
    login: Option<ShortId>,
    token: Option<&'p ApiToken>,
    is_anonymous: bool,
    is_bound: bool,
}

/// Of which claims it is known whether there are any.
#[derive(Clone, Copy, Debug)]
enum Told<'p> {
    /// Of all.
    All,
    /// Of those that there are, and of those that these rules name.
    Named(Option<&'p NamedClaims>),
}

impl<'p> From<&'p Proof> for Caller<'p> {
    fn from(proof: &'p Proof) -> Self {
        Self {
            identity: proof.identity(),
            name: proof.name(),
            facts: proof.facts(),
            claims: proof.claims(),
            told: Told::All,
            login: proof.login(),
            token: match proof.evidence() {
                Evidence::ApiToken(token) => Some(token),
                Evidence::Anonymous
                | Evidence::Jwt(_)
                | Evidence::Password { .. }
                | Evidence::RefreshToken { .. } => None,
            },
            is_anonymous: proof.is_anonymous(),
            is_bound: proof.is_bound(),
        }
    }
}

impl<'p> From<&'p Supposed> for Caller<'p> {
    fn from(supposed: &'p Supposed) -> Self {
        // Whoever presented no JWT has no claims that a record could lack.
        let has_claims = !supposed.is_anonymous() && supposed.identity().issuer() != TOKEN;
        Self {
            identity: supposed.identity(),
            name: supposed.name(),
            facts: supposed.facts(),
            claims: supposed.claims(),
            told: if supposed.is_recorded() && has_claims {
                Told::Named(None)
            } else {
                Told::All
            },
            login: supposed.login(),
            token: None,
            is_anonymous: supposed.is_anonymous(),
            is_bound: supposed.is_bound(),
        }
    }
}

impl<'p> Caller<'p> {
    /// The same, as recorded under some rules: a claim that they name, and that
    /// the record lacks, was not there.
    #[must_use]
    pub fn recorded_under(self, policy: &'p Policy) -> Self {
        let told = match self.told {
            Told::All => Told::All,
            Told::Named(_) => Told::Named(Some(&policy.claims)),
        };
        Self { told, ..self }
    }

    pub(super) fn identity(&self) -> &'p Identity {
        self.identity
    }

    pub(super) fn name(&self) -> &'p str {
        self.name
    }

    pub(super) fn facts(&self) -> &'p Facts {
        self.facts
    }

    pub(super) fn claims(&self) -> &'p Map<String, Value> {
        self.claims
    }

    pub(super) fn login(&self) -> Option<ShortId> {
        self.login
    }

    /// The API token that was presented, if one was.
    pub(super) fn token(&self) -> Option<&'p ApiToken> {
        self.token
    }

    /// What bounds everything that is given; only API tokens have one.
    pub(super) fn ceiling(&self) -> Option<&'p Ceiling> {
        self.token.map(|token| &token.ceiling)
    }

    /// Whether there is a ceiling, and nobody recorded it.
    pub(super) fn has_untold_ceiling(&self) -> bool {
        self.token.is_none() && self.identity.issuer() == TOKEN
    }

    /// Whether nothing was presented.
    pub(super) fn is_anonymous(&self) -> bool {
        self.is_anonymous
    }

    /// Whether the issuer's name stands for what it did when an operator last
    /// said so.
    pub(super) fn is_bound(&self) -> bool {
        self.is_bound
    }

    /// Of which claims of these nobody knows what they are, or that there are
    /// none.
    pub(super) fn untold(&self, claims: &NamedClaims) -> BTreeSet<String> {
        match (self.told, claims) {
            (Told::All | Told::Named(Some(NamedClaims::All)), _) => BTreeSet::new(),
            (Told::Named(_), NamedClaims::All) => BTreeSet::from(["claims".to_owned()]),
            (Told::Named(_), NamedClaims::Some(names)) => names
                .iter()
                .filter(|name| !self.tells(name))
                .map(|name| format!("claims.{name}"))
                .collect(),
        }
    }

    /// Whether it is known of all of these claims.
    pub(super) fn tells_all_of(&self, claims: &NamedClaims) -> bool {
        match (self.told, claims) {
            (Told::All | Told::Named(Some(NamedClaims::All)), _) => true,
            (Told::Named(_), NamedClaims::All) => false,
            (Told::Named(_), NamedClaims::Some(names)) => names.iter().all(|name| self.tells(name)),
        }
    }

    fn tells(&self, claim: &str) -> bool {
        match self.told {
            Told::All => true,
            Told::Named(named) => {
                self.claims.contains_key(claim) || named.is_some_and(|named| named.has(claim))
            }
        }
    }
}

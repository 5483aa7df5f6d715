//! Somebody whom nobody proved now: a JWT that was only read, or a record.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{ANONYMOUS, Facts, Identity};
use crate::short_id::ShortId;

/// Somebody whom nobody proved now.
///
/// It can be explained what the rules say of them, and nothing can be granted:
/// a grant takes a [`Proof`](super::Proof).
#[derive(Clone, Debug)]
pub struct Supposed {
    pub(super) identity: Identity,
    pub(super) name: Arc<str>,
    pub(super) facts: Facts,
    pub(super) claims: Arc<Map<String, Value>>,
    pub(super) login: Option<ShortId>,
    pub(super) is_recorded: bool,
    pub(super) is_bound: bool,
    pub(super) wrong: Vec<Wrong>,
}

/// Something for which a credential would be refused before the rules are asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Wrong {
    /// The step that refuses it.
    pub stage: WrongStage,
    /// The reason as a stable word, as events have it.
    pub code: &'static str,
    /// What is wrong, for the operator.
    pub message: String,
}

/// The step before the rules that refuses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WrongStage {
    /// The JWT itself: its times, its audience.
    Jwt,
    /// The tenants that the issuer is believed of.
    Pin,
}

impl Supposed {
    /// Somebody as an event recorded them: what it lacks of the claims, nobody
    /// knows (`decision::Caller::recorded_under` says what one may conclude).
    pub fn recorded(
        issuer: &str,
        id: &str,
        name: &str,
        facts: Facts,
        claims: Map<String, Value>,
    ) -> Self {
        Self {
            identity: Identity::stored(issuer, id),
            name: name.into(),
            facts,
            claims: Arc::new(claims),
            login: None,
            is_recorded: true,
            is_bound: true,
            wrong: Vec::new(),
        }
    }

    /// The same, of a login.
    #[must_use]
    pub fn of_login(mut self, login: Option<ShortId>) -> Self {
        self.login = login;
        self
    }

    /// The same, of an issuer whose name stands for what it did, or does not.
    #[must_use]
    pub fn of_bound(mut self, is_bound: bool) -> Self {
        self.is_bound = is_bound;
        self
    }

    /// Who it would be.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The name people know the identity by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the platform would vouch for.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The claims that are known.
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// The login it would be, if that is known.
    pub fn login(&self) -> Option<ShortId> {
        self.login
    }

    /// For what it would be refused before the rules are asked; empty for what
    /// an event recorded.
    pub fn wrong(&self) -> &[Wrong] {
        &self.wrong
    }

    /// Whether an event recorded it.
    pub fn is_recorded(&self) -> bool {
        self.is_recorded
    }

    /// Whether the issuer's name stands for what it did when an operator last
    /// said so, as far as is known.
    pub fn is_bound(&self) -> bool {
        self.is_bound
    }

    /// Whether nothing was presented.
    pub fn is_anonymous(&self) -> bool {
        self.identity.issuer() == ANONYMOUS
    }
}

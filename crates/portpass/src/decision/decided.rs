//! What a decision leaves behind: a grant or a refusal, and the whole story.

use std::sync::Arc;

use schemars::JsonSchema;
use scope::{Scope, Scopes};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Namespace, RuleOutcome, Shadow, refusal::Refusal};
use crate::{identity::Proof, registry::Registry, short_id::ShortId};

/// The id under which the operator finds a decision.
///
/// It is made of login, registry, sorted scopes and policy version
/// ([`Decision::policy`]), so a client that asks the same twice (containerd's POST, then GET) is one decision.
pub fn decision_id(
    login: Option<ShortId>,
    registry: &str,
    asked: &Scopes,
    version: ShortId,
) -> ShortId {
    let login = login.map(ShortId::letters);
    ShortId::of_parts([
        login.as_ref().map_or(&[][..], <[u8; 16]>::as_slice),
        registry.as_bytes(),
        asked.as_str().as_bytes(),
        &version.letters(),
    ])
}

/// What every decision carries, given or refused; the event is written from it.
#[derive(Debug)]
pub struct Decision {
    pub(super) id: ShortId,
    pub(super) proof: Proof,
    pub(super) registry: Arc<Registry>,
    pub(super) asked: Scopes,
    pub(super) policy: ShortId,
    pub(super) groups: Vec<Arc<str>>,
    pub(super) claims: Map<String, Value>,
    pub(super) rules: Vec<RuleOutcome>,
    pub(super) shadow: Option<Shadow>,
}

impl Decision {
    /// The id that the caller is told.
    pub fn id(&self) -> ShortId {
        self.id
    }

    /// Who asked.
    pub fn proof(&self) -> &Proof {
        &self.proof
    }

    /// The registry that the decision is for.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// What was asked, as it came.
    pub fn asked(&self) -> &Scopes {
        &self.asked
    }

    /// The version of the policy that decided: a digest of the file's version,
    /// the operators' groups that the caller is in, and the owners of the names
    /// that the rules render for it. It is the file's where there are none.
    pub fn policy(&self) -> ShortId {
        self.policy
    }

    /// The groups that the caller is a member of, in alphabetical order.
    pub fn groups(&self) -> &[Arc<str>] {
        &self.groups
    }

    /// The caller's values of the claims that rules name, for later replay.
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// What each deny said, and each rule, or the claim of a provider's token.
    pub fn rules(&self) -> &[RuleOutcome] {
        &self.rules
    }

    /// What the rules in shadow said, if there are any; it changed nothing.
    pub fn shadow(&self) -> Option<&Shadow> {
        self.shadow.as_ref()
    }
}

/// What was allowed.
///
/// Only [`Policy::decide`](super::Policy::decide) and
/// [`Policy::decide_claimed`](super::Policy::decide_claimed) make one, so nothing
/// can be signed that was not decided.
#[derive(Debug)]
pub struct Grant {
    pub(super) decision: Decision,
    pub(super) access: Vec<Access>,
    pub(super) claims: Vec<Namespace>,
}

impl Grant {
    /// How it came about.
    pub fn decision(&self) -> &Decision {
        &self.decision
    }

    /// Whom it was given to.
    pub fn proof(&self) -> &Proof {
        &self.decision.proof
    }

    /// The registry that it is for.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.decision.registry
    }

    /// The token's `access`, in the order of the scopes; empty for a login probe.
    pub fn access(&self) -> &[Access] {
        &self.access
    }

    /// The names that push was given through and that are nobody's yet: they
    /// become the caller's in the transaction that records the token, or it is
    /// dropped. Sorted; none for what is only pulled or deleted.
    pub fn claims(&self) -> &[Namespace] {
        &self.claims
    }

    /// The granted scopes as the OAuth `scope` field has them, with spaces between.
    pub fn scope_text(&self) -> String {
        scope_text(&self.access)
    }
}

/// As long as most scopes are.
const USUAL_BYTES: usize = 64;

/// What an `access` claim gives, as the OAuth `scope` field has it, with spaces between.
pub(crate) fn scope_text(access: &[Access]) -> String {
    let mut text = String::with_capacity(USUAL_BYTES * access.len());
    for access in access {
        if !text.is_empty() {
            text.push(' ');
        }
        access.write_scope(&mut text);
    }
    text
}

#[cfg(test)]
impl Grant {
    /// A grant that nobody decided, for tests of what follows one.
    pub(crate) fn of(proof: Proof, registry: Arc<Registry>, access: Vec<Access>) -> Self {
        let nothing = ShortId::of(b"");
        Self {
            decision: Decision {
                id: nothing,
                proof,
                registry,
                asked: Scopes::default(),
                policy: nothing,
                groups: Vec::new(),
                claims: Map::new(),
                rules: Vec::new(),
                shadow: None,
            },
            access,
            claims: Vec::new(),
        }
    }

    /// The same, through namespaces that are nobody's yet.
    pub(crate) fn claiming(mut self, claims: Vec<Namespace>) -> Self {
        self.claims = claims;
        self
    }
}

/// A refusal, with the reason for the caller and the story for the operator.
///
/// Only [`Policy::decide`](super::Policy::decide) and
/// [`Policy::decide_claimed`](super::Policy::decide_claimed) make one.
#[derive(Debug)]
pub struct Denied {
    pub(super) decision: Decision,
    pub(super) refusal: Refusal,
}

impl Denied {
    /// How it came about.
    pub fn decision(&self) -> &Decision {
        &self.decision
    }

    /// Why, as the caller may be told it.
    pub fn refusal(&self) -> &Refusal {
        &self.refusal
    }
}

/// One entry of a token's `access` claim.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Access {
    /// The kind of resource: `repository` or `registry`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The repository's class, as it was asked: `plugin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The resource's name.
    pub name: String,
    /// What may be done with it, in alphabetical order.
    pub actions: Vec<String>,
}

impl Access {
    /// Whether the entry is about what a scope is about; many providers know no
    /// classes.
    pub(crate) fn is_of(&self, scope: &Scope) -> bool {
        self.kind == scope.kind
            && self.name == scope.name
            && (self.class.is_none() || self.class == scope.class)
    }

    /// The entry as a scope's text.
    pub(crate) fn scope_text(&self) -> String {
        let mut text = String::new();
        self.write_scope(&mut text);
        text
    }

    fn write_scope(&self, text: &mut String) {
        text.push_str(&self.kind);
        if let Some(class) = &self.class {
            for part in ["(", class, ")"] {
                text.push_str(part);
            }
        }
        for part in [":", &self.name] {
            text.push_str(part);
        }
        for (index, action) in self.actions.iter().enumerate() {
            text.push(if index == 0 { ':' } else { ',' });
            text.push_str(action);
        }
        if self.actions.is_empty() {
            text.push(':');
        }
    }
}

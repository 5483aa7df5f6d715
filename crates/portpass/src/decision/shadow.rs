//! What the rules in shadow would do.

use scope::Scopes;
use serde::Serialize;

use super::{
    Access, Mode, Policy, RuleOutcome,
    judgement::{Given, Why},
    policy::{Basis, Counting},
    request::Request,
};

/// What the rules in shadow said of a request, which changed nothing.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Shadow {
    /// What each deny in shadow said, and each rule.
    pub(super) rules: Vec<RuleOutcome>,
    /// What would have been given were they live, if that is something else than
    /// was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) access: Option<Vec<Access>>,
    /// Why nothing would have been given were they live, if something was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'static str>,
}

impl Shadow {
    /// What each deny in shadow said, and each rule.
    pub fn rules(&self) -> &[RuleOutcome] {
        &self.rules
    }

    /// What would have been given were they live, if that is something else than
    /// was given.
    pub fn access(&self) -> Option<&[Access]> {
        self.access.as_deref()
    }

    /// Why nothing would have been given were they live, if something was.
    pub fn reason(&self) -> Option<&'static str> {
        self.reason
    }
}

impl Policy {
    /// Whether some rule is in shadow.
    pub fn has_shadow(&self) -> bool {
        !self.shadow_rules.is_empty() || !self.shadow_denies.is_empty()
    }

    /// What the rules in shadow say of a request that the live ones have weighed.
    pub(super) fn shadow<'r, 'p>(
        &'p self,
        request: &'r Request<'p>,
        basis: Basis<'r>,
        asked: &Scopes,
        live: &Result<Given, Why<'_>>,
    ) -> Option<Shadow> {
        if !self.has_shadow() {
            return None;
        }
        let judgement = self.judge(request, basis, Counting::AlsoShadow);
        let (access, reason) = match (judgement.weigh(asked), live) {
            (Ok(given), Ok(live)) => {
                let differs = given.access != live.access;
                (differs.then_some(given.access), None)
            }
            (Ok(given), Err(_)) => (Some(given.access), None),
            (Err((_, reason)), Ok(_)) => (None, Some(reason.code())),
            (Err(_), Err(_)) => (None, None),
        };
        Some(Shadow {
            rules: judgement.outcomes_of(Mode::Shadow, asked),
            access,
            reason,
        })
    }
}

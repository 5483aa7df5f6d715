//! What the rules say of somebody, rule by rule, for operators.

use std::{borrow::Cow, sync::Arc};

use schemars::JsonSchema;
use scope::Scopes;
use serde::{Deserialize, Serialize};

use super::{
    Access, Caller, Held, Mode, Outcome, Policy,
    decided::decision_id,
    judgement::{Given, Why},
    policy::{Basis, Counting},
    refusal::Refusal,
    request::Assumed,
};
use crate::{
    config::Place,
    identity::{Fact, FactValue},
    registry::Registry,
    short_id::ShortId,
};

/// What comes out for a caller, without the story.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// This is given; nothing of it for a login probe.
    Granted(Vec<Access>),
    /// Nothing is given.
    Refused {
        /// The reason as a stable word, as events have it.
        code: Cow<'static, str>,
        /// Who refuses.
        stage: Stage,
        /// The fact that was unmet in the rule that came closest.
        #[serde(skip_serializing_if = "Option::is_none")]
        unmet: Option<Fact>,
    },
    /// It hangs on what the record does not tell: `claims.job_workflow_ref`.
    Untold(Vec<String>),
}

/// Who refuses, of those who know the caller.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// A deny took what some rule gives.
    Deny,
    /// No rule gives it.
    Rules,
}

/// What the rules say of somebody, rule by rule; for operators only.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
pub struct Explanation {
    /// What comes out.
    pub verdict: Verdict,
    /// What the caller reads, where the rules refuse it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The version of the policy, as events have it.
    pub policy: ShortId,
    /// The groups that the caller is in.
    pub groups: Vec<Arc<str>>,
    /// Each deny and each rule, the live ones first.
    pub rules: Vec<Explained>,
    /// What would come out were the shadow rules live, where it differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shadow: Option<Verdict>,
}

/// What one rule says, and why.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
pub struct Explained {
    /// The table: `rule.own-namespace`, `deny.nobody-deletes-base`.
    pub rule: Arc<str>,
    /// Whether it counts.
    pub mode: Mode,
    /// Where its table begins.
    #[serde(skip)]
    pub at: Place,
    /// That place as people read it, where the files are at hand:
    /// `portpass.toml:12:7`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What it says, as events have it.
    pub outcome: Outcome,
    /// The first fact that is not as it should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unmet: Option<UnmetFact>,
    /// The expression, where it is not met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unmet_cel: Option<String>,
    /// What the record does not tell of what its expression names; what is said
    /// here is then as if the expression gave the most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub untold: Vec<String>,
    /// Its patterns, made for this caller; none where its conditions are unmet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patterns: Vec<Rendered>,
    /// What it gives, or takes, of what was asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub access: Vec<Access>,
}

/// A fact that is not as a rule wants it.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct UnmetFact {
    /// Which.
    pub fact: Fact,
    /// What the rule wants: `push or tag`, `not production`.
    pub wants: String,
    /// What the caller has.
    pub has: Option<FactValue>,
}

/// One pattern of a rule, made for one caller.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Rendered {
    /// The key that it stands under: `pull`, `push` or `delete`.
    pub action: String,
    /// As the file has it: `apps/{issuer}/{repository}`.
    pub pattern: String,
    /// With the caller's facts in it: `apps/github/acme/web`; of `{images}`
    /// the caller's rows.
    pub rendered: Vec<String>,
    /// Why it gives nothing to this caller, if it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withheld: Option<String>,
    /// The repositories of what was asked that it is about.
    pub covers: Vec<String>,
}

impl Policy {
    /// What [`Policy::decide`] would do for a caller, and what each rule has to
    /// do with it.
    ///
    /// It is the judgement that decides, put into words: the two cannot disagree.
    pub fn explain(
        &self,
        caller: Caller<'_>,
        held: Held<'_>,
        registry: &Registry,
        asked: &Scopes,
    ) -> Explanation {
        let groups = self.groups.of(caller, held.groups);
        let request = self.request(caller, registry, &groups, held);
        let request = request.assuming(Assumed::Most);
        let judgement = self.judge(&request, Basis::Rules, Counting::Live);
        let policy = self.standing(caller, &groups, &judgement);
        let mut rules = judgement.explained(Mode::Live, asked);
        let verdict = self.verdict_of(caller, held, registry, asked, Counting::Live);
        let mut shadow = None;
        if self.has_shadow() {
            let judgement = self.judge(&request, Basis::Rules, Counting::AlsoShadow);
            rules.extend(judgement.explained(Mode::Shadow, asked));
            let other = self.verdict_of(caller, held, registry, asked, Counting::AlsoShadow);
            shadow = (other != verdict).then_some(other);
        }
        let weighed = judgement.weigh(asked);
        let message = weighed.err().map(|(scope, reason)| {
            let id = decision_id(caller.login(), &registry.name, asked, policy);
            Refusal::new(reason, scope, caller, id).to_string()
        });
        Explanation {
            message: message.filter(|_| matches!(verdict, Verdict::Refused { .. })),
            verdict,
            policy,
            groups: if caller.is_bound() {
                groups.clone()
            } else {
                Vec::new()
            },
            rules,
            shadow,
        }
    }

    /// What [`Policy::decide`] would do for a caller, and no more.
    pub fn verdict(
        &self,
        caller: Caller<'_>,
        held: Held<'_>,
        registry: &Registry,
        asked: &Scopes,
    ) -> Verdict {
        self.verdict_of(caller, held, registry, asked, Counting::Live)
    }

    /// Whatever a record does not tell is taken both ways: only where that makes
    /// a difference is the verdict untold.
    fn verdict_of(
        &self,
        caller: Caller<'_>,
        held: Held<'_>,
        registry: &Registry,
        asked: &Scopes,
        counting: Counting,
    ) -> Verdict {
        let groups = self.groups.of(caller, held.groups);
        let most = self.request(caller, registry, &groups, held);
        let most = most.assuming(Assumed::Most);
        let judgement = self.judge(&most, Basis::Rules, counting);
        let verdict = Verdict::of(judgement.weigh(asked));
        if caller.tells_all_of(&self.claims) && !caller.has_untold_ceiling() {
            return verdict;
        }
        let least = self.request(caller, registry, &groups, held);
        let least = least.assuming(Assumed::Least);
        let otherwise = self.judge(&least, Basis::Rules, counting);
        if verdict == Verdict::of(otherwise.weigh(asked)) {
            verdict
        } else {
            Verdict::Untold(judgement.untold().into_iter().collect())
        }
    }
}

impl Verdict {
    fn of(weighed: Result<Given, Why<'_>>) -> Self {
        match weighed {
            Ok(given) => Self::Granted(given.access),
            Err((_, reason)) => Self::Refused {
                code: reason.code().into(),
                stage: reason.stage(),
                unmet: reason.unmet(),
            },
        }
    }
}

//! What a replay of recorded requests asks of the rules, beside their verdict.

use std::collections::BTreeSet;

use scope::{Scopes, is_repository_name};

use super::{
    Caller, Held, Policy,
    pattern::Cover,
    policy::{Basis, Counting},
    request::Assumed,
};
use crate::{registry::Registry, short_id::ShortId};

/// Whether anything is given of what is asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Gives {
    /// Nothing is.
    No,
    /// It hangs on what the record does not tell: `claims.job_workflow_ref`.
    Untold(Vec<String>),
    /// Something is.
    Yes,
}

impl Policy {
    /// Whether anything is given of what is asked. Unlike [`Policy::verdict`] it
    /// does not say why, so it can be told where only the reason cannot.
    pub fn gives(
        &self,
        caller: Caller<'_>,
        held: Held<'_>,
        registry: &Registry,
        asked: &Scopes,
    ) -> Gives {
        let groups = self.groups.of(caller, held.groups);
        let gives = |assumed| {
            let request = self.request(caller, registry, &groups, held);
            let request = request.assuming(assumed);
            let judgement = self.judge(&request, Basis::Rules, Counting::Live);
            let given = judgement.weigh(asked);
            let is_given = given.is_ok_and(|given| !given.access.is_empty());
            (is_given, judgement.untold())
        };
        match (gives(Assumed::Most), gives(Assumed::Least)) {
            ((true, _), (true, _)) => Gives::Yes,
            ((false, _), (false, _)) => Gives::No,
            ((_, untold), _) => Gives::Untold(untold.into_iter().collect()),
        }
    }

    /// The version that a decision on a caller's requests would have now, as
    /// [`Decision::policy`](super::Decision::policy) has it.
    pub fn version_for(&self, caller: Caller<'_>, held: Held<'_>, registry: &Registry) -> ShortId {
        let groups = self.groups.of(caller, held.groups);
        let request = self.request(caller, registry, &groups, held);
        let judgement = self.judge(&request, Basis::Rules, Counting::Live);
        self.standing(caller, &groups, &judgement)
    }

    /// Whether a record of a caller tells every claim that some rule names.
    pub fn is_told_all_by(&self, caller: Caller<'_>) -> bool {
        caller.tells_all_of(&self.claims)
    }

    /// A name for everything that some rule or deny could be about for a caller,
    /// its conditions aside: what its patterns render, and for those that stand for
    /// many names one of these.
    pub fn names(&self, caller: Caller<'_>, registry: &Registry) -> BTreeSet<String> {
        let groups = self.groups.possible(caller);
        let request = self.request(caller, registry, &groups, Held::default());
        let rules = self.rules.iter().chain(&self.denies);
        let patterns = rules.flat_map(|rule| [&rule.pull, &rule.push, &rule.delete]);
        let mut names = BTreeSet::new();
        for pattern in patterns.flatten() {
            match pattern.render_widely(&request.values, request.images) {
                Cover::Glob(glob) => names.insert(glob.example()),
                Cover::Rendered(glob) => names.insert(glob.example()),
                Cover::Names(rows) => {
                    names.extend(rows.into_iter().flatten().cloned());
                    false
                }
            };
        }
        names.retain(|name| is_repository_name(name));
        names
    }
}

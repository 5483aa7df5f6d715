//! What a replay of recorded requests asks of the rules, beside their verdict.

use std::collections::BTreeSet;

use scope::{Scopes, is_repository_name};

use super::{
    Caller, Held, Policy,
    judgement::Judgement,
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
        let mut gives = self.gives_each(caller, held, registry, [asked]);
        gives.pop().unwrap_or(Gives::No)
    }

    /// Whether anything is given of each of several requests of one caller. The rules
    /// are asked once, whatever is asked of them.
    pub fn gives_each<'s>(
        &self,
        caller: Caller<'_>,
        held: Held<'_>,
        registry: &Registry,
        asked: impl IntoIterator<Item = &'s Scopes>,
    ) -> Vec<Gives> {
        let groups = self.groups.of(caller, held.groups);
        let request = |assumed| {
            let request = self.request(caller, registry, &groups, held);
            request.assuming(assumed)
        };
        let (most, least) = (request(Assumed::Most), request(Assumed::Least));
        let most = self.judge(&most, Basis::Rules, Counting::Live);
        let is_told = caller.tells_all_of(&self.claims) && !caller.has_untold_ceiling();
        let least = (!is_told).then(|| self.judge(&least, Basis::Rules, Counting::Live));
        let gives = |asked: &Scopes| {
            let is_given = |judgement: &Judgement<'_, '_>| {
                let given = judgement.weigh(asked);
                given.is_ok_and(|given| !given.access.is_empty())
            };
            let by_most = is_given(&most);
            match (by_most, least.as_ref().map_or(by_most, is_given)) {
                (true, true) => Gives::Yes,
                (false, false) => Gives::No,
                (true, false) | (false, true) => Gives::Untold(most.untold().into_iter().collect()),
            }
        };
        asked.into_iter().map(gives).collect()
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

//! What the rules give of one request.

use std::collections::BTreeSet;

use scope::Scopes;

use super::{matched, outcomes};
use crate::decision::{
    Namespace, RuleOutcome,
    actions::Actions,
    covers::Covers,
    refusal::Reason,
    request::Request,
    resource::Resource,
    rule::{Judged, Rule},
    version::Owned,
};

/// What every rule says of one request.
pub(in crate::decision) struct Allows<'r, 'p> {
    request: &'r Request<'p>,
    rules: Vec<(&'p Rule, Judged<'p>)>,
}

impl<'r, 'p> Allows<'r, 'p> {
    /// Asks every rule.
    pub(in crate::decision) fn of(
        request: &'r Request<'p>,
        rules: impl IntoIterator<Item = &'p Rule>,
    ) -> Self {
        let allow = |rule: &'p Rule| (rule, rule.judge(request));
        Self {
            request,
            rules: rules.into_iter().map(allow).collect(),
        }
    }

    pub(super) fn judged(&self) -> &[(&'p Rule, Judged<'p>)] {
        &self.rules
    }

    pub(super) fn owners(&self) -> BTreeSet<Owned<'p>> {
        let names = matched(&self.rules).flat_map(Covers::names);
        names.filter_map(|name| self.request.owned(name)).collect()
    }

    pub(super) fn outcomes(&self, asked: &Scopes) -> Vec<RuleOutcome> {
        let gives = |covers: &Covers<'_>, name: &str| covers.gives(name);
        outcomes(&self.rules, &gives, asked)
    }

    pub(super) fn gives(&self, name: &str) -> Actions {
        let given = matched(&self.rules).map(|covers| covers.gives(name));
        given.fold(Actions::default(), Actions::or)
    }

    pub(super) fn gives_catalog(&self) -> bool {
        matched(&self.rules).any(|covers| covers.catalog)
    }

    pub(super) fn claims(&self, name: &str) -> Vec<&Namespace> {
        let covers = matched(&self.rules);
        covers.flat_map(|covers| covers.claims(name)).collect()
    }

    /// What keeps the rule from giving that came closest: of those that could
    /// give what was missed, the one with the fewest unmet conditions, and of
    /// several the first by name. Nothing is closer than a rule that matches
    /// and may not give.
    pub(super) fn closest(&self, missed: Resource<'_>) -> Reason {
        let distance = |(rule, judged): &(&Rule, Judged<'_>)| {
            let (distance, reason) = match judged {
                Judged::Matched(covers) => match missed {
                    Resource::Catalog => return None,
                    Resource::Repository(name, actions) => {
                        ((0, 0), covers.withheld(name, actions)?.reason()?)
                    }
                },
                Judged::OtherCaller | Judged::OtherRegistry => return None,
                Judged::Suspended => ((0, 0), Reason::Suspended),
                Judged::UnmetCel => ((1, 0), Reason::UnmetCel),
                Judged::UnmetFact(unmet) => ((unmet.count, 0), Reason::UnmetFact(unmet.fact)),
                Judged::Void(unrendered) => ((0, 1), Reason::UnusableFact(unrendered.fact()?)),
            };
            self.could_give(rule, missed).then_some((distance, reason))
        };
        self.rules
            .iter()
            .filter_map(distance)
            .min_by_key(|(distance, _)| *distance)
            .map_or(Reason::NoRule, |(_, reason)| reason)
    }

    /// Whether a rule would give what was missed, its conditions aside.
    fn could_give(&self, rule: &Rule, missed: Resource<'_>) -> bool {
        match missed {
            Resource::Catalog => rule.catalog,
            Resource::Repository(name, actions) => rule.could_give(self.request, name, actions),
        }
    }
}

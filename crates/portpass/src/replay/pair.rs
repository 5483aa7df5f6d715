//! The two configurations, and how they read the same caller.

use super::{
    case::{Case, Unweighed},
    recorded::Recorded,
    side::Side,
    tally::{Counts, Found, Group, Tally},
};

/// The two configurations that are compared.
#[derive(Debug)]
pub struct Pair {
    pub(super) old: Side,
    pub(super) new: Side,
}

impl Pair {
    /// Two configurations, of which events are taken to be the old one's.
    pub fn of(old: Side, new: Side) -> Self {
        Self { old, new }
    }

    /// Counts one event, which could be read or not.
    pub(super) fn count(&self, recorded: Option<Recorded<'_>>, tally: &mut Tally) {
        tally.counts.events += 1;
        let readable = recorded.filter(|recorded| !recorded.is_overlong());
        let counted = readable.and_then(|recorded| Some((recorded.requests()?, recorded)));
        let Some((requests, recorded)) = counted else {
            tally.counts.malformed += 1;
            return;
        };
        let last = recorded.last;
        tally.shadow.add(&recorded, requests);
        match Case::of(recorded, requests) {
            Ok(case) => self.count_case(&case, last, tally),
            Err(Unweighed::ByProvider) => tally.counts.by_provider += 1,
            Err(Unweighed::Malformed) => tally.counts.malformed += 1,
            Err(Unweighed::WithoutRules) => tally.counts.without_rules += 1,
        }
    }

    fn count_case(&self, case: &Case, last: jiff::Timestamp, tally: &mut Tally) {
        let Tally { counts, groups, .. } = tally;
        let Counts {
            requests,
            changed,
            unknown,
            ..
        } = counts;
        *requests += case.requests;
        let outcomes = self.weigh(case);
        let is_known =
            |change: &super::Change| !change.loses.is_empty() || !change.gains.is_empty();
        if outcomes.iter().any(|outcome| is_known(&outcome.change)) {
            *changed += case.requests;
        } else if !outcomes.is_empty() {
            *unknown += case.requests;
        }
        let who = case.who.identity();
        for outcome in outcomes {
            let group = Group::of(
                (who.issuer(), who.id()),
                &case.registry,
                &outcome.repository,
                outcome.change,
            );
            let mut found = Found::of(case.who.name(), case.requests, last);
            found.because = outcome.because;
            groups.add(group, found);
        }
    }

    /// Why the facts of an issuer's callers are not the same on both sides, if
    /// they are not: the name stands for something else, or other claims are read.
    pub(super) fn read_otherwise(&self, issuer: &str) -> Option<String> {
        let (old, new) = (self.old.binding(issuer)?, self.new.binding(issuer)?);
        let (by_old, by_new) = (self.old.issuer(issuer)?, self.new.issuer(issuer)?);
        let claim = |located: &Option<crate::config::Located<String>>| {
            located.as_ref().map(|located| located.value.clone())
        };
        let differing = [
            ("kind", old.kind != new.kind),
            ("iss", old.iss != new.iss),
            (
                "id_claim",
                claim(&by_old.id_claim) != claim(&by_new.id_claim),
            ),
            (
                "groups_claim",
                claim(&by_old.groups_claim) != claim(&by_new.groups_claim),
            ),
        ];
        let (key, _) = differing.into_iter().find(|(_, differs)| *differs)?;
        Some(format!(
            "what a JWT of `issuer.{issuer}` says with another `{key}`"
        ))
    }
}

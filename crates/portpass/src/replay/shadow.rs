//! What events recorded of the rules that are in shadow.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::recorded::{LONGEST_NAME, Outcome, Recorded};

/// The most rules that are told apart.
const RULES: usize = 1000;

/// What events recorded of the rules that were in shadow then.
#[derive(Clone, Debug, Default)]
pub struct Shadowed {
    /// By table: `rule.own-namespace`.
    rules: BTreeMap<Box<str>, Seen>,
    /// Requests that shadow rules were weighed for.
    pub requests: u64,
    /// Requests that would have come out otherwise, were they live.
    pub changed: u64,
}

/// How often a shadow rule was weighed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct Seen {
    /// How often it matched.
    pub matched: u64,
    /// How often it did not.
    pub unmatched: u64,
    /// When it matched last.
    pub last_match: Option<Timestamp>,
}

impl Shadowed {
    /// Counts what one event recorded.
    pub(super) fn add(&mut self, recorded: &Recorded<'_>, requests: u64) {
        let Some(shadow) = &recorded.body.shadow else {
            return;
        };
        self.requests += requests;
        if shadow.access.is_some() || shadow.reason.is_some() {
            self.changed += requests;
        }
        let named = shadow.rules.iter();
        for said in named.filter(|said| said.rule.len() <= LONGEST_NAME) {
            let matched = said.outcome == Outcome::Matched;
            let seen = Seen {
                matched: if matched { requests } else { 0 },
                unmatched: if matched { 0 } else { requests },
                last_match: matched.then_some(recorded.last),
            };
            self.note(&said.rule, seen);
        }
    }

    /// The rules, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Seen)> {
        self.rules.iter().map(|(rule, seen)| (&**rule, seen))
    }

    pub(super) fn join(&mut self, other: Self) {
        self.requests += other.requests;
        self.changed += other.changed;
        for (rule, seen) in other.rules {
            self.note(&rule, seen);
        }
    }

    fn note(&mut self, rule: &str, seen: Seen) {
        let is_full = self.rules.len() >= RULES;
        if let Some(before) = self.rules.get_mut(rule) {
            before.matched += seen.matched;
            before.unmatched += seen.unmatched;
            before.last_match = before.last_match.max(seen.last_match);
        } else if !is_full {
            // No file has so many: what names more is not ours.
            self.rules.insert(rule.into(), seen);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(shadowed: &mut Shadowed, second: u8, shadow: &str) {
        let line = format!(
            r#"{{"last":"2026-11-20T10:00:{second:02}Z","count":1,"kind":"token",
            "body":{{"shadow":{shadow}}}}}"#
        );
        let recorded = Recorded::of_line(line.as_bytes()).unwrap();
        shadowed.add(&recorded, 2);
    }

    #[test]
    fn each_shadow_rule_is_counted_and_so_is_what_would_change() {
        let mut one = Shadowed::default();
        add(
            &mut one,
            3,
            r#"{"rules":[{"rule":"deny.x","outcome":"matched"}],"reason":"denied"}"#,
        );
        let mut other = Shadowed::default();
        add(
            &mut other,
            5,
            r#"{"rules":[{"rule":"deny.x","outcome":{"unmet_fact":"ref"}}]}"#,
        );
        add(
            &mut other,
            1,
            r#"{"rules":[{"rule":"deny.x","outcome":"matched"}],"access":[]}"#,
        );
        one.join(other);
        assert_eq!((one.requests, one.changed), (6, 4));
        let (rule, seen) = one.iter().next().unwrap();
        assert_eq!((rule, seen.matched, seen.unmatched), ("deny.x", 4, 2));
        assert_eq!(seen.last_match.unwrap().to_string(), "2026-11-20T10:00:03Z");
    }

    #[test]
    fn events_cannot_name_more_rules_than_there_is_room_for() {
        let mut shadowed = Shadowed::default();
        for number in 0..RULES + 10 {
            let rule = format!(r#"{{"rules":[{{"rule":"r{number}","outcome":"matched"}}]}}"#);
            add(&mut shadowed, 0, &rule);
        }
        assert_eq!(shadowed.iter().count(), RULES);
        assert_eq!(shadowed.requests, 2 * (RULES as u64 + 10));
    }
}

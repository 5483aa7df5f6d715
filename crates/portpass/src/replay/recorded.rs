//! One recorded event, read as far as a replay needs it.

use std::{borrow::Cow, fmt};

use jiff::Timestamp;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::{Map, Value};

use crate::{audit::Event, decision::Access, identity::Facts, store::EventRow};

/// The longest name of anybody or anything that we write, in bytes: as long as a claim may be.
pub(super) const LONGEST_NAME: usize = 1024;

/// One event, as it was recorded; texts are borrowed where they can be.
#[derive(Debug, Deserialize)]
pub(super) struct Recorded<'a> {
    pub(super) last: Timestamp,
    pub(super) count: i64,
    #[serde(borrow)]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) registry: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) issuer: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) identity: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) body: Body<'a>,
}

/// A text that is borrowed where nothing in it was escaped.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

/// Of an event's body, what a decision rests on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Body<'a> {
    #[serde(borrow)]
    pub(super) asked: Option<Text<'a>>,
    pub(super) access: Vec<Access>,
    pub(super) claims: Map<String, Value>,
    pub(super) facts: Facts,
    #[serde(borrow)]
    pub(super) groups: Vec<Text<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) policy: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) relay: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) repositories: Vec<Text<'a>>,
    /// What each rule said; there is none where the rules were not asked.
    #[serde(borrow)]
    pub(super) rules: Option<Vec<Said<'a>>>,
    #[serde(borrow)]
    pub(super) shadow: Option<Shadow<'a>>,
}

/// What one rule said.
#[derive(Debug, Deserialize)]
pub(super) struct Said<'a> {
    #[serde(borrow)]
    pub(super) rule: Text<'a>,
    #[serde(borrow)]
    pub(super) outcome: Outcome<'a>,
}

/// What the shadow rules said, and what would have come out with them.
#[derive(Debug, Deserialize)]
pub(super) struct Shadow<'a> {
    #[serde(borrow, default)]
    pub(super) rules: Vec<Said<'a>>,
    /// What would have been given, where it differs.
    pub(super) access: Option<Vec<Access>>,
    /// For what it would have been refused, where it was not.
    #[serde(borrow)]
    pub(super) reason: Option<Text<'a>>,
}

/// The outcomes that say more than that a rule gave or not.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Outcome<'a> {
    Matched,
    /// A name that it renders belongs to another id.
    Owned(Text<'a>),
    Suspended,
    /// Any other.
    Other,
}

impl<'a> Recorded<'a> {
    /// How many requests it stands for; `None` where it is no such number, or more than there
    /// ever are, of which the sum would be none either.
    pub(super) fn requests(&self) -> Option<u64> {
        u32::try_from(self.count).ok().map(u64::from)
    }

    /// Whether a name of it is longer than any that we write: so much of each group is kept.
    pub(super) fn is_overlong(&self) -> bool {
        let Body { name, .. } = &self.body;
        let names = [&self.registry, &self.issuer, &self.identity, name];
        let mut names = names.into_iter().flatten();
        names.any(|name| name.len() > LONGEST_NAME)
    }

    /// Reads a line of `portpass events --json`; `None` if it is not one.
    pub(super) fn of_line(line: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }

    /// Reads a row of the store; `None` if its body is not what we write.
    pub(super) fn of_row(row: &'a EventRow) -> Option<Self> {
        let text = |text: &'a Option<String>| text.as_deref().map(Text::of);
        Some(Self {
            last: Timestamp::from_millisecond(row.last_ms).ok()?,
            count: row.count,
            kind: row.kind.as_str().into(),
            registry: text(&row.registry),
            issuer: text(&row.issuer),
            identity: text(&row.identity),
            body: serde_json::from_str(&row.body).ok()?,
        })
    }

    /// Reads what the admin API answered; `None` if its body is not what we write.
    pub(super) fn of_event(event: &'a Event) -> Option<Self> {
        let text = |text: &'a Option<String>| text.as_deref().map(Text::of);
        Some(Self {
            last: event.last,
            count: event.count,
            kind: event.kind.as_str().into(),
            registry: text(&event.registry),
            issuer: text(&event.issuer),
            identity: text(&event.identity),
            body: Body::deserialize(&event.body).ok()?,
        })
    }
}

impl<'a> Text<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfText;

        impl<'de> Visitor<'de> for OfText {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(OfText)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Outcome<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfOutcome;

        impl<'de> Visitor<'de> for OfOutcome {
            type Value = Outcome<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("what a rule said")
            }

            fn visit_str<E>(self, word: &str) -> Result<Outcome<'de>, E> {
                Ok(match word {
                    "matched" => Outcome::Matched,
                    "suspended" => Outcome::Suspended,
                    _ => Outcome::Other,
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Outcome<'de>, A::Error> {
                let mut outcome = Outcome::Other;
                while let Some(word) = map.next_key::<Text<'de>>()? {
                    if &*word == "owned" {
                        outcome = Outcome::Owned(map.next_value()?);
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(outcome)
            }
        }

        deserializer.deserialize_any(OfOutcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"id":"1","at":"2026-11-20T10:00:00Z","last":"2026-11-20T10:00:30Z",
        "count":2,"kind":"refusal","reason":"no_rule","decision":null,"login":"aaaa","registry":"prod",
        "issuer":"github","identity":"74","body":{"asked":"repository:apps/x:push",
        "claims":{"ref":"refs/heads/main"},"facts":{"fork":false,"idp_groups":["a"],"ref":"refs/heads/main"},
        "groups":["acl \"push\""],"name":"acme/web","new_in_a_later_version":[{}],
        "rules":[{"rule":"rule.a","outcome":"matched"},{"rule":"rule.b","outcome":{"unmet_fact":"ref"}},
        {"rule":"rule.c","outcome":{"owned":"apps/x"}},{"rule":"rule.d","outcome":"other_caller"}]}}"#;

    fn summary(recorded: &Recorded<'_>) -> String {
        let rules = recorded.body.rules.as_deref().unwrap();
        format!(
            "{} {} {} {:?} {:?} {:?} {:?}",
            recorded.last,
            recorded.count,
            recorded.kind,
            recorded.body.asked,
            recorded.body.groups,
            recorded.body.facts,
            rules.iter().map(|said| &said.outcome).collect::<Vec<_>>(),
        )
    }

    #[test]
    fn a_line_a_row_and_an_answer_are_read_alike() {
        let event: Event = serde_json::from_str(LINE).unwrap();
        let row = EventRow {
            id: event.id.clone(),
            at_ms: event.at.as_millisecond(),
            last_ms: event.last.as_millisecond(),
            count: event.count,
            kind: event.kind.clone(),
            reason: event.reason.clone(),
            decision: None,
            login: event.login.clone(),
            registry: event.registry.clone(),
            issuer: event.issuer.clone(),
            identity: event.identity.clone(),
            body: event.body.to_string(),
        };
        let line = Recorded::of_line(LINE.as_bytes()).unwrap();
        let said = summary(&line);
        assert_eq!(said, summary(&Recorded::of_row(&row).unwrap()));
        assert_eq!(said, summary(&Recorded::of_event(&event).unwrap()));
        assert_eq!(&*line.body.groups[0], "acl \"push\"");
        let outcomes: Vec<_> = line.body.rules.as_deref().unwrap().iter().collect();
        assert_eq!(outcomes[0].outcome, Outcome::Matched);
        assert_eq!(outcomes[1].outcome, Outcome::Other);
        assert_eq!(outcomes[2].outcome, Outcome::Owned(Text::of("apps/x")));
        assert_eq!(outcomes[3].outcome, Outcome::Other);
    }

    #[test]
    fn what_is_no_event_is_not_read() {
        for line in [
            "",
            "{}",
            "null",
            "[]",
            "{\"kind\":1}",
            LINE.get(..200).unwrap(),
        ] {
            assert!(Recorded::of_line(line.as_bytes()).is_none(), "{line}");
        }
    }
}

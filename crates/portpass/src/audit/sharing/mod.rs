//! Which events get a row of their own, and which are counted on another's.
//!
//! A token to a proven caller has its own row. Refusals under one decision
//! id share a row for a minute. Anonymous grants share one per minute,
//! network and repository. Of strangers the first few per reason, issuer and
//! minute are kept, the rest counted. All of it is bounded: strangers choose
//! neither how many rows there are nor how much memory is held.

use std::{borrow::Cow, collections::HashMap};

use super::intent::TRUST_PROVIDER;
use crate::{
    short_id::ShortId,
    store::{Change, Conditions, EventRow, Verdict},
};

/// How long refusals under one decision id share a row, in milliseconds.
const REFUSALS_SHARE_MS: i64 = 60_000;

/// How many decision ids are remembered for sharing; beyond, each refusal has
/// a row of its own.
const MAX_REFUSALS: usize = 65_536;

const MINUTE_MS: i64 = 60_000;

/// How much of what strangers do is kept.
#[derive(Clone, Copy, Debug)]
pub struct Keep {
    /// Events kept per reason, issuer and minute; the rest are counted.
    pub strangers: u32,
    /// Rows of anonymous grants begun per minute; the rest share one.
    pub anonymous: u32,
}

/// An event on its way to the table.
#[derive(Debug)]
pub(super) struct Intent {
    /// The row, if it gets one.
    pub(super) row: EventRow,
    /// With what it may share a row.
    pub(super) class: Class,
    /// How long its body was, less the last brace, before its conditions were settled.
    told: Option<usize>,
}

impl Intent {
    pub(super) fn new(row: EventRow, class: Class) -> Self {
        Self {
            row,
            class,
            told: None,
        }
    }

    /// An event that shares its row with no other.
    pub(super) fn own(row: EventRow) -> Self {
        Self::new(row, Class::Own)
    }

    /// Says what has come of its conditions, and whether it stands: it was not overtaken.
    pub(super) fn settle(&mut self, conditions: &Conditions, verdict: &Verdict) -> bool {
        let Verdict::Kept {
            refresh_token,
            uses,
            sealed: _,
        } = verdict
        else {
            return false;
        };
        // A commit that is tried again finds what was said the time before.
        let body = &mut self.row.body;
        let before = body.len().saturating_sub(1);
        body.truncate(*self.told.get_or_insert(before));
        body.push('}');
        if let (Some(session), Some(uses)) = (&conditions.session, uses) {
            let is_opened = session.open.is_some() && *uses == 1;
            let word = if is_opened { "opened" } else { "used" };
            add(body, &format!(r#""session":"{word}","uses":{uses}"#));
        }
        if conditions.refresh_token.is_some() {
            let key = if *refresh_token {
                "refresh_token"
            } else {
                "refresh_token_limit"
            };
            add(body, &format!(r#""{key}":true"#));
        }
        true
    }

    /// Whether it is about callers who proved nothing.
    pub(super) fn is_of_strangers(&self) -> bool {
        match self.class {
            Class::Anonymous { .. } | Class::Stranger { .. } => true,
            Class::Own | Class::Refusal(_) => false,
        }
    }
}

/// With what an event may share a row.
#[derive(Debug)]
pub(super) enum Class {
    /// Anonymous grants of one minute, network and repository.
    Anonymous {
        /// Registry, network and repositories.
        key: String,
    },
    /// A row of its own, always.
    Own,
    /// Refusals under one decision id and for one reason.
    Refusal(ShortId),
    /// Callers who proved nothing.
    Stranger {
        /// The reason and the configured issuer.
        key: String,
    },
}

/// What rows may still be shared.
#[derive(Debug)]
pub(super) struct Sharing {
    keep: Keep,
    refusals: HashMap<ShortId, Row>,
    minute: i64,
    anonymous: HashMap<String, String>,
    /// The row that all further anonymous grants of the minute share.
    anonymous_rest: Option<String>,
    strangers: HashMap<String, Strangers>,
}

#[derive(Debug)]
struct Row {
    id: String,
    until_ms: i64,
}

#[derive(Debug, Default)]
struct Strangers {
    kept: u32,
    /// The row that counts all further ones of the minute.
    rest: Option<String>,
}

/// A batch of changes in which what is counted on one row is one change.
#[derive(Default)]
struct Batch<'r> {
    changes: Vec<Change<'r>>,
    /// Those on rows that may be shared.
    of_row: HashMap<String, usize>,
}

impl Sharing {
    pub(super) fn new(keep: Keep) -> Self {
        Self {
            keep,
            refusals: HashMap::new(),
            minute: 0,
            anonymous: HashMap::new(),
            anonymous_rest: None,
            strangers: HashMap::new(),
        }
    }

    /// Turns events into changes to the table.
    pub(super) fn place<'r>(
        &mut self,
        intents: impl IntoIterator<Item = &'r Intent>,
    ) -> Vec<Change<'r>> {
        let mut batch = Batch::default();
        for intent in intents {
            self.pass_time(intent.row.at_ms);
            self.place_one(intent, &mut batch);
        }
        batch.changes
    }

    /// Begins every row anew.
    pub(super) fn forget(&mut self) {
        *self = Self::new(self.keep);
    }

    fn pass_time(&mut self, now_ms: i64) {
        let minute = now_ms.div_euclid(MINUTE_MS);
        // Events come a little out of order; a clock that was set back is another matter.
        if minute > self.minute || minute < self.minute - 1 {
            self.minute = minute;
            self.anonymous.clear();
            self.anonymous_rest = None;
            self.strangers.clear();
            self.refusals.retain(|_, row| row.until_ms > now_ms);
        }
    }

    fn place_one<'r>(&mut self, intent: &'r Intent, batch: &mut Batch<'r>) {
        let row = &intent.row;
        match &intent.class {
            Class::Own => batch.changes.push(Change::Insert(Cow::Borrowed(row))),
            Class::Refusal(decision) => {
                let shared = self.refusals.get(decision);
                if let Some(shared) = shared.filter(|shared| shared.until_ms > row.at_ms) {
                    batch.repeat(&shared.id, row.at_ms);
                    return;
                }
                if self.refusals.len() < MAX_REFUSALS {
                    let (id, until_ms) = (row.id.clone(), row.at_ms + REFUSALS_SHARE_MS);
                    self.refusals.insert(*decision, Row { id, until_ms });
                }
                batch.insert(Cow::Borrowed(row));
            }
            Class::Anonymous { key } => {
                if let Some(id) = self.anonymous.get(key) {
                    batch.repeat(id, row.at_ms);
                } else if self.anonymous.len() < self.keep.anonymous as usize {
                    self.anonymous.insert(key.clone(), row.id.clone());
                    batch.insert(Cow::Borrowed(row));
                } else if let Some(id) = &self.anonymous_rest {
                    batch.repeat(id, row.at_ms);
                } else {
                    self.anonymous_rest = Some(row.id.clone());
                    batch.insert(Cow::Owned(without_particulars(row)));
                }
            }
            Class::Stranger { key } => {
                let strangers = self.strangers.entry(key.clone()).or_default();
                if strangers.kept < self.keep.strangers {
                    strangers.kept += 1;
                    batch.insert(Cow::Borrowed(row));
                } else if let Some(id) = &strangers.rest {
                    batch.repeat(id, row.at_ms);
                } else {
                    strangers.rest = Some(row.id.clone());
                    batch.insert(Cow::Owned(without_particulars(row)));
                }
            }
        }
    }
}

/// Adds members to a JSON object that is a text already: the requests' own
/// tasks wrote it, so that the one writer need not.
fn add(body: &mut String, members: &str) {
    if body.pop() == Some('}') {
        let comma = if body.ends_with('{') { "" } else { "," };
        body.extend([comma, members, "}"]);
    }
}

/// The row that stands for many: what is particular to its first is left out.
fn without_particulars(row: &EventRow) -> EventRow {
    // A quote within a text is escaped, so nobody writes the mark but we.
    let mark = format!(r#""{TRUST_PROVIDER}":true"#);
    let mut body = r#"{"counted":true}"#.to_owned();
    if row.body.contains(&mark) {
        add(&mut body, &mark);
    }
    EventRow {
        decision: None,
        login: None,
        body,
        ..row.clone()
    }
}

impl<'r> Batch<'r> {
    /// Inserts a row on which more may be counted.
    fn insert(&mut self, row: Cow<'r, EventRow>) {
        self.of_row.insert(row.id.clone(), self.changes.len());
        self.changes.push(Change::Insert(row));
    }

    fn repeat(&mut self, id: &str, at_ms: i64) {
        let known = self
            .of_row
            .get(id)
            .and_then(|index| self.changes.get_mut(*index));
        match known {
            Some(Change::Insert(row)) => {
                let row = row.to_mut();
                row.count += 1;
                row.last_ms = at_ms;
            }
            Some(Change::Repeat { times, last_ms, .. }) => {
                *times += 1;
                *last_ms = at_ms;
            }
            None => {
                self.of_row.insert(id.to_owned(), self.changes.len());
                self.changes.push(Change::Repeat {
                    id: id.to_owned(),
                    times: 1,
                    last_ms: at_ms,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests;

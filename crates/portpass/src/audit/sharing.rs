//! Which events get a row of their own, and which are counted on another's.
//!
//! A token to a proven caller has its own row. Refusals under one decision
//! id share a row for a minute. Anonymous grants share one per minute,
//! network and repository. Of strangers the first few per reason, issuer and
//! minute are kept, the rest counted. All of it is bounded: strangers choose
//! neither how many rows there are nor how much memory is held.

use std::collections::HashMap;

use crate::{
    short_id::ShortId,
    store::{Change, EventRow},
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
}

impl Intent {
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
struct Batch {
    changes: Vec<Change>,
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
    pub(super) fn place(&mut self, intents: Vec<Intent>) -> Vec<Change> {
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

    fn place_one(&mut self, Intent { row, class }: Intent, batch: &mut Batch) {
        match class {
            Class::Own => batch.insert(row),
            Class::Refusal(decision) => {
                let shared = self.refusals.get(&decision);
                if let Some(shared) = shared.filter(|shared| shared.until_ms > row.at_ms) {
                    batch.repeat(&shared.id, row.at_ms);
                    return;
                }
                if self.refusals.len() < MAX_REFUSALS {
                    let (id, until_ms) = (row.id.clone(), row.at_ms + REFUSALS_SHARE_MS);
                    self.refusals.insert(decision, Row { id, until_ms });
                }
                batch.insert(row);
            }
            Class::Anonymous { key } => {
                if let Some(id) = self.anonymous.get(&key) {
                    batch.repeat(id, row.at_ms);
                } else if self.anonymous.len() < self.keep.anonymous as usize {
                    self.anonymous.insert(key, row.id.clone());
                    batch.insert(row);
                } else if let Some(id) = &self.anonymous_rest {
                    batch.repeat(id, row.at_ms);
                } else {
                    self.anonymous_rest = Some(row.id.clone());
                    batch.insert(without_particulars(row));
                }
            }
            Class::Stranger { key } => {
                let strangers = self.strangers.entry(key).or_default();
                if strangers.kept < self.keep.strangers {
                    strangers.kept += 1;
                    batch.insert(row);
                } else if let Some(id) = &strangers.rest {
                    batch.repeat(id, row.at_ms);
                } else {
                    strangers.rest = Some(row.id.clone());
                    batch.insert(without_particulars(row));
                }
            }
        }
    }
}

/// The row that stands for many: what is particular to its first is left out.
fn without_particulars(row: EventRow) -> EventRow {
    EventRow {
        decision: None,
        login: None,
        body: r#"{"counted":true}"#.to_owned(),
        ..row
    }
}

impl Batch {
    fn insert(&mut self, row: EventRow) {
        self.of_row.insert(row.id.clone(), self.changes.len());
        self.changes.push(Change::Insert(Box::new(row)));
    }

    fn repeat(&mut self, id: &str, at_ms: i64) {
        let known = self
            .of_row
            .get(id)
            .and_then(|index| self.changes.get_mut(*index));
        match known {
            Some(Change::Insert(row)) => {
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
mod tests {
    use super::*;

    const KEEP: Keep = Keep {
        strangers: 2,
        anonymous: 2,
    };

    fn intent(id: &str, at_ms: i64, class: Class) -> Intent {
        let row = EventRow {
            id: id.to_owned(),
            at_ms,
            last_ms: at_ms,
            count: 1,
            kind: "refusal".to_owned(),
            reason: None,
            decision: None,
            login: None,
            registry: None,
            issuer: None,
            identity: None,
            body: "{}".to_owned(),
        };
        Intent { row, class }
    }

    fn refusal(id: &str, at_ms: i64) -> Intent {
        intent(id, at_ms, Class::Refusal(ShortId::of(b"decision")))
    }

    fn stranger(id: &str) -> Intent {
        let key = "unknown_issuer".to_owned();
        intent(id, 0, Class::Stranger { key })
    }

    fn shown(changes: &[Change]) -> Vec<String> {
        let show = |change: &Change| match change {
            Change::Insert(row) => format!("insert {} × {}", row.id, row.count),
            Change::Repeat { id, times, .. } => format!("repeat {id} × {times}"),
        };
        changes.iter().map(show).collect()
    }

    #[test]
    fn a_refusal_repeated_within_a_minute_is_counted_on_the_first() {
        let mut sharing = Sharing::new(KEEP);
        assert_eq!(
            shown(&sharing.place(vec![refusal("a", 0)])),
            ["insert a × 1"]
        );
        let again = vec![refusal("b", 59_999), refusal("c", 59_999)];
        assert_eq!(shown(&sharing.place(again)), ["repeat a × 2"]);
        assert_eq!(
            shown(&sharing.place(vec![refusal("d", 60_000)])),
            ["insert d × 1"]
        );
    }

    #[test]
    fn a_refusal_repeated_within_a_batch_is_one_row() {
        let mut sharing = Sharing::new(KEEP);
        let batch = vec![refusal("a", 0), refusal("b", 1)];
        assert_eq!(shown(&sharing.place(batch)), ["insert a × 2"]);
    }

    #[test]
    fn events_out_of_order_at_a_minutes_end_begin_no_more_rows() {
        let mut sharing = Sharing::new(KEEP);
        let mut rows = 0;
        for n in 0..100 {
            let at = if n % 2 == 0 { 59_999 } else { 60_000 };
            let key = "unknown_issuer".to_owned();
            let changes = sharing.place(vec![intent(&n.to_string(), at, Class::Stranger { key })]);
            rows += changes
                .iter()
                .filter(|c| matches!(c, Change::Insert(_)))
                .count();
        }
        assert!(rows <= 6, "{rows} rows");
    }

    #[test]
    fn of_strangers_the_first_few_are_kept_and_the_rest_counted() {
        let mut sharing = Sharing::new(KEEP);
        let batch = ["a", "b", "c", "d", "e"]
            .map(stranger)
            .into_iter()
            .collect();
        let expected = ["insert a × 1", "insert b × 1", "insert c × 3"];
        assert_eq!(shown(&sharing.place(batch)), expected);
    }

    #[test]
    fn anonymous_grants_begin_a_bounded_number_of_rows() {
        let mut sharing = Sharing::new(KEEP);
        let grant = |id: &str, key: &str| {
            let key = key.to_owned();
            intent(id, 0, Class::Anonymous { key })
        };
        let batch = vec![
            grant("a", "x"),
            grant("b", "x"),
            grant("c", "y"),
            grant("d", "z"),
            grant("e", "w"),
        ];
        let expected = ["insert a × 2", "insert c × 1", "insert d × 2"];
        assert_eq!(shown(&sharing.place(batch)), expected);
    }

    #[test]
    fn after_a_failed_commit_rows_begin_anew() {
        let mut sharing = Sharing::new(KEEP);
        sharing.place(vec![refusal("a", 0)]);
        sharing.forget();
        assert_eq!(
            shown(&sharing.place(vec![refusal("b", 1)])),
            ["insert b × 1"]
        );
    }

    #[test]
    fn a_token_has_a_row_of_its_own() {
        let mut sharing = Sharing::new(KEEP);
        let batch = vec![intent("a", 0, Class::Own), intent("b", 0, Class::Own)];
        assert_eq!(
            shown(&sharing.place(batch)),
            ["insert a × 1", "insert b × 1"]
        );
    }
}

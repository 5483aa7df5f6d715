//! A copy on its way into an empty database.

use std::mem;

use super::{
    super::{StoreError, Transaction, batched::Value, revision, schema},
    Line,
};

/// The oldest tables whose rows we read: what came since may be absent.
const OLDEST: i64 = 2;

/// Rows that are written at once.
const ROWS: usize = 64;

/// A copy on its way in.
pub(super) struct Incoming {
    transaction: Transaction,
    /// Rows of one table, to be written together.
    pending: Vec<Line>,
    line: u64,
    rows: u64,
    has_ended: bool,
}

impl Incoming {
    /// Begins to fill an empty store.
    pub(super) async fn begin(transaction: Transaction) -> Result<Self, StoreError> {
        let mut copy = Self {
            transaction,
            pending: Vec::with_capacity(ROWS),
            line: 0,
            rows: 0,
            has_ended: false,
        };
        // No operator changes anything until this is done.
        revision::count_up(&mut copy.transaction).await?;
        copy.refuse_rows().await?;
        Ok(copy)
    }

    async fn refuse_rows(&mut self) -> Result<(), StoreError> {
        for (table, _) in schema::TABLES {
            if table == "compatibility" || table == "revision" {
                continue;
            }
            if self.transaction.has_rows(table).await? {
                return Err(StoreError::NotEmpty(table));
            }
        }
        Ok(())
    }

    /// Takes the next line.
    pub(super) async fn accept(&mut self, text: &str) -> Result<(), StoreError> {
        self.line += 1;
        let read = serde_json::from_str(text);
        // The parser's error could repeat what is in the line.
        let line =
            read.map_err(|_secret| self.refused("is not one of a backup that this version reads"))?;
        match (self.line, line) {
            (1, Line::Begin { schema, revision }) => {
                let ours = schema::newest();
                if !(OLDEST..=ours).contains(&schema) {
                    return Err(self.refused(format!(
                        "says that the tables are of version {schema}, and these are of {ours}: \
                         restore it with the version that made it, then upgrade"
                    )));
                }
                revision::continue_from(&mut self.transaction, revision).await?;
                Ok(())
            }
            (1, _) => Err(self.refused("is not the beginning of a backup")),
            _ if self.has_ended => Err(self.refused("comes after the end")),
            (_, Line::Begin { .. }) => Err(self.refused("begins another backup")),
            (_, Line::End { rows }) if rows == self.rows => {
                self.has_ended = true;
                Ok(())
            }
            (_, Line::End { rows }) => {
                let were = self.rows;
                Err(self.refused(format!("counts {rows} rows, and there were {were}")))
            }
            (_, row) => {
                self.rows += 1;
                let first = self.pending.first();
                let fits =
                    first.is_none_or(|first| mem::discriminant(first) == mem::discriminant(&row));
                if !fits || self.pending.len() == ROWS {
                    self.write().await?;
                }
                self.pending.push(row);
                Ok(())
            }
        }
    }

    async fn write(&mut self) -> Result<(), StoreError> {
        let pending = mem::take(&mut self.pending);
        let Some(statement) = pending.first().and_then(Line::insert) else {
            return Ok(());
        };
        let values: Vec<Value<'_>> = pending.iter().flat_map(Line::values).collect();
        self.transaction.execute(statement, &values).await?;
        Ok(())
    }

    /// Commits what came, if it is whole; says how many rows there were.
    pub(super) async fn finish(mut self) -> Result<u64, StoreError> {
        if !self.has_ended {
            self.line += 1;
            return Err(self.refused("is missing: the backup is not whole"));
        }
        self.write().await?;
        revision::tell(&mut self.transaction).await?;
        self.transaction.commit().await?;
        Ok(self.rows)
    }

    /// The next line cannot be had.
    pub(super) fn unreadable(&mut self, error: &std::io::Error) -> StoreError {
        self.line += 1;
        self.refused(format!("cannot be read: {error}"))
    }

    fn refused(&self, reason: impl Into<String>) -> StoreError {
        StoreError::Copy {
            line: self.line,
            reason: reason.into(),
        }
    }
}

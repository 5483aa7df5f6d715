//! A copy on its way out of the database.

use futures_util::TryStreamExt as _;
use tokio::sync::mpsc;

use super::{
    super::{StoreError, Transaction, batched::select, revision, schema, transaction::Fetched},
    Line,
};

/// A copy on its way out.
pub(super) struct Outgoing {
    transaction: Transaction,
    lines: mpsc::Sender<String>,
    rows: u64,
}

impl Outgoing {
    /// Sends the first line.
    pub(super) async fn begin(
        mut transaction: Transaction,
        lines: mpsc::Sender<String>,
    ) -> Result<Self, StoreError> {
        let revision = revision::number(&mut transaction).await?;
        let schema = schema::newest();
        send(&lines, &Line::Begin { schema, revision }).await?;
        Ok(Self {
            transaction,
            lines,
            rows: 0,
        })
    }

    /// Sends the rows of a table.
    pub(super) async fn table<T: Fetched>(
        &mut self,
        columns: &[&str],
        from: &str,
        line: impl Fn(T) -> Line,
    ) -> Result<(), StoreError> {
        let sql = select(columns, from);
        on_db!(within &mut self.transaction, |connection| {
            let mut rows = sqlx::query_as(sql).fetch(connection);
            while let Some(row) = rows.try_next().await? {
                send(&self.lines, &line(row)).await?;
                self.rows += 1;
            }
        });
        Ok(())
    }

    /// Sends the last line; says how many rows there were.
    pub(super) async fn finish(self) -> Result<u64, StoreError> {
        send(&self.lines, &Line::End { rows: self.rows }).await?;
        Ok(self.rows)
    }
}

async fn send(lines: &mpsc::Sender<String>, line: &Line) -> Result<(), StoreError> {
    let text = serde_json::to_string(line).expect("texts and numbers are JSON");
    lines.send(text).await.map_err(|_gone| StoreError::NotRead)
}

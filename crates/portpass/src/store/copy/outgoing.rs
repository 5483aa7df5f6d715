//! A copy on its way out of the database.

use futures_util::TryStreamExt as _;
use sqlx::{FromRow, Postgres, Sqlite, postgres::PgRow, sqlite::SqliteRow};
use tokio::sync::mpsc;

use super::{
    super::{StoreError, batched::select, revision, schema},
    Line,
};

/// A transaction that sees one moment, however long it takes, and writes nothing.
pub(super) enum Moment {
    Postgres(sqlx::Transaction<'static, Postgres>),
    Sqlite(sqlx::Transaction<'static, Sqlite>),
}

/// What is read of either database.
pub(super) trait Copied:
    for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin
{
}

impl<T> Copied for T where
    T: for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin
{
}

/// Says the same of whichever database there is.
macro_rules! at_moment {
    ($moment:expr, |$connection:ident| $body:expr) => {
        match $moment {
            Moment::Postgres(transaction) => {
                let $connection = &mut **transaction;
                $body
            }
            Moment::Sqlite(transaction) => {
                let $connection = &mut **transaction;
                $body
            }
        }
    };
}

/// A copy on its way out.
pub(super) struct Outgoing {
    moment: Moment,
    lines: mpsc::Sender<String>,
    rows: u64,
}

impl Outgoing {
    /// Sends the first line.
    pub(super) async fn begin(
        mut moment: Moment,
        lines: mpsc::Sender<String>,
    ) -> Result<Self, StoreError> {
        let revision: i64 = at_moment!(&mut moment, |connection| {
            sqlx::query_scalar(revision::NUMBER)
                .fetch_one(connection)
                .await?
        });
        let schema = schema::newest();
        send(&lines, &Line::Begin { schema, revision }).await?;
        Ok(Self {
            moment,
            lines,
            rows: 0,
        })
    }

    /// Sends the rows of a table.
    pub(super) async fn table<T: Copied>(
        &mut self,
        columns: &[&str],
        from: &str,
        line: impl Fn(T) -> Line,
    ) -> Result<(), StoreError> {
        let sql = select(columns, from);
        at_moment!(&mut self.moment, |connection| {
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

//! A consistent copy of every table, as lines of JSON: the same from both
//! databases and into both.
//!
//! The first line says which version of the tables it is of, the last one how
//! many rows there are, so that half a copy is not taken for a whole one.

use std::mem;

use futures_util::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt as _},
    sync::mpsc,
};

use super::{
    ApiTokenRow, BindingRow, EventRow, IdentityRow, InboxRow, MemberRow, NamespaceRow,
    RefreshTokenRow, RevocationRow, SessionRow, Store, StoreError, Transaction, api_tokens,
    batched::{Batched, Value, select},
    bindings, events, identities, inbox, members, namespaces, refresh_tokens, revision,
    revocations, schema, sessions,
    transaction::Fetched,
};

/// Rows that are written at once.
const ROWS: usize = 64;

/// A line of a copy: `{"table": {columns}}`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    /// The first.
    Begin {
        /// The newest migration of those tables.
        schema: i64,
        /// How many changes operators had made.
        revision: i64,
    },
    ApiTokens(ApiTokenRow),
    Bindings(BindingRow),
    Events(Box<EventRow>),
    GroupMembers(MemberRow),
    Identities(IdentityRow),
    Inbox(InboxRow),
    Namespaces(NamespaceRow),
    RefreshTokens(RefreshTokenRow),
    Revocations(RevocationRow),
    Sessions(Box<SessionRow>),
    /// The last.
    End {
        /// How many rows there are.
        rows: u64,
    },
}

impl Store {
    /// Sends every row of every table as of one moment, a line of JSON each,
    /// `{"table": {columns}}`; writers go on meanwhile. Says how many rows.
    ///
    /// # Errors
    ///
    /// When the database fails, or the receiver has gone.
    pub async fn copy_out(&self, lines: mpsc::Sender<String>) -> Result<u64, StoreError> {
        let mut copy = Outgoing {
            transaction: self.begin_copy().await?,
            lines,
            rows: 0,
        };
        copy.begin().await?;
        copy.table(
            &api_tokens::COLUMNS,
            "FROM api_tokens ORDER BY id",
            Line::ApiTokens,
        )
        .await?;
        copy.table(
            &bindings::COLUMNS,
            "FROM bindings ORDER BY issuer",
            Line::Bindings,
        )
        .await?;
        let from = "FROM group_members ORDER BY group_name, issuer, identity";
        copy.table(&members::COLUMNS, from, Line::GroupMembers)
            .await?;
        let from = "FROM identities ORDER BY issuer, identity";
        copy.table(&identities::COLUMNS, from, Line::Identities)
            .await?;
        let from = "FROM inbox ORDER BY issuer, identity";
        copy.table(&inbox::COLUMNS, from, Line::Inbox).await?;
        let from = "FROM namespaces ORDER BY registry, namespace";
        copy.table(&namespaces::COLUMNS, from, Line::Namespaces)
            .await?;
        let from = "FROM refresh_tokens ORDER BY hash";
        copy.table(&refresh_tokens::COLUMNS, from, Line::RefreshTokens)
            .await?;
        let from = "FROM revocations ORDER BY kind, issuer, value";
        copy.table(&revocations::COLUMNS, from, Line::Revocations)
            .await?;
        let session = |row| Line::Sessions(Box::new(row));
        copy.table(&sessions::COLUMNS, "FROM sessions ORDER BY login", session)
            .await?;
        let event = |row| Line::Events(Box::new(row));
        copy.table(&events::COLUMNS, "FROM events ORDER BY id", event)
            .await?;
        let rows = copy.rows;
        copy.send(&Line::End { rows }).await?;
        Ok(rows)
    }

    /// A transaction that sees one moment, however long it takes.
    async fn begin_copy(&self) -> Result<Transaction, StoreError> {
        match self {
            Self::Postgres(pool) => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                let mut transaction = pool.begin_with(begin).await?;
                // Who receives may be slow.
                for setting in [
                    "SET LOCAL statement_timeout = 0",
                    "SET LOCAL idle_in_transaction_session_timeout = 0",
                ] {
                    sqlx::query(setting).execute(&mut *transaction).await?;
                }
                Ok(Transaction::Postgres(transaction))
            }
            Self::Sqlite { readers, .. } => Ok(Transaction::Sqlite(readers.begin().await?)),
        }
    }

    /// Fills an empty store with the lines of [`Store::copy_out`], all or
    /// nothing. Says how many rows.
    ///
    /// # Errors
    ///
    /// When the store is not empty, or a line is not one of ours.
    pub async fn copy_in(
        &self,
        lines: impl AsyncBufRead + Unpin + Send,
    ) -> Result<u64, StoreError> {
        let mut copy = Incoming {
            transaction: self.begin().await?,
            pending: Vec::with_capacity(ROWS),
            line: 0,
            rows: 0,
            has_ended: false,
        };
        // No operator changes anything until this is done.
        revision::count_up(&mut copy.transaction).await?;
        copy.refuse_rows().await?;
        let mut lines = lines.lines();
        loop {
            copy.line += 1;
            match lines.next_line().await {
                Ok(Some(text)) => copy.accept(&text).await?,
                Ok(None) => break,
                Err(error) => return Err(copy.refused(format!("cannot be read: {error}"))),
            }
        }
        copy.finish().await
    }
}

/// A copy on its way out.
struct Outgoing {
    transaction: Transaction,
    lines: mpsc::Sender<String>,
    rows: u64,
}

impl Outgoing {
    async fn begin(&mut self) -> Result<(), StoreError> {
        let revision = revision::number(&mut self.transaction).await?;
        let schema = schema::newest();
        self.send(&Line::Begin { schema, revision }).await
    }

    async fn table<T: Fetched>(
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

    async fn send(&self, line: &Line) -> Result<(), StoreError> {
        send(&self.lines, line).await
    }
}

async fn send(lines: &mpsc::Sender<String>, line: &Line) -> Result<(), StoreError> {
    let text = serde_json::to_string(line).expect("texts and numbers are JSON");
    lines.send(text).await.map_err(|_gone| StoreError::NotRead)
}

/// A copy on its way in.
struct Incoming {
    transaction: Transaction,
    /// Rows of one table, to be written together.
    pending: Vec<Line>,
    line: u64,
    rows: u64,
    has_ended: bool,
}

impl Incoming {
    async fn refuse_rows(&mut self) -> Result<(), StoreError> {
        for (table, _) in schema::TABLES {
            if table == "compatibility" || table == "revision" {
                continue;
            }
            let sql = select(&["1"], &format!("FROM {table} LIMIT 1"));
            let row = on_db!(within &mut self.transaction, |connection| {
                sqlx::query(sql).fetch_optional(connection).await?.map(drop)
            });
            if row.is_some() {
                return Err(StoreError::NotEmpty(table));
            }
        }
        Ok(())
    }

    async fn accept(&mut self, text: &str) -> Result<(), StoreError> {
        let read = serde_json::from_str(text);
        // The parser's error could repeat what is in the line.
        let line =
            read.map_err(|_secret| self.refused("is not one of a backup by this version"))?;
        match (self.line, line) {
            (1, Line::Begin { schema, revision }) => {
                let ours = schema::newest();
                if schema != ours {
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

    async fn finish(mut self) -> Result<u64, StoreError> {
        if !self.has_ended {
            return Err(self.refused("is missing: the backup is not whole"));
        }
        self.write().await?;
        revision::tell(&mut self.transaction).await?;
        self.transaction.commit().await?;
        Ok(self.rows)
    }

    fn refused(&self, reason: impl Into<String>) -> StoreError {
        StoreError::Copy {
            line: self.line,
            reason: reason.into(),
        }
    }
}

impl Line {
    /// How the rows of its table are written.
    fn insert(&self) -> Option<&'static Batched> {
        Some(match self {
            Self::ApiTokens(_) => &api_tokens::INSERT,
            Self::Begin { .. } | Self::End { .. } => return None,
            Self::Bindings(_) => &bindings::INSERT,
            Self::Events(_) => &events::INSERT,
            Self::GroupMembers(_) => &members::INSERT,
            Self::Identities(_) => &identities::INSERT,
            Self::Inbox(_) => &inbox::INSERT,
            Self::Namespaces(_) => &namespaces::INSERT,
            Self::RefreshTokens(_) => &refresh_tokens::INSERT,
            Self::Revocations(_) => &revocations::INSERT,
            Self::Sessions(_) => &sessions::INSERT,
        })
    }

    fn values(&self) -> Vec<Value<'_>> {
        match self {
            Self::ApiTokens(row) => row.values().into(),
            Self::Begin { .. } | Self::End { .. } => Vec::new(),
            Self::Bindings(row) => row.values().into(),
            Self::Events(row) => row.values().into(),
            Self::GroupMembers(row) => row.values().into(),
            Self::Identities(row) => row.values().into(),
            Self::Inbox(row) => row.values().into(),
            Self::Namespaces(row) => row.values().into(),
            Self::RefreshTokens(row) => row.values().into(),
            Self::Revocations(row) => row.values().into(),
            Self::Sessions(row) => row.values().into(),
        }
    }
}

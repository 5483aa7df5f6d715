//! A consistent copy of every table, as lines of JSON: the same from both
//! databases and into both.
//!
//! The first line says which version of the tables it is of, the last one how
//! many rows there are, so that half a copy is not taken for a whole one.
//!
//! Providers' refresh tokens stay behind: they are encrypted, but the key may lie
//! beside the copy, and all sessions of a copy end when it is restored.

mod incoming;
mod line;
mod outgoing;

use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt as _},
    sync::mpsc,
};

use self::{
    incoming::Incoming,
    line::Line,
    outgoing::{Moment, Outgoing},
};
use super::{
    Store, StoreError, api_tokens, bindings, events, identities, inbox, members, namespaces,
    refresh_tokens, revocations, sessions,
};

impl Store {
    /// Sends every row of every table as of one moment, a line of JSON each,
    /// `{"table": {columns}}`; writers go on meanwhile. Says how many rows.
    ///
    /// # Errors
    ///
    /// When the database fails, or the receiver has gone.
    pub async fn copy_out(&self, lines: mpsc::Sender<String>) -> Result<u64, StoreError> {
        let mut copy = Outgoing::begin(self.begin_copy().await?, lines).await?;
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
        copy.finish().await
    }

    async fn begin_copy(&self) -> Result<Moment, StoreError> {
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
                Ok(Moment::Postgres(transaction))
            }
            Self::Sqlite { readers, .. } => Ok(Moment::Sqlite(readers.begin().await?)),
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
        let mut copy = Incoming::begin(self.begin().await?).await?;
        let mut lines = lines.lines();
        loop {
            match lines.next_line().await {
                Ok(Some(text)) => copy.accept(&text).await?,
                Ok(None) => return copy.finish().await,
                Err(error) => return Err(copy.unreadable(&error)),
            }
        }
    }
}

//! What survives a restart: one file for each table.
//!
//! The SQL is written once, in words that both databases speak: columns are
//! `TEXT` and `BIGINT`, parameters `$1`. Another table is a migration, a file
//! beside this one with its columns and methods, its name in `schema.rs`, a
//! line in `copy.rs`, and a test on both databases in `tests/it/store/`.
//!
//! The hot path is [`Transaction`]: begin, settle, write, commit.

/// Says the same to whichever database there is.
macro_rules! on_db {
    (read $store:expr, |$pool:ident| $body:expr) => {
        match $store {
            $crate::store::Store::Postgres($pool) => $body,
            $crate::store::Store::Sqlite { readers: $pool, .. } => $body,
        }
    };
}

mod act;
mod api_tokens;
mod batched;
mod bindings;
mod conditions;
mod copy;
mod error;
mod events;
mod filter;
mod housekeeping;
mod identities;
mod inbox;
mod lock;
mod members;
mod namespaces;
mod notices;
mod postgres;
mod refresh_tokens;
mod revision;
mod revocations;
mod schema;
mod session_uses;
mod sessions;
mod settle;
mod sqlite;
mod transaction;

use secrecy::SecretString;
use sqlx::{PgPool, SqlitePool};

pub use self::{
    act::Act,
    api_tokens::ApiTokenRow,
    bindings::BindingRow,
    conditions::{ApiTokenUse, Conditions, Overtaken, SealedExchange, SessionUse, Verdict},
    error::StoreError,
    events::{Change, EventFilter, EventRow},
    filter::RowFilter,
    identities::IdentityRow,
    inbox::InboxRow,
    lock::DataDir,
    members::MemberRow,
    namespaces::NamespaceRow,
    notices::Notices,
    refresh_tokens::RefreshTokenRow,
    revocations::RevocationRow,
    sessions::SessionRow,
    sqlite::{Writer, Writing},
    transaction::Transaction,
};

/// The database.
#[derive(Clone, Debug)]
pub enum Store {
    /// A server that several replicas share.
    Postgres(PgPool),
    /// One file in the data folder.
    Sqlite {
        /// One connection, so that writers queue here and not on a lock.
        writer: Writer,
        /// Connections that cannot write.
        readers: SqlitePool,
    },
}

impl Store {
    /// Opens the PostgreSQL of a URL; without one, opens or makes `portpass.db`
    /// in a data folder that is ours alone. Tables are brought to this version.
    ///
    /// Commits are on the disk when they return (`synchronous=FULL`,
    /// `synchronous_commit=on`).
    ///
    /// # Errors
    ///
    /// When it cannot be opened, is damaged, is another program's, or was
    /// changed by a Portpass too new for this one; it is left as it was.
    pub async fn open(
        data_dir: &DataDir,
        database_url: Option<&SecretString>,
    ) -> Result<Self, StoreError> {
        match database_url {
            Some(url) => Ok(Self::Postgres(postgres::open(url).await?)),
            None => sqlite::open(&data_dir.path().join("portpass.db")).await,
        }
    }

    /// Waits for statements under way and closes the files.
    pub async fn close(&self) {
        match self {
            Self::Postgres(pool) => pool.close().await,
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
        }
    }
}

//! The tables: brought to this version at start, under a lock; and what is
//! looked at before, so that a database we cannot use is left as it was.
//!
//! Migrations expand and contract: a release adds what the next one needs, and
//! takes away only what the one before it no longer uses. So a database may be
//! newer than we are, as long as `compatibility.needs_at_least` says that it may.

use std::sync::LazyLock;

use sqlx::{
    PgPool, SqliteConnection,
    migrate::{MigrateError, Migrator},
};

use super::StoreError;

static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrations = sqlx::migrate!();
    // Those of a newer version; `judge` says whether we can live with them.
    migrations.set_ignore_missing(true);
    migrations
});

/// Each table, and the migration that makes it.
pub(super) const TABLES: [(&str, i64); 12] = [
    ("api_tokens", 2),
    ("bindings", 2),
    ("compatibility", 2),
    ("events", 1),
    ("group_members", 2),
    ("identities", 2),
    ("inbox", 2),
    ("namespaces", 2),
    ("refresh_tokens", 2),
    ("revision", 2),
    ("revocations", 2),
    ("sessions", 2),
];

const OF_MIGRATIONS: &str = "_sqlx_migrations";
const APPLIED: &str =
    "SELECT version, checksum FROM _sqlx_migrations WHERE success ORDER BY version";
const NEEDS: &str = "SELECT needs_at_least FROM compatibility";

/// A migration that was applied: its number, and the checksum of its text.
type Applied = (i64, Vec<u8>);

/// The newest migration that this version knows.
pub(super) fn newest() -> i64 {
    MIGRATIONS
        .iter()
        .map(|known| known.version)
        .max()
        .unwrap_or_default()
}

/// Brings a database that was looked at to this version; the data folder's lock holds off others.
pub(super) async fn migrate_sqlite(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    Ok(MIGRATIONS.run(connection).await?)
}

/// Looks at a database, and brings it to this version under an advisory lock.
pub(super) async fn migrate_postgres(pool: &PgPool) -> Result<(), StoreError> {
    look_into_postgres(pool).await?;
    MIGRATIONS.run(pool).await?;
    // A newer replica may have been faster.
    look_into_postgres(pool).await
}

/// Refuses a database that this version cannot use.
pub(super) async fn look_into_sqlite(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table'")
            .fetch_all(&mut *connection)
            .await?;
    if !is_ours(&tables)? {
        return Ok(());
    }
    let applied = sqlx::query_as(APPLIED).fetch_all(&mut *connection).await?;
    if judge_tables(&applied, &tables)? {
        judge_need(
            sqlx::query_scalar(NEEDS)
                .fetch_one(&mut *connection)
                .await?,
        )?;
    }
    Ok(())
}

async fn look_into_postgres(pool: &PgPool) -> Result<(), StoreError> {
    // One moment for all of it: another replica may be making the tables just now.
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    let mut moment = pool.begin_with(begin).await?;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT table_name::text FROM information_schema.tables \
         WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'",
    )
    .fetch_all(&mut *moment)
    .await?;
    if !is_ours(&tables)? {
        return Ok(());
    }
    let applied = sqlx::query_as(APPLIED).fetch_all(&mut *moment).await?;
    if judge_tables(&applied, &tables)? {
        judge_need(sqlx::query_scalar(NEEDS).fetch_one(&mut *moment).await?)?;
    }
    Ok(())
}

/// Whether a Portpass has been here: `false` where it may begin.
fn is_ours(tables: &[String]) -> Result<bool, StoreError> {
    if tables.iter().any(|name| name == OF_MIGRATIONS) {
        return Ok(true);
    }
    // Extensions of PostgreSQL bring tables of their own: only what is in our way counts.
    match tables
        .iter()
        .find(|name| TABLES.iter().any(|(ours, _)| ours == name))
    {
        Some(name) => Err(StoreError::Foreign(name.clone())),
        None => Ok(false),
    }
}

/// Refuses migrations that are not ours, and tables that are gone. Whether there is
/// a `compatibility` to be asked.
fn judge_tables(applied: &[Applied], tables: &[String]) -> Result<bool, StoreError> {
    let newest = newest();
    for (version, checksum) in applied {
        match MIGRATIONS.iter().find(|known| known.version == *version) {
            Some(known) if known.checksum[..] == checksum[..] => {}
            Some(_) => return Err(MigrateError::VersionMismatch(*version).into()),
            None if *version < newest => return Err(MigrateError::VersionMissing(*version).into()),
            None => {}
        }
    }
    let reached = applied
        .iter()
        .map(|(version, _)| *version)
        .max()
        .unwrap_or_default();
    for (table, since) in TABLES {
        if since <= reached && !tables.iter().any(|name| name == table) {
            return Err(StoreError::Damaged(format!("its table {table} is gone")));
        }
    }
    Ok(reached >= 2)
}

fn judge_need(needs: i64) -> Result<(), StoreError> {
    let knows = newest();
    if needs > knows {
        return Err(StoreError::Newer { needs, knows });
    }
    Ok(())
}

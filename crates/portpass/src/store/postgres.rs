//! Opening PostgreSQL, which several replicas share.

use std::{str::FromStr as _, time::Duration};

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{
    Connection as _, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::{StoreError, schema};

/// The writer's, the listener's, the others for what memory does not know.
const CONNECTIONS: u32 = 10;

/// How long a request waits for a connection before it is answered with 503.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a connection may take to say that it is well. A middlebox may have
/// dropped it without a word, and the system waits a quarter of an hour before it
/// says so. A good deal shorter than [`ACQUIRE_TIMEOUT`], so that the same request
/// gets a new one.
const PING_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a start waits for a database that is starting too.
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// Each statement in each size, with room.
const STATEMENTS: usize = 256;

/// What every connection has, whatever the server's defaults are.
const SETTINGS: [(&str, &str); 5] = [
    // An answer is sent when its event is on the disk, here and on synchronous standbys.
    ("synchronous_commit", "on"),
    // Each statement sees what was committed before it: a claim that waited for another's
    // has to see that one.
    ("default_transaction_isolation", "read committed"),
    // Nothing we do takes that long; a request gets its 503 instead.
    ("statement_timeout", "10s"),
    ("lock_timeout", "5s"),
    // A replica that was cut off must not keep its rows locked.
    ("idle_in_transaction_session_timeout", "30s"),
];

pub(super) async fn open(url: &SecretString) -> Result<PgPool, StoreError> {
    let options = options(url)?;
    // Changing a large table may take longer than any request.
    let starting = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(START_TIMEOUT)
        .connect_with(options.clone())
        .await;
    let starting = match starting {
        Err(sqlx::Error::PoolTimedOut) => return Err(unreachable(&options).await),
        Ok(_) | Err(_) => starting?,
    };
    let migrated = schema::migrate_postgres(&starting).await;
    // The lock of a migration that failed ends with its connection.
    starting.close().await;
    migrated?;
    Ok(PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .after_connect(|connection, _| Box::pin(refuse_standby(connection)))
        // As the pool would ask by itself, but not for ever.
        .test_before_acquire(false)
        .before_acquire(|connection, _| Box::pin(is_well(connection)))
        .after_release(|connection, _| Box::pin(is_well(connection)))
        .connect_lazy_with(options.options(SETTINGS)))
}

/// A name may lead to a standby for a while after a failover. A connection to it
/// would be kept, and never write.
async fn refuse_standby(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let is_standby: bool = sqlx::query_scalar("SELECT pg_is_in_recovery()")
        .fetch_one(connection)
        .await?;
    if is_standby {
        return Err(sqlx::Error::Configuration(
            "the database is a standby, which cannot write".into(),
        ));
    }
    Ok(())
}

/// Whether a connection answers; else its place is free at once.
async fn is_well(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    match tokio::time::timeout(PING_TIMEOUT, connection.ping()).await {
        Ok(answered) => answered.map(|()| true),
        Err(_elapsed) => Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())),
    }
}

/// Why no connection could be had: the pool only says that it tried long enough.
async fn unreachable(options: &PgConnectOptions) -> StoreError {
    let attempt = PgConnection::connect_with(options);
    match tokio::time::timeout(ACQUIRE_TIMEOUT, attempt).await {
        Ok(Err(error)) => StoreError::Unreachable {
            address: format!("{}:{}", options.get_host(), options.get_port()),
            error,
        },
        Ok(Ok(_)) | Err(_) => StoreError::Slow,
    }
}

/// Reads the URL. What is wrong with it is not said, as that could be a part of the password.
fn options(url: &SecretString) -> Result<PgConnectOptions, StoreError> {
    let text = url.expose_secret().trim();
    if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
        return Err(StoreError::Url);
    }
    let options = PgConnectOptions::from_str(text).map_err(|_may_repeat_it| StoreError::Url)?;
    Ok(options
        .application_name("portpass")
        .statement_cache_capacity(STATEMENTS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_error_never_repeats_the_url() {
        for url in [
            "mysql://portpass:hunter2@127.0.0.1/portpass",
            "postgres://portpass:hunter2@127.0.0.1:port/portpass",
            "postgres://portpass:hun#ter2@127.0.0.1/portpass",
            "postgres://portpass@127.0.0.1/portpass?sslmode=hunter2",
            "hunter2",
        ] {
            let error = open(&SecretString::from(url)).await.unwrap_err();
            assert!(matches!(error, StoreError::Url), "{url}: {error}");
            assert!(!format!("{error} {error:?}").contains("hun"), "{error:?}");
        }
    }
}

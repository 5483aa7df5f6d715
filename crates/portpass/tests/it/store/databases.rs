//! The databases that the store is tested on, each test on new ones of its own.

use std::{io::Write as _, panic::AssertUnwindSafe};

use futures_util::FutureExt as _;
use portpass::store::{DataDir, Store};
use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

const SERVER: &str = "TEST_POSTGRES_URL";

/// A database that is gone after its test.
pub(super) struct Database {
    /// The first replica.
    pub(super) store: Store,
    pub(super) data_dir: DataDir,
    /// Where it is, if it is on a server.
    pub(super) url: Option<SecretString>,
    _folder: tempfile::TempDir,
}

impl Database {
    /// Another replica on the same database; on SQLite, which has but one process, the same.
    pub(super) async fn replica(&self) -> Store {
        match &self.url {
            Some(_) => Store::open(&self.data_dir, self.url.as_ref())
                .await
                .unwrap(),
            None => self.store.clone(),
        }
    }

    pub(super) fn is_shared(&self) -> bool {
        self.url.is_some()
    }

    pub(super) async fn sqlite() -> Self {
        Self::open(None).await
    }

    async fn open(url: Option<SecretString>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = DataDir::claim(folder.path()).unwrap();
        let store = Store::open(&data_dir, url.as_ref()).await.unwrap();
        Self {
            store,
            data_dir,
            url,
            _folder: folder,
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "it says what this machine has, and not how the server behaves"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The server's URL, if there is a server.
fn server() -> Option<String> {
    variable(SERVER).filter(|url| !url.is_empty())
}

/// Runs a test on each database that there is.
pub(super) async fn each(test: impl AsyncFn(&Database)) {
    let database = Database::sqlite().await;
    test(&database).await;
    database.store.close().await;
    on_postgresql(test).await;
}

/// Runs a test on PostgreSQL, if there is one.
pub(super) async fn on_postgresql(test: impl AsyncFn(&Database)) {
    let Some(server) = server() else { return };
    let name = format!("portpass_{}", uuid::Uuid::now_v7().simple());
    let (address, options) = server.split_once('?').unwrap_or((&server, ""));
    let (address, _) = address.rsplit_once('/').unwrap();
    let mut connection = PgConnection::connect(&server).await.unwrap();
    let create = format!("CREATE DATABASE {name}");
    connection.execute(AssertSqlSafe(create)).await.unwrap();
    let url = SecretString::from(format!("{address}/{name}?{options}"));

    let tested = AssertUnwindSafe(async {
        let database = Database::open(Some(url)).await;
        test(&database).await;
        database.store.close().await;
    });
    let tested = tested.catch_unwind().await;
    let drop = format!("DROP DATABASE {name} WITH (FORCE)");
    connection.execute(AssertSqlSafe(drop)).await.unwrap();
    if let Err(panic) = tested {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn postgresql_is_tested_or_named_as_skipped() {
    if server().is_some() {
        return;
    }
    let in_ci = variable("CI").is_some_and(|ci| ci == "true");
    assert!(
        !in_ci,
        "{SERVER} is not set: CI tests the store on PostgreSQL"
    );
    // Not captured, and in the words by which scripts/test finds what was skipped.
    let skipped = format!("\ntest store::on_postgresql ... ignored, {SERVER} is not set\n");
    std::io::stderr().write_all(skipped.as_bytes()).unwrap();
}

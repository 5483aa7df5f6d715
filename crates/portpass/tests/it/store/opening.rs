//! Opening: the folder is ours alone, and what we cannot use is left as it was.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use portpass::store::{Change, DataDir, EventFilter, Store, StoreError};
use sqlx::{Connection as _, Executor as _, SqliteConnection, sqlite::SqliteConnectOptions};

use super::{databases::on_postgresql, rows::event};

#[tokio::test]
async fn its_files_are_closed_to_others() {
    let folder = tempfile::tempdir().unwrap();
    // A service manager may have made the folder, and left it open.
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let data_dir = DataDir::claim(folder.path()).unwrap();
    let store = Store::open(&data_dir, None).await.unwrap();
    store.write_events(&[]).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for entry in fs::read_dir(data_dir.path()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn a_folder_that_is_made_is_closed_to_others() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = DataDir::claim(&folder.path().join("data")).unwrap();
    let mode = fs::metadata(data_dir.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_second_process_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let first = DataDir::claim(folder.path()).unwrap();
    let second = DataDir::claim(folder.path());
    assert!(matches!(second, Err(StoreError::InUse)), "{second:?}");
    drop(first);
    assert!(DataDir::claim(folder.path()).is_ok());
}

/// A file that is a database and holds something.
async fn a_database(folder: &Path) -> (DataDir, PathBuf) {
    let data_dir = DataDir::claim(folder).unwrap();
    let store = Store::open(&data_dir, None).await.unwrap();
    let insert = |number: i64| Change::from(event(&format!("{number:04}"), number));
    let changes: Vec<_> = (0..500).map(insert).collect();
    store.write_events(&changes).await.unwrap();
    store.close().await;
    (data_dir, folder.join("portpass.db"))
}

/// Changes a database behind the back of whoever uses it.
async fn change(path: &Path, sql: &'static str) {
    let options = SqliteConnectOptions::new().filename(path);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    connection.execute(sql).await.unwrap();
    connection.close().await.unwrap();
}

/// Opens a database that is refused, and says why; not a byte of the folder has changed.
async fn refusal(data_dir: &DataDir) -> StoreError {
    let files = || {
        let entries = fs::read_dir(data_dir.path()).unwrap();
        let mut files: Vec<_> = entries
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect();
        files.sort();
        files
    };
    let before = files();
    let error = Store::open(data_dir, None).await.unwrap_err();
    assert!(files() == before, "the files have changed: {error}");
    error
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = DataDir::claim(folder.path()).unwrap();
    let garbage = b"this is no database, whatever its name says".repeat(100);
    fs::write(folder.path().join("portpass.db"), garbage).unwrap();
    let error = refusal(&data_dir).await;
    assert!(matches!(error, StoreError::Damaged(_)), "{error}");
}

#[tokio::test]
async fn a_damaged_database_is_refused_and_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (data_dir, path) = a_database(folder.path()).await;
    let whole = fs::read(&path).unwrap();
    let mut torn = whole.clone();
    let middle = torn.len() / 2;
    torn[middle - 4096..middle + 4096].fill(0xa5);
    for damaged in [&torn[..], &whole[..middle], &whole[..100]] {
        fs::write(&path, damaged).unwrap();
        let error = refusal(&data_dir).await;
        assert!(matches!(error, StoreError::Damaged(_)), "{error:?}");
    }
    fs::write(&path, whole).unwrap();
    Store::open(&data_dir, None).await.unwrap();
}

#[tokio::test]
async fn a_database_that_lost_a_table_is_refused_and_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (data_dir, path) = a_database(folder.path()).await;
    change(&path, "DROP TABLE revocations").await;
    let error = refusal(&data_dir).await.to_string();
    assert!(error.contains("its table revocations is gone"), "{error}");
}

#[tokio::test]
async fn another_programs_database_is_refused_and_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = DataDir::claim(folder.path()).unwrap();
    let path = folder.path().join("portpass.db");
    fs::File::create(&path).unwrap();
    change(&path, "CREATE TABLE sessions (id INTEGER)").await;
    let error = refusal(&data_dir).await;
    assert!(matches!(error, StoreError::Foreign(_)), "{error}");
}

const NEWER: &str = "INSERT INTO _sqlx_migrations \
     (version, description, success, checksum, execution_time) VALUES (9999, 'later', 1, x'00', 0)";

#[tokio::test]
async fn a_database_that_needs_a_newer_version_is_refused_and_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (data_dir, path) = a_database(folder.path()).await;
    change(&path, NEWER).await;
    change(&path, "UPDATE compatibility SET needs_at_least = 9999").await;
    let error = refusal(&data_dir).await.to_string();
    assert!(
        error.contains("not one that this version can use"),
        "{error}"
    );
    assert!(
        error.contains("start the newer version, or restore a backup"),
        "{error}"
    );
}

#[tokio::test]
async fn a_newer_database_that_says_it_may_be_used_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let (data_dir, path) = a_database(folder.path()).await;
    change(&path, NEWER).await;
    change(&path, "ALTER TABLE events ADD COLUMN later TEXT").await;
    change(&path, "CREATE TABLE later (id TEXT)").await;
    let store = Store::open(&data_dir, None).await.unwrap();
    assert_eq!(
        store
            .events(&EventFilter::default(), 1000)
            .await
            .unwrap()
            .len(),
        500
    );
}

#[tokio::test]
async fn a_migration_that_is_not_the_one_we_know_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (data_dir, path) = a_database(folder.path()).await;
    change(
        &path,
        "UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1",
    )
    .await;
    let error = refusal(&data_dir).await;
    assert!(matches!(error, StoreError::Migrate(_)), "{error}");
    assert!(error.to_string().contains("has been modified"), "{error}");
}

#[tokio::test]
async fn what_a_crash_left_in_the_journal_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = DataDir::claim(folder.path()).unwrap();
    let store = Store::open(&data_dir, None).await.unwrap();
    store
        .write_events(&[Change::from(event("01", 1))])
        .await
        .unwrap();
    // As the files are while a server runs: everything is in the journal still.
    let other = tempfile::tempdir().unwrap();
    for name in ["portpass.db", "portpass.db-wal"] {
        fs::copy(folder.path().join(name), other.path().join(name)).unwrap();
    }
    let data_dir = DataDir::claim(other.path()).unwrap();
    let store = Store::open(&data_dir, None).await.unwrap();
    assert_eq!(
        store.events(&EventFilter::default(), 10).await.unwrap(),
        [event("01", 1)]
    );
}

#[tokio::test]
async fn a_server_that_cannot_be_used_is_refused_and_left_as_it_was() {
    on_postgresql(async |database| {
        let Store::Postgres(pool) = &database.store else { panic!("this is PostgreSQL") };
        let run = async |sql: &'static str| {
            pool.execute(sql).await.unwrap();
        };
        let open = async || Store::open(&database.data_dir, database.url.as_ref()).await;
        run(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES (9999, 'later', true, '\\x00', 0)",
        )
        .await;
        run("ALTER TABLE events ADD COLUMN later TEXT").await;
        open().await.unwrap();
        run("UPDATE compatibility SET needs_at_least = 9999").await;
        let error = open().await.unwrap_err();
        assert!(matches!(error, StoreError::Newer { needs: 9999, knows: 3 }), "{error}");
        run("UPDATE compatibility SET needs_at_least = 2").await;
        run("UPDATE _sqlx_migrations SET checksum = '\\x00' WHERE version = 2").await;
        let error = open().await.unwrap_err();
        assert!(matches!(error, StoreError::Migrate(_)), "{error}");
        run("DROP TABLE _sqlx_migrations").await;
        let error = open().await.unwrap_err();
        assert!(matches!(error, StoreError::Foreign(_)), "{error}");
    })
    .await;
}

#[tokio::test]
async fn replicas_that_start_at_once_make_the_tables_once() {
    on_postgresql(async |database| {
        let Store::Postgres(pool) = &database.store else {
            panic!("this is PostgreSQL")
        };
        pool.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
            .await
            .unwrap();
        let open = async || Store::open(&database.data_dir, database.url.as_ref()).await;
        let stores = tokio::join!(open(), open(), open());
        let stores = [stores.0.unwrap(), stores.1.unwrap(), stores.2.unwrap()];
        for store in stores {
            assert_eq!(store.revision().await.unwrap(), 0);
        }
    })
    .await;
}

#[tokio::test]
async fn each_connection_commits_to_the_disk_whatever_the_server_is_set_to() {
    on_postgresql(async |database| {
        let Store::Postgres(pool) = &database.store else {
            panic!("this is PostgreSQL")
        };
        pool.execute(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', \
             current_database()); END $$",
        )
        .await
        .unwrap();
        let Store::Postgres(pool) = database.replica().await else {
            panic!("this is PostgreSQL")
        };
        for (name, expected) in [
            ("synchronous_commit", "on"),
            ("application_name", "portpass"),
            ("transaction_isolation", "read committed"),
            ("statement_timeout", "10s"),
        ] {
            let setting: String = sqlx::query_scalar("SELECT current_setting($1)")
                .bind(name)
                .fetch_one(&pool)
                .await
                .unwrap();
            assert_eq!(setting, expected, "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn events_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = DataDir::claim(folder.path()).unwrap();
    let row = event("01", 1);
    let store = Store::open(&data_dir, None).await.unwrap();
    let insert = Change::from(row.clone());
    store.write_events(&[insert]).await.unwrap();
    store.close().await;
    let store = Store::open(&data_dir, None).await.unwrap();
    assert_eq!(
        store.events(&EventFilter::default(), 10).await.unwrap(),
        [row]
    );
}

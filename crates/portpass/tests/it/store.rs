//! The data folder: ours alone, and closed to others.

use std::{fs, os::unix::fs::PermissionsExt as _};

use portpass::store::{DataDir, EventFilter, Store, StoreError};

#[tokio::test]
async fn its_files_are_closed_to_others() {
    let folder = tempfile::tempdir().unwrap();
    // A service manager may have made the folder, and left it open.
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let data_dir = DataDir::claim(folder.path()).unwrap();
    let store = Store::open(&data_dir).await.unwrap();
    store.write_events(&[]).await.unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
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

#[tokio::test]
async fn a_damaged_database_is_refused_and_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = DataDir::claim(folder.path()).unwrap();
    let path = folder.path().join("portpass.db");
    let garbage = b"this is no database, whatever its name says".repeat(100);
    fs::write(&path, &garbage).unwrap();
    assert!(Store::open(&data_dir).await.is_err());
    assert_eq!(fs::read(&path).unwrap(), garbage);
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = DataDir::claim(folder.path()).unwrap();
    Store::open(&data_dir).await.unwrap().close().await;
    let path = folder.path().join("portpass.db");
    let newer = "INSERT INTO _sqlx_migrations \
        (version, description, success, checksum, execution_time) VALUES (9999, 'later', 1, x'00', 0)";
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    sqlx::query(newer).execute(&pool).await.unwrap();
    pool.close().await;
    let error = Store::open(&data_dir).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("not one that this version can use"),
        "{error}"
    );
}

#[tokio::test]
async fn events_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = DataDir::claim(folder.path()).unwrap();
    let row = portpass::store::EventRow {
        id: "01".to_owned(),
        at_ms: 1,
        last_ms: 1,
        count: 1,
        kind: "token".to_owned(),
        reason: None,
        decision: None,
        login: None,
        registry: None,
        issuer: None,
        identity: None,
        body: "{}".to_owned(),
    };
    let store = Store::open(&data_dir).await.unwrap();
    let insert = portpass::store::Change::Insert(Box::new(row.clone()));
    store
        .write_events(std::slice::from_ref(&insert))
        .await
        .unwrap();
    // A transaction is whole or not at all.
    let repeat = portpass::store::Change::Repeat {
        id: "01".to_owned(),
        times: 1,
        last_ms: 2,
    };
    assert!(store.write_events(&[repeat, insert]).await.is_err());
    store.close().await;
    let store = Store::open(&data_dir).await.unwrap();
    assert_eq!(
        store.events(&EventFilter::default(), 10).await.unwrap(),
        [row]
    );
}

//! A disk that is full, and has room again.

use portpass::store::{Change, EventFilter, Store, Transaction};

use super::{
    databases::Database,
    rows::{event, opens},
};

/// How large the file may become, in pages of 8 KiB; beyond that, the disk is full.
async fn room(store: &Store, pages: u32) {
    let transaction = store.begin().await.unwrap();
    on(&transaction, &format!("PRAGMA max_page_count = {pages}"));
}

fn on(transaction: &Transaction, sql: &str) {
    let Transaction::Sqlite(writing) = transaction else {
        panic!("this is SQLite")
    };
    writing.run(sql).unwrap();
}

fn large(id: &str) -> [Change<'static>; 1] {
    let mut row = event(id, 1);
    row.body = format!("{:?}", "x".repeat(400 << 10));
    [Change::from(row)]
}

#[tokio::test]
async fn commits_go_on_when_there_is_room_again() {
    let database = Database::sqlite().await;
    let store = &database.store;
    store.write_events(&large("01")).await.unwrap();
    for _ in 0..3 {
        room(store, 75).await;
        let full = store.write_events(&large("02")).await.unwrap_err();
        assert!(full.to_string().contains("full"), "{full}");
        // What needs no room is written all the same.
        let mut transaction = store.begin().await.unwrap();
        transaction.settle(&[&opens("a")]).await.unwrap();
        transaction.commit().await.unwrap();
    }
    room(store, 1 << 20).await;
    store.write_events(&large("02")).await.unwrap();
    assert_eq!(
        store
            .events(&EventFilter::default(), 10)
            .await
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn a_transaction_that_sqlite_ended_by_itself_does_not_end_the_writer() {
    let database = Database::sqlite().await;
    let store = &database.store;
    let mut transaction = store.begin().await.unwrap();
    transaction.write(&large("01")).await.unwrap();
    // As it does where the journal cannot be written.
    on(&transaction, "ROLLBACK");
    assert!(transaction.commit().await.is_err());
    store.write_events(&large("01")).await.unwrap();
    assert_eq!(
        store
            .events(&EventFilter::default(), 10)
            .await
            .unwrap()
            .len(),
        1
    );
}

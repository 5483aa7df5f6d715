//! What a provider has to do with a session: kept, exchanged, and absent before.

use portpass::store::{Conditions, DataDir, SessionRow, SessionUse, Store};
use sqlx::{ConnectOptions as _, Executor as _, sqlite::SqliteConnectOptions};

use super::{
    databases::{Database, each, on_postgresql},
    rows::{
        all, exchanges, kept, opens, opens_with, refresh_token, resealed, session, settle, uses,
    },
};

const PROVIDER: &str = r#"{"issuer":"keycloak"}"#;

/// Whose session it is with the provider, and how often it was used.
async fn sealed(store: &Store, login: &str) -> (Option<String>, i64) {
    let row = store.session(login).await.unwrap().unwrap();
    (row.sealed, row.uses)
}

fn is(sealed: &str, uses: i64) -> (Option<String>, i64) {
    (Some(sealed.to_owned()), uses)
}

#[tokio::test]
async fn a_session_is_read_with_what_a_provider_has_to_do_with_it() {
    each(async |database| {
        let store = &database.store;
        let mut row = session("a");
        row.provider = Some(PROVIDER.to_owned());
        row.sealed = Some("one".to_owned());
        let open = Conditions {
            session: Some(SessionUse {
                open: Some(Box::new(row.clone())),
                ..uses("a").session.unwrap()
            }),
            refresh_token: Some(refresh_token("h", "a")),
            ..Conditions::default()
        };
        settle(store, &[open, opens("b")]).await;
        row.last_used_ms = 2_500;
        assert_eq!(store.session("a").await.unwrap().as_ref(), Some(&row));
        let (_, of_token) = store.refresh_token("h").await.unwrap().unwrap();
        assert_eq!(of_token, row);
        let listed = store.sessions(&all()).await.unwrap();
        let columns = |row: &SessionRow| (row.provider.clone(), row.sealed.clone());
        assert_eq!(
            listed.iter().map(columns).collect::<Vec<_>>(),
            [columns(&row), (None, None)]
        );
    })
    .await;
}

#[tokio::test]
async fn a_use_exchanges_the_refresh_token_that_it_showed_to_the_provider() {
    each(async |database| {
        let store = &database.store;
        settle(store, &[opens_with("a", "one"), opens_with("b", "else")]).await;
        let verdicts = settle(store, &[exchanges("a", "one", "two")]).await;
        assert_eq!(verdicts, [resealed(2, "two")]);
        assert_eq!(sealed(store, "a").await, is("two", 2));
        // A use that exchanges nothing leaves it.
        assert_eq!(settle(store, &[uses("a")]).await, [kept(Some(3))]);
        assert_eq!(sealed(store, "a").await, is("two", 3));
        // Who comes too late has used the session all the same.
        let verdicts = settle(store, &[exchanges("a", "one", "three")]).await;
        assert_eq!(verdicts, [resealed(4, "two")]);
        assert_eq!(sealed(store, "a").await, is("two", 4));
        assert_eq!(sealed(store, "b").await, is("else", 1));
    })
    .await;
}

#[tokio::test]
async fn a_session_without_a_refresh_token_of_the_providers_gets_none() {
    each(async |database| {
        let store = &database.store;
        settle(store, &[opens("a")]).await;
        let verdicts = settle(store, &[exchanges("a", "one", "two")]).await;
        assert_eq!(verdicts, [kept(Some(2))]);
        assert_eq!(sealed(store, "a").await, (None, 2));
    })
    .await;
}

#[tokio::test]
async fn the_exchanges_of_one_batch_follow_one_another() {
    each(async |database| {
        let store = &database.store;
        let batch = [
            opens_with("a", "one"),
            exchanges("a", "one", "two"),
            exchanges("a", "one", "lost"),
            exchanges("a", "two", "three"),
            uses("a"),
        ];
        let verdicts = settle(store, &batch).await;
        let expected = [
            kept(Some(1)),
            resealed(2, "two"),
            resealed(3, "two"),
            resealed(4, "three"),
            kept(Some(5)),
        ];
        assert_eq!(verdicts, expected);
        assert_eq!(sealed(store, "a").await, is("three", 5));
    })
    .await;
}

#[tokio::test]
async fn a_use_that_falls_exchanges_nothing() {
    each(async |database| {
        let store = &database.store;
        settle(store, &[opens_with("a", "one")]).await;
        let mut too_many = exchanges("a", "one", "two");
        too_many.session.as_mut().unwrap().max_uses = Some(1);
        settle(store, &[too_many]).await;
        assert_eq!(sealed(store, "a").await, is("one", 1));
        let mut transaction = store.begin().await.unwrap();
        let exchange = exchanges("a", "one", "two");
        transaction.settle(&[&exchange]).await.unwrap();
        drop(transaction);
        assert_eq!(sealed(store, "a").await, is("one", 1));
    })
    .await;
}

#[tokio::test]
async fn of_two_servers_that_exchange_at_once_the_first_stays_and_both_hear_of_it() {
    each(async |database| {
        let (one, other) = (&database.store, &database.replica().await);
        let mut winners = [0, 0];
        for round in 0..20 {
            let login = format!("login{round}");
            settle(one, &[opens_with(&login, "old")]).await;
            let (batch, others) = (
                [exchanges(&login, "old", "one")],
                [exchanges(&login, "old", "other")],
            );
            let (first, second) = tokio::join!(settle(one, &batch), settle(other, &others));
            let (stands, uses) = sealed(other, &login).await;
            let stands = stands.unwrap();
            assert_eq!(uses, 3);
            let mut verdicts = [first[0].clone(), second[0].clone()];
            let one_was_first = verdicts[0] == resealed(2, "one");
            verdicts.sort_by_key(|verdict| format!("{verdict:?}"));
            assert_eq!(verdicts, [resealed(2, &stands), resealed(3, &stands)]);
            assert_eq!(stands, if one_was_first { "one" } else { "other" });
            winners[usize::from(one_was_first)] += 1;
        }
        assert_eq!(winners.iter().sum::<i32>(), 20);
    })
    .await;
}

/// The migration that the version before ended with.
const VERSION_BEFORE: i64 = 2;

/// How the version before writes a session.
fn old_insert(login: &str) -> String {
    format!(
        "INSERT INTO sessions (login, issuer, identity, name, run, binding, signing_key, issued_ms, \
         expires_ms, opened_ms, ends_ms, prune_ms, last_used_ms, uses, networks, claims) VALUES \
         ('{login}', 'github', '74', 'acme/web', '17', 'b', 'k', 1000, 2000, 1500, 9000, 10000, \
         1500, 1, '[\"192.0.2.0/24\"]', '{{\"iss\":\"https://issuer.example\"}}')"
    )
}

/// The rows of the version before are read, may be used, and may still be written.
async fn is_read_used_and_written_by_both(store: &Store, write: impl AsyncFn(String)) {
    assert_eq!(store.session("a").await.unwrap(), Some(session("a")));
    assert_eq!(settle(store, &[uses("a")]).await, [kept(Some(2))]);
    settle(store, &[opens_with("c", "one")]).await;
    assert_eq!(sealed(store, "c").await, is("one", 1));
    // The other one has not been brought to this version yet, or is back at the old one.
    write(old_insert("b")).await;
    assert_eq!(store.session("b").await.unwrap(), Some(session("b")));
    write("UPDATE sessions SET uses = 7 WHERE login = 'c'".to_owned()).await;
    assert_eq!(sealed(store, "c").await, is("one", 7));
}

#[tokio::test]
async fn a_file_of_the_version_before_is_brought_to_this_one_and_serves_both() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = DataDir::claim(folder.path()).unwrap();
    let path = folder.path().join("portpass.db");
    let run = async |sql: String| {
        let options = SqliteConnectOptions::new().filename(&path);
        let mut connection = options.connect().await.unwrap();
        connection.execute(sqlx::AssertSqlSafe(sql)).await.unwrap();
    };
    let mut connection = SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true)
        .connect()
        .await
        .unwrap();
    let migrations = sqlx::migrate!();
    migrations
        .run_to(VERSION_BEFORE, &mut connection)
        .await
        .unwrap();
    drop(connection);
    run(old_insert("a")).await;
    let store = Store::open(&data_dir, None).await.unwrap();
    is_read_used_and_written_by_both(&store, run).await;
    let Store::Sqlite { readers, .. } = &store else {
        panic!("this is SQLite")
    };
    let needs: i64 = sqlx::query_scalar("SELECT needs_at_least FROM compatibility")
        .fetch_one(readers)
        .await
        .unwrap();
    assert_eq!(needs, 2);
}

#[tokio::test]
async fn a_servers_database_of_the_version_before_is_brought_to_this_one_and_serves_both() {
    on_postgresql(async |database: &Database| {
        let Store::Postgres(pool) = &database.store else {
            panic!("this is PostgreSQL")
        };
        let run = async |sql: String| {
            pool.execute(sqlx::AssertSqlSafe(sql)).await.unwrap();
        };
        run("DROP SCHEMA public CASCADE; CREATE SCHEMA public".to_owned()).await;
        let migrations = sqlx::migrate!();
        migrations.run_to(VERSION_BEFORE, pool).await.unwrap();
        run(old_insert("a")).await;
        let store = database.replica().await;
        is_read_used_and_written_by_both(&store, run).await;
        let needs: i64 = sqlx::query_scalar("SELECT needs_at_least FROM compatibility")
            .fetch_one(pool)
            .await
            .unwrap();
        assert_eq!(needs, 2);
    })
    .await;
}

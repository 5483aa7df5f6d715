//! A copy goes out of each database and into each, whole or not at all.

use portpass::store::{Act, Change, Conditions, SessionUse, Store, StoreError};
use tokio::{io::BufReader, sync::mpsc};

use super::{
    databases::{Database, each, on_postgresql},
    rows::{
        api_token, binding, event, identity, member, namespace, opens_with, refresh_token,
        revocation, settle, uses, waiting,
    },
};

const PROVIDER: &str = r#"{"issuer":"keycloak"}"#;
const SEALED: &str = "hunter2";

/// Rows in every table, more than one statement takes.
async fn fill(store: &Store) {
    let changes: Vec<_> = (0..100)
        .map(|number| Change::from(event(&format!("{number:03}"), number)))
        .collect();
    store.write_events(&changes).await.unwrap();
    let mut entry = Conditions {
        refresh_token: Some(refresh_token("h", "a")),
        claims: vec![namespace("apps/web", "74")],
        identity: Some(identity("74", "acme/\"wéb\"\\", 1_000)),
        inbox: Some(waiting("75", "asked", 1_000)),
        ..opens_with("a", SEALED)
    };
    if let Some(SessionUse {
        open: Some(row), ..
    }) = &mut entry.session
    {
        row.provider = Some(PROVIDER.to_owned());
    }
    settle(store, &[entry, uses("a")]).await;
    let acts = [
        Act::AddMember(member("74")),
        Act::Bind(binding("b")),
        Act::CreateApiToken(api_token("t")),
        Act::Revoke(revocation("run", "17", 1_000)),
    ];
    store.act(&acts, &event("100", 1_000)).await.unwrap();
}

async fn copy_of(store: &Store) -> (u64, Vec<String>) {
    let (sender, mut receiver) = mpsc::channel(4);
    let all = async {
        let mut lines = Vec::new();
        while let Some(line) = receiver.recv().await {
            lines.push(line);
        }
        lines
    };
    let (rows, lines) = tokio::join!(store.copy_out(sender), all);
    (rows.unwrap(), lines)
}

async fn restore(store: &Store, lines: &[String]) -> Result<u64, StoreError> {
    store
        .copy_in(BufReader::new(lines.join("\n").as_bytes()))
        .await
}

#[tokio::test]
async fn a_copy_of_each_database_fills_each_other() {
    let sqlite = Database::sqlite().await;
    fill(&sqlite.store).await;
    let (rows, lines) = copy_of(&sqlite.store).await;
    // A hundred events and the operator's; nine other tables.
    assert_eq!((rows, lines.len()), (110, 112));
    each(async |database| {
        assert_eq!(restore(&database.store, &lines).await.unwrap(), 110);
        let (_, again) = copy_of(&database.store).await;
        // The change that restoring is counts as well.
        assert_eq!(
            again[0],
            lines[0].replace("\"revision\":1", "\"revision\":2")
        );
        assert_eq!(again[1..], lines[1..]);
        let (_, row) = database.store.refresh_token("h").await.unwrap().unwrap();
        assert_eq!((row.uses, row.provider.as_deref()), (2, Some(PROVIDER)));
    })
    .await;
    on_postgresql(async |database| {
        fill(&database.store).await;
        let (_, same) = copy_of(&database.store).await;
        assert_eq!(same, lines);
        let sqlite = Database::sqlite().await;
        assert_eq!(restore(&sqlite.store, &same).await.unwrap(), 110);
    })
    .await;
}

#[tokio::test]
async fn what_is_not_a_whole_copy_of_this_version_changes_nothing() {
    let sqlite = Database::sqlite().await;
    fill(&sqlite.store).await;
    let (_, lines) = copy_of(&sqlite.store).await;
    let without = |index: usize| {
        let mut lines = lines.clone();
        lines.remove(index);
        lines
    };
    let with = |index: usize, line: &str| {
        let mut lines = lines.clone();
        lines.insert(index, line.to_owned());
        lines
    };
    let another = lines[0].replace("\"schema\":3", "\"schema\":4");
    let cases = [
        (
            "no beginning",
            without(0),
            "line 1 of the copy is not the beginning",
        ),
        (
            "a row too few",
            without(50),
            "counts 110 rows, and there were 109",
        ),
        ("no end", without(111), "the backup is not whole"),
        (
            "two beginnings",
            with(1, &lines[0]),
            "line 2 of the copy begins another",
        ),
        ("after the end", with(112, &lines[1]), "comes after the end"),
        (
            "of another version",
            with(0, &another),
            "version 4, and these are of 3",
        ),
        (
            "of no table",
            with(5, r#"{"secrets":{"hunter2":1}}"#),
            "line 6 of the copy is not one",
        ),
        (
            "not JSON",
            with(5, "hunter2"),
            "line 6 of the copy is not one",
        ),
        ("nothing at all", Vec::new(), "the backup is not whole"),
    ];
    each(async |database| {
        let (_, before) = copy_of(&database.store).await;
        for (name, lines, expected) in &cases {
            let error = restore(&database.store, lines)
                .await
                .unwrap_err()
                .to_string();
            assert!(error.contains(expected), "{name}: {error}");
            assert!(!error.contains("hunter2"), "{name}: {error}");
            assert_eq!(copy_of(&database.store).await.1, before, "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_providers_refresh_token_is_in_no_copy() {
    each(async |database| {
        fill(&database.store).await;
        let (_, lines) = copy_of(&database.store).await;
        assert!(lines.iter().any(|line| line.contains("keycloak")));
        for line in &lines {
            assert!(!line.contains(SEALED) && !line.contains("sealed"), "{line}");
        }
        // Nor is one taken from lines that somebody wrote themselves.
        let lines: Vec<_> = lines
            .iter()
            .map(|line| line.replace("\"provider\"", "\"sealed\":\"theirs\",\"provider\""))
            .collect();
        let sqlite = Database::sqlite().await;
        restore(&sqlite.store, &lines).await.unwrap();
        let row = sqlite.store.session("a").await.unwrap().unwrap();
        assert_eq!(
            (row.provider.as_deref(), row.sealed),
            (Some(PROVIDER), None)
        );
    })
    .await;
}

#[tokio::test]
async fn a_copy_of_the_version_before_fills_this_one_and_one_before_that_does_not() {
    let sqlite = Database::sqlite().await;
    fill(&sqlite.store).await;
    let (_, lines) = copy_of(&sqlite.store).await;
    let provider = format!(",\"provider\":{}", serde_json::Value::from(PROVIDER));
    let of_version = |number: u32| {
        let schema = format!("\"schema\":{number}");
        let old = |line: &String| {
            let line = line.replace(&provider, "");
            line.replace("\"schema\":3", &schema)
        };
        lines.iter().map(old).collect::<Vec<_>>()
    };
    let (before, too_old) = (of_version(2), of_version(1));
    assert!(!before.iter().any(|line| line.contains("provider")));
    each(async |database| {
        let error = restore(&database.store, &too_old).await.unwrap_err();
        let expected = "version 1, and these are of 3";
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(restore(&database.store, &before).await.unwrap(), 110);
        let row = database.store.session("a").await.unwrap().unwrap();
        assert_eq!((row.uses, row.provider, row.sealed), (2, None, None));
    })
    .await;
}

#[tokio::test]
async fn only_an_empty_store_is_filled() {
    each(async |database| {
        let (_, lines) = copy_of(&database.store).await;
        let add = Act::AddMember(member("74"));
        database.store.act(&[add], &event("01", 1)).await.unwrap();
        let error = restore(&database.store, &lines).await.unwrap_err();
        assert!(matches!(error, StoreError::NotEmpty(_)), "{error}");
        assert_eq!(database.store.members().await.unwrap(), [member("74")]);
    })
    .await;
}

#[tokio::test]
async fn a_copy_is_of_one_moment_and_writers_go_on() {
    each(async |database| {
        let store = &database.store;
        fill(store).await;
        let (sender, mut receiver) = mpsc::channel(1);
        let copying = tokio::spawn({
            let store = store.clone();
            async move { store.copy_out(sender).await }
        });
        // It has begun; then somebody writes.
        receiver.recv().await.unwrap();
        receiver.recv().await.unwrap();
        store
            .write_events(&[Change::from(event("999", 1))])
            .await
            .unwrap();
        while let Some(line) = receiver.recv().await {
            assert!(!line.contains("\"999\""), "{line}");
        }
        assert_eq!(copying.await.unwrap().unwrap(), 110);
    })
    .await;
}

#[tokio::test]
async fn a_copy_that_nobody_reads_ends() {
    each(async |database| {
        let (sender, receiver) = mpsc::channel(1);
        drop(receiver);
        let ended = database.store.copy_out(sender).await;
        assert!(matches!(ended, Err(StoreError::NotRead)), "{ended:?}");
    })
    .await;
}

//! Old rows go in small steps, and only they.

use portpass::store::{Act, Change, Conditions, EventFilter};

use super::{
    databases::each,
    rows::{all, event, opens, refresh_token, revocation, settle},
};

/// The id of an event of this millisecond.
fn id(at_ms: i64) -> String {
    format!("00000000-{at_ms:04x}-7000-8000-000000000000")
}

#[tokio::test]
async fn the_oldest_events_go_first_and_only_as_many_as_asked() {
    each(async |database| {
        let store = &database.store;
        let rows: Vec<_> = (0..10).map(|at_ms| event(&id(at_ms), at_ms)).collect();
        let changes: Vec<_> = rows.iter().map(|row| Change::from(row.clone())).collect();
        store.write_events(&changes).await.unwrap();
        // The second happened again, not long ago.
        let again = Change::Repeat {
            id: id(1),
            times: 1,
            last_ms: 9,
        };
        store.write_events(&[again]).await.unwrap();
        let left = async || {
            let rows = store.events(&EventFilter::default(), 100).await.unwrap();
            rows.iter().map(|row| row.at_ms).collect::<Vec<_>>()
        };
        assert_eq!(store.prune_events(6, 3).await.unwrap(), 3);
        assert_eq!(left().await, [1, 4, 5, 6, 7, 8, 9]);
        assert_eq!(store.prune_events(6, 3).await.unwrap(), 2);
        assert_eq!(store.prune_events(6, 3).await.unwrap(), 0);
        assert_eq!(left().await, [1, 6, 7, 8, 9]);
    })
    .await;
}

#[tokio::test]
async fn a_dead_session_goes_with_its_refresh_tokens() {
    each(async |database| {
        let store = &database.store;
        let session = |number: i64| {
            let login = format!("s{number}");
            let mut conditions = Conditions {
                refresh_token: Some(refresh_token(&format!("h{number}"), &login)),
                ..opens(&login)
            };
            let row = conditions.session.as_mut().unwrap().open.as_mut().unwrap();
            row.prune_ms = number;
            conditions
        };
        let batch: Vec<_> = (0..5).map(session).collect();
        settle(store, &batch).await;
        assert_eq!(store.prune_sessions(3, 3).await.unwrap(), 3);
        assert_eq!(store.prune_sessions(3, 3).await.unwrap(), 1);
        assert_eq!(store.prune_sessions(3, 3).await.unwrap(), 0);
        let left = store.sessions(&all()).await.unwrap();
        assert_eq!(left.iter().map(|row| row.prune_ms).collect::<Vec<_>>(), [4]);
        assert_eq!(store.refresh_token("h3").await.unwrap(), None);
        assert!(store.refresh_token("h4").await.unwrap().is_some());
        // Not only out of sight: a session of that login begins without them.
        let fresh: Vec<_> = (10..26)
            .map(|number| Conditions {
                refresh_token: Some(refresh_token(&format!("h{number}"), "s3")),
                ..opens("s3")
            })
            .collect();
        settle(store, &fresh).await;
        assert!(store.refresh_token("h25").await.unwrap().is_some());
        assert_eq!(store.refresh_token("h3").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn an_operators_word_about_a_key_stays() {
    each(async |database| {
        let store = &database.store;
        let rows = [
            revocation("identity", "74", 1_000),
            revocation("key", "k", 1_000),
            revocation("key_withdrawn", "k", 1_000),
            revocation("login", "a", 2_000),
        ];
        let acts: Vec<_> = rows.iter().cloned().map(Act::Revoke).collect();
        store.act(&acts, &event("01", 1)).await.unwrap();
        assert_eq!(store.prune_revocations(2_000).await.unwrap(), 2);
        assert_eq!(
            store.revocations().await.unwrap(),
            [rows[1].clone(), rows[3].clone()]
        );
    })
    .await;
}

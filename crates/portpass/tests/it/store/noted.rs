//! What is written with an event and cannot fail: within its bounds.

use portpass::store::{Act, ApiTokenUse, Conditions, RowFilter, Verdict};

use super::{
    databases::each,
    rows::{all, api_token, event, identity, opens, refresh_token, settle, waiting},
};

#[tokio::test]
async fn a_session_has_sixteen_refresh_tokens_and_no_more() {
    each(async |database| {
        let store = &database.store;
        let wants = |number: i32| Conditions {
            refresh_token: Some(refresh_token(&format!("h{number}"), "a")),
            ..opens("a")
        };
        let batch: Vec<_> = (0..18).map(wants).collect();
        let is_stored = |verdict: &Verdict| {
            matches!(
                verdict,
                Verdict::Kept {
                    refresh_token: true,
                    ..
                }
            )
        };
        let verdicts = settle(store, &batch[..10]).await;
        assert_eq!(
            verdicts.iter().filter(|verdict| is_stored(verdict)).count(),
            10
        );
        let verdicts = settle(store, &batch[10..]).await;
        let stored: Vec<_> = verdicts.iter().map(is_stored).collect();
        assert_eq!(stored, [true, true, true, true, true, true, false, false]);
        // The use itself stands.
        assert_eq!(store.session("a").await.unwrap().unwrap().uses, 18);
        let (token, row) = store.refresh_token("h15").await.unwrap().unwrap();
        assert_eq!(
            (token, row.login.as_str()),
            (refresh_token("h15", "a"), "a")
        );
        assert_eq!(store.refresh_token("h16").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_renamed_identity_keeps_its_former_names() {
    each(async |database| {
        let store = &database.store;
        let seen = |name: &str, at_ms| Conditions {
            identity: Some(identity("74", name, at_ms)),
            ..Conditions::default()
        };
        settle(store, &[seen("acme/web", 1_000), seen("acme/site", 2_000)]).await;
        settle(store, &[seen("acme/site", 3_000)]).await;
        settle(
            store,
            &[seen("acme/shop", 4_000), seen("acme/store", 5_000)],
        )
        .await;
        let mut expected = identity("74", "acme/store", 1_000);
        expected.names = r#"["acme/shop","acme/site","acme/web"]"#.to_owned();
        expected.last_ms = 5_000;
        assert_eq!(store.identities(&all()).await.unwrap(), [expected]);
        // An older sighting that comes late does not turn time back.
        let many: Vec<_> = (0..30)
            .map(|name| seen(&format!("acme/{name}"), 100))
            .collect();
        settle(store, &many).await;
        let row = store.identities(&all()).await.unwrap().remove(0);
        let names: Vec<String> = serde_json::from_str(&row.names).unwrap();
        assert_eq!(
            (names.len(), names[0].as_str(), row.last_ms),
            (20, "acme/28", 5_000)
        );
        let other = RowFilter {
            identity: Some("75".to_owned()),
            ..all()
        };
        assert_eq!(store.identities(&other).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn who_waits_is_counted_and_there_is_room_for_a_thousand() {
    each(async |database| {
        let store = &database.store;
        let waits = |id: &str, asked: &str, at_ms| Conditions {
            inbox: Some(waiting(id, asked, at_ms)),
            ..Conditions::default()
        };
        settle(
            store,
            &[waits("0", "first", 1_000), waits("0", "second", 2_000)],
        )
        .await;
        settle(store, &[waits("0", "third", 3_000)]).await;
        let mut expected = waiting("0", "third", 1_000);
        (expected.count, expected.last_ms) = (3, 3_000);
        assert_eq!(store.inbox(&all()).await.unwrap(), [expected]);

        for batch in [0..512, 512..1024] {
            let batch: Vec<_> = batch
                .map(|id| waits(&id.to_string(), "asked", 4_000))
                .collect();
            settle(store, &batch).await;
        }
        assert_eq!(store.inbox(&all()).await.unwrap().len(), 1000);
        let mut of_other = waits("0", "asked", 4_000);
        of_other.inbox.as_mut().unwrap().issuer = "gitlab".to_owned();
        settle(
            store,
            &[
                of_other,
                waits("new", "asked", 5_000),
                waits("0", "again", 5_000),
            ],
        )
        .await;
        let rows = store.inbox(&all()).await.unwrap();
        assert_eq!(rows.len(), 1001);
        assert_eq!((rows[0].identity.as_str(), rows[0].count), ("0", 5));
        let of_gitlab = RowFilter {
            issuer: Some("gitlab".to_owned()),
            ..all()
        };
        assert_eq!(store.inbox(&of_gitlab).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn the_last_use_of_an_api_token_is_kept() {
    each(async |database| {
        let store = &database.store;
        let create = Act::CreateApiToken(api_token("t"));
        store.act(&[create], &event("01", 1_000)).await.unwrap();
        let used = |used_ms, network: &str| Conditions {
            api_token: Some(ApiTokenUse {
                id: "t".to_owned(),
                used_ms,
                network: network.to_owned(),
            }),
            ..Conditions::default()
        };
        let (later, earlier) = (used(3_000, "192.0.2.0/24"), used(2_000, "198.51.100.0/24"));
        settle(store, &[later, earlier.clone()]).await;
        settle(store, &[earlier]).await;
        let row = store.api_token("hash of t").await.unwrap().unwrap();
        assert_eq!(row.last_used_ms, Some(3_000));
        assert_eq!(row.last_network.as_deref(), Some("192.0.2.0/24"));
    })
    .await;
}

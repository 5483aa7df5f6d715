//! What must come true with an event, and what becomes of the rest where it cannot.

use portpass::store::{Act, ApiTokenUse, Conditions, Overtaken, RowFilter, Store, Verdict};

use super::{
    databases::each,
    rows::{
        all, api_token, claims, event, identity, kept, namespace, opens, refresh_token, session,
        settle, uses, waiting,
    },
};

fn gone(login: &str) -> Verdict {
    let login = login.to_owned();
    Verdict::Overtaken(Overtaken::Session { login })
}

fn taken(namespace: &str) -> Verdict {
    Verdict::Overtaken(Overtaken::Namespace {
        registry: "prod".to_owned(),
        namespace: namespace.to_owned(),
    })
}

async fn use_count(store: &Store, login: &str) -> Option<i64> {
    store
        .session(login)
        .await
        .unwrap()
        .map(|session| session.uses)
}

async fn owner(store: &Store, namespace: &str) -> Option<String> {
    let owners = store.owners("prod", &[namespace.to_owned()]).await.unwrap();
    owners.into_iter().next().map(|row| row.owner)
}

#[tokio::test]
async fn a_session_is_opened_once_and_its_uses_are_counted() {
    each(async |database| {
        let store = &database.store;
        assert_eq!(settle(store, &[opens("a")]).await, [kept(Some(1))]);
        let mut second = opens("a");
        let session_use = second.session.as_mut().unwrap();
        session_use.used_ms = 3_000;
        session_use.networks = Some(r#"["192.0.2.0/24","198.51.100.0/24"]"#.to_owned());
        let verdicts = settle(store, &[second, uses("a")]).await;
        assert_eq!(verdicts, [kept(Some(2)), kept(Some(3))]);
        let mut expected = session("a");
        expected.uses = 3;
        expected.last_used_ms = 3_000;
        expected.networks = r#"["192.0.2.0/24","198.51.100.0/24"]"#.to_owned();
        assert_eq!(store.session("a").await.unwrap(), Some(expected));
        assert_eq!(store.session("b").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn one_batch_opens_a_session_once() {
    each(async |database| {
        let verdicts = settle(&database.store, &[opens("a"), opens("a"), uses("a")]).await;
        assert_eq!(verdicts, [kept(Some(1)), kept(Some(2)), kept(Some(3))]);
        assert_eq!(use_count(&database.store, "a").await, Some(3));
    })
    .await;
}

#[tokio::test]
async fn a_use_of_a_session_that_is_gone_changes_nothing() {
    each(async |database| {
        let store = &database.store;
        let mut all_of_it = uses("a");
        all_of_it.refresh_token = Some(refresh_token("h", "a"));
        all_of_it.claims = vec![namespace("apps/web", "74")];
        all_of_it.identity = Some(identity("74", "acme/web", 1_500));
        all_of_it.inbox = Some(waiting("74", "asked", 1_500));
        assert_eq!(settle(store, &[all_of_it]).await, [gone("a")]);
        nothing_stands(store).await;
    })
    .await;
}

#[tokio::test]
async fn an_overtaken_claim_takes_all_else_of_its_entry_with_it() {
    each(async |database| {
        let store = &database.store;
        settle(store, &[claims("apps/web", "74")]).await;
        let mut other = opens("a");
        other.refresh_token = Some(refresh_token("h", "a"));
        other.claims = vec![namespace("apps/api", "999"), namespace("apps/web", "999")];
        other.identity = Some(identity("999", "acme/web", 1_500));
        assert_eq!(settle(store, &[other]).await, [taken("apps/web")]);
        assert_eq!(owner(store, "apps/web").await.unwrap(), "74");
        assert_eq!(owner(store, "apps/api").await, None);
        let filter = RowFilter {
            identity: Some("74".to_owned()),
            ..all()
        };
        assert_eq!(
            store.namespaces(&filter).await.unwrap(),
            [namespace("apps/web", "74")]
        );
        assert_eq!(store.session("a").await.unwrap(), None);
        assert_eq!(store.refresh_token("h").await.unwrap(), None);
        assert_eq!(store.identities(&all()).await.unwrap(), []);
    })
    .await;
}

async fn nothing_stands(store: &Store) {
    assert_eq!(store.sessions(&all()).await.unwrap(), []);
    assert_eq!(store.namespaces(&all()).await.unwrap(), []);
    assert_eq!(store.identities(&all()).await.unwrap(), []);
    assert_eq!(store.inbox(&all()).await.unwrap(), []);
    assert_eq!(store.refresh_token("h").await.unwrap(), None);
}

#[tokio::test]
async fn the_first_of_a_batch_wins_a_namespace_and_its_owner_may_claim_it_again() {
    each(async |database| {
        let batch = ["74", "999", "74"].map(|owner| claims("apps/web", owner));
        let verdicts = settle(&database.store, &batch).await;
        assert_eq!(verdicts, [kept(None), taken("apps/web"), kept(None)]);
        assert_eq!(owner(&database.store, "apps/web").await.unwrap(), "74");
    })
    .await;
}

#[tokio::test]
async fn what_an_entry_that_falls_had_claimed_is_free_for_the_next() {
    each(async |database| {
        let store = &database.store;
        let mut falls = uses("gone");
        falls.claims = vec![namespace("apps/web", "74"), namespace("apps/api", "74")];
        let verdicts = settle(store, &[falls, claims("apps/web", "999")]).await;
        assert_eq!(verdicts, [gone("gone"), kept(None)]);
        assert_eq!(owner(store, "apps/web").await.unwrap(), "999");
        assert_eq!(owner(store, "apps/api").await, None);
    })
    .await;
}

#[tokio::test]
async fn a_session_that_only_a_fallen_entry_opened_is_not_open() {
    each(async |database| {
        let store = &database.store;
        settle(store, &[claims("apps/web", "74")]).await;
        let mut falls = opens("a");
        falls.claims = vec![namespace("apps/web", "999")];
        let verdicts = settle(store, &[falls.clone(), uses("a")]).await;
        assert_eq!(verdicts, [taken("apps/web"), gone("a")]);
        assert_eq!(store.session("a").await.unwrap(), None);
        let verdicts = settle(store, &[falls, opens("a")]).await;
        assert_eq!(verdicts, [taken("apps/web"), kept(Some(1))]);
        assert_eq!(use_count(store, "a").await, Some(1));
    })
    .await;
}

#[tokio::test]
async fn a_session_is_used_as_often_as_it_may_be_and_no_more() {
    each(async |database| {
        let store = &database.store;
        let limited = || {
            let mut conditions = opens("a");
            conditions.session.as_mut().unwrap().max_uses = Some(2);
            conditions
        };
        let verdicts = settle(store, &[limited(), limited(), limited()]).await;
        assert_eq!(verdicts, [kept(Some(1)), kept(Some(2)), gone("a")]);
        assert_eq!(settle(store, &[limited()]).await, [gone("a")]);
        assert_eq!(use_count(store, "a").await, Some(2));
    })
    .await;
}

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
        assert_eq!(use_count(store, "a").await, Some(18));
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

#[tokio::test]
async fn what_is_not_committed_did_not_happen() {
    each(async |database| {
        let store = &database.store;
        let mut transaction = store.begin().await.unwrap();
        transaction.settle(&[&opens("a")]).await.unwrap();
        drop(transaction);
        nothing_stands(store).await;
        assert_eq!(settle(store, &[]).await, []);
    })
    .await;
}

#[tokio::test]
async fn a_whole_batch_is_settled_at_once() {
    each(async |database| {
        let store = &database.store;
        let entry = |number: i64| {
            let mut conditions = opens(&format!("login{number}"));
            let id = (number % 100).to_string();
            conditions.claims = vec![namespace(&format!("apps/{id}"), &id)];
            conditions.identity = Some(identity(&id, &format!("acme/{id}"), number));
            conditions
        };
        let batch: Vec<_> = (0..512).map(entry).collect();
        let verdicts = settle(store, &batch).await;
        assert!(verdicts.iter().all(|verdict| *verdict == kept(Some(1))));
        assert_eq!(store.sessions(&all()).await.unwrap().len(), 512);
        assert_eq!(store.namespaces(&all()).await.unwrap().len(), 100);
        assert_eq!(store.identities(&all()).await.unwrap().len(), 100);
        let of_run = RowFilter {
            run: Some("17".to_owned()),
            limit: 3,
            ..all()
        };
        assert_eq!(store.sessions(&of_run).await.unwrap().len(), 3);
        let of_another = RowFilter {
            run: Some("18".to_owned()),
            ..all()
        };
        assert_eq!(store.sessions(&of_another).await.unwrap(), []);
    })
    .await;
}

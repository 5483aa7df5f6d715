//! What must come true with an event, and what becomes of the rest where it cannot.

use portpass::store::{Overtaken, RowFilter, Store, Verdict};

use super::{
    databases::each,
    rows::{
        all, claims, identity, kept, namespace, opens, refresh_token, session, settle, uses,
        waiting,
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
async fn a_use_that_must_open_its_session_is_overtaken_by_another_that_did() {
    each(async |database| {
        let store = &database.store;
        let mut opening = opens("a");
        opening.session.as_mut().unwrap().opens_it = true;
        let batch = [opening.clone(), opening.clone()];
        assert_eq!(settle(store, &batch).await, [kept(Some(1)), gone("a")]);
        assert_eq!(settle(store, &[opening]).await, [gone("a")]);
        assert_eq!(use_count(store, "a").await, Some(1));
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

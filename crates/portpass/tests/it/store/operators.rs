//! What operators do: each act, its event and the revision, all or nothing.

use portpass::store::{Act, EventFilter, RowFilter, Store};

use super::{
    databases::each,
    rows::{
        all, api_token, binding, event, member, namespace, opens, refresh_token, revocation,
        settle, waiting,
    },
};

/// Carries out acts under an event of its own; says how many rows changed.
async fn act(store: &Store, acts: &[Act]) -> u64 {
    let id = format!("{:04}", store.revision().await.unwrap());
    let events = async || {
        store
            .events(&EventFilter::default(), 100)
            .await
            .unwrap()
            .len()
    };
    let (before, revision) = (events().await, store.revision().await.unwrap());
    let changed = store.act(acts, &event(&id, 1_000)).await.unwrap();
    let one = usize::from(changed > 0);
    assert_eq!(
        events().await,
        before + one,
        "an event if something changed"
    );
    assert_eq!(
        store.revision().await.unwrap(),
        revision + i64::from(changed > 0)
    );
    changed
}

#[tokio::test]
async fn members_come_and_go() {
    each(async |database| {
        let store = &database.store;
        let add = [Act::AddMember(member("74")), Act::AddMember(member("75"))];
        assert_eq!(act(store, &add).await, 2);
        assert_eq!(act(store, &add).await, 0);
        assert_eq!(store.members().await.unwrap(), [member("74"), member("75")]);
        let remove = [Act::RemoveMember {
            group_name: "push".to_owned(),
            issuer: "github".to_owned(),
            identity: "74".to_owned(),
        }];
        assert_eq!(act(store, &remove).await, 1);
        assert_eq!(act(store, &remove).await, 0);
        assert_eq!(store.members().await.unwrap(), [member("75")]);
    })
    .await;
}

#[tokio::test]
async fn an_issuer_is_bound_again_only_to_something_else() {
    each(async |database| {
        let store = &database.store;
        assert_eq!(act(store, &[Act::Bind(binding("a"))]).await, 1);
        let mut same = binding("a");
        same.actor = "alice".to_owned();
        assert_eq!(act(store, &[Act::Bind(same)]).await, 0);
        assert_eq!(act(store, &[Act::Bind(binding("b"))]).await, 1);
        assert_eq!(store.bindings().await.unwrap(), [binding("b")]);
        let unbind = [Act::Unbind {
            issuer: "github".to_owned(),
        }];
        assert_eq!(act(store, &unbind).await, 1);
        assert_eq!(act(store, &unbind).await, 0);
        let mut kept = binding("b");
        kept.bound_ms = 0;
        assert_eq!(store.bindings().await.unwrap(), [kept]);
        assert_eq!(act(store, &[Act::Bind(binding("b"))]).await, 1);
        assert_eq!(store.bindings().await.unwrap(), [binding("b")]);
    })
    .await;
}

#[tokio::test]
async fn a_revocation_moves_on_and_a_withdrawn_key_stays() {
    each(async |database| {
        let store = &database.store;
        for (kind, at_ms, expected) in [
            ("identity", 1_000, 1),
            ("identity", 2_000, 1),
            // A replica whose clock is behind.
            ("identity", 1_500, 0),
            ("key_withdrawn", 1_000, 1),
            ("key_withdrawn", 2_000, 0),
        ] {
            let changed = act(store, &[Act::Revoke(revocation(kind, "74", at_ms))]).await;
            assert_eq!(changed, expected, "{kind} {at_ms}");
        }
        let expected = [
            revocation("identity", "74", 2_000),
            revocation("key_withdrawn", "74", 1_000),
        ];
        assert_eq!(store.revocations().await.unwrap(), expected);
        let lift = |kind: &str| {
            [Act::LiftRevocation {
                kind: kind.to_owned(),
                issuer: "github".to_owned(),
                value: "74".to_owned(),
            }]
        };
        assert_eq!(act(store, &lift("identity")).await, 1);
        assert_eq!(act(store, &lift("run")).await, 0);
        assert_eq!(store.revocations().await.unwrap(), expected[1..]);
    })
    .await;
}

#[tokio::test]
async fn an_api_token_is_made_and_revoked_once() {
    each(async |database| {
        let store = &database.store;
        assert_eq!(act(store, &[Act::CreateApiToken(api_token("t"))]).await, 1);
        let revoke = |at_ms| {
            [Act::RevokeApiToken {
                id: "t".to_owned(),
                at_ms,
            }]
        };
        assert_eq!(act(store, &revoke(2_000)).await, 1);
        assert_eq!(act(store, &revoke(3_000)).await, 0);
        let mut expected = api_token("t");
        expected.revoked_ms = Some(2_000);
        assert_eq!(store.api_tokens().await.unwrap(), [expected.clone()]);
        assert_eq!(store.api_token("hash of t").await.unwrap(), Some(expected));
        assert_eq!(store.api_token("t").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_namespace_is_given_to_another() {
    each(async |database| {
        let store = &database.store;
        let transfer = |owner| [Act::Transfer(namespace("apps/web", owner))];
        assert_eq!(act(store, &transfer("74")).await, 1);
        assert_eq!(act(store, &transfer("74")).await, 0);
        assert_eq!(act(store, &transfer("75")).await, 1);
        let asked = ["apps/web".to_owned(), "apps/api".to_owned()];
        let owners = store.owners("prod", &asked).await.unwrap();
        assert_eq!(owners, [namespace("apps/web", "75")]);
        assert_eq!(store.owners("test", &asked).await.unwrap(), []);
        let elsewhere = RowFilter {
            registry: Some("test".to_owned()),
            ..all()
        };
        assert_eq!(store.namespaces(&elsewhere).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn an_approval_is_one_change() {
    each(async |database| {
        let store = &database.store;
        let waits = portpass::store::Conditions {
            inbox: Some(waiting("74", "asked", 1_000)),
            ..portpass::store::Conditions::default()
        };
        settle(store, &[waits]).await;
        let dismiss = Act::Dismiss {
            issuer: "github".to_owned(),
            identity: "74".to_owned(),
        };
        assert_eq!(
            act(store, &[dismiss.clone(), Act::AddMember(member("74"))]).await,
            2
        );
        assert_eq!(store.inbox(&all()).await.unwrap(), []);
        assert_eq!(act(store, &[dismiss]).await, 0);
    })
    .await;
}

#[tokio::test]
async fn acts_that_cannot_all_be_done_are_not_done() {
    each(async |database| {
        let store = &database.store;
        act(store, &[Act::CreateApiToken(api_token("t"))]).await;
        let acts = [
            Act::AddMember(member("74")),
            Act::CreateApiToken(api_token("t")),
        ];
        assert!(store.act(&acts, &event("x", 1_000)).await.is_err());
        assert_eq!(store.members().await.unwrap(), []);
        assert_eq!(store.revision().await.unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_refresh_token_is_revoked_alone() {
    each(async |database| {
        let store = &database.store;
        for hash in ["one", "two"] {
            let mut with_token = opens("a");
            with_token.refresh_token = Some(refresh_token(hash, "a"));
            settle(store, &[with_token]).await;
        }
        let revoke = [Act::RevokeRefreshToken {
            hash: "one".to_owned(),
        }];
        assert_eq!(act(store, &revoke).await, 1);
        assert_eq!(act(store, &revoke).await, 0);
        assert_eq!(store.refresh_token("one").await.unwrap(), None);
        let (kept, session) = store.refresh_token("two").await.unwrap().unwrap();
        assert_eq!((kept.hash.as_str(), session.login.as_str()), ("two", "a"));
    })
    .await;
}

//! Two replicas on one database, at once.

use std::collections::HashSet;

use portpass::store::{Act, Conditions, Store, StoreError, Verdict};

use super::{
    databases::{each, on_postgresql},
    rows::{
        all, api_token, claims, event, identity, kept, member, namespace, opens, refresh_token,
        settle, uses, waiting,
    },
};

#[tokio::test]
async fn one_of_two_wins_a_namespace() {
    each(async |database| {
        let (one, other) = (&database.store, &database.replica().await);
        for round in 0..20 {
            let name = format!("apps/{round}");
            let (batch, others) = ([claims(&name, "74")], [claims(&name, "999")]);
            let (first, second) = tokio::join!(settle(one, &batch), settle(other, &others));
            let won = [&first[0], &second[0]].map(|verdict| *verdict == kept(None));
            assert!(won[0] != won[1], "{first:?} {second:?}");
            let owner = one.owners("prod", &[name]).await.unwrap().remove(0).owner;
            assert_eq!(owner, if won[0] { "74" } else { "999" });
        }
    })
    .await;
}

#[tokio::test]
async fn a_session_that_both_open_is_opened_once() {
    each(async |database| {
        let (one, other) = (&database.store, &database.replica().await);
        for round in 0..20 {
            let batch = [opens(&format!("login{round}"))];
            let (first, second) = tokio::join!(settle(one, &batch), settle(other, &batch));
            let mut uses = [first[0].clone(), second[0].clone()];
            uses.sort_by_key(|verdict| format!("{verdict:?}"));
            assert_eq!(uses, [kept(Some(1)), kept(Some(2))]);
            let row = other.session(&format!("login{round}")).await.unwrap();
            assert_eq!(row.unwrap().uses, 2);
        }
    })
    .await;
}

#[tokio::test]
async fn both_together_store_sixteen_refresh_tokens() {
    each(async |database| {
        let stores = [database.store.clone(), database.replica().await];
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..24 {
            let store = stores[number % 2].clone();
            tasks.spawn(async move {
                let wants = Conditions {
                    refresh_token: Some(refresh_token(&format!("h{number}"), "a")),
                    ..opens("a")
                };
                settle(&store, &[wants]).await.remove(0)
            });
        }
        let verdicts = tasks.join_all().await;
        let uses: HashSet<_> = verdicts
            .iter()
            .map(|verdict| match verdict {
                Verdict::Kept { uses, .. } => uses.unwrap(),
                Verdict::Overtaken(overtaken) => panic!("{overtaken}"),
            })
            .collect();
        assert_eq!(uses, (1..=24).collect());
        let is_kept = |verdict: &&Verdict| {
            matches!(
                verdict,
                Verdict::Kept {
                    refresh_token: true,
                    ..
                }
            )
        };
        assert_eq!(verdicts.iter().filter(is_kept).count(), 16);
    })
    .await;
}

#[tokio::test]
async fn a_change_is_heard_by_the_other() {
    on_postgresql(async |database| {
        let other = database.replica().await;
        let mut notices = other.notices().await.unwrap().unwrap();
        // Nothing changed, so there is nothing to hear but the second.
        let store = &database.store;
        let lift = Act::Unbind {
            issuer: "github".to_owned(),
        };
        assert_eq!(store.act(&[lift], &event("01", 1)).await.unwrap(), 0);
        let add = Act::AddMember(member("74"));
        store.act(&[add], &event("02", 1)).await.unwrap();
        notices.next().await.unwrap();
        assert_eq!(other.revision().await.unwrap(), 1);
        assert_eq!(other.members().await.unwrap(), [member("74")]);

        // A connection that is lost is an error, not silence.
        let Store::Postgres(pool) = store else {
            panic!("this is PostgreSQL")
        };
        sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND query ILIKE 'listen%'",
        )
        .execute(pool)
        .await
        .unwrap();
        let lost = notices.next().await;
        assert!(matches!(lost, Err(StoreError::Database(_))), "{lost:?}");
    })
    .await;
}

#[tokio::test]
async fn a_circle_of_waiting_is_undone_and_may_be_tried_again() {
    on_postgresql(async |database| {
        let (one, other) = (&database.store, &database.replica().await);
        settle(one, &[opens("a"), opens("b")]).await;
        let (mut first, mut second) = (one.begin().await.unwrap(), other.begin().await.unwrap());
        let (a, b) = (uses("a"), uses("b"));
        first.settle(&[&a]).await.unwrap();
        second.settle(&[&b]).await.unwrap();
        // Each now wants what the other has; as one batch each, they would not have come to this.
        let (for_first, for_second) = ([&b], [&a]);
        let settled = tokio::join!(first.settle(&for_first), second.settle(&for_second));
        let errors: Vec<_> = settled.0.err().into_iter().chain(settled.1.err()).collect();
        assert!(
            matches!(&errors[..], [error] if error.is_transient()),
            "{errors:?}"
        );
        let refused = one
            .act(
                &[api_token("t"), api_token("t")].map(Act::CreateApiToken),
                &event("01", 1),
            )
            .await;
        assert!(
            !refused.unwrap_err().is_transient(),
            "a row that is there stays there"
        );
    })
    .await;
}

#[tokio::test]
async fn nobody_else_can_change_a_file() {
    let database = super::databases::Database::sqlite().await;
    assert!(database.store.notices().await.unwrap().is_none());
    assert!(!database.is_shared());
}

#[tokio::test]
async fn writers_of_the_same_rows_wait_for_each_other_and_never_in_a_circle() {
    each(async |database| {
        let create = ["t0", "t1", "t2"].map(|id| Act::CreateApiToken(api_token(id)));
        database.store.act(&create, &event("01", 1)).await.unwrap();
        let stores = [database.store.clone(), database.replica().await];
        let mut tasks = tokio::task::JoinSet::new();
        for writer in 0..4_usize {
            let store = stores[writer % 2].clone();
            tasks.spawn(async move {
                for round in 0..15_usize {
                    // Each goes through the same keys from another end.
                    let entry = |number: usize| {
                        let key = (number * (2 * writer + 1) + round) % 24;
                        let mut conditions = opens(&format!("login{key}"));
                        let hash = format!("h{writer}-{round}-{number}");
                        conditions.refresh_token =
                            Some(refresh_token(&hash, &format!("login{key}")));
                        // One owner each, so that all of it stands.
                        conditions.claims = vec![namespace(&format!("apps/{key}"), "74")];
                        let name = format!("name {writer}");
                        conditions.identity = Some(identity(&key.to_string(), &name, 1_000));
                        conditions.inbox = Some(waiting(&(23 - key).to_string(), "asked", 1));
                        conditions.api_token = Some(portpass::store::ApiTokenUse {
                            id: format!("t{}", key % 3),
                            used_ms: 1,
                            network: String::new(),
                        });
                        conditions
                    };
                    let batch: Vec<_> = (0..40).map(entry).collect();
                    let verdicts = settle(&store, &batch).await;
                    let stands = |verdict: &Verdict| matches!(verdict, Verdict::Kept { .. });
                    assert!(verdicts.iter().all(stands));
                }
            });
        }
        tasks.join_all().await;
        let sessions = database.store.sessions(&all()).await.unwrap();
        assert_eq!(
            sessions.iter().map(|row| row.uses).sum::<i64>(),
            4 * 15 * 40
        );
        let inbox = database.store.inbox(&all()).await.unwrap();
        assert_eq!(inbox.iter().map(|row| row.count).sum::<i64>(), 4 * 15 * 40);
    })
    .await;
}

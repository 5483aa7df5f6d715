//! No answer precedes its commit.

use std::{sync::Arc, time::Duration};

use portpass::audit::{Commits, Gate};
use tokio::time::timeout;

use crate::app::{Parts, SERVICE, TestApp, push_main};

/// Far longer than an answer takes that nothing holds back.
const A_WHILE: Duration = Duration::from_millis(300);

/// A server whose commits wait at a gate.
async fn gated() -> (TestApp, Arc<Gate>) {
    let gate = Gate::shut();
    let app = TestApp::of(Parts {
        commits: Commits::Gated(Arc::clone(&gate)),
        ..Parts::default()
    })
    .await;
    (app, gate)
}

#[tokio::test]
async fn no_answer_precedes_its_commit() {
    let (app, gate) = gated().await;
    let jwt = push_main();
    let query = format!("service={SERVICE}");
    for user in [Some(("JWT", jwt.as_str())), Some(("JWT", "wrong")), None] {
        let answer = app.get(&query, user);
        tokio::pin!(answer);
        assert!(
            timeout(A_WHILE, &mut answer).await.is_err(),
            "an answer came before its commit"
        );
        let before = app.events().await.len();
        gate.admit(1);
        answer.await;
        assert_eq!(app.events().await.len(), before + 1);
    }
}

#[tokio::test]
async fn a_failed_commit_is_answered_with_503_and_nothing_else() {
    let (app, gate) = gated().await;
    gate.admit(100);
    let jwt = push_main();
    let query = format!("service={SERVICE}");
    gate.fail(true);
    for user in [Some(("JWT", jwt.as_str())), Some(("JWT", "wrong")), None] {
        let answer = app.get(&query, user).await;
        assert_eq!(answer.status, 503);
        assert_eq!(answer.body["errors"][0]["code"], "UNAVAILABLE");
        assert_eq!(answer.body["error"], "temporarily_unavailable");
        assert!(answer.headers.contains_key("retry-after"));
    }
    assert_eq!(app.events().await, []);
    gate.fail(false);
    assert_eq!(app.get(&query, Some(("JWT", &jwt))).await.status, 200);
    assert_eq!(app.events().await.len(), 1);
}

#[tokio::test]
async fn what_waits_for_one_commit_is_committed_together() {
    let (app, gate) = gated().await;
    let jwt = push_main();
    let query = format!("service={SERVICE}");
    let user = Some(("JWT", jwt.as_str()));
    let answers = futures_util::future::join_all((0..20).map(|_| app.get(&query, user)));
    let admit = async {
        tokio::time::sleep(A_WHILE).await;
        // One for the first alone, one for all that came meanwhile.
        gate.admit(2);
    };
    let (answers, ()) = timeout(Duration::from_secs(10), async {
        tokio::join!(answers, admit)
    })
    .await
    .unwrap();
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(app.events().await.len(), 20);
}

#[tokio::test]
async fn strangers_leave_room_in_the_queue_for_the_proven() {
    let (app, gate) = gated().await;
    let jwt = push_main();
    let query = format!("service={SERVICE}");
    let strangers = futures_util::future::join_all((0..6000).map(|_| app.get(&query, None)));
    let proven = async {
        tokio::time::sleep(A_WHILE).await;
        app.get(&query, Some(("JWT", &jwt))).await
    };
    let admit = async {
        tokio::time::sleep(2 * A_WHILE).await;
        gate.admit(1000);
    };
    let (strangers, proven, ()) = tokio::join!(strangers, proven, admit);
    assert_eq!(proven.status, 200);
    let turned_away = strangers
        .iter()
        .filter(|answer| answer.status == 503)
        .count();
    assert!(
        (1..6000).contains(&turned_away),
        "{turned_away} of 6000 strangers were turned away"
    );
}

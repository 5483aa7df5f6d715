//! What is remembered, for how long, and when it must not be.

use jiff::Timestamp;
use tempfile::TempDir;

use super::*;
use crate::{
    audit::operator_event,
    identity::{Binding, Identity, Withdrawn},
    store::{
        Act, Conditions, DataDir, EventFilter, MemberRow, NamespaceRow, RefreshTokenRow,
        SessionRow, SessionUse,
    },
};

/// A standing over a database in a folder of its own.
struct House {
    standing: Standing,
    store: Store,
    _data_dir: DataDir,
    _folder: TempDir,
}

impl House {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = DataDir::claim(folder.path()).unwrap();
        let store = Store::open(&data_dir, None).await.unwrap();
        Self {
            standing: Standing::open(store.clone()).await.unwrap(),
            store,
            _data_dir: data_dir,
            _folder: folder,
        }
    }

    async fn act(&self, act: Act) {
        let event = operator_event("uid 0", "test", &serde_json::Value::Null, now());
        self.store.act(&[act], &event).await.unwrap();
    }

    async fn commit(&self, conditions: &Conditions) {
        let mut transaction = self.store.begin().await.unwrap();
        transaction.settle(&[conditions]).await.unwrap();
        transaction.commit().await.unwrap();
    }

    async fn owner(&self, name: &str) -> Option<(Arc<str>, Arc<str>)> {
        let asked = [Namespace {
            name: name.to_owned(),
            owner: "74".to_owned(),
        }];
        let owners = self.standing.owners("prod", &asked).await.unwrap();
        owners.get(name).cloned()
    }
}

fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn login() -> ShortId {
    ShortId::of(b"login")
}

fn opening() -> SessionUse {
    let row = SessionRow {
        login: login().to_string(),
        issuer: "github".to_owned(),
        identity: "74".to_owned(),
        name: "acme/web".to_owned(),
        run: None,
        binding: ShortId::of(b"binding").to_string(),
        signing_key: "one".to_owned(),
        issued_ms: 0,
        expires_ms: 0,
        opened_ms: 0,
        ends_ms: 0,
        prune_ms: 1,
        last_used_ms: 0,
        uses: 1,
        networks: r#"["192.0.2.0/24"]"#.to_owned(),
        claims: r#"{"sub":"repo:acme/web"}"#.to_owned(),
        provider: None,
        sealed: None,
    };
    SessionUse {
        login: row.login.clone(),
        open: Some(Box::new(row)),
        used_ms: 0,
        networks: None,
        max_uses: None,
        opens_it: false,
        sealed: None,
    }
}

fn opened() -> Conditions {
    Conditions {
        session: Some(opening()),
        ..Conditions::default()
    }
}

fn namespace(name: &str, owner: &str) -> NamespaceRow {
    NamespaceRow {
        registry: "prod".to_owned(),
        namespace: name.to_owned(),
        issuer: "github".to_owned(),
        owner: owner.to_owned(),
        name: "acme/web".to_owned(),
        since_ms: 0,
    }
}

fn claiming(name: &str, owner: &str) -> Conditions {
    Conditions {
        claims: vec![namespace(name, owner)],
        ..Conditions::default()
    }
}

fn binding(issuer: &str, source: &str) -> Binding {
    Binding {
        issuer: issuer.into(),
        digest: ShortId::of(source.as_bytes()),
        kind: "gitlab",
        iss: vec!["https://gitlab.example.com".to_owned()],
        source: source.to_owned(),
    }
}

#[tokio::test]
async fn what_operators_change_is_in_force_after_a_refresh() {
    let house = House::new().await;
    let web = Identity::stored("github", "74");
    for group_name in ["pushers", "deleters"] {
        house
            .act(Act::AddMember(MemberRow {
                group_name: group_name.to_owned(),
                issuer: "github".to_owned(),
                identity: "74".to_owned(),
                added_ms: 0,
                actor: "uid 0".to_owned(),
            }))
            .await;
    }
    let before = house.standing.settled().await.unwrap();
    house.standing.refresh().await.unwrap();
    let after = house.standing.settled().await.unwrap();
    assert!(before.groups(&web).is_empty());
    assert_eq!(after.groups(&web), ["deleters".into(), "pushers".into()]);
    assert_eq!(after.revision, before.revision + 2);
}

#[tokio::test]
async fn a_change_that_could_not_be_read_is_not_passed_over() {
    let house = House::new().await;
    house.store.close().await;
    assert!(house.standing.settled().await.is_ok());
    assert!(house.standing.refresh().await.is_err());
    assert!(house.standing.settled().await.is_err());
}

#[tokio::test]
async fn that_there_is_no_session_is_asked_each_time_and_that_there_is_one_is_remembered() {
    let house = House::new().await;
    assert!(house.standing.session(login()).await.unwrap().is_none());
    house.commit(&opened()).await;
    let session = house.standing.session(login()).await.unwrap().unwrap();
    assert_eq!(session.identity.to_string(), "github:74");
    // Nothing asks the database now, which has it no longer.
    assert_eq!(house.store.prune_sessions(2, 10).await.unwrap(), 1);
    assert!(house.standing.session(login()).await.unwrap().is_some());
    house.standing.refresh().await.unwrap();
    assert!(house.standing.session(login()).await.unwrap().is_none());
}

#[tokio::test]
async fn what_was_read_before_a_change_is_not_remembered_after_it() {
    let house = House::new().await;
    house.commit(&opened()).await;
    let (row, before) = (
        house.store.session(&login().to_string()).await.unwrap(),
        house.standing.memory.load_full(),
    );
    house.standing.refresh().await.unwrap();
    let session = Session::of(row.unwrap()).unwrap();
    before.keep_session(Arc::new(session));
    assert!(house.standing.remembered(login()).is_none());
}

#[tokio::test]
async fn a_session_is_never_remembered_with_fewer_uses_than_it_had() {
    let house = House::new().await;
    house.commit(&opened()).await;
    let once = house.standing.session(login()).await.unwrap().unwrap();
    let twice = Arc::new(Session {
        uses: 2,
        ..Session::clone(&once)
    });
    house.standing.remember(twice);
    house.standing.remember(once);
    assert_eq!(house.standing.remembered(login()).unwrap().uses, 2);
}

#[tokio::test]
async fn a_refresh_token_leads_to_its_registry_and_session() {
    let house = House::new().await;
    let secret = crate::credential::Secret::make(crate::credential::SecretKind::RefreshToken);
    let hash = secret.unwrap().hash().clone();
    assert!(house.standing.refresh_token(&hash).await.unwrap().is_none());
    house
        .commit(&Conditions {
            refresh_token: Some(RefreshTokenRow {
                hash: hash.as_str().to_owned(),
                login: login().to_string(),
                registry: "prod".to_owned(),
                created_ms: 0,
            }),
            ..opened()
        })
        .await;
    for _ in 0..2 {
        let found = house.standing.refresh_token(&hash).await.unwrap().unwrap();
        assert_eq!((&*found.registry, found.session.login), ("prod", login()));
    }
    // Its use elsewhere is seen here, since the session is one and the same.
    house.standing.remember(Arc::new(Session {
        uses: 5,
        ..Session::clone(&house.standing.remembered(login()).unwrap())
    }));
    let found = house.standing.refresh_token(&hash).await.unwrap().unwrap();
    assert_eq!(found.session.uses, 5);
}

#[tokio::test]
async fn secrets_that_anybody_can_make_up_wait_for_one_another_and_nobody_else_does() {
    let house = House::new().await;
    house.commit(&opened()).await;
    let secret = crate::credential::Secret::make(crate::credential::SecretKind::ApiToken);
    let hash = secret.unwrap().hash().clone();
    let flood = house.standing.lookups.acquire_many(4).await.unwrap();
    {
        let mut refresh_token = std::pin::pin!(house.standing.refresh_token(&hash));
        assert!(futures_util::poll!(refresh_token.as_mut()).is_pending());
        let mut api_token = std::pin::pin!(house.standing.api_token(&hash));
        assert!(futures_util::poll!(api_token.as_mut()).is_pending());
        assert_eq!(house.standing.lookups.available_permits(), 0);
        assert!(house.standing.session(login()).await.unwrap().is_some());
        drop(flood);
        assert!(refresh_token.await.unwrap().is_none());
        assert!(api_token.await.unwrap().is_none());
    }
}

#[tokio::test]
async fn an_owner_is_remembered_until_somebody_says_otherwise() {
    let house = House::new().await;
    let owned_by = |id: &str| Some(("github".into(), id.into()));
    assert_eq!(house.owner("apps/web").await, None);
    house.commit(&claiming("apps/web", "74")).await;
    assert_eq!(house.owner("apps/web").await, owned_by("74"));
    house.act(Act::Transfer(namespace("apps/web", "75"))).await;
    assert_eq!(house.owner("apps/web").await, owned_by("74"));
    house
        .standing
        .reconsider(&Overtaken::Namespace {
            registry: "prod".to_owned(),
            namespace: "apps/web".to_owned(),
        })
        .await
        .unwrap();
    assert_eq!(house.owner("apps/web").await, owned_by("75"));
    house.act(Act::Transfer(namespace("apps/web", "76"))).await;
    house.standing.refresh().await.unwrap();
    assert_eq!(house.owner("apps/web").await, owned_by("76"));
}

#[tokio::test]
async fn a_session_that_may_not_be_used_is_read_again() {
    let house = House::new().await;
    house.commit(&opened()).await;
    house.standing.session(login()).await.unwrap();
    house.commit(&opened()).await;
    assert_eq!(house.standing.remembered(login()).unwrap().uses, 1);
    let overtaken = Overtaken::Session {
        login: login().to_string(),
    };
    house.standing.reconsider(&overtaken).await.unwrap();
    assert_eq!(house.standing.remembered(login()).unwrap().uses, 2);
    house.store.prune_sessions(2, 10).await.unwrap();
    house.standing.reconsider(&overtaken).await.unwrap();
    assert!(house.standing.remembered(login()).is_none());
}

#[tokio::test]
async fn who_asks_for_a_refresh_while_one_is_under_way_shares_the_next() {
    let house = House::new().await;
    let refreshes = (0..50).map(|_| house.standing.refresh());
    let results = futures_util::future::join_all(refreshes).await;
    assert!(results.iter().all(Result::is_ok));
    let begun = house.standing.begun.load(Ordering::SeqCst);
    assert!((1..=2).contains(&begun), "{begun} readings");
}

#[tokio::test]
async fn a_new_issuer_is_bound_once_however_often_it_is_said() {
    let house = House::new().await;
    let issuers = [binding("gitlab", "url a"), binding("lab", "url b")];
    for _ in 0..2 {
        house.standing.bind(issuers.iter(), now()).await.unwrap();
    }
    let settled = house.standing.last_settled();
    assert_eq!(settled.revision, 2);
    assert!(settled.is_bound("gitlab", ShortId::of(b"url a")));
    let rows = house.store.bindings().await.unwrap();
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row.actor == "portpass"));
    assert!(house.standing.suspended(issuers.iter()).is_empty());
}

#[tokio::test]
async fn an_issuer_that_stands_for_something_else_is_suspended_and_left_alone() {
    let house = House::new().await;
    let was = [binding("gitlab", "url a")];
    let is = [binding("gitlab", "url of somebody else")];
    house.standing.bind(was.iter(), now()).await.unwrap();
    house.standing.bind(is.iter(), now()).await.unwrap();
    assert_eq!(house.standing.suspended(is.iter()), ["gitlab"]);
    let rows = house.store.bindings().await.unwrap();
    assert_eq!(rows[0].source, "url a");
}

#[tokio::test]
async fn an_issuer_that_is_gone_is_unbound_and_its_logins_are_ended_once() {
    let house = House::new().await;
    let both = [binding("gitlab", "url a"), binding("lab", "url b")];
    house.standing.bind(both.iter(), now()).await.unwrap();
    for _ in 0..2 {
        let kept = both.iter().take(1);
        house.standing.bind(kept, now()).await.unwrap();
    }
    let rows = house.store.revocations().await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((&*rows[0].kind, &*rows[0].issuer), ("issuer", "lab"));
    assert_eq!(rows[0].at_ms, now().as_millisecond());
    let events = house
        .store
        .events(&EventFilter::default(), 10)
        .await
        .unwrap();
    let of_lab = |event: &&crate::store::EventRow| event.issuer.as_deref() == Some("lab");
    assert_eq!(events.iter().filter(of_lab).count(), 2, "{events:?}");
}

#[tokio::test]
async fn a_name_that_comes_back_for_something_else_is_suspended() {
    let house = House::new().await;
    let was = [binding("lab", "url a")];
    let other = [binding("lab", "url of somebody else")];
    let nobody: [Binding; 0] = [];
    house.standing.bind(was.iter(), now()).await.unwrap();
    house.standing.bind(nobody.iter(), now()).await.unwrap();
    house.standing.bind(other.iter(), now()).await.unwrap();
    assert_eq!(house.standing.suspended(other.iter()), ["lab"]);
    let later = now() + jiff::SignedDuration::from_mins(5);
    house.standing.bind(was.iter(), later).await.unwrap();
    assert!(house.standing.suspended(was.iter()).is_empty());
    house.standing.bind(nobody.iter(), later).await.unwrap();
    let rows = house.store.revocations().await.unwrap();
    assert_eq!(rows[0].at_ms, later.as_millisecond(), "ended once more");
}

#[tokio::test]
async fn a_withdrawn_key_is_written_down_with_the_time_it_was_missed_first() {
    let house = House::new().await;
    let withdrawn = |at| Withdrawn {
        issuer: "gitlab".into(),
        key: "one".into(),
        at,
    };
    let later = now() + jiff::SignedDuration::from_mins(5);
    for at in [now(), later] {
        house
            .standing
            .withdraw(&[withdrawn(at)], later)
            .await
            .unwrap();
    }
    let rows = house.store.revocations().await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((&*rows[0].kind, &*rows[0].value), ("key_withdrawn", "one"));
    assert_eq!(rows[0].at_ms, now().as_millisecond());
}

#[tokio::test]
async fn a_database_of_our_own_is_never_silent() {
    let house = House::new().await;
    assert!(house.standing.is_reachable());
    assert_eq!(house.standing.silence(), None);
}

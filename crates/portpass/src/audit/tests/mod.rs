//! What is written with a token, and what is said of it afterwards.

mod provider;

use std::time::Duration;

use jiff::SignedDuration;
use scope::Scopes;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::*;
use crate::{
    credential::{Secret, SecretKind},
    decision::{Grant, Held, Namespace, Owners, Policy, PolicySource},
    identity::{Fact, Facts, Proof},
    registry::{Algorithm, Naming, Profile, Registry, RegistryKind},
    session::{Evidence, Login, Session},
    short_id::ShortId,
    store::{DataDir, EventFilter, RowFilter},
    token::{KeySettings, SignedToken, Signer},
};

/// A journal over a database in a folder of its own, and a signer.
struct House {
    journal: Journal,
    signer: Signer,
    registry: Arc<Registry>,
    store: Store,
    _data_dir: DataDir,
    _folder: TempDir,
}

impl House {
    async fn new() -> Self {
        Self::with(Commits::Straight).await
    }

    async fn with(commits: Commits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = DataDir::claim(folder.path()).unwrap();
        let store = Store::open(&data_dir, None).await.unwrap();
        let keep = Keep {
            strangers: 5,
            anonymous: 5,
        };
        let (journal, _) = Journal::open(store.clone(), keep, commits);
        let registry = Arc::new(Registry {
            name: "prod".into(),
            service: "registry.example.com".to_owned(),
            kind: RegistryKind::Distribution,
            naming: Naming::Profile(Profile::X5c),
            key: None,
            algorithm: Algorithm::Es256,
            token_ttl: Duration::from_mins(15),
            token_issuer: "https://registry.example.com".to_owned(),
            introspection_secret: None,
        });
        let settings = KeySettings {
            data_dir: folder.path().to_owned(),
            ca: None,
            rotate_every: Duration::from_hours(24),
        };
        let signer = Signer::open(&settings, std::slice::from_ref(&registry), now()).unwrap();
        Self {
            journal,
            signer,
            registry,
            store,
            _data_dir: data_dir,
            _folder: folder,
        }
    }

    fn grant(&self, proof: Proof) -> Grant {
        Grant::of(proof, Arc::clone(&self.registry), Vec::new())
    }

    fn sign(&self, proof: Proof) -> SignedToken {
        self.signer.sign(self.grant(proof), now()).unwrap()
    }

    fn claiming(&self, proof: Proof, name: &str) -> SignedToken {
        let owner = proof.identity().id().to_owned();
        let name = name.to_owned();
        let grant = self.grant(proof).claiming(vec![Namespace { name, owner }]);
        self.signer.sign(grant, now()).unwrap()
    }

    async fn record(&self, token: SignedToken) -> Recorded {
        self.record_from("192.0.2.1", token).await
    }

    async fn record_from(&self, address: &str, token: SignedToken) -> Recorded {
        self.try_record(address, Ok(token.into())).await.unwrap()
    }

    async fn try_record(
        &self,
        address: &str,
        outcome: Result<Answer, Refused>,
    ) -> Result<Recorded, Unrecorded> {
        let origin = Origin::new(address.parse().unwrap(), "request".to_owned(), None);
        self.journal.record(outcome, &origin, now()).await
    }

    async fn bodies(&self) -> Vec<Value> {
        let rows = self
            .store
            .events(&EventFilter::default(), 100)
            .await
            .unwrap();
        rows.into_iter().map(|row| Event::from(row).body).collect()
    }

    fn denied(&self, proof: Proof) -> Refused {
        let policy = Policy::compile(&PolicySource::default()).unwrap();
        let asked = Scopes::parse(["repository:apps/web:push"]).unwrap();
        let owners = Owners::new();
        let held = Held {
            groups: &[],
            owners: &owners,
        };
        let denied = policy.decide(proof, held, &self.registry, &asked);
        Refused::Denied(denied.unwrap_err())
    }
}

fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

/// A login by JWT, of a session if there is one.
fn login(session: Option<Arc<Session>>) -> Login {
    Login {
        binding: ShortId::of(b"binding"),
        key: "one".into(),
        issued: now(),
        expires: now() + SignedDuration::from_mins(5),
        max_uses: None,
        is_held_to_its_network: false,
        provider: None,
        session,
    }
}

fn proof_of(id: &str, name: &str) -> Proof {
    let mut facts = Facts::default();
    facts.set_text(Fact::RunId, Some("4711"));
    let claims = Map::from_iter([("sub".to_owned(), json!("repo:acme/web"))]);
    let login = Some(ShortId::of(id.as_bytes()));
    Proof::of("github", id, name, facts, claims, login, None)
}

/// `acme/web`, by a JWT.
fn web(session: Option<Arc<Session>>) -> Proof {
    proof_of("74", "acme/web").by(Evidence::Jwt(login(session)))
}

fn session_of(recorded: &Recorded) -> Arc<Session> {
    match recorded.session() {
        Some(SessionNow::Opened(session) | SessionNow::Used(session)) => Arc::clone(session),
        Some(SessionNow::Elsewhere(_)) | None => panic!("{:?}", recorded.session()),
    }
}

fn with_refresh(token: SignedToken) -> SignedToken {
    token.with_refresh(Secret::make(SecretKind::RefreshToken).unwrap())
}

#[tokio::test]
async fn a_session_is_opened_by_its_first_token_and_used_by_the_next() {
    let house = House::new().await;
    let first = house.record(house.sign(web(None))).await;
    assert!(matches!(first.session(), Some(SessionNow::Opened(_))));
    let session = session_of(&first);
    assert_eq!(session.run.as_deref(), Some("4711"));
    let row = house.store.session(&session.login.to_string()).await;
    let row = row.unwrap().unwrap();
    assert_eq!(
        (row.uses, &*row.name, &*row.signing_key),
        (1, "acme/web", "one")
    );
    let day = SignedDuration::from_hours(30);
    assert_eq!(row.prune_ms, (now() + day).as_millisecond());

    let second = house.record(house.sign(web(Some(session)))).await;
    assert!(matches!(second.session(), Some(SessionNow::Used(_))));
    assert_eq!(session_of(&second).uses, 2);
    let bodies = house.bodies().await;
    let said = |body: &Value| {
        (
            body["means"].clone(),
            body["session"].clone(),
            body["uses"].clone(),
        )
    };
    assert_eq!(said(&bodies[0]), (json!("jwt"), json!("opened"), json!(1)));
    assert_eq!(said(&bodies[1]), (json!("jwt"), json!("used"), json!(2)));
}

#[tokio::test]
async fn a_session_that_was_opened_elsewhere_meanwhile_is_used_and_left_to_be_read() {
    let house = House::new().await;
    house.record(house.sign(web(None))).await;
    let second = house.record(house.sign(web(None))).await;
    assert!(matches!(second.session(), Some(SessionNow::Elsewhere(_))));
    assert_eq!(house.bodies().await[1]["session"], "used");
}

#[tokio::test]
async fn another_network_is_said_once() {
    let house = House::new().await;
    let opened = session_of(&house.record(house.sign(web(None))).await);
    let moved = house
        .record_from("198.51.100.7", house.sign(web(Some(opened))))
        .await;
    assert!(moved.network_changed());
    let session = session_of(&moved);
    assert_eq!(*session.networks, ["192.0.2.0/24", "198.51.100.0/24"]);
    let stayed = house
        .record_from("198.51.100.8", house.sign(web(Some(session))))
        .await;
    assert!(!stayed.network_changed());
    let row = house.store.sessions(&all()).await.unwrap().remove(0);
    assert_eq!(row.networks, r#"["192.0.2.0/24","198.51.100.0/24"]"#);
    let bodies = house.bodies().await;
    let changed: Vec<_> = bodies.iter().map(|body| &body["network_changed"]).collect();
    assert_eq!(changed, [&Value::Null, &json!(true), &Value::Null]);
    assert_eq!(bodies[1]["network"], "198.51.100.0/24");
}

#[tokio::test]
async fn the_networks_of_a_session_are_bounded_and_the_first_stays() {
    let house = House::new().await;
    let mut session = session_of(&house.record(house.sign(web(None))).await);
    for third in 0..20 {
        let token = house.sign(web(Some(session)));
        let address = format!("198.51.{third}.1");
        session = session_of(&house.record_from(&address, token).await);
    }
    assert_eq!(session.networks.len(), 16);
    assert_eq!(session.networks[0], "192.0.2.0/24");
    assert_eq!(session.networks[15], "198.51.19.0/24");
}

#[tokio::test]
async fn the_seventeenth_refresh_token_of_a_session_is_not_given() {
    let house = House::new().await;
    let mut session = None;
    for number in 1..=17 {
        let token = with_refresh(house.sign(web(session)));
        let recorded = house.record(token).await;
        assert_eq!(recorded.refresh_token().is_some(), number <= 16, "{number}");
        session = Some(session_of(&recorded));
    }
    let bodies = house.bodies().await;
    assert_eq!(bodies[15]["refresh_token"], true);
    assert_eq!(bodies[16]["refresh_token_limit"], true);
    assert_eq!(bodies[16].get("refresh_token"), None);
    let text = json!(bodies).to_string();
    assert!(
        !text.contains("portpass_rt_"),
        "a secret stands in an event"
    );
}

#[tokio::test]
async fn a_namespace_is_claimed_with_the_token() {
    let house = House::new().await;
    let token = house.claiming(web(None), "apps/github/acme/web");
    house.record(token).await;
    let rows = house.store.namespaces(&all()).await.unwrap();
    assert_eq!((&*rows[0].owner, &*rows[0].name), ("74", "acme/web"));
    let claimed = json!(["apps/github/acme/web"]);
    assert_eq!(house.bodies().await[0]["claimed"], claimed);
}

#[tokio::test]
async fn a_token_for_a_namespace_that_somebody_else_claimed_is_as_if_it_had_never_been() {
    let house = House::new().await;
    house.record(house.claiming(web(None), "apps/web")).await;
    let other = house.claiming(proof_of("75", "acme/new"), "apps/web");
    let result = house.try_record("192.0.2.1", Ok(other.into())).await;
    let overtaken = Overtaken::Namespace {
        registry: "prod".to_owned(),
        namespace: "apps/web".to_owned(),
    };
    assert!(
        matches!(&result, Err(Unrecorded::Overtaken(found)) if *found == overtaken),
        "{result:?}"
    );
    assert_eq!(house.journal.overtaken(), 1);
    assert_eq!(house.bodies().await.len(), 1);
    assert_eq!(house.store.sessions(&all()).await.unwrap().len(), 1);
    assert_eq!(house.store.identities(&all()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn of_two_who_claim_a_namespace_in_one_commit_one_is_overtaken() {
    let gate = Gate::shut();
    let house = House::with(Commits::Gated(Arc::clone(&gate))).await;
    let first = house.record(house.sign(proof_of("1", "acme/first")));
    let claims = ["74", "75"].map(|id| {
        let token = house.claiming(proof_of(id, "acme/web"), "apps/web");
        house.try_record("192.0.2.1", Ok(token.into()))
    });
    // The first holds the writer up, so that the other two come together.
    gate.admit(2);
    let (_, results) = tokio::join!(first, futures_util::future::join_all(claims));
    let [won, lost] = results.as_slice() else {
        panic!("{results:?}");
    };
    assert!(
        won.is_ok() && matches!(lost, Err(Unrecorded::Overtaken(_))),
        "{results:?}"
    );
    assert_eq!(house.bodies().await.len(), 2);
}

#[tokio::test]
async fn somebody_seen_is_written_once_in_a_while_and_again_under_another_name() {
    let house = House::new().await;
    let seen = |name: &str| {
        let token = house.sign(proof_of("74", name));
        let seen = &house.journal.seen;
        let due = |at| seen.is_identity_due(token.grant().proof().identity(), name, at);
        (due(now()), due(now() + SignedDuration::from_mins(10)))
    };
    assert_eq!(seen("acme/web"), (true, true));
    house.record(house.sign(web(None))).await;
    assert_eq!(seen("acme/web"), (false, true));
    assert_eq!(seen("acme/renamed"), (true, true));
    let renamed = house.sign(proof_of("74", "acme/renamed"));
    house.record(renamed).await;
    let rows = house.store.identities(&all()).await.unwrap();
    assert_eq!((rows.len(), &*rows[0].name), (1, "acme/renamed"));
}

#[tokio::test]
async fn each_refusal_counts_in_the_inbox_though_they_share_an_event() {
    let house = House::new().await;
    for _ in 0..3 {
        let denied = house.denied(web(None).of_issuer(true, true));
        house.try_record("192.0.2.1", Err(denied)).await.unwrap();
    }
    let events = house
        .store
        .events(&EventFilter::default(), 10)
        .await
        .unwrap();
    assert_eq!((events.len(), events[0].count), (1, 3));
    let inbox = house.store.inbox(&all()).await.unwrap();
    assert_eq!((inbox.len(), inbox[0].count), (1, 3));
    assert_eq!(inbox[0].asked, "repository:apps/web:push");
    // A refusal opens no session.
    assert!(house.store.sessions(&all()).await.unwrap().is_empty());
    assert_eq!(house.store.identities(&all()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn only_those_of_pinned_issuers_wait_for_an_operator() {
    let house = House::new().await;
    let denied = house.denied(web(None).of_issuer(false, true));
    house.try_record("192.0.2.1", Err(denied)).await.unwrap();
    assert!(house.store.inbox(&all()).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_nobody_is_proven_for_leaves_no_condition() {
    let house = House::new().await;
    let anonymous = Proof::of(
        "anonymous",
        "anonymous",
        "anonymous",
        Facts::default(),
        Map::new(),
        None,
        None,
    );
    house.record(house.sign(anonymous)).await;
    let nonsense = Refused::Nonsense(crate::refused::Nonsense::GrantType);
    house.try_record("192.0.2.1", Err(nonsense)).await.unwrap();
    assert!(house.store.sessions(&all()).await.unwrap().is_empty());
    assert!(house.store.identities(&all()).await.unwrap().is_empty());
}

fn all() -> RowFilter {
    RowFilter {
        limit: 100,
        ..RowFilter::default()
    }
}

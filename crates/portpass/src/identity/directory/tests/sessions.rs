//! What a JWT proves beside its own times: sessions, revocations, bindings.

use std::num::NonZeroU32;

use super::*;
use crate::{session::Revocations, store::RevocationRow};

const HERE: &str = "192.0.2.0/24";
const ELSEWHERE: &str = "198.51.100.0/24";

/// A directory of one issuer, and a JWT of its that expires at `NOW + 290`.
struct Bench {
    directory: Directory,
    token: String,
}

impl Bench {
    fn new(change: impl FnOnce(&mut IssuerSettings)) -> Self {
        let key = SigningKey::es256("k");
        let token = key.token(&claims(&json!({"run_id": "7"})));
        let mut settings = github(&[key]);
        change(&mut settings);
        Self {
            directory: build(vec![settings]).unwrap(),
            token,
        }
    }

    /// The session that the JWT opens, from here.
    async fn session(&self) -> Session {
        let proof = self.proof().await;
        session_of(&proof, HERE)
    }

    async fn proof(&self) -> Proof {
        present(&self.directory, &self.token).await.unwrap()
    }

    /// Presents the JWT again, so many seconds later.
    async fn again(&self, session: Option<Session>, later: i64) -> Result<Proof, Unproven> {
        let settled = Settled::default();
        let moment = moment(&settled, HERE, NOW + later);
        present_within(&self.directory, &self.token, session.map(Arc::new), &moment).await
    }

    async fn under(&self, settled: &Settled) -> Result<Proof, Unproven> {
        let moment = moment(settled, HERE, NOW);
        present_within(&self.directory, &self.token, None, &moment).await
    }
}

/// The session that a proof by JWT opens, as the store has it.
pub(super) fn session_of(proof: &Proof, network: &str) -> Session {
    let login = proof.evidence().login().unwrap();
    Session {
        login: proof.login().unwrap(),
        identity: proof.identity().clone(),
        name: proof.name().into(),
        run: proof.facts().text(Fact::RunId).map(Arc::from),
        binding: login.binding,
        key: Arc::clone(&login.key),
        issued: login.issued,
        expires: login.expires,
        uses: 1,
        networks: [network.to_owned()].into(),
        claims: Arc::new(proof.claims().clone()),
        provider: login.provider.clone(),
        sealed: proof.evidence().sealed().cloned(),
    }
}

pub(super) fn reason(outcome: Result<Proof, Unproven>) -> RejectReason {
    match outcome {
        Err(Unproven::Rejected(rejected)) => rejected.reason,
        other => panic!("{other:?}"),
    }
}

pub(super) fn revoked(kind: &str, issuer: &str, value: &str) -> Settled {
    revoked_at(NOW, kind, issuer, value)
}

pub(super) fn revoked_at(at: i64, kind: &str, issuer: &str, value: &str) -> Settled {
    let row = RevocationRow {
        kind: kind.to_owned(),
        issuer: issuer.to_owned(),
        value: value.to_owned(),
        at_ms: at * 1000,
        actor: "alice".to_owned(),
    };
    Settled {
        revocations: Revocations::of(vec![row]),
        ..Settled::default()
    }
}

pub(super) fn expired() -> RejectReason {
    RejectReason::Expired {
        at: Timestamp::from_second(NOW + 290).unwrap(),
    }
}

#[tokio::test]
async fn a_proof_by_jwt_says_what_opens_its_session() {
    let bench = Bench::new(|settings| settings.session_limits.max_uses = NonZeroU32::new(9));
    let proof = bench.proof().await;
    assert_eq!(proof.evidence().code(), "jwt");
    let login = proof.evidence().login().unwrap();
    assert_eq!(&*login.key, "k");
    assert_eq!(login.issued.as_second(), NOW - 10);
    assert_eq!(login.expires.as_second(), NOW + 290);
    assert_eq!(login.max_uses, Some(9));
    assert!(login.session.is_none());
    let binding = bench.directory.bindings().next().unwrap();
    assert_eq!(login.binding, binding.digest);
    assert!(proof.is_bound() && proof.is_pinned());
}

#[tokio::test]
async fn an_issuer_without_a_pin_is_not_pinned() {
    let key = SigningKey::es256("k");
    let claims = json!({
        "iss": "https://kubernetes.default.svc.cluster.local", "aud": "registry.example.com",
        "sub": "system:serviceaccount:ci:builder", "iat": NOW, "exp": NOW + 3600,
        "kubernetes.io": {"namespace": "ci", "serviceaccount": {"name": "builder"}},
    });
    let token = key.token(&claims);
    let directory = build(vec![kubernetes("cluster", &[key])]).unwrap();
    assert!(!present(&directory, &token).await.unwrap().is_pinned());
}

#[tokio::test]
async fn without_a_kid_the_thumbprint_names_the_key() {
    let key = SigningKey::es256("k");
    let mut jwk = key.jwk();
    jwk.as_object_mut().unwrap().remove("kid");
    let settings = IssuerSettings {
        keys: KeySource::Inline(located(&[&json!({"keys": [jwk]}).to_string()]).remove(0)),
        ..github(&[])
    };
    let token = key.token_under(&json!({"alg": "ES256"}), &claims(&json!({})));
    let directory = build(vec![settings]).unwrap();
    let proof = present(&directory, &token).await.unwrap();
    assert_eq!(proof.evidence().login().unwrap().key.len(), 43);
}

#[tokio::test]
async fn an_expired_jwt_is_refused_with_or_without_a_session() {
    let bench = Bench::new(|_| {});
    let session = bench.session().await;
    for session in [None, Some(session)] {
        assert_eq!(reason(bench.again(session, 1000).await), expired());
    }
}

#[tokio::test]
async fn an_expired_jwt_goes_on_within_its_session_where_the_issuer_says_so() {
    let bench = Bench::new(|settings| settings.session_limits.accept_jwt_again = true);
    let session = bench.session().await;
    assert_eq!(reason(bench.again(None, 1000).await), expired());
    let proof = bench.again(Some(session.clone()), 1000).await.unwrap();
    assert_eq!(proof.evidence().code(), "jwt");
    assert_eq!(proof.until().unwrap().as_second(), NOW - 10 + 3600);
    let login = proof.evidence().login().unwrap();
    assert_eq!(login.session.as_ref().unwrap().uses, 1);
    assert!(bench.again(Some(session.clone()), 3589).await.is_ok());
    let at = Timestamp::from_second(NOW + 3590).unwrap();
    let over = reason(bench.again(Some(session), 3590).await);
    assert_eq!(over, RejectReason::SessionEnded { at });
}

#[tokio::test]
async fn only_what_its_session_decides_makes_a_jwt_ask_for_it() {
    let needs = async |change: fn(&mut IssuerSettings), later: i64| {
        let bench = Bench::new(change);
        let jwt = bench.token.parse().unwrap();
        let now = Timestamp::from_second(NOW + later).unwrap();
        let known = bench.directory.recognise(&jwt, now).await.unwrap();
        known.needs_its_session(now)
    };
    assert!(!needs(|_| {}, 0).await);
    assert!(!needs(|_| {}, 1000).await, "it is refused anyway");
    assert!(!needs(|it| it.session_limits.accept_jwt_again = true, 0).await);
    assert!(needs(|it| it.session_limits.accept_jwt_again = true, 1000).await);
    assert!(needs(|it| it.session_limits.max_uses = NonZeroU32::new(1), 0).await);
    assert!(needs(|it| it.session_limits.same_network = true, 0).await);
}

#[tokio::test]
async fn within_a_session_the_issuer_must_be_what_it_was() {
    let bench = Bench::new(|settings| settings.session_limits.accept_jwt_again = true);
    let moved = Session {
        binding: crate::short_id::ShortId::of(b"another key source"),
        ..bench.session().await
    };
    let late = bench.again(Some(moved.clone()), 1000).await;
    assert_eq!(reason(late), RejectReason::Suspended);
    assert!(
        bench.again(Some(moved), 0).await.is_ok(),
        "in its time the JWT speaks for itself"
    );
}

#[tokio::test]
async fn a_session_has_no_more_uses_than_its_issuer_gives() {
    let bench = Bench::new(|settings| settings.session_limits.max_uses = NonZeroU32::new(3));
    let used = |uses, session: &Session| Session {
        uses,
        ..session.clone()
    };
    let session = bench.session().await;
    assert!(bench.again(Some(used(2, &session)), 0).await.is_ok());
    let third = bench.again(Some(used(3, &session)), 0).await;
    assert_eq!(reason(third), RejectReason::SessionUses);
}

#[tokio::test]
async fn a_session_is_held_to_its_first_network_where_the_issuer_says_so() {
    for (held, refused) in [(false, false), (true, true)] {
        let bench = Bench::new(|settings| settings.session_limits.same_network = held);
        let mut session = bench.session().await;
        assert!(bench.again(Some(session.clone()), 0).await.is_ok());
        session.networks = [ELSEWHERE, HERE].map(str::to_owned).into();
        let outcome = bench.again(Some(session), 0).await;
        if refused {
            assert_eq!(reason(outcome), RejectReason::OtherNetwork);
        } else {
            assert!(outcome.is_ok());
        }
    }
}

#[tokio::test]
async fn a_revoked_login_does_not_begin_anew() {
    let bench = Bench::new(|_| {});
    let login = bench.proof().await.login().unwrap().to_string();
    for (kind, issuer, value, expected) in [
        ("login", "", login.as_str(), RejectReason::Revoked),
        ("run", "github", "7", RejectReason::Revoked),
        ("identity", "github", "74", RejectReason::Revoked),
        ("issuer", "github", "", RejectReason::Revoked),
        ("all", "", "", RejectReason::Revoked),
        ("key", "github", "k", RejectReason::KeyEnded),
        ("key_withdrawn", "github", "k", RejectReason::KeyEnded),
    ] {
        let settled = revoked(kind, issuer, value);
        assert_eq!(reason(bench.under(&settled).await), expected, "{kind}");
    }
    let other = revoked("run", "github", "8");
    assert!(bench.under(&other).await.is_ok());
}

#[tokio::test]
async fn an_expired_jwt_is_expired_before_it_is_revoked() {
    let bench = Bench::new(|_| {});
    let settled = revoked("all", "", "");
    let moment = moment(&settled, HERE, NOW + 1000);
    let outcome = present_within(&bench.directory, &bench.token, None, &moment).await;
    assert_eq!(reason(outcome), expired());
}

#[tokio::test]
async fn a_jwt_of_a_suspended_issuer_is_proven_and_not_bound() {
    let bench = Bench::new(|_| {});
    let bound_to = |digest| Settled {
        bindings: [("github".to_owned(), digest)].into(),
        ..Settled::default()
    };
    let digest = bench.directory.bindings().next().unwrap().digest;
    let proof = bench.under(&bound_to(digest)).await.unwrap();
    assert!(proof.is_bound());
    let elsewhere = crate::short_id::ShortId::of(b"elsewhere");
    let proof = bench.under(&bound_to(elsewhere)).await.unwrap();
    assert!(!proof.is_bound());
}

#[test]
fn a_binding_says_kind_iss_and_key_source() {
    let key = [SigningKey::es256("k")];
    let of = |settings: IssuerSettings| {
        let directory = build(vec![settings]).unwrap();
        directory.bindings().next().unwrap().clone()
    };
    let inline = of(github(&key));
    assert_eq!((&*inline.issuer, inline.kind), ("github", "github-actions"));
    assert_eq!(inline.iss, [GITHUB]);
    assert!(inline.source.starts_with("inline "), "{}", inline.source);
    assert_ne!(of(github(&[SigningKey::es256("k")])).digest, inline.digest);
    let spaced = IssuerSettings {
        keys: KeySource::Inline(located(&[&format!("{:#}", jwks(&key))]).remove(0)),
        ..github(&key)
    };
    assert_eq!(of(spaced), inline, "the same keys, written otherwise");
    let other_settings = IssuerSettings {
        audience: located(&["other.example.com"]),
        owner_id: located(&["66"]),
        allow_private_network: true,
        session_limits: SessionLimits {
            accept_jwt_again: true,
            ..SessionLimits::default()
        },
        ..github(&key)
    };
    assert_eq!(of(other_settings), inline, "it is the same platform");
    let discovered = of(IssuerSettings {
        keys: KeySource::Discovery,
        ..github(&key)
    });
    assert_eq!(discovered.source, format!("discovery {GITHUB}/"));
    let by_url = of(IssuerSettings {
        keys: KeySource::Url(located(&["https://ci.example.com/keys"]).remove(0)),
        ..github(&key)
    });
    assert_eq!(by_url.source, "url https://ci.example.com/keys");
}

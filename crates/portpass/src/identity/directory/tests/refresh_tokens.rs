//! Refresh tokens: a login goes on by what its JWT said and the settings of today.

use super::{
    sessions::{reason, revoked, revoked_at, session_of},
    *,
};
use crate::{credential::SecretKind, standing::Refreshable};

const HERE: &str = "192.0.2.0/24";
const REGISTRY: &str = "prod";

fn change_nothing(_settings: &mut IssuerSettings) {}

/// A login that was begun, and the keys of its issuer.
struct Begun {
    keys: [SigningKey; 1],
    session: Session,
}

impl Begun {
    async fn new() -> Self {
        let keys = [SigningKey::es256("k")];
        let [key] = &keys;
        let token = key.token(&claims(&json!({"run_id": "7"})));
        let directory = build(vec![github(&keys)]).unwrap();
        let proof = present(&directory, &token).await.unwrap();
        let session = session_of(&proof, HERE);
        Self { keys, session }
    }

    fn directory(&self, change: impl FnOnce(&mut IssuerSettings)) -> Directory {
        let mut settings = github(&self.keys);
        change(&mut settings);
        build(vec![settings]).unwrap()
    }

    /// Uses the refresh token so many seconds later, with other settings.
    fn later(
        &self,
        later: i64,
        change: impl FnOnce(&mut IssuerSettings),
    ) -> Result<Proof, Unproven> {
        let settled = Settled::default();
        let moment = moment(&settled, HERE, NOW + later);
        let directory = self.directory(change);
        refresh(&directory, &self.session, REGISTRY, &moment)
    }

    fn under(&self, settled: &Settled) -> Result<Proof, Unproven> {
        let moment = moment(settled, HERE, NOW + 1000);
        refresh(
            &self.directory(change_nothing),
            &self.session,
            REGISTRY,
            &moment,
        )
    }
}

fn refresh(
    directory: &Directory,
    session: &Session,
    registry: &str,
    moment: &Moment<'_>,
) -> Result<Proof, Unproven> {
    let token = Refreshable {
        registry: REGISTRY.into(),
        session: Arc::new(session.clone()),
    };
    let secret = Secret::make(SecretKind::RefreshToken).unwrap();
    directory.prove_refreshable(secret.hash(), token, registry, moment)
}

fn stranger(outcome: Result<Proof, Unproven>) -> Stranger {
    match outcome {
        Err(Unproven::Stranger(stranger)) => stranger,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_login_goes_on_after_its_jwt_has_expired() {
    let begun = Begun::new().await;
    for later in [0, 1000, 3589] {
        let proof = begun.later(later, change_nothing).unwrap();
        assert_eq!(proof.identity().to_string(), "github:74");
        assert_eq!(proof.name(), "acme/web");
        assert_eq!(proof.facts().text(Fact::Ref), Some("refs/heads/main"));
        assert_eq!(proof.claims(), &*begun.session.claims);
        assert_eq!(proof.login(), Some(begun.session.login));
        assert_eq!(proof.until().unwrap().as_second(), NOW - 10 + 3600);
        assert_eq!(proof.evidence().code(), "refresh_token");
        let login = proof.evidence().login().unwrap();
        assert_eq!(login.key, begun.session.key);
        assert_eq!(login.issued, begun.session.issued);
        assert_eq!(login.expires, begun.session.expires);
        assert!(login.session.is_some());
        assert!(proof.is_bound() && proof.is_pinned());
    }
}

#[tokio::test]
async fn a_login_ends_at_its_cap_by_the_settings_of_today() {
    let begun = Begun::new().await;
    let ended = |at| RejectReason::SessionEnded {
        at: Timestamp::from_second(at).unwrap(),
    };
    let over = begun.later(3590, change_nothing);
    assert_eq!(reason(over), ended(NOW + 3590));
    let shorter = begun.later(1000, |settings| {
        settings.session_max.value = Duration::from_mins(10);
    });
    assert_eq!(reason(shorter), ended(NOW + 590));
    let longer = begun.later(3590, |settings| {
        settings.session_max.value = Duration::from_hours(2);
    });
    assert!(longer.is_ok());
}

#[tokio::test]
async fn every_setting_but_the_age_is_that_of_today() {
    let begun = Begun::new().await;
    let audience = begun.later(1000, |settings| {
        settings.audience = located(&["other.example.com"]);
    });
    assert_eq!(reason(audience).code(), "audience_wrong");
    let lifetime = begun.later(1000, |settings| {
        settings.max_jwt_lifetime = Some(Located {
            value: Duration::from_mins(1),
            at: Place::default(),
        });
    });
    assert_eq!(reason(lifetime).code(), "too_long_lived");
    let pinned = stranger(begun.later(1000, |settings| {
        settings.owner_id = located(&["66"]);
    }));
    assert_eq!(pinned.reason, StrangerReason::NotPinned);
    assert_eq!(pinned.issuer.as_deref(), Some("github"));
    assert_eq!(pinned.login, Some(begun.session.login));
}

#[tokio::test]
async fn a_session_without_the_claims_of_its_kind_proves_nothing() {
    let mut begun = Begun::new().await;
    begun.session.claims = Arc::default();
    let nobody = stranger(begun.later(1000, change_nothing));
    assert_eq!(nobody.reason, StrangerReason::Claims);
}

#[tokio::test]
async fn a_refresh_token_is_for_one_registry() {
    let begun = Begun::new().await;
    let settled = Settled::default();
    let moment = moment(&settled, HERE, NOW + 1000);
    let directory = begun.directory(change_nothing);
    let outcome = refresh(&directory, &begun.session, "staging", &moment);
    assert_eq!(reason(outcome), RejectReason::OtherRegistry);
}

#[tokio::test]
async fn an_issuer_that_is_gone_or_repointed_ends_its_logins() {
    let begun = Begun::new().await;
    let settled = Settled::default();
    let moment = moment(&settled, HERE, NOW + 1000);
    let other = build(vec![kubernetes("cluster", &begun.keys)]).unwrap();
    let repointed = begun.directory(|settings| {
        settings.keys = KeySource::Url(located(&["https://ci.example.com/keys"]).remove(0));
    });
    for (directory, expected) in [
        (other, RejectReason::IssuerRemoved),
        (repointed, RejectReason::Suspended),
    ] {
        match refresh(&directory, &begun.session, REGISTRY, &moment) {
            Err(Unproven::Rejected(rejected)) => {
                assert_eq!(rejected.reason, expected);
                assert_eq!(rejected.identity.to_string(), "github:74");
                assert_eq!(&*rejected.name, "acme/web");
                assert_eq!(rejected.login, begun.session.login);
                assert_eq!(rejected.facts.text(Fact::RunId), Some("7"));
                assert_eq!(rejected.facts.text(Fact::Ref), None);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_revoked_login_does_not_go_on() {
    let begun = Begun::new().await;
    let login = begun.session.login.to_string();
    for (kind, issuer, value, expected) in [
        ("login", "", login.as_str(), RejectReason::Revoked),
        ("run", "github", "7", RejectReason::Revoked),
        ("identity", "github", "74", RejectReason::Revoked),
        ("issuer", "github", "", RejectReason::Revoked),
        ("all", "", "", RejectReason::Revoked),
        ("key", "github", "k", RejectReason::KeyEnded),
        ("key_withdrawn", "github", "k", RejectReason::KeyEnded),
    ] {
        let outcome = begun.under(&revoked(kind, issuer, value));
        assert_eq!(reason(outcome), expected, "{kind}");
    }
    assert!(begun.under(&revoked("identity", "github", "75")).is_ok());
}

#[tokio::test]
async fn a_login_by_a_key_that_a_replica_believed_for_too_long_does_not_go_on() {
    let begun = Begun::new().await;
    let settled = revoked_at(NOW - 3600, "key_withdrawn", "github", "k");
    assert!(begun.under(&settled).is_ok(), "the key is back");
    let without = build(vec![github(&[SigningKey::es256("l")])]).unwrap();
    let session = Session {
        binding: without.bindings().next().unwrap().digest,
        ..begun.session.clone()
    };
    let moment = moment(&settled, HERE, NOW + 1000);
    let outcome = refresh(&without, &session, REGISTRY, &moment);
    assert_eq!(reason(outcome), RejectReason::KeyEnded);
}

#[tokio::test]
async fn the_limits_of_a_session_hold_for_refresh_tokens_too() {
    let begun = Begun::new().await;
    let used_up = begun.later(1000, |settings| {
        settings.session_limits.max_uses = std::num::NonZeroU32::new(1);
    });
    assert_eq!(reason(used_up), RejectReason::SessionUses);
    let settled = Settled::default();
    let elsewhere = moment(&settled, "198.51.100.0/24", NOW + 1000);
    let held = begun.directory(|settings| settings.session_limits.same_network = true);
    let outcome = refresh(&held, &begun.session, REGISTRY, &elsewhere);
    assert_eq!(reason(outcome), RejectReason::OtherNetwork);
    let free = begun.directory(change_nothing);
    assert!(refresh(&free, &begun.session, REGISTRY, &elsewhere).is_ok());
}

#[tokio::test]
async fn a_login_under_a_suspended_issuer_that_began_there_goes_on_unbound() {
    let begun = Begun::new().await;
    let elsewhere = crate::short_id::ShortId::of(b"elsewhere");
    let settled = Settled {
        bindings: [("github".to_owned(), elsewhere)].into(),
        ..Settled::default()
    };
    assert!(!begun.under(&settled).unwrap().is_bound());
}

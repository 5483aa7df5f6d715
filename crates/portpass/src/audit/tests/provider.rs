//! What is kept of an identity provider with a session.

use super::*;
use crate::{
    relay::{SealKey, Sealed},
    session::{ProviderLogin, Rotated, Turn},
};

fn sealed(text: &str) -> Sealed {
    let key = SealKey::derive(&"key".to_owned().into());
    key.seal("test", text).unwrap()
}

/// A person, by a password that the provider took.
fn person(sealed: Option<Sealed>) -> Proof {
    let login = login(None);
    proof_of("f3a1", "alice").by(Evidence::Password { login, sealed })
}

/// The same, by a refresh token of ours.
fn person_again(session: Arc<Session>, rotated: Option<Rotated>) -> Proof {
    let secret = Secret::make(SecretKind::RefreshToken).unwrap();
    proof_of("f3a1", "alice").by(Evidence::RefreshToken {
        hash: secret.hash().clone(),
        login: login(Some(session)),
        sealed: rotated,
    })
}

/// The only session's column.
async fn stored(house: &House) -> Option<String> {
    let row = house.store.sessions(&all()).await.unwrap().remove(0);
    row.sealed
}

#[tokio::test]
async fn a_persons_session_keeps_the_providers_refresh_token() {
    let house = House::new().await;
    let one = sealed("one");
    let token = with_refresh(house.sign(person(Some(one.clone()))));
    let recorded = house.record(token).await;
    assert!(matches!(recorded.session(), Some(SessionNow::Opened(_))));
    assert!(recorded.refresh_token().is_some());
    assert_eq!(session_of(&recorded).sealed.as_ref(), Some(&one));
    assert_eq!(stored(&house).await.as_deref(), Some(one.as_str()));
    let bodies = house.bodies().await;
    assert_eq!(bodies[0]["means"], "password");
    assert!(!json!(bodies).to_string().contains(one.as_str()));
}

#[tokio::test]
async fn without_a_refresh_token_of_the_providers_a_password_opens_no_session() {
    let house = House::new().await;
    let proof = person(None);
    assert!(proof.evidence().login().is_none());
    let recorded = house.record(house.sign(proof)).await;
    assert!(recorded.session().is_none());
    assert_eq!(house.store.sessions(&all()).await.unwrap(), []);
    assert_eq!(house.bodies().await[0].get("session"), None);
}

#[tokio::test]
async fn an_exchanged_refresh_token_is_stored_and_remembered() {
    let house = House::new().await;
    let (one, two) = (sealed("one"), sealed("two"));
    let opened = session_of(&house.record(house.sign(person(Some(one.clone())))).await);
    let rotated = Rotated {
        old: one,
        new: two.clone(),
        turn: Turn::holding(()),
    };
    let again = house.sign(person_again(opened, Some(rotated)));
    let used = session_of(&house.record(again).await);
    assert_eq!((used.uses, used.sealed.as_ref()), (2, Some(&two)));
    assert_eq!(stored(&house).await.as_deref(), Some(two.as_str()));
    // The provider need not give another one.
    let kept = house.sign(person_again(used, None));
    let kept = session_of(&house.record(kept).await);
    assert_eq!((kept.uses, kept.sealed.as_ref()), (3, Some(&two)));
    assert_eq!(stored(&house).await.as_deref(), Some(two.as_str()));
}

#[tokio::test]
async fn who_exchanged_it_too_late_goes_on_with_the_one_that_stands() {
    let house = House::new().await;
    let (one, two) = (sealed("one"), sealed("two"));
    let opened = session_of(&house.record(house.sign(person(Some(one.clone())))).await);
    let to = |new: &Sealed| {
        Some(Rotated {
            old: one.clone(),
            new: new.clone(),
            turn: Turn::holding(()),
        })
    };
    let first = house.sign(person_again(Arc::clone(&opened), to(&two)));
    house.record(first).await;
    let late = house.sign(person_again(opened, to(&sealed("three"))));
    let late = session_of(&house.record(late).await);
    assert_eq!((late.uses, late.sealed.as_ref()), (3, Some(&two)));
    assert_eq!(stored(&house).await.as_deref(), Some(two.as_str()));
}

#[tokio::test]
async fn what_the_provider_said_of_a_job_is_kept_beside_its_jwt() {
    let house = House::new().await;
    let provider = Arc::new(ProviderLogin {
        issuer: "keycloak".into(),
        id: "f3a1".into(),
        binding: ShortId::of(b"keycloak"),
        key: "theirs".into(),
        issued: now(),
        expires: now() + SignedDuration::from_mins(1),
        claims: Arc::new(Map::from_iter([("groups".to_owned(), json!(["push"]))])),
    });
    let by_jwt = Login {
        provider: Some(Arc::clone(&provider)),
        ..login(None)
    };
    let job = proof_of("74", "acme/web").by(Evidence::Jwt(by_jwt));
    let opened = session_of(&house.record(house.sign(job)).await);
    assert_eq!(opened.provider.as_deref(), Some(&*provider));
    let row = house.store.sessions(&all()).await.unwrap().remove(0);
    assert_eq!(row.sealed, None);
    let read = Session::of(row).unwrap();
    assert_eq!(read.provider.as_deref(), Some(&*provider));
    assert_eq!(&*read.key, "one");
}

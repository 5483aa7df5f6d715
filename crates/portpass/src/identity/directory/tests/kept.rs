//! JWTs that come again: their signature is not checked, everything else is.

use super::*;

/// Presents a JWT so often that it is kept.
async fn kept(directory: &Directory, token: &str) -> Arc<UnverifiedJwt> {
    let jwt: Arc<UnverifiedJwt> = Arc::new(token.parse().unwrap());
    let known = directory.recognise(&jwt, now()).await.unwrap();
    directory.kept.keep(&jwt, &known);
    assert!(is_kept(directory, &jwt));
    jwt
}

fn is_kept(directory: &Directory, jwt: &UnverifiedJwt) -> bool {
    let [issuer] = directory.issuers.as_slice() else {
        panic!("one issuer");
    };
    let set = issuer.keys.set(now()).unwrap();
    directory.kept.find(jwt, &set).is_some()
}

#[tokio::test]
async fn what_is_presented_again_is_recalled_and_nothing_that_is_like_it() {
    let key = SigningKey::es256("k");
    let token = key.token(&claims(&json!({})));
    let directory = build(vec![github(&[key])]).unwrap();
    let jwt = kept(&directory, &token).await;
    let bare = Presented {
        password: Some(&token),
        ..Presented::default()
    };
    let recalled = |presented: &Presented<'_>| match directory.recall(presented)? {
        Credential::Jwt(jwt) => Some(jwt),
        other => panic!("{other:?}"),
    };
    assert!(Arc::ptr_eq(&recalled(&bare).unwrap(), &jwt));
    let longer = format!("{token}A");
    for presented in [
        Presented::default(),
        Presented {
            password: Some(&longer),
            ..Presented::default()
        },
        // The same text is read in another way there.
        Presented {
            authorization: Some(token.as_bytes()),
            ..Presented::default()
        },
        Presented {
            authorization: Some(b"Basic bTpu"),
            ..bare
        },
    ] {
        assert!(recalled(&presented).is_none(), "{presented:?}");
    }
}

#[tokio::test]
async fn a_jwt_that_comes_again_proves_the_same() {
    let key = SigningKey::es256("k");
    let token = key.token(&claims(&json!({})));
    let directory = build(vec![github(&[key])]).unwrap();
    let first = present(&directory, &token).await.unwrap();
    kept(&directory, &token).await;
    let again = present(&directory, &token).await.unwrap();
    assert_eq!(again.identity(), first.identity());
    assert_eq!(again.facts(), first.facts());
    assert_eq!(again.claims(), first.claims());
    assert_eq!(again.login(), first.login());
    assert_eq!(again.until(), first.until());
    assert_eq!(
        again.evidence().login().unwrap().key,
        first.evidence().login().unwrap().key
    );
}

#[tokio::test]
async fn another_signature_over_the_same_text_is_checked() {
    let key = SigningKey::es256("k");
    let other = SigningKey::es256("k");
    let (good, forged) = (
        key.token(&claims(&json!({}))),
        other.token(&claims(&json!({}))),
    );
    assert_eq!(
        good.rsplit_once('.').unwrap().0,
        forged.rsplit_once('.').unwrap().0
    );
    let directory = build(vec![github(&[key])]).unwrap();
    kept(&directory, &good).await;
    assert!(!is_kept(&directory, &forged.parse().unwrap()));
    assert_eq!(
        stranger_of(&directory, &forged).await,
        StrangerReason::BadSignature
    );
}

#[tokio::test]
async fn times_are_checked_each_time() {
    let key = SigningKey::es256("k");
    let token = key.token(&claims(&json!({})));
    let directory = build(vec![github(&[key])]).unwrap();
    kept(&directory, &token).await;
    let settled = Settled::default();
    let later = moment(&settled, "192.0.2.0/24", NOW + 400);
    match present_within(&directory, &token, None, &later).await {
        Err(Unproven::Rejected(rejected)) => {
            assert!(matches!(rejected.reason, RejectReason::Expired { .. }));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn another_key_under_the_same_id_ends_it() {
    let server = Server::start().await;
    let dir = tempfile::tempdir().unwrap();
    let key = SigningKey::es256("k");
    let token = key.token(&claims(&json!({})));
    server.json("/jwks", &jwks(&[key]));
    let settings = IssuerSettings {
        keys: KeySource::Url(located(&[&format!("{}/jwks", server.url)]).remove(0)),
        allow_private_network: true,
        ..github(&[])
    };
    let directory = Directory::build(vec![settings], None, dir.path(), now()).unwrap();
    directory.refresh_due(now()).await;
    let jwt = kept(&directory, &token).await;
    let later = Timestamp::from_second(NOW + 1000).unwrap();
    directory.refresh_due(later).await;
    assert!(is_kept(&directory, &jwt), "the same set is the same");
    server.json("/jwks", &jwks(&[SigningKey::es256("k")]));
    directory
        .refresh_due(Timestamp::from_second(NOW + 2000).unwrap())
        .await;
    assert!(!is_kept(&directory, &jwt));
    assert_eq!(
        stranger_of(&directory, &token).await,
        StrangerReason::BadSignature
    );
}

#[tokio::test]
async fn a_reload_begins_anew() {
    let dir = tempfile::tempdir().unwrap();
    let key = SigningKey::es256("k");
    let token = key.token(&claims(&json!({})));
    let settings = github(&[key]);
    let elsewhere = IssuerSettings {
        owner_id: located(&["66"]),
        ..settings.clone()
    };
    let directory = build(vec![settings]).unwrap();
    kept(&directory, &token).await;
    let reloaded = Directory::build(vec![elsewhere], Some(&directory), dir.path(), now()).unwrap();
    assert_eq!(
        stranger_of(&reloaded, &token).await,
        StrangerReason::NotPinned
    );
}

#[tokio::test]
async fn what_two_issuers_could_have_signed_is_not_kept() {
    let keys = [SigningKey::es256("a"), SigningKey::es256("b")];
    let claims = json!({
        "iss": "https://kubernetes.default.svc.cluster.local", "aud": "registry.example.com",
        "sub": "system:serviceaccount:build:ci", "iat": NOW - 10, "exp": NOW + 290,
        "kubernetes.io": {"namespace": "build", "serviceaccount": {"name": "ci", "uid": "u"}},
    });
    let token = keys[0].token(&claims);
    let [a, b] = keys;
    let directory = build(vec![kubernetes("one", &[a]), kubernetes("two", &[b])]).unwrap();
    let jwt: UnverifiedJwt = token.parse().unwrap();
    let known = directory.recognise(&jwt, now()).await.unwrap();
    assert!(known.by.is_none());
}

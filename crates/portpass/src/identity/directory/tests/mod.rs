//! JWTs as platforms sign them, and as strangers do, from end to end.

mod described;
mod kept;
mod refresh_tokens;
mod sessions;
mod suppose;
mod withdrawn_keys;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{
    super::{
        Fact, FactValue, KeySource, Missing, RejectReason, Rejected, SessionLimits, Stranger,
        listening::Server,
        signing::{SigningKey, jwks},
    },
    *,
};
use crate::{config::Located, credential::Presented, session::Session};

const NOW: i64 = 1_700_000_000;
const GITHUB: &str = "https://token.actions.githubusercontent.com";

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

fn located(texts: &[&str]) -> Vec<Located<String>> {
    let located = |text: &&str| Located {
        value: (*text).to_owned(),
        at: Place::default(),
    };
    texts.iter().map(located).collect()
}

fn settings(name: &str, kind: IssuerKind, keys: &[SigningKey]) -> IssuerSettings {
    IssuerSettings {
        name: name.to_owned(),
        at: Place::default(),
        kind: Located {
            value: kind,
            at: Place::default(),
        },
        url: None,
        iss: Vec::new(),
        audience: located(&["registry.example.com"]),
        allow_extra_audiences: false,
        owner_id: Vec::new(),
        owner_path: Vec::new(),
        repository_id: Vec::new(),
        namespace: Vec::new(),
        id: Vec::new(),
        allow_foreign_audience: None,
        groups_claim: None,
        id_claim: None,
        algorithms: Some(located(&["ES256"])),
        session_max: Located {
            value: Duration::from_hours(1),
            at: Place::default(),
        },
        session_limits: SessionLimits::default(),
        max_jwt_lifetime: None,
        keys: KeySource::Inline(located(&[&jwks(keys).to_string()]).remove(0)),
        ca: None,
        bearer_file: None,
        allow_private_network: false,
        allow_lints: Vec::new(),
    }
}

fn github(keys: &[SigningKey]) -> IssuerSettings {
    IssuerSettings {
        owner_id: located(&["65"]),
        ..settings("github", IssuerKind::GithubActions, keys)
    }
}

fn kubernetes(name: &str, keys: &[SigningKey]) -> IssuerSettings {
    IssuerSettings {
        iss: located(&["https://kubernetes.default.svc.cluster.local"]),
        ..settings(name, IssuerKind::Kubernetes, keys)
    }
}

fn build(settings: Vec<IssuerSettings>) -> Result<Directory, Vec<String>> {
    let dir = tempfile::tempdir().unwrap();
    Directory::build(settings, None, dir.path(), now())
        .map_err(|faults| faults.into_iter().map(|fault| fault.message).collect())
}

/// The one fault there is.
fn fault(settings: IssuerSettings) -> String {
    let mut faults = build(vec![settings]).unwrap_err();
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults.remove(0)
}

fn claims(changes: &Value) -> Value {
    let mut claims = json!({
        "iss": GITHUB, "aud": "registry.example.com", "sub": "repo:acme/web:ref:refs/heads/main",
        "iat": NOW - 10, "nbf": NOW - 600, "exp": NOW + 290,
        "repository": "acme/web", "repository_id": "74",
        "repository_owner": "acme", "repository_owner_id": "65",
        "ref": "refs/heads/main", "ref_type": "branch", "event_name": "push",
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

/// Where a login is used, and nothing is settled.
fn moment<'a>(settled: &'a Settled, network: &'a str, at: i64) -> Moment<'a> {
    Moment {
        network,
        settled,
        now: Timestamp::from_second(at).unwrap(),
    }
}

/// Presents a JWT whose session, if there is one, is known.
async fn present_within(
    directory: &Directory,
    token: &str,
    session: Option<Arc<Session>>,
    moment: &Moment<'_>,
) -> Result<Proof, Unproven> {
    let presented = Presented {
        password: Some(token),
        ..Presented::default()
    };
    match Credential::from_request(&presented)? {
        Credential::Jwt(jwt) => {
            let known = directory.recognise(&jwt, moment.now).await?;
            known.prove_by_jwt(session, moment)
        }
        other => panic!("{other:?}"),
    }
}

async fn present(directory: &Directory, token: &str) -> Result<Proof, Unproven> {
    let settled = Settled::default();
    let moment = moment(&settled, "192.0.2.0/24", NOW);
    present_within(directory, token, None, &moment).await
}

async fn stranger_of(directory: &Directory, token: &str) -> StrangerReason {
    match present(directory, token).await {
        Err(Unproven::Stranger(stranger)) => stranger.reason,
        other => panic!("{other:?}"),
    }
}

async fn rejection_of(directory: &Directory, token: &str) -> Rejected {
    match present(directory, token).await {
        Err(Unproven::Rejected(rejected)) => *rejected,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_jwt_proves_its_repository() {
    let key = SigningKey::es256("k");
    let token = key.token(&claims(&json!({})));
    let directory = build(vec![github(&[key])]).unwrap();
    let proof = present(&directory, &token).await.unwrap();
    assert_eq!(proof.identity().to_string(), "github:74");
    assert_eq!(proof.name(), "acme/web");
    assert_eq!(proof.facts().text(Fact::Issuer), Some("github"));
    assert_eq!(proof.claims()["aud"], "registry.example.com");
    assert_eq!(proof.until().unwrap().as_second(), NOW - 10 + 3600);
    assert!(proof.login().is_some() && !proof.is_anonymous());
}

#[test]
fn nothing_presented_proves_nobody() {
    let proof = Proof::anonymous();
    assert_eq!(proof.identity().issuer(), "anonymous");
    assert!(proof.is_anonymous() && proof.until().is_none() && proof.claims().is_empty());
    assert_eq!(proof.evidence().code(), "anonymous");
}

#[tokio::test]
async fn only_the_configured_iss_is_believed_and_nobody_else_is_asked() {
    let elsewhere = Server::start().await;
    let key = SigningKey::es256("k");
    let tokens: Vec<_> = [
        "https://token.actions.githubusercontent.com/",
        "https://token.actions.githubusercontent.com.evil.example",
        "https://token.actions.githubusercontent.com/acme",
        "https://token.actions.githubusercontent.com@evil.example",
        "HTTPS://token.actions.githubusercontent.com",
        "http://token.actions.githubusercontent.com",
        "https://token.actions.githubuserconten\u{442}.com",
        elsewhere.url.as_str(),
    ]
    .iter()
    .map(|iss| key.token(&claims(&json!({"iss": iss}))))
    .collect();
    let directory = build(vec![github(&[key])]).unwrap();
    for token in tokens {
        assert_eq!(
            stranger_of(&directory, &token).await,
            StrangerReason::UnknownIssuer
        );
    }
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn a_signature_of_another_key_is_refused() {
    let (ours, theirs) = (SigningKey::es256("k"), SigningKey::es256("k"));
    let forged = theirs.token(&claims(&json!({})));
    let good = ours.token(&claims(&json!({})));
    let directory = build(vec![github(&[ours])]).unwrap();
    assert_eq!(
        stranger_of(&directory, &forged).await,
        StrangerReason::BadSignature
    );
    let (head, _) = good.rsplit_once('.').unwrap();
    let (input, payload) = head.split_once('.').unwrap();
    let changed = URL_SAFE_NO_PAD.encode(claims(&json!({"repository_id": "75"})).to_string());
    assert_ne!(payload, changed);
    let signature = good.rsplit_once('.').unwrap().1;
    assert_eq!(
        stranger_of(&directory, &format!("{input}.{changed}.{signature}")).await,
        StrangerReason::BadSignature
    );
}

#[tokio::test]
async fn an_unknown_key_is_refused() {
    let (ours, theirs) = (SigningKey::es256("k"), SigningKey::es256("other"));
    let forged = theirs.token(&claims(&json!({})));
    let directory = build(vec![github(&[ours])]).unwrap();
    assert_eq!(
        stranger_of(&directory, &forged).await,
        StrangerReason::UnknownKey
    );
}

#[tokio::test]
async fn algorithms_are_the_issuers_and_the_keys() {
    let (rsa, ec) = (SigningKey::rs256("r"), SigningKey::es256("e"));
    let by_rsa = rsa.token(&claims(&json!({})));
    let by_ec = ec.token(&claims(&json!({})));
    let confused = ec.token_under(&json!({"alg": "RS256", "kid": "e"}), &claims(&json!({})));
    let none = ec.token_under(&json!({"alg": "none"}), &claims(&json!({})));
    let hmac = ec.token_under(&json!({"alg": "HS256", "kid": "r"}), &claims(&json!({})));
    let default = IssuerSettings {
        algorithms: None,
        ..github(&[rsa, ec])
    };
    let directory = build(vec![default]).unwrap();
    assert!(
        present(&directory, &by_rsa).await.is_ok(),
        "RS256 is GitHub's"
    );
    for refused in [by_ec, none, hmac] {
        assert_eq!(
            stranger_of(&directory, &refused).await,
            StrangerReason::Algorithm
        );
    }
    assert_eq!(
        stranger_of(&directory, &confused).await,
        StrangerReason::UnknownKey
    );
}

#[tokio::test]
async fn keys_in_the_header_are_never_used() {
    let (ours, theirs) = (SigningKey::es256("k"), SigningKey::es256("k"));
    let claims = claims(&json!({}));
    let with_key = json!({"alg": "ES256", "kid": "k", "jwk": theirs.jwk()});
    let with_chain = json!({"alg": "ES256", "kid": "k", "x5c": ["MIIB"]});
    let (jwk, x5c) = (
        theirs.token_under(&with_key, &claims),
        theirs.token_under(&with_chain, &claims),
    );
    let directory = build(vec![github(&[ours])]).unwrap();
    assert_eq!(
        stranger_of(&directory, &jwk).await,
        StrangerReason::ForbiddenHeader
    );
    assert_eq!(
        stranger_of(&directory, &x5c).await,
        StrangerReason::BadSignature
    );
}

#[tokio::test]
async fn another_owner_is_a_stranger_whatever_else_is_wrong() {
    let key = SigningKey::es256("k");
    let stranger = json!({"repository_owner_id": "999"});
    let expired = json!({"repository_owner_id": "999", "exp": 1, "iat": 0, "aud": "x"});
    let tokens = [stranger, expired].map(|changes| key.token(&claims(&changes)));
    let directory = build(vec![github(&[key])]).unwrap();
    for token in tokens {
        match present(&directory, &token).await {
            Err(Unproven::Stranger(stranger)) => {
                assert_eq!(stranger.reason, StrangerReason::NotPinned);
                assert_eq!(stranger.issuer.as_deref(), Some("github"));
                assert_eq!(stranger.detail.unwrap(), "owner_id 999 is not pinned");
                assert!(!stranger.reason.to_string().contains("999"));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_known_caller_is_told_what_is_wrong_and_is_recorded() {
    let key = SigningKey::es256("k");
    let tokens = [
        json!({"exp": NOW - 150, "iat": NOW - 450}),
        json!({"aud": "sts.amazonaws.com"}),
        json!({"aud": ["registry.example.com", "sts.amazonaws.com"]}),
        json!({"exp": NOW + 86_400}),
        json!({"exp": "9999999999"}),
        json!({"aud": null, "exp": null}),
    ]
    .map(|changes| key.token(&claims(&changes)));
    let directory = build(vec![github(&[key])]).unwrap();
    let mut reasons = Vec::new();
    for token in tokens {
        let rejected = rejection_of(&directory, &token).await;
        assert_eq!(rejected.identity.to_string(), "github:74");
        assert_eq!(&*rejected.name, "acme/web");
        reasons.push(format!("{}: {}", rejected.reason.code(), rejected.reason));
    }
    insta::assert_snapshot!(reasons.join("\n"), @r"
    expired: the JWT expired at 2023-11-14T22:10:50Z
    audience_wrong: the JWT is for sts.amazonaws.com, and not for this server
    audience_shared: the JWT is for other services, too: registry.example.com, sts.amazonaws.com
    too_long_lived: the JWT lives 24 h, longer than github accepts
    time_malformed: the JWT's exp is missing or not a time
    time_malformed: the JWT's exp is missing or not a time
    ");
}

#[tokio::test]
async fn claims_of_another_platform_are_refused() {
    let key = SigningKey::es256("k");
    let tokens = [
        json!({"repository_id": 74}),
        json!({"repository_id": null}),
        json!({"actor": "a\nb"}),
    ]
    .map(|changes| key.token(&claims(&changes)));
    let directory = build(vec![github(&[key])]).unwrap();
    for token in tokens {
        assert_eq!(
            stranger_of(&directory, &token).await,
            StrangerReason::Claims
        );
    }
}

#[tokio::test]
async fn two_clusters_with_one_iss_are_told_apart_by_their_keys() {
    // The same key id on both: the signature decides.
    let (one, two) = (SigningKey::es256("k"), SigningKey::es256("k"));
    let claims = json!({
        "iss": "https://kubernetes.default.svc.cluster.local", "aud": ["registry.example.com"],
        "sub": "system:serviceaccount:ci:builder", "iat": NOW, "exp": NOW + 3600,
        "kubernetes.io": {"namespace": "ci", "serviceaccount": {"name": "builder"}},
    });
    let (first, second) = (one.token(&claims), two.token(&claims));
    let third = SigningKey::es256("k").token(&claims);
    let directory = build(vec![kubernetes("one", &[one]), kubernetes("two", &[two])]).unwrap();
    let identity = async |token: &str| {
        let proof = present(&directory, token).await.unwrap();
        proof.identity().to_string()
    };
    assert_eq!(identity(&first).await, "one:ci/builder");
    assert_eq!(identity(&second).await, "two:ci/builder");
    assert_eq!(
        stranger_of(&directory, &third).await,
        StrangerReason::BadSignature
    );
}

#[tokio::test]
async fn one_iss_may_serve_two_issuers_with_other_owners() {
    let key = SigningKey::es256("k");
    let token = key.token(&claims(&json!({"repository_owner_id": "66"})));
    let keys = [key];
    let second = |owner: &str| IssuerSettings {
        name: "partner".to_owned(),
        owner_id: located(&[owner]),
        ..github(&keys)
    };
    let directory = build(vec![github(&keys), second("66")]).unwrap();
    let proof = present(&directory, &token).await.unwrap();
    assert_eq!(proof.identity().issuer(), "partner");
    let faults = build(vec![github(&keys), second("65")]).unwrap_err();
    assert_eq!(
        faults,
        [
            "issuers \"github\" and \"partner\" share iss, tenants and maybe keys, so a JWT could be either's: \
          give them owner_id lists with nothing in common, or leave one out"
        ]
    );
}

#[test]
fn sources_on_one_server_may_be_the_same_keys() {
    let by = |name: &str, keys: Option<&str>, owners: &[&str]| IssuerSettings {
        url: Some(located(&["https://forge.example.com"]).remove(0)),
        owner_id: located(owners),
        keys: keys.map_or(KeySource::Discovery, |url| {
            KeySource::Url(located(&[url]).remove(0))
        }),
        ..settings(name, IssuerKind::Forgejo, &[])
    };
    for (url, owners, loads) in [
        (
            "https://forge.example.com/api/actions/.well-known/keys",
            &["65"][..],
            false,
        ),
        ("https://forge.example.com:443/keys", &[], false),
        ("https://forge.example.com/keys", &["66"], true),
        ("https://forge.example.com:8443/keys", &["65"], true),
        ("https://keys.example.com/keys", &["65"], true),
    ] {
        let built = build(vec![by("one", None, &["65"]), by("two", Some(url), owners)]);
        assert_eq!(built.is_ok(), loads, "{url} {owners:?}");
    }
}

#[tokio::test]
async fn a_jwt_that_two_issuers_take_for_theirs_is_nobodys() {
    let key = SigningKey::es256("k");
    let token = key.token(&claims(&json!({})));
    let other = IssuerSettings {
        name: "again".to_owned(),
        ..github(&[SigningKey::es256("another")])
    };
    let mut doubled = jwks(std::slice::from_ref(&key));
    doubled["comment"] = json!("the same key from another source");
    let other = IssuerSettings {
        keys: KeySource::Inline(located(&[&doubled.to_string()]).remove(0)),
        ..other
    };
    let directory = build(vec![github(&[key]), other]).unwrap();
    assert_eq!(
        stranger_of(&directory, &token).await,
        StrangerReason::Ambiguous
    );
}

#[tokio::test]
async fn an_access_token_is_an_identity_providers_only() {
    let key = SigningKey::es256("k");
    let header = json!({"alg": "ES256", "kid": "k", "typ": "at+jwt"});
    let of_github = key.token_under(&header, &claims(&json!({})));
    let of_idp = key.token_under(&header, &claims(&json!({"iss": "https://idp.example.com"})));
    let keys = [key];
    let idp = IssuerSettings {
        url: Some(located(&["https://idp.example.com"]).remove(0)),
        ..settings("idp", IssuerKind::Oidc, &keys)
    };
    let directory = build(vec![github(&keys), idp]).unwrap();
    assert_eq!(
        stranger_of(&directory, &of_github).await,
        StrangerReason::Type
    );
    assert!(present(&directory, &of_idp).await.is_ok());
}

#[tokio::test]
async fn groups_are_of_the_claim_that_the_issuer_names() {
    let key = SigningKey::es256("k");
    let token = key.token(&claims(&json!({
        "iss": "https://idp.example.com",
        "groups": ["plain"],
        "realm_access": { "roles": ["nested"] },
    })));
    let keys = [key];
    for (claim, group) in [(None, "plain"), (Some("realm_access.roles"), "nested")] {
        let idp = IssuerSettings {
            url: Some(located(&["https://idp.example.com"]).remove(0)),
            groups_claim: claim.map(|claim| located(&[claim]).remove(0)),
            ..settings("idp", IssuerKind::Oidc, &keys)
        };
        let proof = present(&build(vec![idp]).unwrap(), &token).await.unwrap();
        let expected = FactValue::List(vec![group.to_owned()]);
        assert_eq!(proof.facts().get(Fact::IdpGroups), Some(&expected));
    }
}

#[tokio::test]
async fn an_issuer_that_is_down_is_not_the_callers_fault() {
    let server = Server::start().await;
    let key = SigningKey::es256("k");
    let url = format!("{}/jwks", server.url);
    let down = |allow_private_network| IssuerSettings {
        keys: KeySource::Url(located(&[&url]).remove(0)),
        allow_private_network,
        ..github(&[])
    };
    let directory = build(vec![down(true)]).unwrap();
    let token = key.token(&claims(&json!({})));
    match present(&directory, &token).await {
        Err(Unproven::Unavailable {
            what: Missing::Keys,
            issuer,
            login: Some(_),
            reason,
        }) => {
            assert_eq!(issuer.as_deref(), Some("github"));
            assert!(reason.ends_with("answered 404 Not Found"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
    let status = directory.status(now()).remove(0);
    assert_eq!((status.keys, status.usable, status.fetches), (0, false, 1));
    assert_eq!(
        fault(down(false)),
        "127.0.0.1 is a private address: set allow_private_network = true for this issuer, or use \
         its public address"
    );
}

#[tokio::test]
async fn a_reload_keeps_the_keys_of_an_unchanged_source() {
    let server = Server::start().await;
    let key = SigningKey::es256("k");
    server.json("/jwks", &jwks(std::slice::from_ref(&key)));
    let dir = tempfile::tempdir().unwrap();
    let at = |path: &str| IssuerSettings {
        keys: KeySource::Url(located(&[&format!("{}{path}", server.url)]).remove(0)),
        allow_private_network: true,
        ..github(&[])
    };
    let first = Directory::build(vec![at("/jwks")], None, dir.path(), now()).unwrap();
    first.refresh_due(now()).await;
    let same = Directory::build(vec![at("/jwks")], Some(&first), dir.path(), now()).unwrap();
    assert_eq!(same.status(now()).remove(0).keys, 1);
    let moved = Directory::build(vec![at("/other")], Some(&same), dir.path(), now()).unwrap();
    assert_eq!(moved.status(now()).remove(0).keys, 0);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn shared_issuers_need_owner_ids() {
    let gitlab = |url: Option<&str>, ids: &[&str], paths: &[&str]| IssuerSettings {
        url: url.map(|url| located(&[url]).remove(0)),
        owner_id: located(ids),
        owner_path: located(paths),
        ..settings("gitlab", IssuerKind::Gitlab, &[SigningKey::es256("k")])
    };
    for (url, ids, paths, loads) in [
        (None, &["9"][..], &[][..], true),
        (None, &[], &["acme"], false),
        (Some("https://gitlab.com"), &[], &[], false),
        (Some("https://git.example.com"), &[], &[], true),
        (Some("https://git.example.com"), &[], &["acme"], true),
        (None, &["acme"], &[], false),
        (None, &["*"], &[], false),
    ] {
        let built = build(vec![gitlab(url, ids, paths)]);
        assert_eq!(built.is_ok(), loads, "{url:?} {ids:?} {paths:?}");
    }
    let keys = [SigningKey::es256("k")];
    for iss in [GITHUB, "https://token.actions.githubusercontent.com/acme"] {
        let unpinned = IssuerSettings {
            iss: located(&[iss]),
            repository_id: located(&["74"]),
            owner_id: Vec::new(),
            ..github(&keys)
        };
        assert!(fault(unpinned).starts_with("owner_id is missing"));
    }
    let forgejo = |url: &str| IssuerSettings {
        url: Some(located(&[url]).remove(0)),
        ..settings("forgejo", IssuerKind::Forgejo, &keys)
    };
    assert!(build(vec![forgejo("https://codeberg.org")]).is_err());
    assert!(build(vec![forgejo("https://forge.example.com")]).is_ok());
    let disguised = IssuerSettings {
        iss: located(&[GITHUB]),
        ..settings("github", IssuerKind::Oidc, &keys)
    };
    assert!(fault(disguised).contains("use the platform's own kind"));
}

#[test]
fn every_setting_that_cannot_work_is_a_fault() {
    let keys = [SigningKey::es256("k")];
    let at = |url: &str| IssuerSettings {
        url: Some(located(&[url]).remove(0)),
        keys: KeySource::Discovery,
        ..settings("cluster", IssuerKind::Kubernetes, &[])
    };
    let hours = |hours| Located {
        value: Duration::from_hours(hours),
        at: Place::default(),
    };
    let bearer = Located {
        value: "/run/token".into(),
        at: Place::default(),
    };
    let faults = [
        IssuerSettings {
            name: "token".into(),
            ..github(&keys)
        },
        IssuerSettings {
            name: "My_Hub".into(),
            ..github(&keys)
        },
        IssuerSettings {
            audience: Vec::new(),
            ..github(&keys)
        },
        IssuerSettings {
            session_max: hours(7),
            ..github(&keys)
        },
        IssuerSettings {
            max_jwt_lifetime: Some(hours(25)),
            ..github(&keys)
        },
        IssuerSettings {
            algorithms: Some(located(&["HS256"])),
            ..github(&keys)
        },
        IssuerSettings {
            algorithms: Some(located(&["RS265"])),
            ..github(&keys)
        },
        IssuerSettings {
            namespace: located(&["ci"]),
            ..github(&keys)
        },
        // Whose platform a faulty address is, nobody knows.
        IssuerSettings {
            url: Some(located(&["https://10.0.0.1"]).remove(0)),
            ..settings("gitlab", IssuerKind::Gitlab, &keys)
        },
        IssuerSettings {
            groups_claim: Some(located(&["roles"]).remove(0)),
            ..github(&keys)
        },
        IssuerSettings {
            id_claim: Some(located(&["oid"]).remove(0)),
            ..github(&keys)
        },
        IssuerSettings {
            bearer_file: Some(bearer),
            ..github(&keys)
        },
        settings("forge", IssuerKind::Forgejo, &keys),
        at("http://api.example.com"),
        at("https://10.0.0.1:6443"),
        at("https://169.254.169.254"),
        at("https://user@api.example.com"),
        at("cluster"),
        github(&[]),
    ]
    .map(fault)
    .join("\n");
    insta::assert_snapshot!(faults, @r#"
    the issuer name "token" is reserved: choose another
    the issuer name "My_Hub" is not valid: use a-z and 0-9, with single '.', '_' or '-' between them, at most 64 characters
    audience is missing: name what the JWT's aud must be, such as the registry's host
    session_max may be at most "6h"
    max_jwt_lifetime must be more than nothing and at most "24h"
    "HS256" is not an algorithm with a public key: use EdDSA, ES256, ES384, PS256, PS384, PS512, RS256, RS384, RS512
    "RS265" is not an algorithm with a public key: did you mean `RS256`?
    kind "github-actions" has no namespace
    10.0.0.1 is a private address: set allow_private_network = true for this issuer, or use its public address
    groups_claim is for kind "oidc": the others know no groups of an identity provider
    id_claim is for kind "oidc": the other kinds have an id of their own
    bearer_file would never be sent: the keys do not come from the issuer's own address, which url sets
    url is missing: kind "forgejo" needs the issuer's address
    "http://api.example.com" must begin with https:// (http:// is for this machine's own addresses)
    10.0.0.1 is a private address: set allow_private_network = true for this issuer, or use its public address
    169.254.169.254 is never asked for keys
    an address may not contain a user name or password
    "cluster" is not an address: relative URL without a base
    the key set cannot be used: inline: it contains no key that can be used
    "#);
}

#[test]
fn names_have_a_grammar() {
    let loads = |name: &str| {
        let named = IssuerSettings {
            name: name.to_owned(),
            ..github(&[SigningKey::es256("k")])
        };
        build(vec![named]).is_ok()
    };
    for good in ["github", "a", "gitlab-2", "acme.ghe", "a_b-c.d"] {
        assert!(loads(good), "{good}");
    }
    for bad in [
        "",
        "-a",
        "a-",
        "a--b",
        "A",
        "a/b",
        "ä",
        "anonymous",
        "local",
        "token",
    ] {
        assert!(!loads(bad), "{bad}");
    }
}

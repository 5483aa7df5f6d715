//! Operators' questions over the files, as a command asks them while no server runs.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use axum::{body::Body, http::Request};
use jiff::Timestamp;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::BufReader;
use tower::ServiceExt as _;

use super::*;
use crate::{
    clock::Clock,
    config::{self, SecretText},
    metrics::Metrics,
    snapshot::Snapshot,
    store::{Conditions, DataDir, EventFilter, InboxRow, RowFilter, Store},
};

const FILE: &str = r#"
public_url = "https://registry.example.com"
[store]
data_dir = "data"
[registry.prod]
service = "registry.example.com"
kind = "distribution"
[issuer.github]
kind = "github-actions"
audience = ["registry.example.com"]
owner_id = ["65"]
jwks = '''{ "keys": [{ "kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "one",
"x": "2UehAwYNz_JfYYj5AFb1njaDwEu5n3KU8FadM9waMHM",
"y": "mvQ3NOVI6SOOtlavD7LpE5VyuG0lTdOtI-NBZbiHLHI" }] }'''
algorithms = ["ES256"]
[group.acl_docker_push]
operators = true
[group.anything]
operators = true
[group.kept]
members = [{ issuer = "github", id = "7" }]
[rule.push]
group = "acl_docker_push"
when = { event = "push", ref_protected = true }
push = ["**"]
[rule.anything]
group = "anything"
any_run = true
push = ["**"]
"#;

/// A data folder of its own, and whoever answers over it.
struct Desk {
    folder: TempDir,
    store: Store,
    client: Client,
    admin: Admin,
    _data_dir: DataDir,
}

async fn desk() -> Desk {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("portpass.toml");
    std::fs::write(&path, FILE).unwrap();
    let config = config::load(&path).unwrap_or_else(|error| panic!("{error}"));
    let clock = Clock::fixed("2026-01-01T00:00:00Z".parse().unwrap());
    let snapshot = Snapshot::of(&config, None, clock.now());
    let snapshot = snapshot.unwrap_or_else(|error| panic!("{error}"));
    let data_dir = DataDir::claim(&config.data_dir).unwrap();
    let store = Store::open(&data_dir, None).await.unwrap();
    let keys = config.data_dir.join("keys");
    let admin = Admin::of_files(clock, snapshot, store.clone(), keys);
    Desk {
        folder,
        store,
        client: Client::here(admin.clone(), 7),
        admin,
        _data_dir: data_dir,
    }
}

impl Desk {
    /// What each operator's event says was done, and by whom.
    async fn deeds(&self) -> Vec<String> {
        let events = self.store.events(&EventFilter::default(), 100).await;
        let told = events.unwrap().into_iter().map(|row| {
            assert_eq!(row.kind, "operator");
            let event = crate::audit::Event::from(row);
            let word = |key: &str| event.body[key].as_str().unwrap().to_owned();
            format!("{}: {}", word("actor"), word("action"))
        });
        told.collect()
    }

    async fn add(&self, group: &str, issuer: &str, id: &str) -> Result<Changed, ClientError> {
        let question = AddMember {
            name: group.to_owned(),
            issuer: issuer.to_owned(),
            id: id.to_owned(),
        };
        self.client.ask(&question).await
    }

    /// Enters github:74 into the inbox.
    async fn refuse(&self) {
        let facts = json!({
            "issuer": "github", "repository": "acme/web", "repository_id": "74", "owner_id": "65",
            "event": "push", "ref": "refs/heads/main", "ref_protected": true,
        });
        let conditions = Conditions {
            inbox: Some(InboxRow {
                issuer: "github".to_owned(),
                identity: "74".to_owned(),
                name: "acme/web".to_owned(),
                registry: "prod".to_owned(),
                asked: "repository:web:pull,push".to_owned(),
                facts: facts.to_string(),
                count: 2,
                first_ms: 1,
                last_ms: 2,
            }),
            ..Conditions::default()
        };
        let mut transaction = self.store.begin().await.unwrap();
        transaction.settle(&[&conditions]).await.unwrap();
        transaction.commit().await.unwrap();
    }

    async fn approve(&self, group: Option<&str>) -> Result<Approved, ClientError> {
        let question = Approve {
            issuer: "github".to_owned(),
            id: "74".to_owned(),
            group: group.map(str::to_owned),
        };
        self.client.ask(&question).await
    }

    async fn backup(&self) -> Vec<u8> {
        let mut copy = Vec::new();
        let question = Backup { keys: true };
        self.client.backup(question, &mut copy).await.unwrap();
        copy
    }

    async fn restore(&self, copy: &[u8]) -> Result<Restored, RestoreError> {
        let keys = self.folder.path().join("data/keys");
        let now: Timestamp = "2026-01-02T00:00:00Z".parse().unwrap();
        restore(&self.store, &keys, BufReader::new(copy), 8, now).await
    }

    fn keys(&self) -> std::path::PathBuf {
        self.folder.path().join("data/keys")
    }
}

#[tokio::test]
async fn private_keys_are_not_given_out_over_the_network() {
    let desk = desk().await;
    std::fs::create_dir_all(desk.keys()).unwrap();
    let secret = "a token of thirty-two bytes or so";
    let tokens = BTreeMap::from([("alice".to_owned(), SecretText::from(secret.to_owned()))]);
    let router = protected(desk.admin.clone(), &tokens, Arc::new(Metrics::new()));
    for (query, status) in [("?keys=true", 422), ("", 200)] {
        let request = Request::get(format!("/backup{query}"))
            .header("authorization", format!("Bearer {secret}"))
            .body(Body::empty())
            .unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{query}");
    }
}

fn refusal<T: std::fmt::Debug>(answer: Result<T, ClientError>) -> String {
    match answer {
        Err(ClientError::Refused(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_member_is_added_before_it_was_ever_seen() {
    let desk = desk().await;
    assert!(
        desk.add("acl_docker_push", "github", "74")
            .await
            .unwrap()
            .changed
    );
    assert!(
        !desk
            .add("acl_docker_push", "github", "74")
            .await
            .unwrap()
            .changed
    );
    let question = Members {
        name: "acl_docker_push".to_owned(),
    };
    let [member]: [Member; 1] = desk
        .client
        .ask(&question)
        .await
        .unwrap()
        .try_into()
        .unwrap();
    assert_eq!((member.id.as_str(), member.actor.as_str()), ("74", "uid 7"));
    assert_eq!(member.name, None);
    let groups = desk.client.ask(&Groups::default()).await.unwrap();
    let counts: Vec<_> = groups
        .iter()
        .map(|it| (it.name.as_str(), it.members))
        .collect();
    assert_eq!(counts, [("acl_docker_push", 1), ("anything", 0)]);
    let removed = RemoveMember {
        name: "acl_docker_push".to_owned(),
        issuer: "github".to_owned(),
        id: "74".to_owned(),
    };
    assert!(desk.client.ask(&removed).await.unwrap().changed);
    assert!(!desk.client.ask(&removed).await.unwrap().changed);
    assert_eq!(
        desk.deeds().await,
        ["uid 7: groups add", "uid 7: groups remove"]
    );
}

#[tokio::test]
async fn what_cannot_be_a_member_is_refused_and_leaves_no_event() {
    let desk = desk().await;
    for (group, issuer, id, said) in [
        (
            "acl_docker_pus",
            "github",
            "74",
            "did you mean `acl_docker_push`?",
        ),
        ("kept", "github", "74", "is kept in the file"),
        ("acl_docker_push", "gitub", "74", "did you mean `github`?"),
        (
            "acl_docker_push",
            "github",
            "acme/web",
            "the repository's number",
        ),
        (
            "acl_docker_push",
            "token",
            "74",
            "the one group that it was made for",
        ),
    ] {
        let text = refusal(desk.add(group, issuer, id).await);
        assert!(text.contains(said), "{text}");
    }
    assert_eq!(desk.deeds().await, [""; 0]);
}

#[tokio::test]
async fn approval_puts_into_a_group_and_never_frees_a_push_of_its_run() {
    let desk = desk().await;
    assert!(refusal(desk.approve(None).await).contains("does not wait in the inbox"));
    desk.refuse().await;
    let rule = desk.approve(None).await.unwrap().rule.unwrap();
    assert!(
        rule.contains("repository_id = \"74\"") && rule.contains("refs/heads/main"),
        "{rule}"
    );
    let text = refusal(desk.approve(Some("anything")).await);
    assert!(text.contains("groups add anything github:74"), "{text}");
    assert_eq!(desk.client.ask(&Inbox::default()).await.unwrap().len(), 1);
    let approved = desk.approve(Some("acl_docker_push")).await.unwrap();
    assert!(approved.changed && approved.rule.is_none());
    assert_eq!(desk.client.ask(&Inbox::default()).await.unwrap(), []);
    assert_eq!(desk.store.members().await.unwrap().len(), 1);
    assert_eq!(desk.deeds().await, ["uid 7: identities approve"]);
}

#[tokio::test]
async fn what_was_asked_is_exported_as_rows_of_images() {
    let desk = desk().await;
    desk.refuse().await;
    let toml = desk.client.ask(&Export::default()).await.unwrap().toml;
    let path = desk.folder.path().join("with-images.toml");
    std::fs::write(&path, format!("{FILE}\n{toml}")).unwrap();
    let config = config::load(&path).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(config.policy.images["github"]["74"][0].value, "web");
}

#[tokio::test]
async fn an_api_token_is_told_once_and_stored_hashed() {
    let desk = desk().await;
    let question = CreateApiToken {
        name: "mirror".to_owned(),
        group: "acl_docker_push".to_owned(),
        pull: vec!["team/**".to_owned()],
        ..CreateApiToken::default()
    };
    let made = desk.client.ask(&question).await.unwrap();
    assert!(made.secret.starts_with("portpass_at_"));
    assert_eq!(made.expires_at.unwrap().to_string(), "2026-04-01T00:00:00Z");
    let again = refusal(desk.client.ask(&question).await);
    assert!(again.contains("already"), "{again}");
    let nothing = CreateApiToken {
        pull: Vec::new(),
        ..question.clone()
    };
    assert!(refusal(desk.client.ask(&nothing).await).contains("at most"));
    let elsewhere = CreateApiToken {
        group: "kept".to_owned(),
        ..question
    };
    assert!(refusal(desk.client.ask(&elsewhere).await).contains("kept in the file"));

    let shown = desk.client.ask(&ApiTokens::default()).await.unwrap();
    assert_eq!(shown.len(), 1);
    let events = desk
        .store
        .events(&EventFilter::default(), 10)
        .await
        .unwrap();
    assert!(!events[0].body.contains(&made.secret));
    let copy = String::from_utf8(desk.backup_without_keys().await).unwrap();
    assert!(!copy.contains(&made.secret));

    let revoke = RevokeApiToken { id: made.id };
    assert!(desk.client.ask(&revoke).await.unwrap().changed);
    assert!(!desk.client.ask(&revoke).await.unwrap().changed);
    assert_eq!(desk.client.ask(&ApiTokens::default()).await.unwrap(), []);
}

#[tokio::test]
async fn a_revocation_is_stored_with_who_made_it() {
    let desk = desk().await;
    let question = RevokeSessions {
        issuer: Some("github".to_owned()),
        id: Some("74".to_owned()),
        ..RevokeSessions::default()
    };
    assert!(desk.client.ask(&question).await.unwrap().changed);
    let [row] = desk.store.revocations().await.unwrap().try_into().unwrap();
    assert_eq!(
        (row.kind.as_str(), row.actor.as_str()),
        ("identity", "uid 7")
    );
    let key = RevokeKey {
        name: "github".to_owned(),
        kid: "one".to_owned(),
    };
    assert!(desk.client.ask(&key).await.unwrap().changed);
    let issuers = desk.client.ask(&Issuers::default()).await.unwrap();
    assert_eq!(issuers[0].revoked_keys, ["one"]);
    assert!(!issuers[0].suspended);
    let restored = RestoreKey {
        name: "github".to_owned(),
        kid: "one".to_owned(),
    };
    assert!(desk.client.ask(&restored).await.unwrap().changed);
    assert!(!desk.client.ask(&restored).await.unwrap().changed);
}

#[tokio::test]
async fn a_backup_fills_an_empty_store_and_ends_every_login() {
    let desk = desk().await;
    desk.add("acl_docker_push", "github", "74").await.unwrap();
    let ca = desk.keys().join("ca");
    std::fs::create_dir_all(&ca).unwrap();
    std::fs::write(ca.join("current.pem"), "a private key").unwrap();
    let copy = desk.backup().await;

    let other = self::desk().await;
    let restored = other.restore(&copy).await.unwrap();
    assert!(restored.header.ca_key);
    assert_eq!(restored.key_files, 1);
    assert_eq!(
        other.store.members().await.unwrap(),
        desk.store.members().await.unwrap()
    );
    let [all] = other.store.revocations().await.unwrap().try_into().unwrap();
    assert_eq!((all.kind.as_str(), all.actor.as_str()), ("all", "uid 8"));
    assert_eq!(
        other.deeds().await,
        ["uid 7: groups add", "uid 7: backup", "uid 8: restore"]
    );
    let key = std::fs::read_to_string(other.keys().join("ca/current.pem")).unwrap();
    assert_eq!(key, "a private key");
    assert_eq!(mode(&other.keys().join("ca/current.pem")), 0o600);

    let full = other.restore(&copy).await.unwrap_err();
    assert!(matches!(full, RestoreError::KeysThere(_)), "{full}");
    let full = other
        .restore(&desk.backup_without_keys().await)
        .await
        .unwrap_err();
    assert!(matches!(full, RestoreError::Store(_)), "{full}");
}

#[tokio::test]
async fn a_backup_that_was_cut_restores_nothing() {
    let desk = desk().await;
    desk.add("acl_docker_push", "github", "74").await.unwrap();
    std::fs::create_dir_all(desk.keys()).unwrap();
    std::fs::write(desk.keys().join("one.pem"), "a private key").unwrap();
    let copy = desk.backup().await;
    let lines: Vec<&[u8]> = copy.split_inclusive(|byte| *byte == b'\n').collect();
    let other = self::desk().await;
    for kept in 0..lines.len() {
        let cut = lines[..kept].concat();
        assert!(other.restore(&cut).await.is_err(), "{kept}");
    }
    for gone in 1..lines.len() {
        let mut holed = lines.clone();
        holed.remove(gone);
        assert!(other.restore(&holed.concat()).await.is_err(), "{gone}");
    }
    assert!(other.restore(&copy[..copy.len() - 1]).await.is_err());
    assert!(!other.keys().exists());
    let leftover = other.keys().with_extension("restored");
    assert!(!leftover.exists());
    let filter = RowFilter {
        limit: 10,
        ..RowFilter::default()
    };
    assert_eq!(other.store.identities(&filter).await.unwrap(), []);
    assert_eq!(other.store.members().await.unwrap(), []);
    assert!(other.restore(&copy).await.is_ok());
}

#[tokio::test]
async fn keys_are_written_nowhere_but_below_their_folder() {
    let desk = desk().await;
    let head = r#"{"portpass_backup":1,"schema":2,"created":"2026-01-01T00:00:00Z","ca_key":true}"#;
    for path in ["../one.pem", "/tmp/one.pem", "a/../../b", "", "."] {
        let file = json!({ "key_file": path, "content": "YQ==" });
        let copy = format!("{head}\n{file}\n");
        let error = desk.restore(copy.as_bytes()).await.unwrap_err();
        assert!(matches!(error, RestoreError::KeyPath(_)), "{path}: {error}");
    }
}

impl Desk {
    async fn backup_without_keys(&self) -> Vec<u8> {
        let mut copy = Vec::new();
        self.client
            .backup(Backup::default(), &mut copy)
            .await
            .unwrap();
        copy
    }
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;

    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

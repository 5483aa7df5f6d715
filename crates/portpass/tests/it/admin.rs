//! What operators ask over the Unix socket.

use std::os::unix::fs::PermissionsExt as _;

use portpass::{
    admin::{Admin, Client, EventQuery, Socket, SocketError},
    token::KeyCommand,
};
use tokio::sync::mpsc;

use crate::app::{SERVICE, TestApp, push_main};

struct Operator {
    app: TestApp,
    client: Client,
    _reloads: mpsc::Receiver<()>,
}

async fn operator() -> Operator {
    let app = TestApp::start().await;
    let path = app.folder.path().join("data/admin/portpass.sock");
    let socket = Socket::bind(&path).unwrap();
    let (reload, reloads) = mpsc::channel(1);
    let keys = app.folder.path().join("data/keys");
    let admin = Admin::of_server(app.portpass.clone(), app.store.clone(), reload, keys);
    tokio::spawn(socket.serve(admin));
    let client = Client::connect(&path).await.unwrap().unwrap();
    Operator {
        app,
        client,
        _reloads: reloads,
    }
}

#[tokio::test]
async fn the_socket_is_closed_to_others() {
    let operator = operator().await;
    let path = operator.app.folder.path().join("data/admin/portpass.sock");
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
}

#[tokio::test]
async fn a_folder_that_is_open_to_others_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let error = Socket::bind(&folder.path().join("portpass.sock")).unwrap_err();
    assert!(
        matches!(error, SocketError::Open { mode: 0o755, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn no_server_is_not_an_error() {
    let folder = tempfile::tempdir().unwrap();
    assert!(
        Client::connect(&folder.path().join("portpass.sock"))
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn events_are_listed_and_filtered() {
    let operator = operator().await;
    let query = format!("service={SERVICE}");
    operator.app.get(&query, Some(("JWT", &push_main()))).await;
    operator.app.get(&query, Some(("me", "wrong"))).await;
    let mut all = operator.client.ask(&EventQuery::default()).await.unwrap();
    let kinds: Vec<_> = all.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(
        kinds,
        ["operator", "operator", "token", "stranger"],
        "two issuers were bound"
    );
    all.drain(..2);
    let of_github = EventQuery {
        issuer: Some("github".to_owned()),
        ..EventQuery::default()
    };
    let events = operator.client.ask(&of_github).await.unwrap();
    let kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["operator", "token"]);
    let after = EventQuery {
        after: Some(all[0].id.clone()),
        ..EventQuery::default()
    };
    assert_eq!(operator.client.ask(&after).await.unwrap(), all[1..]);
}

#[tokio::test]
async fn a_change_of_keys_is_recorded_with_its_actor() {
    let operator = operator().await;
    operator.client.ask(&KeyCommand::List).await.unwrap();
    assert_eq!(operator.app.events().await, []);
    operator
        .client
        .ask(&KeyCommand::Rotate { registry: None })
        .await
        .unwrap();
    let events = operator.app.events().await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].kind, "operator");
    assert!(
        events[0].body["actor"]
            .as_str()
            .unwrap()
            .starts_with("uid ")
    );
}

#[test]
fn what_is_no_socket_is_not_removed() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let path = folder.path().join("precious");
    std::fs::write(&path, "keep me").unwrap();
    assert!(matches!(Socket::bind(&path), Err(SocketError::Bind { .. })));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "keep me");
}

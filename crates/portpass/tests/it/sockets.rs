//! The server behind real sockets: large headers, slow clients, TLS, the end.

use std::{net::SocketAddr, time::Duration};

use portpass::http::{
    server::{self, Bounds},
    tls::Tls,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
    task::JoinHandle,
    time::timeout,
};

use crate::app::{SERVICE, TestApp, basic, push_main};

const BOUNDS: Bounds = Bounds {
    connections: 8,
    header_bytes: 64 << 10,
    header: Duration::from_millis(400),
    request: Duration::from_secs(5),
    drain: Duration::from_secs(5),
};

/// A client that asks no proxy.
fn client() -> reqwest::ClientBuilder {
    // Whoever comes second finds it installed.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    reqwest::Client::builder().no_proxy()
}

struct Serving {
    address: SocketAddr,
    leave: watch::Sender<bool>,
    task: JoinHandle<()>,
    _app: TestApp,
}

async fn serve(tls: Option<Tls>) -> Serving {
    let app = TestApp::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (leave, leaving) = watch::channel(false);
    let task = tokio::spawn(server::serve(
        listener,
        app.router.clone(),
        tls,
        BOUNDS,
        leaving,
    ));
    Serving {
        address,
        leave,
        task,
        _app: app,
    }
}

#[tokio::test]
async fn sixteen_kibibytes_of_header_pass_over_http_2() {
    let serving = serve(None).await;
    let client = client().http2_prior_knowledge().build().unwrap();
    let padding = "x".repeat(16 << 10);
    let response = client
        .get(format!(
            "http://{}/token?service={SERVICE}",
            serving.address
        ))
        .header("authorization", basic("JWT", &push_main()))
        .header("x-padding", &padding)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status().as_u16(), 200);
    assert_eq!(response.version(), reqwest::Version::HTTP_2);
}

#[tokio::test]
async fn sixteen_kibibytes_of_header_pass_over_http_1() {
    let serving = serve(None).await;
    let client = client().http1_only().build().unwrap();
    let response = client
        .get(format!(
            "http://{}/token?service={SERVICE}",
            serving.address
        ))
        .header("authorization", basic("JWT", &push_main()))
        .header("x-padding", "x".repeat(16 << 10))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status().as_u16(), 200);
}

#[tokio::test]
async fn a_client_that_sends_no_header_is_cut_off() {
    let serving = serve(None).await;
    let mut stream = TcpStream::connect(serving.address).await.unwrap();
    stream.write_all(b"GET /token HTTP/1.1\r\n").await.unwrap();
    let mut rest = Vec::new();
    let ended = timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "the connection was held open");
}

/// Whether a server with room for few still has room for one more.
async fn is_served(address: SocketAddr) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        answer.starts_with(b"HTTP/1.1 200")
    };
    timeout(Duration::from_secs(5), ask).await.unwrap_or(false)
}

#[tokio::test]
async fn an_idle_http_2_connection_gives_its_place_up() {
    let serving = serve(None).await;
    let url = format!("http://{}/healthz", serving.address);
    let mut idle = Vec::new();
    for _ in 0..BOUNDS.connections {
        let client = client().http2_prior_knowledge().build().unwrap();
        assert_eq!(
            client.get(&url).send().await.unwrap().text().await.unwrap(),
            "ok"
        );
        idle.push(client);
    }
    assert!(is_served(serving.address).await);
}

#[tokio::test]
async fn a_client_that_never_reads_gives_its_place_up() {
    let serving = serve(None).await;
    let request = b"GET /.well-known/jwks.json HTTP/1.1\r\nhost: a\r\n\r\n".repeat(1000);
    let mut deaf = Vec::new();
    for _ in 0..BOUNDS.connections {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(2048).unwrap();
        let mut stream = socket.connect(serving.address).await.unwrap();
        // Until the server reads no more either.
        let full = async { while stream.write_all(&request).await.is_ok() {} };
        drop(timeout(Duration::from_millis(200), full).await);
        deaf.push(stream);
    }
    assert!(is_served(serving.address).await);
}

#[tokio::test]
async fn connections_beyond_the_bound_wait_and_are_served() {
    let serving = serve(None).await;
    let mut idle = Vec::new();
    for _ in 0..BOUNDS.connections {
        idle.push(TcpStream::connect(serving.address).await.unwrap());
    }
    // The idle ones are cut off after a while, which makes room.
    let url = format!("http://{}/healthz", serving.address);
    let client = client().build().unwrap();
    let answer = timeout(Duration::from_secs(5), client.get(url).send())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(answer.status().as_u16(), 200);
}

#[tokio::test]
async fn whoever_was_in_the_backlog_is_answered_before_the_end() {
    let serving = serve(None).await;
    let clients = (0..6).map(|_| async {
        let mut stream = TcpStream::connect(serving.address).await.unwrap();
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .await
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    });
    let clients = futures_util::future::join_all(clients);
    let (answers, _) = tokio::join!(clients, async { serving.leave.send(true) });
    assert!(
        answers
            .iter()
            .all(|answer| answer.starts_with("HTTP/1.1 200")),
        "{answers:?}"
    );
    timeout(Duration::from_secs(5), serving.task)
        .await
        .unwrap()
        .unwrap();
    assert!(TcpStream::connect(serving.address).await.is_err());
}

#[tokio::test]
async fn a_certificate_is_exchanged_while_serving() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
    let write = || {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(&certificate, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        made.cert.pem()
    };
    let fetch = async |address: SocketAddr, trusted: &str| {
        let root = reqwest::Certificate::from_pem(trusted.as_bytes()).unwrap();
        let client = client()
            .tls_certs_only([root])
            .resolve("localhost", address);
        let url = format!("https://localhost:{}/healthz", address.port());
        client.build().unwrap().get(url).send().await
    };
    let first = write();
    let tls = Tls::load(&certificate, &key).unwrap();
    let serving = serve(Some(tls.clone())).await;
    assert!(fetch(serving.address, &first).await.is_ok());
    let second = write();
    tls.reload().unwrap();
    assert!(fetch(serving.address, &second).await.is_ok());
    assert!(fetch(serving.address, &first).await.is_err());
    std::fs::write(&key, "nonsense").unwrap();
    assert!(tls.reload().is_err());
    assert!(
        fetch(serving.address, &second).await.is_ok(),
        "a broken file took the old certificate away"
    );
}

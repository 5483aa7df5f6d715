//! The server behind real sockets: large headers, slow clients, TLS, the end.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use portpass::{
    http::{
        server::{self, Bounds},
        tls::Tls,
    },
    metrics::Metrics,
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
    body: Duration::from_millis(400),
    body_bytes: 1024,
    connections: 8,
    connections_per_address: 8,
    header_bytes: 64 << 10,
    header: Duration::from_millis(400),
    request: Duration::from_secs(5),
    drain: Duration::from_secs(5),
    trusted_proxies: Vec::new(),
    metrics: None,
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
    app: TestApp,
}

async fn serve(tls: Option<Tls>) -> Serving {
    serve_within(BOUNDS, tls).await
}

async fn serve_within(bounds: Bounds, tls: Option<Tls>) -> Serving {
    let app = TestApp::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (leave, leaving) = watch::channel(false);
    let task = tokio::spawn(server::serve(
        listener,
        app.router.clone(),
        tls,
        bounds,
        leaving,
    ));
    Serving {
        address,
        leave,
        task,
        app,
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

/// Connects from an address of the loopback network.
async fn connect_from(source: &str, server: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    let source = SocketAddr::new(source.parse().unwrap(), 0);
    socket.bind(source).unwrap();
    socket.connect(server).await.unwrap()
}

/// Whether a request on this connection is answered.
async fn answers(mut stream: TcpStream) -> bool {
    let request = b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let mut answer = Vec::new();
    let ask = async {
        stream.write_all(request).await?;
        stream.read_to_end(&mut answer).await
    };
    let asked = timeout(Duration::from_secs(5), ask).await;
    asked.expect("an answer or an end").is_ok() && answer.starts_with(b"HTTP/1.1 200")
}

#[tokio::test]
async fn one_address_cannot_have_all_connections() {
    let metrics = Arc::new(Metrics::new());
    let bounds = Bounds {
        connections_per_address: 2,
        header: Duration::from_mins(5),
        metrics: Some(Arc::clone(&metrics)),
        ..BOUNDS
    };
    let serving = serve_within(bounds, None).await;
    let mut idle = Vec::new();
    for _ in 0..2 {
        idle.push(connect_from("127.0.0.2", serving.address).await);
    }
    let further = connect_from("127.0.0.2", serving.address).await;
    assert!(!answers(further).await);
    assert!(answers(connect_from("127.0.0.3", serving.address).await).await);
    let text = metrics.render(&serving.app.portpass, serving.app.portpass.clock.now());
    assert!(
        text.contains("portpass_connections_turned_away_total 1"),
        "{text}"
    );
    // A place that is given up is free again.
    assert!(answers(idle.pop().unwrap()).await);
    assert!(answers(connect_from("127.0.0.2", serving.address).await).await);
}

#[tokio::test]
async fn a_proxy_that_speaks_for_others_may_have_all_connections() {
    let bounds = Bounds {
        connections_per_address: 1,
        header: Duration::from_mins(5),
        trusted_proxies: vec!["127.0.0.2/32".parse().unwrap()],
        ..BOUNDS
    };
    let serving = serve_within(bounds, None).await;
    let mut idle = Vec::new();
    for _ in 0..4 {
        idle.push(connect_from("127.0.0.2", serving.address).await);
    }
    for stream in idle {
        assert!(answers(stream).await);
    }
}

/// The beginning of a form of so many bytes.
fn begun(length: usize, bytes: usize) -> Vec<u8> {
    let head = format!(
        "POST /token HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\
         content-type: application/x-www-form-urlencoded\r\n\r\n"
    );
    let mut begun = head.into_bytes();
    begun.resize(begun.len() + bytes, b'x');
    begun
}

/// The answer to what was sent, up to the end of its header.
async fn head_of(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let read = async {
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
    };
    timeout(Duration::from_secs(5), read).await.unwrap();
    String::from_utf8(head).unwrap()
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let serving = serve(None).await;
    let mut stream = TcpStream::connect(serving.address).await.unwrap();
    stream.write_all(&begun(100, 10)).await.unwrap();
    let head = head_of(&mut stream).await;
    assert!(head.starts_with("HTTP/1.1 503"), "{head}");
    assert!(head.contains("retry-after: 1"), "{head}");
}

#[tokio::test]
async fn bodies_that_are_held_at_once_are_bounded_for_each_address() {
    let bounds = Bounds {
        body: Duration::from_mins(5),
        request: Duration::from_mins(5),
        ..BOUNDS
    };
    let serving = serve_within(bounds, None).await;
    // 64 bodies of the longest sort are what one address may have us hold.
    let mut holding = connect_from("127.0.0.2", serving.address).await;
    holding.write_all(&begun(100_000, 40 << 10)).await.unwrap();
    let mut further = connect_from("127.0.0.2", serving.address).await;
    further.write_all(&begun(100_000, 40 << 10)).await.unwrap();
    let (head, other) = tokio::select! {
        head = head_of(&mut holding) => (head, &mut further),
        head = head_of(&mut further) => (head, &mut holding),
    };
    assert!(head.starts_with("HTTP/1.1 503"), "{head}");
    assert!(head.contains("retry-after: 1"), "{head}");
    // Others are read, and so is the one that was there first.
    let mut neighbour = connect_from("127.0.0.3", serving.address).await;
    neighbour
        .write_all(&begun(40 << 10, 40 << 10))
        .await
        .unwrap();
    assert!(head_of(&mut neighbour).await.starts_with("HTTP/1.1 401"));
    other
        .write_all(&vec![b'x'; 100_000 - (40 << 10)])
        .await
        .unwrap();
    assert!(head_of(other).await.starts_with("HTTP/1.1 503"));
}

#[tokio::test]
async fn more_fields_than_any_client_sends_are_refused() {
    let serving = serve(None).await;
    let ask = async |fields: usize| {
        let mut stream = TcpStream::connect(serving.address).await.unwrap();
        let fields = "x: y\r\n".repeat(fields);
        let request = format!("GET /healthz HTTP/1.1\r\nhost: a\r\n{fields}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        head_of(&mut stream).await
    };
    assert!(ask(90).await.starts_with("HTTP/1.1 200"));
    assert!(ask(200).await.starts_with("HTTP/1.1 431"));
}

#[tokio::test]
async fn a_handshake_that_stalls_gives_its_place_up() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let tls = Tls::load(&certificate, &key).unwrap();
    let serving = serve(Some(tls)).await;
    let mut stream = TcpStream::connect(serving.address).await.unwrap();
    // The first bytes of a ClientHello, and no more.
    stream.write_all(&[22, 3, 1, 2, 0, 1]).await.unwrap();
    let mut rest = Vec::new();
    let ended = timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "the handshake was waited for");
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
    let bounds = Bounds {
        connections_per_address: 100,
        ..BOUNDS
    };
    let serving = serve_within(bounds, None).await;
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

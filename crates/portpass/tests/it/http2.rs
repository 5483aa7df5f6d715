//! Floods of HTTP/2 frames: each ends its own connection, and holds nobody else up.

use std::time::Duration;

use portpass::http::server::{self, Bounds};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::timeout,
};

use crate::app::TestApp;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// `GET http://a/healthz` (RFC 7541 §6).
const REQUEST: &[u8] = b"\x82\x86\x01\x01a\x04\x08/healthz";

/// A frame (RFC 9113 §4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// What the server does with one connection's bytes, again and again: the kinds
/// of the frames that it sends before it ends the connection.
async fn flooded_with(first: &[u8], mut next: impl FnMut(u32) -> Vec<u8>) -> Vec<u8> {
    let app = TestApp::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let bounds = Bounds {
        body: Duration::from_mins(5),
        body_bytes: 1024,
        connections: 2,
        connections_per_address: 2,
        header_bytes: 64 << 10,
        header: Duration::from_mins(5),
        request: Duration::from_mins(5),
        drain: Duration::from_secs(5),
        trusted_proxies: Vec::new(),
        metrics: None,
    };
    let (_leave, leaving) = watch::channel(false);
    tokio::spawn(server::serve(
        listener,
        app.router.clone(),
        None,
        bounds,
        leaving,
    ));
    let (mut read, mut write) = TcpStream::connect(address).await.unwrap().into_split();
    let begin = [PREFACE, &frame(SETTINGS, 0, 0, &[]), first].concat();
    write.write_all(&begin).await.unwrap();
    let flood = async {
        for number in 0..1_000_000 {
            if write.write_all(&next(number)).await.is_err() {
                return;
            }
        }
        panic!("the flood went on without end");
    };
    let listen = async {
        let mut kinds = Vec::new();
        let mut head = [0; 9];
        while read.read_exact(&mut head).await.is_ok() {
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; length as usize];
            if read.read_exact(&mut payload).await.is_err() {
                break;
            }
            kinds.push(head[3]);
        }
        kinds
    };
    let ((), kinds) = timeout(Duration::from_secs(20), async {
        tokio::join!(flood, listen)
    })
    .await
    .expect("the connection was not ended");
    // Whoever else comes is answered.
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"));
    kinds
}

#[tokio::test]
async fn requests_that_are_taken_back_at_once_end_the_connection() {
    // CVE-2023-44487.
    let kinds = flooded_with(&[], |number| {
        let mut frames = Vec::new();
        for turn in 0..100 {
            let stream = (number * 100 + turn) * 2 + 1;
            frames.extend(frame(HEADERS, END_STREAM | END_HEADERS, stream, REQUEST));
            frames.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
        }
        frames
    })
    .await;
    assert!(kinds.contains(&GOAWAY), "{kinds:?}");
}

#[tokio::test]
async fn a_header_that_goes_on_without_end_ends_the_connection() {
    // CVE-2024-27316 and its likes.
    let begin = frame(HEADERS, END_STREAM, 1, REQUEST);
    let kinds = flooded_with(&begin, |_| {
        frame(CONTINUATION, 0, 1, b"\x00\x01x\x01y").repeat(100)
    })
    .await;
    assert!(kinds.contains(&GOAWAY), "{kinds:?}");
}

//! A server on loopback that counts who comes: an issuer's, or nobody's business.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// What it answers.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    /// A header's lines after the status, and a body.
    Document {
        status: &'static str,
        lines: String,
        body: Vec<u8>,
    },
    /// A body that never ends.
    Endless,
    /// Nothing: the connection is closed.
    Gone,
}

impl Reply {
    pub(super) fn json(body: &Value) -> Self {
        Self::text("200 OK", body.to_string())
    }

    pub(super) fn text(status: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self::Document {
            status,
            lines: String::new(),
            body: body.into(),
        }
    }

    /// The same, with a line in its header.
    pub(super) fn with(self, line: &str) -> Self {
        match self {
            Self::Document {
                status,
                lines,
                body,
            } => Self::Document {
                status,
                lines: format!("{lines}{line}\r\n"),
                body,
            },
            other @ (Self::Endless | Self::Gone) => other,
        }
    }
}

/// One such server; it ends with the test's runtime.
#[derive(Clone)]
pub(super) struct Platform {
    /// Its address, without a path.
    pub(super) url: String,
    reply: Arc<Mutex<Reply>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Platform {
    pub(super) async fn publishing(document: &Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let platform = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            reply: Arc::new(Mutex::new(Reply::json(document))),
            requests: Arc::default(),
        };
        let serving = platform.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().serve(stream));
            }
        });
        platform
    }

    pub(super) fn answers(&self, reply: Reply) {
        *self.reply.lock().unwrap() = reply;
    }

    /// The headers of all requests so far, in small letters; a connection that
    /// brought none is there as an empty text.
    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    async fn serve(self, mut stream: TcpStream) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => break,
            }
        }
        let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
        self.requests.lock().unwrap().push(head);
        let reply = self.reply.lock().unwrap().clone();
        match reply {
            Reply::Document {
                status,
                lines,
                body,
            } => {
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 {status}\r\n{lines}content-type: application/json\r\n\
                     content-length: {length}\r\nconnection: close\r\n\r\n"
                );
                drop(stream.write_all(head.as_bytes()).await);
                drop(stream.write_all(&body).await);
            }
            Reply::Endless => {
                let head = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
                drop(stream.write_all(head).await);
                while stream.write_all(&[b' '; 4096]).await.is_ok() {}
            }
            Reply::Gone => {}
        }
    }
}

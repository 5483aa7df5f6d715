//! HTTP as anybody can write it: bytes in, one answer out.

use std::{net::SocketAddr, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpSocket,
    time::timeout,
};

/// Long enough for a slow machine; nothing waits for it that goes well.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request, before it is bytes.
#[derive(Clone, Debug)]
pub(super) struct Request {
    line: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    /// The address that it comes from.
    pub(super) from: &'static str,
    /// What of it must be read nowhere.
    pub(super) secrets: Vec<String>,
}

impl Request {
    /// `GET` of any target, as it stands.
    pub(super) fn get(target: &str) -> Self {
        Self::of("GET", target)
    }

    pub(super) fn of(method: &str, target: &str) -> Self {
        Self {
            line: format!("{method} {target} HTTP/1.1"),
            headers: Vec::new(),
            body: Vec::new(),
            from: "127.0.0.1",
            secrets: Vec::new(),
        }
    }

    /// `POST` of a form to the token endpoint.
    pub(super) fn form(pairs: &[(&str, &str)]) -> Self {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        let secrets = pairs
            .iter()
            .filter(|(name, _)| matches!(*name, "password" | "refresh_token" | "client_secret"));
        let mut request = Self::of("POST", "/token").body(form.as_bytes());
        request
            .secrets
            .extend(secrets.map(|(_, secret)| (*secret).to_owned()));
        request.header("content-type", "application/x-www-form-urlencoded")
    }

    pub(super) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let value = value.as_ref().to_vec();
        self.headers.push((name.to_owned(), value));
        self
    }

    pub(super) fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    /// With Basic credentials (RFC 7617).
    pub(super) fn basic(self, user: &str, password: &str) -> Self {
        let value = crate::app::basic(user, password);
        self.secret(password).authorization(&value)
    }

    /// With any value of `Authorization`, which is a secret itself.
    pub(super) fn authorization(self, value: &str) -> Self {
        let credentials = value.split_once(' ').map_or(value, |(_, it)| it).trim();
        self.secret(credentials).header("authorization", value)
    }

    /// Says that a text of the request is a secret.
    pub(super) fn secret(mut self, text: &str) -> Self {
        self.secrets.push(text.to_owned());
        self
    }

    pub(super) fn from(mut self, address: &'static str) -> Self {
        self.from = address;
        self
    }

    /// The bytes, with the header's usual lines.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{}\r\nhost: registry.example.com\r\n", self.line).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(format!("{name}: ").as_bytes());
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        let names_length = self.headers.iter().any(|(name, _)| {
            matches!(
                &*name.to_ascii_lowercase(),
                "content-length" | "transfer-encoding"
            )
        });
        if !names_length && !self.body.is_empty() {
            let length = format!("content-length: {}\r\n", self.body.len());
            bytes.extend_from_slice(length.as_bytes());
        }
        bytes.extend_from_slice(b"connection: close\r\n\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// One answer, as it came.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Reply {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// The value of a field of the header.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}

/// Sends bytes from an address of this machine, and reads until the end.
pub(super) async fn exchange(to: SocketAddr, from: &str, bytes: &[u8]) -> Vec<u8> {
    let conversation = async {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
        let mut stream = socket.connect(to).await.unwrap();
        // A server may answer, and go, before it has read everything.
        drop(stream.write_all(bytes).await);
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer).await);
        answer
    };
    timeout(PATIENCE, conversation)
        .await
        .expect("the server neither answers nor goes")
}

/// The answers in what a connection brought, by their `content-length`.
pub(super) fn replies(mut bytes: &[u8]) -> Vec<Reply> {
    let mut replies = Vec::new();
    while let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        bytes = &bytes[end + 4..];
        let mut reply = Reply {
            status,
            head,
            body: String::new(),
        };
        let length = reply.field("content-length");
        let length = length.map_or(0, |length| length.parse().unwrap());
        let (body, rest) = bytes.split_at(usize::min(length, bytes.len()));
        reply.body = String::from_utf8_lossy(body).into_owned();
        bytes = rest;
        replies.push(reply);
    }
    replies
}

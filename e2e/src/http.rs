//! A client of one request, for what no real client lets a test see: headers, and answers cut off.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use data_encoding::BASE64;
use serde_json::Value;

const TIMEOUT: Duration = Duration::from_secs(20);

/// One answer, in full.
#[derive(Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The lines of the header.
    pub headers: Vec<String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// The body as JSON.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("status {}: {}", self.status, self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// What is sent beside the request line.
#[derive(Clone, Debug)]
pub enum Credential {
    /// Nothing.
    None,
    /// A user name and a password (RFC 7617).
    Basic(String, String),
    /// A token (RFC 6750).
    Bearer(String),
}

/// Asks `127.0.0.1:port`, and reads the answer to its end.
///
/// An answer shorter than its `Content-Length` is an error.
pub fn request(method: &str, port: u16, path: &str, credential: &Credential) -> Result<Response> {
    let mut stream = connect(port)?;
    send(&mut stream, method, port, path, credential)?;
    receive(&mut stream)
}

/// `GET`, see [`request`].
pub fn get(port: u16, path: &str, credential: &Credential) -> Result<Response> {
    request("GET", port, path, credential)
}

/// `POST` of a form, without a credential in the header.
pub fn post_form(port: u16, path: &str, form: &[(&str, &str)]) -> Result<Response> {
    let pairs = form
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    let body = pairs.collect::<Vec<_>>().join("&");
    let mut stream = connect(port)?;
    write!(
        stream,
        "POST {path} HTTP/1.0\r\nHost: localhost:{port}\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}",
        body.len()
    )?;
    receive(&mut stream)
}

/// Text as it stands in a form or a query (RFC 3986 §2.1).
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// A connection to `127.0.0.1:port`.
pub fn connect(port: u16) -> Result<TcpStream> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    Ok(stream)
}

/// Writes one request, as HTTP/1.0: the answer ends with the connection and is never in chunks.
pub fn send(
    stream: &mut TcpStream,
    method: &str,
    port: u16,
    path: &str,
    credential: &Credential,
) -> Result<()> {
    let authorization = match credential {
        Credential::None => String::new(),
        Credential::Basic(user, password) => {
            let pair = BASE64.encode(format!("{user}:{password}").as_bytes());
            format!("Authorization: Basic {pair}\r\n")
        }
        Credential::Bearer(token) => format!("Authorization: Bearer {token}\r\n"),
    };
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: localhost:{port}\r\nContent-Length: 0\r\n\
         {authorization}\r\n"
    )?;
    Ok(())
}

/// Reads one answer, up to the connection's end.
pub fn receive(stream: &mut TcpStream) -> Result<Response> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let end = bytes
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .with_context(|| format!("an answer cut off after {} bytes", bytes.len()))?;
    let (head, body) = bytes.split_at(end);
    let mut lines = std::str::from_utf8(head)?.split("\r\n").map(str::to_owned);
    let status = lines.next().context("no status line")?;
    let status = status.split(' ').nth(1).context("no status")?.parse()?;
    let response = Response {
        status,
        headers: lines.collect(),
        body: body.get(4..).unwrap_or_default().to_vec(),
    };
    if let Some(length) = response.header("content-length") {
        let length: usize = length.parse()?;
        ensure!(
            response.body.len() == length,
            "a body cut off after {} of {length} bytes",
            response.body.len()
        );
    }
    Ok(response)
}

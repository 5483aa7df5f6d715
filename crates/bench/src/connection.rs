//! One connection that is kept open (HTTP/1.1), as busy clients keep theirs.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context as _, Result};

/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The longest answer that is read.
const MAX_BODY: usize = 1 << 20;

/// A connection to a server on loopback.
#[derive(Debug)]
pub struct Connection(BufReader<TcpStream>);

/// One answer.
#[derive(Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Connection {
    /// Connects to `127.0.0.1:port`.
    pub fn open(port: u16) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends one request, as it stands, and reads its answer.
    pub fn ask(&mut self, request: &[u8]) -> Result<Response> {
        self.0.get_mut().write_all(request)?;
        let mut line = String::new();
        self.line(&mut line)?;
        let status = line.split(' ').nth(1).context("no status line")?.parse()?;
        let mut length = 0;
        loop {
            self.line(&mut line)?;
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse()?;
            }
        }
        anyhow::ensure!(length <= MAX_BODY, "an answer of {length} bytes");
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        Ok(Response { status, body })
    }

    fn line(&mut self, line: &mut String) -> Result<()> {
        line.clear();
        let read = self.0.read_line(line)?;
        anyhow::ensure!(read > 0, "the server closed the connection");
        line.truncate(line.trim_end().len());
        Ok(())
    }
}

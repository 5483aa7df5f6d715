//! The issuer's keys on loopback, and how often they are asked for.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::Result;

/// How long one question may take to arrive.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A server of one key set, for as long as this process lives.
#[derive(Debug)]
pub(crate) struct Issuer {
    port: u16,
    asked: Arc<AtomicU64>,
}

impl Issuer {
    /// Begins to serve a key set.
    pub(crate) fn start(keys: String) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let asked = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::Relaxed);
                // Who hangs up has asked all the same.
                let _ = answer(&stream, &keys);
            }
        });
        Ok(Self { port, asked })
    }

    /// Where the keys are.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/keys", self.port)
    }

    /// How often somebody has asked so far.
    pub(crate) fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }
}

fn answer(mut stream: &TcpStream, keys: &str) -> std::io::Result<()> {
    stream.set_read_timeout(Some(TIMEOUT))?;
    for line in BufReader::new(stream).lines() {
        if line?.is_empty() {
            break;
        }
    }
    let length = keys.len();
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{keys}"
    );
    stream.write_all(answer.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bench::connection::Connection;

    #[test]
    fn questions_are_answered_and_counted() {
        let issuer = Issuer::start(r#"{"keys":[]}"#.to_owned()).unwrap();
        for _ in 0..2 {
            let mut connection = Connection::open(issuer.port).unwrap();
            let answer = connection.ask(b"GET /keys HTTP/1.1\r\n\r\n").unwrap();
            assert_eq!(answer.body, br#"{"keys":[]}"#);
        }
        assert_eq!(issuer.asked(), 2);
    }
}

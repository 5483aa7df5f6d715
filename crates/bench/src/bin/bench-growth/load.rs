//! A bounded number of requests over connections that stay open.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use anyhow::{Context as _, Result, ensure};
use bench::connection::{Connection, Response};

/// Clients of one server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    port: u16,
    connections: usize,
}

impl Load {
    /// So many clients of the server at this port.
    pub(crate) fn new(port: u16, connections: usize) -> Self {
        Self { port, connections }
    }

    /// Sends one request; an answer other than 200 is an error.
    pub(crate) fn ask(&self, request: &[u8]) -> Result<Response> {
        accepted(Connection::open(self.port)?.ask(request)?)
    }

    /// Sends `count` requests, going round these, all clients taking turns.
    ///
    /// # Errors
    ///
    /// When anything was answered with another status than 200, or not at all.
    pub(crate) fn send(&self, requests: &[Vec<u8>], count: usize) -> Result<()> {
        ensure!(!requests.is_empty(), "there is nothing to send");
        let next = AtomicUsize::new(0);
        thread::scope(|scope| {
            let clients: Vec<_> = (0..self.connections)
                .map(|_| scope.spawn(|| self.take_turns(requests, count, &next)))
                .collect();
            clients
                .into_iter()
                .try_for_each(|client| client.join().ok().context("a client's thread panicked")?)
        })
    }

    fn take_turns(&self, requests: &[Vec<u8>], count: usize, next: &AtomicUsize) -> Result<()> {
        let mut connection = Connection::open(self.port)?;
        loop {
            let turn = next.fetch_add(1, Ordering::Relaxed);
            if turn >= count {
                return Ok(());
            }
            let request = requests.get(turn % requests.len());
            accepted(connection.ask(request.context("there are requests")?)?)?;
        }
    }
}

fn accepted(response: Response) -> Result<Response> {
    ensure!(
        response.status == 200,
        "answered with {}: {}",
        response.status,
        String::from_utf8_lossy(&response.body)
    );
    Ok(response)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead as _, BufReader, Write as _},
        net::{Ipv4Addr, TcpListener},
    };

    use super::*;

    /// Answers one connection's requests with these statuses, in turn.
    fn answering(statuses: &'static [u16]) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            for status in statuses {
                while lines.next().unwrap().unwrap() != "" {}
                let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 2\r\n\r\nno");
                (&stream).write_all(answer.as_bytes()).unwrap();
            }
        });
        port
    }

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

    #[test]
    fn a_run_sends_as_many_requests_as_it_counts() {
        let load = Load::new(answering(&[200, 200, 200]), 1);
        load.send(&[REQUEST.to_vec()], 3).unwrap();
    }

    #[test]
    fn an_answer_other_than_200_fails_the_run() {
        let load = Load::new(answering(&[200, 401]), 1);
        let error = load.send(&[REQUEST.to_vec()], 2).unwrap_err();
        assert_eq!(error.to_string(), "answered with 401: no");
    }

    #[test]
    fn a_connection_that_ends_fails_the_run() {
        let load = Load::new(answering(&[200]), 1);
        assert!(load.send(&[REQUEST.to_vec()], 2).is_err());
    }
}

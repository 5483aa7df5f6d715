//! The load: requests over connections that stay open, all of them from one thread.

use std::{
    cell::RefCell,
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use futures_util::future::try_join_all;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    runtime::{Builder, Runtime},
    sync::Mutex,
    task::yield_now,
    time::{sleep, timeout},
};

use crate::{answer::Answer, process, schedule::Schedule};

/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Timers of the runtime are this exact; what remains is waited for without sleeping.
const COARSE: Duration = Duration::from_millis(3);

/// Gives the next request.
pub type Source<'a> = dyn FnMut() -> Result<Vec<u8>> + 'a;

/// Connections of one server, and the thread that has them.
#[derive(Debug)]
pub struct Load {
    runtime: Runtime,
    clients: Vec<Client>,
}

/// What a load was, where each request waits for an answer to another.
#[derive(Clone, Copy, Debug)]
pub struct Closed {
    /// How many requests were answered in a second.
    pub per_second: f64,
    /// How much of its core this process used: near 1, it was the load that was slow.
    pub own_share: f64,
}

/// What a load was, where each request is due at its own time.
#[derive(Clone, Debug)]
pub struct Open {
    /// From when each request was due to the end of its answer, shortest first.
    pub latencies: Vec<Duration>,
    /// From when each request was due to when it was sent, shortest first.
    pub delays: Vec<Duration>,
}

impl Load {
    /// Connects to a server of this machine.
    pub fn open(port: u16, connections: usize) -> Result<Self> {
        ensure!(connections > 0, "there is nobody to send anything");
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let clients = (0..connections).map(|_| Client::open(port));
        let clients = runtime.block_on(try_join_all(clients))?;
        Ok(Self { runtime, clients })
    }

    /// Sends one request, and gives all of its answer, header and body.
    pub fn ask(&mut self, request: &[u8]) -> Result<Vec<u8>> {
        let client = self.clients.first_mut().context("there is a client")?;
        self.runtime.block_on(async {
            let answer = client.ask(request).await?;
            Ok(client.bytes.get(..answer.end).unwrap_or_default().to_vec())
        })
    }

    /// Sends so many requests, each client the next one as soon as it has its answer.
    ///
    /// # Errors
    ///
    /// When anything was answered with another status than 200, or not at all.
    pub fn closed(&mut self, count: usize, source: &mut Source<'_>) -> Result<Closed> {
        let turns = RefCell::new((0..count, source));
        let (start, cpu) = (Instant::now(), process::own_cpu()?);
        self.runtime
            .block_on(try_join_all(self.clients.iter_mut().map(|client| async {
                loop {
                    let request = {
                        let (left, source) = &mut *turns.borrow_mut();
                        match left.next() {
                            Some(_) => source()?,
                            None => return anyhow::Ok(()),
                        }
                    };
                    client.ask(&request).await?;
                }
            })))?;
        let elapsed = start.elapsed().as_secs_f64();
        let own = process::own_cpu()?.saturating_sub(cpu).as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a number of requests")]
        let count = count as f64;
        Ok(Closed {
            per_second: count / elapsed,
            own_share: own / elapsed,
        })
    }

    /// Sends so many requests, each as soon as it is due, whatever became of those before.
    ///
    /// A request that finds all clients busy waits, and its latency counts that: what stalls the
    /// server is not hidden by callers who politely wait for it.
    ///
    /// # Errors
    ///
    /// As [`Load::closed`].
    pub fn scheduled(
        &mut self,
        count: usize,
        schedule: Schedule,
        source: &mut Source<'_>,
    ) -> Result<Open> {
        let figures = RefCell::new(Open {
            latencies: Vec::with_capacity(count),
            delays: Vec::with_capacity(count),
        });
        let start = Instant::now() + COARSE;
        // Whoever has it is the client that takes the next request.
        let turns = Mutex::new((schedule.take(count), source));
        self.runtime
            .block_on(try_join_all(self.clients.iter_mut().map(|client| async {
                loop {
                    let (due, request) = {
                        let (schedule, source) = &mut *turns.lock().await;
                        let Some(due) = schedule.next() else {
                            return anyhow::Ok(());
                        };
                        let request = source()?;
                        until(start + due).await;
                        (start + due, request)
                    };
                    let delay = due.elapsed();
                    client.ask(&request).await?;
                    let mut figures = figures.borrow_mut();
                    figures.delays.push(delay);
                    figures.latencies.push(due.elapsed());
                }
            })))?;
        let mut figures = figures.into_inner();
        figures.latencies.sort_unstable();
        figures.delays.sort_unstable();
        Ok(figures)
    }
}

/// Waits to the microsecond: asleep first, and then awake, while answers are taken.
async fn until(due: Instant) {
    let ahead = due.saturating_duration_since(Instant::now());
    // Even a sleep of nothing may end a whole tick of the runtime later.
    if let Some(early) = ahead.checked_sub(COARSE) {
        sleep(early).await;
    }
    while Instant::now() < due {
        yield_now().await;
    }
}

/// One connection.
#[derive(Debug)]
struct Client {
    stream: TcpStream,
    bytes: Vec<u8>,
}

impl Client {
    async fn open(port: u16) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let bytes = Vec::with_capacity(16 * 1024);
        Ok(Self { stream, bytes })
    }

    /// Sends one request and reads its answer, which stays in `bytes`.
    async fn ask(&mut self, request: &[u8]) -> Result<Answer> {
        timeout(TIMEOUT, self.exchange(request))
            .await
            .context("no answer in time")?
    }

    async fn exchange(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request).await?;
        self.bytes.clear();
        loop {
            let read = self.stream.read_buf(&mut self.bytes).await?;
            ensure!(read > 0, "the server closed the connection");
            if let Some(answer) = Answer::of(&self.bytes)? {
                if answer.status != 200 {
                    let body = self.bytes.get(answer.body).unwrap_or_default();
                    let body = String::from_utf8_lossy(body);
                    bail!("answered with {}: {body}", answer.status);
                }
                return Ok(answer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead as _, BufReader, Write as _},
        net::TcpListener,
        thread,
    };

    use super::*;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

    /// Answers each connection's requests with these statuses, in turn.
    fn answering(statuses: &'static [u16], connections: usize) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        for _ in 0..connections {
            let listener = listener.try_clone().unwrap();
            thread::spawn(move || {
                let (stream, _) = listener.accept().unwrap();
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                for status in statuses {
                    while lines.next().unwrap().unwrap() != "" {}
                    let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 2\r\n\r\nno");
                    (&stream).write_all(answer.as_bytes()).unwrap();
                }
            });
        }
        port
    }

    fn source(sent: &mut usize) -> impl FnMut() -> Result<Vec<u8>> {
        move || {
            *sent += 1;
            Ok(REQUEST.to_vec())
        }
    }

    #[test]
    fn a_closed_load_sends_as_many_requests_as_it_counts() {
        let mut sent = 0;
        let mut load = Load::open(answering(&[200; 8], 2), 2).unwrap();
        let closed = load.closed(8, &mut source(&mut sent)).unwrap();
        assert!(closed.per_second > 0.0);
        assert_eq!(sent, 8);
    }

    #[test]
    fn an_answer_other_than_200_fails_the_load() {
        let mut sent = 0;
        let mut load = Load::open(answering(&[200, 401], 1), 1).unwrap();
        let error = load.closed(2, &mut source(&mut sent)).unwrap_err();
        assert_eq!(error.to_string(), "answered with 401: no");
        let mut load = Load::open(answering(&[200, 503], 1), 1).unwrap();
        let schedule = Schedule::new(1000.0);
        let error = load.scheduled(2, schedule, &mut source(&mut sent));
        assert_eq!(error.unwrap_err().to_string(), "answered with 503: no");
    }

    #[test]
    fn a_connection_that_ends_fails_the_load() {
        let mut sent = 0;
        let mut load = Load::open(answering(&[200], 1), 1).unwrap();
        assert!(load.closed(2, &mut source(&mut sent)).is_err());
    }

    #[test]
    fn latency_counts_from_when_a_request_was_due_though_it_could_not_be_sent() {
        // One client, and an answer that waits until ten requests are due.
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let due: Vec<_> = Schedule::new(2000.0).take(10).collect();
        let last = *due.last().unwrap();
        thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            for turn in 0..10 {
                while lines.next().unwrap().unwrap() != "" {}
                if turn == 0 {
                    thread::sleep(last * 2);
                }
                let answer = b"HTTP/1.1 200 X\r\nContent-Length: 0\r\n\r\n";
                (&stream).write_all(answer).unwrap();
            }
        });
        let mut sent = 0;
        let mut load = Load::open(port, 1).unwrap();
        let open = load.scheduled(10, Schedule::new(2000.0), &mut source(&mut sent));
        let open = open.unwrap();
        assert_eq!(sent, 10);
        // The first was held up for twice that long, and all others behind it.
        let shortest = open.latencies.first().copied().unwrap();
        assert!(shortest >= last / 2, "{shortest:?} of {last:?}");
        assert!(open.delays.last().copied().unwrap() >= last / 2);
    }
}

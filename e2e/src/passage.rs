//! What stands between a server and its database: a passage that can go silent without a word.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::Result;

use crate::ports;

/// How often a silent connection looks whether it may speak again.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A TCP proxy on loopback.
#[derive(Debug)]
pub struct Passage {
    /// Where it listens.
    pub port: u16,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Connections older than this are dropped without a word.
    cut: AtomicU64,
    /// Nothing passes, on any connection.
    held: AtomicBool,
    /// Connections so far.
    count: AtomicU64,
    closed: AtomicBool,
}

impl Passage {
    /// Passes on to this loopback port.
    pub fn to(port: u16) -> Result<Self> {
        let own = ports::free()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, own))?;
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming() {
                if shared.closed.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(client) = client else { continue };
                let target = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
                let Ok(server) = TcpStream::connect(target) else {
                    continue;
                };
                let number = shared.count.fetch_add(1, Ordering::SeqCst);
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (Ok(from), Ok(to)) = (from.try_clone(), to.try_clone()) else {
                        continue;
                    };
                    let state = Arc::clone(&shared);
                    thread::spawn(move || state.pass(number, from, to));
                }
            }
        });
        Ok(Self { port: own, state })
    }

    /// Drops all connections there are without telling either end; new ones pass.
    pub fn cut(&self) {
        let count = self.state.count.load(Ordering::SeqCst);
        self.state.cut.store(count, Ordering::SeqCst);
    }

    /// Lets nothing pass, on old connections and new ones; or lets all of it pass again.
    pub fn hold(&self, held: bool) {
        self.state.held.store(held, Ordering::SeqCst);
    }

    /// How many connections there were so far.
    pub fn connections(&self) -> u64 {
        self.state.count.load(Ordering::SeqCst)
    }
}

impl State {
    fn is_cut(&self, number: u64) -> bool {
        number < self.cut.load(Ordering::SeqCst)
    }

    /// One direction of a connection.
    fn pass(&self, number: u64, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = [0; 16 << 10];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            while self.held.load(Ordering::SeqCst) && !self.closed.load(Ordering::SeqCst) {
                thread::sleep(LOOK_EVERY);
            }
            // What was sent goes nowhere, and nobody hears of it.
            while self.is_cut(number) && !self.closed.load(Ordering::SeqCst) {
                thread::sleep(LOOK_EVERY);
            }
            if to
                .write_all(buffer.get(..length).unwrap_or_default())
                .is_err()
            {
                break;
            }
        }
        if !self.is_cut(number) {
            let _ = to.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        self.state.closed.store(true, Ordering::SeqCst);
        // Whoever waits for a connection wakes.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

//! The hostile process: attacks until its standard input ends, and says then what it did.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    fs,
    future::pending,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    rc::Rc,
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use bench::{answer::Answer, jobs::SERVICE};
use clap::Args;
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    runtime::Builder,
    sync::oneshot,
    task::LocalSet,
    time::sleep,
};

use crate::{attack::Attack, junk::Junk};

/// How many connections are slow.
const SLOW: usize = 8000;

/// How often each of them sends a byte.
const BYTE_EVERY: Duration = Duration::from_mins(1);

/// How many clients flood over connections that stay open.
const KEPT: usize = 64;

/// How many take another connection for each request.
const UNKEPT: usize = 16;

/// How long a client waits that found no connection, half as much more or less.
const PAUSE: Duration = Duration::from_secs(1);

/// How long an attack goes on until it counts as under way.
const WARM_UP: Duration = Duration::from_secs(2);

/// What says that the attack is under way.
pub(crate) const UNDER_WAY: &str = "under way";

/// Attacks a server.
#[derive(Args, Debug)]
pub(crate) struct Flood {
    /// What is done to it.
    #[arg(long, value_enum)]
    pub(crate) attack: Attack,
    /// A file with a valid JWT.
    #[arg(long)]
    pub(crate) jwt: PathBuf,
    /// Where it listens, on loopback.
    #[arg(long)]
    pub(crate) port: u16,
}

/// What an attack came to.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Done {
    /// How many connections were asked for.
    pub(crate) attempts: u64,
    /// How many of them lasted longer than a moment.
    pub(crate) connected: u64,
    /// How many of them are open at the end.
    pub(crate) open: u64,
    /// How many requests were answered, by the status.
    pub(crate) answers: BTreeMap<u16, u64>,
}

impl Flood {
    /// Attacks, with one line for the beginning and one for the end.
    pub(crate) fn run(&self) -> Result<()> {
        let jwt = fs::read_to_string(&self.jwt)?;
        let (ended, end) = oneshot::channel();
        thread::spawn(move || {
            // Whoever started us ends us by closing it, or by ending.
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            let _ = ended.send(());
        });
        let hostile = Rc::new(Hostile {
            attack: self.attack,
            server: SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)),
            junk: RefCell::new(Junk::like(&jwt)?),
            jwt,
            done: RefCell::default(),
            open: Cell::default(),
        });
        let runtime = Builder::new_current_thread().enable_all().build()?;
        LocalSet::new().block_on(&runtime, async {
            hostile.begin();
            sleep(WARM_UP).await;
            say(UNDER_WAY)?;
            end.await.context("standard input is not read")
        })?;
        let mut done = hostile.done.borrow().clone();
        done.open = hostile.open.get();
        say(&serde_json::to_string(&done)?)
    }
}

fn say(line: &str) -> Result<()> {
    let mut output = std::io::stdout();
    output.write_all(format!("{line}\n").as_bytes())?;
    Ok(output.flush()?)
}

struct Hostile {
    attack: Attack,
    server: SocketAddr,
    jwt: String,
    junk: RefCell<Junk>,
    done: RefCell<Done>,
    open: Cell<u64>,
}

impl Hostile {
    fn begin(self: &Rc<Self>) {
        match self.attack {
            Attack::Slow => {
                for _ in 0..SLOW {
                    let hostile = Rc::clone(self);
                    tokio::task::spawn_local(async move { hostile.again(Self::slow).await });
                }
            }
            Attack::Identity | Attack::Junk => {
                for number in 0..KEPT + UNKEPT {
                    let hostile = Rc::clone(self);
                    tokio::task::spawn_local(async move {
                        if number < KEPT {
                            hostile.again(Self::ask_on).await;
                        } else {
                            hostile.again(Self::ask_once).await;
                        }
                    });
                }
            }
        }
    }

    /// Does the same over one connection after the other, without end.
    async fn again(&self, one: impl AsyncFn(&Self, TcpStream) -> Result<()>) {
        loop {
            self.done.borrow_mut().attempts += 1;
            let Ok(stream) = self.connect().await else {
                self.pause().await;
                continue;
            };
            self.done.borrow_mut().connected += 1;
            self.open.set(self.open.get() + 1);
            let result = one(self, stream).await;
            self.open.set(self.open.get() - 1);
            if result.is_err() {
                // Turned away: come back, as nuisances do.
                self.pause().await;
            }
        }
    }

    /// Not all at the same moment: that would be one nuisance each second.
    async fn pause(&self) {
        let turn = self.done.borrow().attempts.wrapping_mul(0x9e37_79b9) % 1024;
        let thousandth = u32::try_from(turn).unwrap_or_default();
        sleep(PAUSE / 2 + PAUSE * thousandth / 1024).await;
    }

    async fn connect(&self) -> Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((self.attack.address(), 0)))?;
        let stream = socket.connect(self.server).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// A byte a minute, for as long as the server listens.
    async fn slow(&self, stream: TcpStream) -> Result<()> {
        let (mut read, mut write) = stream.into_split();
        let bytes = async {
            for byte in b"GET /token".iter().cycle() {
                write.write_all(std::slice::from_ref(byte)).await?;
                sleep(BYTE_EVERY).await;
            }
            pending().await
        };
        tokio::select! {
            sent = bytes => sent,
            _ = read.read_u8() => anyhow::bail!("the server has hung up"),
        }
    }

    async fn ask_on(&self, mut stream: TcpStream) -> Result<()> {
        loop {
            self.ask(&mut stream).await?;
        }
    }

    async fn ask_once(&self, mut stream: TcpStream) -> Result<()> {
        self.ask(&mut stream).await
    }

    async fn ask(&self, stream: &mut TcpStream) -> Result<()> {
        let jwt = match self.attack {
            Attack::Identity | Attack::Slow => self.jwt.clone(),
            Attack::Junk => self.junk.borrow_mut().next()?,
        };
        let credential = BASE64.encode(format!("JWT:{jwt}"));
        let request = format!(
            "GET /token?service={SERVICE} HTTP/1.1\r\nHost: localhost\r\n\
             Authorization: Basic {credential}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut bytes = Vec::with_capacity(4096);
        loop {
            let read = stream.read_buf(&mut bytes).await?;
            ensure!(read > 0, "the server has hung up");
            if let Some(answer) = Answer::of(&bytes)? {
                *self
                    .done
                    .borrow_mut()
                    .answers
                    .entry(answer.status)
                    .or_default() += 1;
                return Ok(());
            }
        }
    }
}

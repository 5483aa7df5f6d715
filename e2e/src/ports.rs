//! Ports for servers that must know theirs before they start.

use std::{
    net::{Ipv4Addr, TcpListener},
    sync::atomic::{AtomicU16, Ordering},
};

use anyhow::{Result, bail};

/// Below what Linux gives to outgoing connections, which would otherwise take a port between two steps.
const FIRST: u16 = 18_000;
const COUNT: u16 = 12_000;

/// A loopback port that nothing listens on and that this process has not handed out before.
pub fn free() -> Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Two runs at once begin in different places.
    let start = std::process::id() % u32::from(COUNT);
    for _ in 0..COUNT {
        let turn = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = FIRST + u16::try_from((start + turn) % u32::from(COUNT))?;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no free port between {FIRST} and {}", FIRST + COUNT)
}

//! Honest callers: as docker asks, each over a connection of its own, at times of their own.

use std::{
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use bench::{connection::Connection, figures::per_mille, schedule::Schedule};

/// How many may wait for an answer at once; whoever finds none free is late, and that counts.
const CALLERS: usize = 32;

/// How long honest callers waited, from when each was due to the end of the answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waited {
    /// Half of them no longer than this.
    pub(crate) p50: Duration,
    /// 99 of a hundred no longer than this.
    pub(crate) p99: Duration,
    /// 999 of a thousand no longer than this.
    pub(crate) p999: Duration,
}

/// Sends these requests, so many in a second, whatever became of those before.
///
/// # Errors
///
/// When one is answered with another status than 200, or not at all.
pub(crate) fn ask(port: u16, requests: &[Vec<u8>], per_second: u32) -> Result<Waited> {
    let start = Instant::now();
    let turns = Mutex::new(Schedule::new(f64::from(per_second)).zip(requests));
    let take_turns = || -> Result<Vec<Duration>> {
        let mut waited = Vec::new();
        loop {
            let turn = turns.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((due, request)) = turn else {
                return Ok(waited);
            };
            thread::sleep((start + due).saturating_duration_since(Instant::now()));
            let answer = Connection::open(port)?.ask(request)?;
            ensure!(
                answer.status == 200,
                "an honest caller was answered with {}: {}",
                answer.status,
                String::from_utf8_lossy(&answer.body)
            );
            waited.push((start + due).elapsed());
        }
    };
    let mut waited = thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS).map(|_| scope.spawn(take_turns)).collect();
        let mut all = Vec::new();
        for caller in callers {
            all.extend(caller.join().ok().context("a caller's thread panicked")??);
        }
        Ok::<_, anyhow::Error>(all)
    })?;
    waited.sort_unstable();
    let figure = |of_thousand| per_mille(&waited, of_thousand).context("nobody asked");
    Ok(Waited {
        p50: figure(500)?,
        p99: figure(990)?,
        p999: figure(999)?,
    })
}

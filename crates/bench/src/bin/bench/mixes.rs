//! Tokens for each second of the server's CPU, with as many requests at once as there are connections.

use anyhow::{Context as _, Result};
use bench::{jobs::Jwt, load::Load, requests::present, server::Server};

use crate::{
    Arguments, Part,
    place::{Database, Place},
    report::Mix,
};

/// A JWT that is presented again costs less: more requests, for times as exact.
const REPRESENTED_FACTOR: usize = 2;

/// Portpass and its floors, side by side; whoever is not asked is idle.
#[derive(Debug)]
pub(crate) struct Mixes<'a> {
    place: &'a Place,
    portpass: Server,
    /// Verifies and signs.
    floor_new: Server,
    /// Only signs.
    floor_represented: Server,
    arguments: &'a Arguments,
    new: Mix,
    represented: Mix,
}

impl<'a> Mixes<'a> {
    /// Starts them, and lets each job push once: claiming a namespace is not what is counted.
    pub(crate) fn start(
        place: &'a Place,
        database: &Database,
        arguments: &'a Arguments,
    ) -> Result<Self> {
        let portpass = place.portpass("mixes", database)?;
        let jwts = place.platform.sign(place.platform.jobs() * 10)?;
        place.cores.gather()?;
        let mut load = Load::open(portpass.port(), arguments.connections)?;
        let first = jwts.first().context("there are jobs")?;
        let sample = load.ask(&present(first, false))?;
        let floor_new = place.floor(&sample, Some(&place.keys()?))?;
        let floor_represented = place.floor(&sample, None)?;
        let mixes = Self {
            place,
            portpass,
            floor_new,
            floor_represented,
            arguments,
            new: Mix::default(),
            represented: Mix::default(),
        };
        for server in [&mixes.portpass, &mixes.floor_new, &mixes.floor_represented] {
            let mut requests = jwts.iter().map(|jwt| Ok(present(jwt, false)));
            let mut next = || requests.next().context("too few JWTs were signed")?;
            Load::open(server.port(), arguments.connections)?.closed(jwts.len(), &mut next)?;
        }
        Ok(mixes)
    }

    /// Measures each once.
    pub(crate) fn round(&mut self) -> Result<()> {
        self.place.cores.spread()?;
        let jwts = self.place.platform.sign(self.arguments.requests)?;
        self.place.cores.gather()?;
        if self.arguments.has(Part::New) {
            let floor = self.run(&self.floor_new, &jwts, jwts.len())?;
            let portpass = self.run(&self.portpass, &jwts, jwts.len())?;
            self.new.add(floor, portpass);
        }
        if self.arguments.has(Part::Represented) {
            let one = jwts.get(..1).unwrap_or_default();
            let count = self.arguments.requests * REPRESENTED_FACTOR;
            let floor = self.run(&self.floor_represented, one, count)?;
            let portpass = self.run(&self.portpass, one, count)?;
            self.represented.add(floor, portpass);
        }
        Ok(())
    }

    /// Ends them, and gives what was measured: new, and represented.
    pub(crate) fn finish(self) -> Result<(Mix, Mix)> {
        self.portpass.stop()?;
        Ok((self.new, self.represented))
    }

    fn run(&self, server: &Server, jwts: &[Jwt], count: usize) -> Result<Run> {
        let requests: Vec<_> = jwts.iter().map(|jwt| present(jwt, false)).collect();
        let mut turns = requests.iter().cycle();
        let mut next = || turns.next().cloned().context("there is nothing to send");
        let mut load = Load::open(server.port(), self.arguments.connections)?;
        let before = server.cpu()?;
        let closed = load.closed(count, &mut next)?;
        let cpu = server.cpu()?.saturating_sub(before);
        #[expect(clippy::cast_precision_loss, reason = "a number of requests")]
        let count = count as f64;
        Ok(Run {
            per_cpu_second: count / cpu.as_secs_f64(),
            per_second: closed.per_second,
            load_share: closed.own_share,
        })
    }
}

/// One run of one mix.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// Tokens for each second of the server's CPU.
    pub(crate) per_cpu_second: f64,
    /// Tokens for each second that passed.
    pub(crate) per_second: f64,
    /// How much of its core the load used.
    pub(crate) load_share: f64,
}

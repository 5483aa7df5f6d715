//! Tokens for each second of the server's CPU, with as many requests at once as there are connections.

use anyhow::{Context as _, Result};
use bench::{
    jobs::{Jwt, Platform},
    load::{Load, Open},
    requests::present,
    schedule::Schedule,
    server::Server,
};

use crate::{
    Arguments, Part,
    place::{Database, Place},
    run::{Mix, Run},
};

/// A JWT that is presented again costs less: more requests, for times as exact.
const REPRESENTED_FACTOR: usize = 2;

/// How often each repository has pushed before anything is counted.
const WARM: usize = 10;

/// Clients of the open loop: as many as may be waiting when the disk stalls.
const WAITING: usize = 256;

/// Portpass and its floors, side by side; whoever is not asked is idle.
#[derive(Debug)]
pub(crate) struct Mixes<'a> {
    place: &'a Place,
    platform: &'a Platform,
    arguments: &'a Arguments,
    database: &'a Database,
    portpass: Server,
    /// Verifies and signs.
    floor_new: Server,
    /// Only signs.
    floor_represented: Server,
    /// Every request a new JWT.
    pub(crate) new: Mix,
    /// One job's JWT, presented many times.
    pub(crate) represented: Mix,
}

impl<'a> Mixes<'a> {
    /// Starts them, and lets each job push: claiming a namespace is not what is counted.
    pub(crate) fn start(
        place: &'a Place,
        platform: &'a Platform,
        database: &'a Database,
        arguments: &'a Arguments,
    ) -> Result<Self> {
        let data = place.data("mixes", database)?;
        let (portpass, _) = place.portpass(&data, &platform.settings())?;
        let jwts = platform.sign(platform.jobs() * WARM)?;
        place.cores.gather()?;
        let first = jwts.first().context("there are jobs")?;
        let sample = Load::open(portpass.port(), 1)?.ask(&present(first, false))?;
        let keys = platform.key_set().to_string();
        let mixes = Self {
            place,
            platform,
            arguments,
            database,
            portpass,
            floor_new: place.floor(&sample, Some(&keys))?,
            floor_represented: place.floor(&sample, None)?,
            new: Mix::default(),
            represented: Mix::default(),
        };
        for server in [&mixes.portpass, &mixes.floor_new, &mixes.floor_represented] {
            mixes.run(server, &jwts, jwts.len())?;
        }
        Ok(mixes)
    }

    /// Measures each once, the floor and Portpass in turn.
    pub(crate) fn round(&mut self) -> Result<()> {
        let jwts = self.sign(self.arguments.requests)?;
        if self.arguments.has(Part::New) || self.arguments.has(Part::Latency) {
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

    /// New JWTs that are due at their own times, so many a second.
    pub(crate) fn scheduled(&self, count: usize, per_second: f64) -> Result<Open> {
        let jwts = self.sign(count)?;
        let mut requests = jwts.iter().map(|jwt| Ok(present(jwt, false)));
        let mut next = || requests.next().context("too few JWTs were signed")?;
        Load::open(self.portpass.port(), WAITING)?.scheduled(
            count,
            Schedule::new(per_second),
            &mut next,
        )
    }

    /// Ends them, and gives what was measured: new, and represented.
    pub(crate) fn finish(self) -> Result<(Mix, Mix)> {
        self.portpass.stop()?;
        Ok((self.new, self.represented))
    }

    /// Signs on both cores, since nothing is measured meanwhile.
    fn sign(&self, count: usize) -> Result<Vec<Jwt>> {
        self.place.cores.spread()?;
        let jwts = self.platform.sign(count);
        self.place.cores.gather()?;
        jwts
    }

    fn run(&self, server: &Server, jwts: &[Jwt], count: usize) -> Result<Run> {
        let requests: Vec<_> = jwts.iter().map(|jwt| present(jwt, false)).collect();
        Run::of(
            server,
            self.database,
            self.arguments.connections,
            &requests,
            count,
        )
    }
}

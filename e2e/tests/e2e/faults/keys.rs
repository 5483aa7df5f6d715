//! `kill -9` while keys change: what was signed before is good after, and one CA is everybody's.

use std::{fmt, fs};

use anyhow::{Context as _, Result, ensure};
use e2e::{
    http::{self, Credential},
    issuer::Issuer,
    portpass::{Portpass, access_token},
    registry::{Kind, Registry},
    strace::Point,
    world::SERVICE,
};
use libtest_mimic::Trial;

use super::{Held, draft, files, is_given, is_tidy};

/// Where the writing of a key is cut short.
const WRITING: [(&str, &str, usize); 3] = [
    ("before the draft is on the disk", "fsync", 1),
    ("before it has its name", "rename", 1),
    ("before its name is on the disk", "fsync", 2),
];

/// Where the exchange of the CA is cut short.
const EXCHANGE: [(&str, &str, usize); 2] = [
    ("before it has its name", "rename", 1),
    ("before its name is on the disk", "fsync", 1),
];

pub(super) fn trials() -> Vec<Trial> {
    vec![trial!(
        a_change_of_keys_that_is_cut_short_leaves_every_token_good,
        Strace,
        DockerRegistry
    )]
}

/// A server, a registry that trusts it, and the tokens that it gave.
struct House {
    issuer: Issuer,
    portpass: Portpass,
    registry: Registry,
    held: Held,
    tokens: Vec<String>,
}

impl House {
    fn start() -> Result<Self> {
        let issuer = Issuer::start()?;
        let portpass = draft(&issuer)?.serve()?;
        // Before the registry is told whom to trust, so that it trusts the next CA as well.
        portpass.operate(&["keys", "ca", "stage"])?;
        let registry = Registry::start(Kind::V28, &portpass.auth(SERVICE, portpass.ca()?))?;
        Ok(Self {
            issuer,
            portpass,
            registry,
            held: Held::default(),
            tokens: Vec::new(),
        })
    }

    fn ask(&mut self) -> Result<()> {
        let answer = self.held.ask(&self.portpass, &self.issuer)?;
        is_given(&answer)?;
        self.tokens.push(access_token(&answer)?);
        Ok(())
    }

    /// Every token so far is good where it counts.
    fn is_trusted(&self) -> Result<()> {
        for token in &self.tokens {
            let bearer = Credential::Bearer(token.clone());
            let path = "/v2/apps/github/acme/web/tags/list";
            let list = http::get(self.registry.port, path, &bearer)?;
            // Nothing was pushed; who is let in is told so.
            ensure!(
                matches!(list.status, 200 | 404),
                "{} {}",
                list.status,
                list.text()
            );
        }
        Ok(())
    }

    /// Runs a command that the server does not survive, and serves again.
    fn is_cut_short(&mut self, words: &[&str], calls: &str, nth: usize) -> Result<()> {
        self.ask()?;
        let watch = Point {
            calls,
            nth,
            path: None,
        }
        .watch(self.portpass.server.id())?;
        self.portpass.command(words)?.refused().context(NotCut)?;
        self.portpass.server.wait()?;
        drop(watch);
        self.portpass.restart()?;
        let data = self.portpass.draft.data();
        is_tidy(&data)?;
        self.ask()?;
        self.is_trusted()?;
        self.held.is_recorded(&self.portpass)
    }
}

/// The command ran to its end: `strace` now and then misses the first call of a thread that slept
/// while it attached, and then nothing was tested.
#[derive(Debug)]
struct NotCut;

impl fmt::Display for NotCut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server was not stopped where it should have been")
    }
}

/// How often all of it is begun anew because a call was missed.
const TRIES: usize = 4;

fn a_change_of_keys_that_is_cut_short_leaves_every_token_good() -> Result<()> {
    for _ in 1..TRIES {
        match change_keys() {
            Err(error) if error.downcast_ref::<NotCut>().is_some() => {}
            done => return done,
        }
    }
    change_keys()
}

fn change_keys() -> Result<()> {
    let mut house = House::start()?;
    for (name, calls, nth) in WRITING {
        house
            .is_cut_short(&["keys", "rotate"], calls, nth)
            .context(name)?;
    }
    // Each start goes on with the leaves there are.
    let keys = house.portpass.draft.data().join("keys");
    let leaves = files(&keys.join("leaves"))?;
    ensure!(leaves.len() <= WRITING.len() + 2, "{leaves:?}");

    let staged = keys.join("ca/staged.pem");
    let (trusted, next) = (
        house.portpass.operate(&["keys", "ca", "export"])?,
        fs::read(&staged)?,
    );
    for (name, calls, nth) in EXCHANGE {
        // As if none was exchanged before.
        fs::write(&staged, &next)?;
        house
            .is_cut_short(&["keys", "ca", "activate"], calls, nth)
            .context(name)?;
    }
    // It was activated in the end, and is the one that was staged.
    ensure!(fs::read(keys.join("ca/current.pem"))? == next, "another CA");
    ensure!(!staged.exists(), "it is staged still");

    for (name, calls, nth) in WRITING {
        let cut = house.is_cut_short(&["keys", "ca", "stage"], calls, nth);
        cut.context(name)?;
        // Whole, if there is one: `keys ca export` reads it.
        let exported = house.portpass.operate(&["keys", "ca", "export"])?;
        let current = exported.split_inclusive("-----END CERTIFICATE-----").next();
        ensure!(
            trusted.contains(current.context("no certificate")?.trim()),
            "{name}"
        );
        if staged.exists() {
            fs::remove_file(&staged)?;
            house.portpass.end("TERM")?;
            house.portpass.restart()?;
        }
    }
    Ok(())
}

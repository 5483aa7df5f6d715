//! Rounds: honest callers alone, then beside an attack, and again.

use std::{fs, path::PathBuf, time::Instant};

use anyhow::{Context as _, Result};
use bench::{
    cores::Cores,
    fill::Sizes,
    jobs::{Jwt, Platform, settings_of},
    progress,
    requests::present,
    server::{Server, Setup},
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tempfile::TempDir;

use crate::{
    Measure,
    attack::Attack,
    attacker::Attacker,
    honest,
    issuer::Issuer,
    report::{Beside, Report, Side},
};

/// What this process, the attack and the server may need of descriptors, each.
const DESCRIPTORS: u64 = 10_000;

/// Measures all that was asked for.
pub(crate) fn run(measure: &Measure) -> Result<Report> {
    raise_descriptors()?;
    let place = Place::new(measure)?;
    let mut report = Report::new(measure.rate, measure.rounds);
    for round in 1..=measure.rounds {
        for attack in measure.attacks() {
            progress(&format!(
                "round {round} of {}: {}",
                measure.rounds,
                attack.name()
            ));
            report.add(attack, place.round(measure, attack)?);
        }
    }
    place.server.stop()?;
    Ok(report)
}

/// What all rounds share: one server, with the limits that it has by default.
struct Place {
    _folder: TempDir,
    cores: Cores,
    issuer: Issuer,
    jwt: PathBuf,
    platform: Platform,
    server: Server,
}

impl Place {
    fn new(measure: &Measure) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("portpass-hostile-")
            .tempdir_in(&measure.folder)
            .with_context(|| format!("making a folder in {}", measure.folder.display()))?;
        let cores = Cores::new(measure.server_core, measure.load_core)?;
        let sizes = Sizes {
            events: 0,
            identities: 100,
            sessions: 0,
        };
        let platform = Platform::new(folder.path(), &sizes)?;
        let issuer = Issuer::start(platform.key_set().to_string())?;
        let keys = format!(
            "jwks_url = \"{}\"\nallow_private_network = true",
            issuer.url()
        );
        let server = Server::start(&Setup {
            program: &measure.portpass,
            folder: folder.path(),
            data: &folder.path().join("data"),
            database: None,
            limits: "",
            settings: &settings_of(&keys, "RS256"),
            cores,
        })?;
        Ok(Self {
            jwt: folder.path().join("hostile.jwt"),
            _folder: folder,
            cores,
            issuer,
            platform,
            server,
        })
    }

    fn round(&self, measure: &Measure, attack: Attack) -> Result<Beside> {
        self.cores.spread()?;
        let count = (measure.rate * measure.seconds) as usize;
        // Half of the requests are a JWT that was not shown before.
        let jwts = self.platform.sign(count + self.platform.jobs())?;
        let (warm, jwts) = jwts.split_at(self.platform.jobs());
        let (first, rest) = warm.split_first().context("there are jobs")?;
        // The one that attacks is a job, too; none of the honest ones.
        fs::write(&self.jwt, &first.text)?;
        let honest = |jwt: &&Jwt| jwt.id != first.id;
        let requests = |jwts: &[Jwt]| -> Vec<Vec<u8>> {
            let jwts = jwts.iter().filter(honest);
            jwts.flat_map(|jwt| [present(jwt, false), present(jwt, false)])
                .take(count)
                .collect()
        };
        let (alone, beside) = jwts.split_at(jwts.len() / 2);
        let (alone, beside) = (requests(alone), requests(beside));
        self.cores.gather()?;
        let warm: Vec<_> = rest.iter().map(|jwt| present(jwt, false)).collect();
        honest::ask(self.server.port(), &warm, measure.rate)?;

        let quiet = self.listen(&alone, measure.rate)?;
        let attacker = Attacker::start(attack, self.server.port(), &self.jwt)?;
        let hostile = self.listen(&beside, measure.rate);
        let done = attacker.stop()?;
        Ok(Beside {
            quiet,
            hostile: hostile.with_context(|| format!("beside {}", attack.name()))?,
            done,
        })
    }

    fn listen(&self, requests: &[Vec<u8>], rate: u32) -> Result<Side> {
        let (start, cpu, asked) = (Instant::now(), self.server.cpu()?, self.issuer.asked());
        let rss_before_kib = self.server.memory()?.now_kib;
        let waited = honest::ask(self.server.port(), requests, rate)?;
        let used = self.server.cpu()?.saturating_sub(cpu);
        Ok(Side {
            waited,
            seconds: start.elapsed().as_secs_f64(),
            cpu_share: used.as_secs_f64() / start.elapsed().as_secs_f64(),
            rss_before_kib,
            rss_after_kib: self.server.memory()?.now_kib,
            outbound: self.issuer.asked() - asked,
        })
    }
}

/// Raises the limit of descriptors for this process and those that it starts.
fn raise_descriptors() -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let given = limit
        .maximum
        .map_or(DESCRIPTORS, |most| most.min(DESCRIPTORS));
    if limit.current.is_some_and(|current| current < given) {
        let raised = Rlimit {
            current: Some(given),
            maximum: limit.maximum,
        };
        setrlimit(Resource::Nofile, raised).context("raising the limit of open files")?;
    }
    if given < DESCRIPTORS {
        progress(&format!(
            "only {given} files may be open: there are fewer slow connections than eight thousand"
        ));
    }
    Ok(())
}

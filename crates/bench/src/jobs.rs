//! The platform and its jobs: who asks, and the JWTs they ask with, signed before anything is counted.

use std::{fs, path::Path, thread};

use anyhow::{Context as _, Result};
use fixtures::Kind;
use jiff::{SignedDuration, Timestamp};
use portpass::{
    clock::Clock,
    dev::{DevKey, JwtOrder},
};
use serde_json::Value;

use crate::fill::Sizes;

/// The registry's `service`, and the audience of the JWTs.
pub const SERVICE: &str = "bench.test";

/// How many repositories push at the same time; each of them has pushed before.
const JOBS: u64 = 100;

/// Longer than any run: that JWTs expire is not what is measured here.
pub(crate) const LIFETIME: SignedDuration = SignedDuration::from_hours(2);

/// A code host with the repositories that push.
#[derive(Debug)]
pub struct Platform {
    key: DevKey,
    ids: Vec<u64>,
}

/// One repository's JWT.
#[derive(Debug)]
pub struct Jwt {
    /// The repository's immutable id.
    pub id: u64,
    /// The JWT.
    pub text: String,
}

/// What people call the repository of an id.
pub fn repository(id: u64) -> String {
    format!("acme/project-{id}")
}

/// The name that the repository of an id pushes to.
pub fn namespace(id: u64) -> String {
    format!("apps/github/{}", repository(id))
}

/// The tables of the configuration that trust a code host with these keys and this algorithm.
pub fn settings(keys: &Value, algorithm: &str) -> String {
    settings_of(&format!("jwks = '{keys}'"), algorithm)
}

/// The same, with the lines that say where the keys are.
pub fn settings_of(keys: &str, algorithm: &str) -> String {
    format!(
        "[registry.main]\nservice = \"{SERVICE}\"\nkind = \"distribution\"\n\n\
         [issuer.github]\nkind = \"github-actions\"\naudience = [\"{SERVICE}\"]\nowner_id = [\"65\"]\n\
         algorithms = [\"{algorithm}\"]\nmax_jwt_lifetime = \"4h\"\n{keys}\n\n\
         [rule.own-namespace]\nfrom = [\"github\"]\n\
         when = {{ event = [\"push\", \"tag\"], ref = \"refs/heads/main\" }}\n\
         push = [\"apps/{{issuer}}/{{repository}}\"]\n",
    )
}

impl Platform {
    /// A platform with a key of its own, whose jobs lie evenly among the identities of the full store.
    pub fn new(folder: &Path, sizes: &Sizes) -> Result<Self> {
        let folder = folder.join("platform");
        fs::create_dir(&folder)?;
        let step = (sizes.identities / JOBS).max(1);
        Ok(Self {
            key: DevKey::of(&folder)?,
            ids: (0..JOBS).map(|job| 1 + job * step).collect(),
        })
    }

    /// How many repositories push.
    pub fn jobs(&self) -> usize {
        self.ids.len()
    }

    /// The key set that proves its JWTs.
    pub fn key_set(&self) -> Value {
        self.key.key_set()
    }

    /// The tables of the configuration that trust this platform.
    pub fn settings(&self) -> String {
        settings(&self.key_set(), "RS256")
    }

    /// So many JWTs, no two alike, of each repository in turn.
    pub fn sign(&self, count: usize) -> Result<Vec<Jwt>> {
        let now = Clock::System.now();
        let ids: Vec<u64> = self.ids.iter().copied().cycle().take(count).collect();
        let workers = thread::available_parallelism()?.get();
        let share = count.div_ceil(workers).max(1);
        thread::scope(|scope| {
            let workers: Vec<_> = ids
                .chunks(share)
                .map(|ids| scope.spawn(move || self.sign_all(ids, now)))
                .collect();
            let mut jwts = Vec::with_capacity(count);
            for worker in workers {
                let signed = worker.join().ok().context("a thread that signs panicked")?;
                jwts.extend(signed?);
            }
            Ok(jwts)
        })
    }

    fn sign_all(&self, ids: &[u64], now: Timestamp) -> Result<Vec<Jwt>> {
        ids.iter()
            .map(|&id| {
                let order = JwtOrder {
                    kind: Kind::GithubActions,
                    fixture: None,
                    set: vec![
                        ("repository".to_owned(), repository(id)),
                        ("repository_id".to_owned(), id.to_string()),
                    ],
                    audience: SERVICE.to_owned(),
                    lifetime: Some(LIFETIME),
                };
                let text = order.sign(&self.key, now)?;
                Ok(Jwt { id, text })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: Sizes = Sizes {
        events: 0,
        identities: 100_000,
        sessions: 0,
    };

    #[test]
    fn jwts_are_all_different_and_go_round_the_repositories() {
        let folder = tempfile::tempdir().unwrap();
        let platform = Platform::new(folder.path(), &SIZES).unwrap();
        let jwts = platform.sign(platform.jobs() + 1).unwrap();
        assert_eq!(jwts[0].id, jwts[platform.jobs()].id);
        assert_ne!(jwts[0].text, jwts[platform.jobs()].text);
        assert_ne!(jwts[0].id, jwts[1].id);
        assert!(
            jwts.iter()
                .all(|jwt| (1..=SIZES.identities).contains(&jwt.id))
        );
    }
}

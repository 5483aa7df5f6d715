//! Tries the rules on fixtures: what platforms sign, signed again by keys of our own.
//!
//! Issuers, tenants, audiences and rules are the file's, and the code is the server's: a fixture's
//! JWT is proven by [`Directory`] and weighed by [`Policy`]. Only the keys are not the platform's.
//! Nobody is asked over the network, and nothing is written.

mod compare;
mod jwt;
mod key;
mod order;
mod result;
mod run;
mod signer;
mod source;
mod stage;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;

use self::signer::Signer;
pub(crate) use self::{
    compare::{Change, Line},
    jwt::{address, compact},
    key::rsa_jwk,
    order::{fixture, fixtures_of},
};
pub use self::{
    order::FixtureOrder,
    result::{Got, TestResult},
    source::{Expected, TestProof, TestSource, UnknownExpectation},
    stage::Stage,
};
use crate::{
    config::{Config, ConfigError, Fault},
    credential::{Malformed, UnverifiedJwt},
    decision::Policy,
    identity::{Directory, Proof, Unproven},
    snapshot::Snapshot,
};

/// A configuration whose issuers believe keys of our own, for as long as it is tried.
#[derive(Debug)]
pub struct Trial {
    snapshot: Arc<Snapshot>,
    /// The snapshot's, but for the keys.
    directory: Directory,
    signer: Signer,
    now: Timestamp,
}

/// Runs the tests that a configuration states, if there are any; gives what came of each.
///
/// # Errors
///
/// Each test that fails, where its `expect` stands.
pub fn check(
    config: &Config,
    snapshot: &Arc<Snapshot>,
    now: Timestamp,
) -> Result<Vec<TestResult>, ConfigError> {
    if config.tests.is_empty() {
        return Ok(Vec::new());
    }
    let trial = Trial::over(Arc::clone(snapshot), now);
    let trial = trial.map_err(|error| config.error(vec![nowhere(config, &error)]))?;
    let results = trial.run_all(&config.tests);
    let failed = results.iter().filter(|result| !result.passed);
    let failed = failed.map(|result| Fault::new(result.at, result.complaint()));
    let failed: Vec<Fault> = failed.collect();
    if failed.is_empty() {
        Ok(results)
    } else {
        Err(config.error(failed))
    }
}

/// Nothing can be tried: no fault of any line, so the first test's has to bear it.
fn nowhere(config: &Config, error: &CannotTry) -> Fault {
    let at = config.tests.first().map(|test| test.at);
    Fault::new(at.unwrap_or_default(), error.to_string())
}

/// Why nothing can be tried.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("fixtures cannot be signed: {0}")]
pub struct CannotTry(String);

impl Trial {
    /// Compiles what the files say, and makes the keys of this run.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the configuration.
    pub fn of(config: &Config, now: Timestamp) -> Result<Self, ConfigError> {
        let snapshot = Snapshot::of(config, None, now)?;
        let trial = Self::over(Arc::new(snapshot), now);
        trial.map_err(|error| config.error(vec![nowhere(config, &error)]))
    }

    /// Makes the keys of this run for what is compiled already.
    ///
    /// # Errors
    ///
    /// No keys can be made that the issuers would believe.
    pub fn over(snapshot: Arc<Snapshot>, now: Timestamp) -> Result<Self, CannotTry> {
        let (signer, key_sets) =
            Signer::of(&snapshot.directory).map_err(|error| CannotTry(error.to_string()))?;
        let directory = snapshot.directory.with_key_sets(key_sets, now);
        Ok(Self {
            directory: directory.map_err(CannotTry)?,
            snapshot,
            signer,
            now,
        })
    }

    /// Whom a fixture proves, by the server's own checks.
    ///
    /// # Errors
    ///
    /// Why it proves nobody, or nobody who may go on; so too for an issuer, a fixture or a claim
    /// that there is not, which the configuration's own tests cannot name.
    pub fn proof(&self, order: &FixtureOrder) -> Result<Proof, Unproven> {
        let jwt = self.jwt(order).map_err(Unproven::unavailable)?;
        let jwt: UnverifiedJwt = jwt.parse().map_err(Malformed::Jwt)?;
        self.directory.prove_first(Some(&jwt), self.now)
    }

    /// A fixture's JWT, signed by this run's key.
    ///
    /// # Errors
    ///
    /// There is no such issuer, fixture or claim.
    pub fn jwt(&self, order: &FixtureOrder) -> Result<Arc<str>, String> {
        let mut signatories = self.directory.signatories();
        let signatory = signatories.find(|signatory| signatory.name == order.issuer);
        let unknown = || format!("there is no issuer `{}`", order.issuer);
        self.signer
            .sign(order, &signatory.ok_or_else(unknown)?, self.now)
    }

    /// The compiled rules.
    pub fn policy(&self) -> &Policy {
        &self.snapshot.policy
    }

    /// The issuers, who believe the keys of this run.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }
}

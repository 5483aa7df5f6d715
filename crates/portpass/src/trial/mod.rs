//! Tries the rules on fixtures: what platforms sign, signed again by keys of our own.
//!
//! Issuers, pins, audiences and rules are the file's, and the code is the server's: a fixture's
//! JWT is proven by [`Directory`] and weighed by [`Policy`]. Only the keys are not the platform's.
//! Nothing here asks the network, the disk or the time.

mod order;
mod result;
mod source;
mod stage;

use std::sync::Arc;

use jiff::Timestamp;

pub use self::{
    order::FixtureOrder,
    result::{Got, TestResult},
    source::{Expected, TestProof, TestSource, UnknownExpectation},
    stage::Stage,
};
use crate::{
    config::{Config, ConfigError},
    decision::Policy,
    identity::{Directory, Proof, Unproven},
    registry::Registry,
};

/// A configuration whose issuers believe keys of our own, for as long as it is tried.
#[derive(Debug)]
pub struct Trial {
    directory: Directory,
    policy: Policy,
    registries: Vec<Arc<Registry>>,
    now: Timestamp,
}

impl Trial {
    /// Compiles what the files say and makes the keys of this run.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the configuration.
    pub fn of(_config: &Config, _now: Timestamp) -> Result<Self, ConfigError> {
        todo!()
    }

    /// Whom a fixture proves, by the server's own checks.
    ///
    /// # Errors
    ///
    /// Why it proves nobody, or nobody who may go on.
    pub fn proof(&self, _order: &FixtureOrder) -> Result<Proof, Unproven> {
        todo!()
    }

    /// Runs one test.
    pub fn run(&self, _test: &TestSource) -> TestResult {
        todo!()
    }

    /// Runs all tests, in their order.
    pub fn run_all(&self, tests: &[TestSource]) -> Vec<TestResult> {
        tests.iter().map(|test| self.run(test)).collect()
    }

    /// The compiled rules.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The issuers, with the keys of this run.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }
}

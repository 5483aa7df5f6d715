//! One test: who asks, what the rules say, and whether it is what was expected.

use std::sync::Arc;

use super::{Got, Stage, TestProof, TestResult, TestSource, Trial};
use crate::{
    decision::Held,
    identity::{Proof, Unproven},
    refused::Ask,
    registry::Registry,
};

impl Trial {
    /// Runs one test.
    pub fn run(&self, test: &TestSource) -> TestResult {
        let mut result = TestResult::begin(test);
        let name = &test.registry;
        let mut registries = self.snapshot.registries.iter();
        match registries.find(|registry| *registry.name == **name) {
            Some(registry) => self.ask(test, registry, &mut result),
            None => result.got = Got::Untried(format!("there is no registry `{name}`")),
        }
        result.conclude();
        result
    }

    /// Runs all tests, in their order.
    pub fn run_all(&self, tests: &[TestSource]) -> Vec<TestResult> {
        tests.iter().map(|test| self.run(test)).collect()
    }

    /// Asks as the server is asked by its callers.
    fn ask(&self, test: &TestSource, registry: &Arc<Registry>, result: &mut TestResult) {
        let (proven, groups) = match &test.proof {
            TestProof::Anonymous => (self.directory.prove_first(None, self.now), Vec::new()),
            TestProof::Fixture(order) => {
                // What cannot be signed proves nothing about who is refused.
                if let Err(error) = self.jwt(order) {
                    result.got = Got::Untried(error);
                    return;
                }
                let mut groups: Vec<Arc<str>> = order
                    .groups
                    .iter()
                    .map(|name| name.as_str().into())
                    .collect();
                groups.sort_unstable();
                (self.proof(order), groups)
            }
        };
        match proven {
            Ok(proof) => {
                let held = Held {
                    groups: &groups,
                    owners: &test.owners,
                };
                self.decide(proof, held, test, registry, result);
            }
            Err(unproven) => {
                let ask = Ask {
                    registry: Arc::clone(registry),
                    policy: self.policy().version(),
                    scopes: test.ask.clone(),
                };
                result.refuse(&unproven, &ask);
            }
        }
    }

    fn decide(
        &self,
        proof: Proof,
        held: Held<'_>,
        test: &TestSource,
        registry: &Arc<Registry>,
        result: &mut TestResult,
    ) {
        result.identity = Some(proof.identity().to_string());
        result.facts = Some(proof.facts().clone());
        let decided = self.policy().decide(proof, held, registry, &test.ask);
        match decided {
            Ok(grant) => {
                result.rules = grant.decision().rules().to_vec();
                result.got = Got::Granted(grant.access().to_vec());
            }
            Err(denied) => {
                let refusal = denied.refusal();
                result.rules = denied.decision().rules().to_vec();
                result.got = Got::Refused {
                    stage: Stage::from(&*denied),
                    code: refusal.code(),
                    message: without_id(&refusal.to_string()),
                    unmet: refusal.unmet(),
                    detail: None,
                };
            }
        }
    }
}

impl TestResult {
    /// Takes note of somebody who was not proven.
    fn refuse(&mut self, unproven: &Unproven, ask: &Ask) {
        let (code, message, detail) = match unproven {
            Unproven::Rejected(rejected) => {
                self.identity = Some(rejected.identity.to_string());
                self.facts = Some(rejected.facts.clone());
                let message = without_id(&ask.rejection(rejected));
                (rejected.reason.code(), message, None)
            }
            Unproven::Stranger(stranger) => {
                let message = stranger.reason.to_string();
                (stranger.reason.code(), message, stranger.detail.clone())
            }
            Unproven::Unavailable { reason, .. } => {
                self.got = Got::Untried(reason.clone());
                return;
            }
        };
        self.got = Got::Refused {
            stage: Stage::from(unproven),
            code,
            message,
            unmet: None,
            detail,
        };
    }
}

/// A refusal without the id of its decision, under which nothing is recorded here.
fn without_id(message: &str) -> String {
    let before = message.rsplit_once("; decision ");
    before.map_or(message, |(before, _)| before).to_owned()
}

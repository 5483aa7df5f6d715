//! One of the two configurations that are compared, as far as requests meet it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use jiff::Timestamp;

use crate::{
    config::{Config, ConfigError},
    decision::{GroupSource, Policy, PolicySource},
    identity::{ANONYMOUS, Binding, Directory, Facts, Identity, IssuerSettings, TOKEN},
    registry::Registry,
    snapshot::Snapshot,
    trial::{FixtureOrder, TestProof},
};

/// One of the two configurations that are compared.
#[derive(Debug)]
pub struct Side {
    pub(super) policy: Policy,
    pub(super) registries: Vec<Arc<Registry>>,
    pub(super) issuers: Vec<IssuerSettings>,
    /// The groups that operators keep.
    pub(super) operators: BTreeSet<Arc<str>>,
    pub(super) directory: Directory,
    /// The ids that groups and rows of images name, by issuer.
    pub(super) ids: BTreeMap<String, BTreeSet<String>>,
    /// The repositories that rows of images and tests name.
    pub(super) names: BTreeSet<String>,
    /// Whom tests make up, each with the repositories that it asks for.
    pub(super) tests: Vec<(FixtureOrder, BTreeSet<String>)>,
}

impl Side {
    /// What a configuration compiles to; with its shadow rules live, if wanted.
    ///
    /// # Errors
    ///
    /// Everything for which a server would not start with it, its files aside.
    pub fn of(config: &Config, is_shadow_live: bool, now: Timestamp) -> Result<Self, ConfigError> {
        let Snapshot {
            directory,
            mut policy,
            registries,
            ..
        } = Snapshot::of(config, None, now)?;
        if is_shadow_live {
            let live = config.policy.with_shadow_live();
            policy = Policy::compile(&live).map_err(|faults| config.error(faults))?;
        }
        Ok(Self {
            operators: policy.operators_groups().map(Arc::from).collect(),
            policy,
            registries,
            issuers: config.issuers.clone(),
            directory,
            ids: ids(&config.policy),
            names: names(config),
            tests: tests(config),
        })
    }

    /// The registry of a name, if a caller with these facts gets as far as the
    /// rules: its issuer is there still, and believed of its tenant.
    pub(super) fn admits(
        &self,
        identity: &Identity,
        facts: &Facts,
        registry: &str,
    ) -> Option<&Arc<Registry>> {
        let is_believed = match identity.issuer() {
            ANONYMOUS | TOKEN => true,
            _ => self.directory.believes(identity, facts).unwrap_or(false),
        };
        self.registry(registry).filter(|_| is_believed)
    }

    /// The registry of a name.
    pub(super) fn registry(&self, name: &str) -> Option<&Arc<Registry>> {
        let mut registries = self.registries.iter();
        registries.find(|registry| *registry.name == *name)
    }

    /// The issuer of a name, as the file has it.
    pub(super) fn issuer(&self, name: &str) -> Option<&IssuerSettings> {
        self.issuers.iter().find(|issuer| issuer.name == name)
    }

    /// What the name of an issuer stands for.
    pub(super) fn binding(&self, issuer: &str) -> Option<&Binding> {
        let mut bindings = self.directory.bindings();
        bindings.find(|binding| *binding.issuer == *issuer)
    }
}

fn ids(source: &PolicySource) -> BTreeMap<String, BTreeSet<String>> {
    let members = source.groups.values().flat_map(GroupSource::members);
    let members = members.map(|(issuer, id)| (issuer, id));
    let images = source.images.iter();
    let images = images.flat_map(|(issuer, ids)| ids.keys().map(move |id| (issuer, id)));
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (issuer, id) in members.chain(images) {
        all.entry(issuer.clone()).or_default().insert(id.clone());
    }
    all
}

fn names(config: &Config) -> BTreeSet<String> {
    let images = config.policy.images.values().flat_map(BTreeMap::values);
    let images = images.flatten().map(|name| name.value.clone());
    let tests = config.tests.iter().flat_map(|test| &test.ask);
    let tests = tests.filter(|scope| scope.kind == "repository");
    images
        .chain(tests.map(|scope| scope.name.clone()))
        .collect()
}

fn tests(config: &Config) -> Vec<(FixtureOrder, BTreeSet<String>)> {
    let with_fixture = config.tests.iter().filter_map(|test| match &test.proof {
        TestProof::Anonymous => None,
        TestProof::Fixture(order) => Some((order, &test.ask)),
    });
    let mut asks: HashMap<&FixtureOrder, BTreeSet<String>> = HashMap::new();
    let mut orders = Vec::new();
    for (order, ask) in with_fixture {
        let names = asks.entry(order).or_insert_with(|| {
            orders.push(order);
            BTreeSet::new()
        });
        let repositories = ask.iter().filter(|scope| scope.kind == "repository");
        names.extend(repositories.map(|scope| scope.name.clone()));
    }
    let orders = orders.into_iter();
    orders
        .map(|order| (order.clone(), asks.remove(order).unwrap_or_default()))
        .collect()
}

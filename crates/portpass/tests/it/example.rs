//! The example of a real size, `docs/examples/acme`: it loads, its tests pass, there is nothing to
//! find in it, and each of its 400 repositories gets exactly its names.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use jiff::Timestamp;
use portpass::{
    config::{self, Config},
    decision::Held,
    identity::Proof,
    lint::{self, Level},
    snapshot::Snapshot,
    trial::{self, FixtureOrder, Trial},
};
use scope::Scopes;

/// How many repositories fit the template, on each platform.
const ON_GITHUB: usize = 220;
const ON_GITLAB: usize = 110;

/// Each identity asks for every name whose number, with its own added, is a multiple of this.
const STRIDE: usize = 17;

/// Words that names of services are made of.
const FIRST: [&str; 11] = [
    "cart", "click", "coupon", "gift", "ledger", "order", "parcel", "quote", "search", "stock",
    "tax",
];
const SECOND: [&str; 20] = [
    "admin",
    "api",
    "archive",
    "bot",
    "cache",
    "cli",
    "core",
    "cron",
    "edge",
    "events",
    "feed",
    "gateway",
    "importer",
    "index",
    "proxy",
    "report",
    "scheduler",
    "store",
    "ui",
    "worker",
];

/// A repository of the example: who it is and what its names are.
struct Repository {
    issuer: &'static str,
    path: String,
    id: String,
    owner_id: &'static str,
    /// Beside the one that the template renders.
    old_names: Vec<String>,
}

impl Repository {
    fn own_name(&self) -> String {
        format!("apps/{}/{}", self.issuer, self.path)
    }

    fn names(&self) -> impl Iterator<Item = String> {
        [self.own_name()].into_iter().chain(self.old_names.clone())
    }

    /// Its usual job, a push to main.
    fn job(&self) -> FixtureOrder {
        let set = [
            ("repository", self.path.as_str()),
            ("repository_id", &self.id),
            ("owner_id", self.owner_id),
        ];
        FixtureOrder {
            issuer: self.issuer.to_owned(),
            fixture: Some("push-main".to_owned()),
            set: set
                .map(|(word, value)| (word.to_owned(), value.into()))
                .into(),
            ..FixtureOrder::default()
        }
    }
}

fn example() -> Config {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    config::load(&root.join("docs/examples/acme/portpass.toml")).unwrap()
}

fn now() -> Timestamp {
    Timestamp::from_second(1_780_000_000).unwrap()
}

/// The repositories that no line of the example names.
fn that_fit() -> Vec<Repository> {
    let names = SECOND
        .iter()
        .flat_map(|second| FIRST.map(|first| format!("{first}-{second}")));
    let names: Vec<String> = names.collect();
    let of = |issuer, owners: &[(&'static str, &str)], start: usize, count| {
        let numbered = names.iter().take(count).enumerate();
        let repositories: Vec<_> = numbered
            .map(|(number, name)| {
                let (owner_id, owner) = owners[number % owners.len()];
                Repository {
                    issuer,
                    path: format!("{owner}/{name}"),
                    id: (start + number).to_string(),
                    owner_id,
                    old_names: Vec::new(),
                }
            })
            .collect();
        repositories
    };
    let mut all = of(
        "github",
        &[("48213377", "acme-corp")],
        513_000_000,
        ON_GITHUB,
    );
    let groups = [("21", "platform"), ("22", "data/batch"), ("34", "mobile")];
    all.extend(of("gitlab", &groups, 5000, ON_GITLAB));
    all
}

/// The repositories that the example has rows for.
fn with_old_names(config: &Config) -> Vec<Repository> {
    let mut all = Vec::new();
    for (issuer, owner_id, owner) in [
        ("github", "48213377", "acme-corp"),
        ("gitlab", "21", "platform"),
    ] {
        for (id, names) in &config.policy.images[issuer] {
            all.push(Repository {
                issuer,
                path: format!("{owner}/once-{id}"),
                id: id.clone(),
                owner_id,
                old_names: names.iter().map(|name| name.value.clone()).collect(),
            });
        }
    }
    all
}

#[test]
fn the_example_loads_and_there_is_nothing_to_find_in_it() {
    let config = example();
    let snapshot = Arc::new(Snapshot::of(&config, None, now()).unwrap());
    let tried = trial::check(&config, &snapshot, now()).unwrap();
    let findings = lint::lint(&config, &snapshot.policy, &tried);
    let bad: Vec<_> = findings
        .iter()
        .filter(|finding| finding.lint.level > Level::Note)
        .map(|finding| format!("{} {}", finding.lint.code, finding.message))
        .collect();
    assert!(bad.is_empty(), "{bad:#?}");
}

#[test]
fn the_examples_own_tests_pass() {
    let config = example();
    assert!(config.tests.len() > 30, "only {} tests", config.tests.len());
    let trial = Trial::of(&config, now()).unwrap();
    for result in trial.run_all(&config.tests) {
        assert!(result.passed, "{result:#?}");
    }
}

#[test]
fn each_of_400_repositories_gets_exactly_its_names() {
    let config = example();
    let trial = Trial::of(&config, now()).unwrap();
    let mut repositories = that_fit();
    assert_eq!(repositories.len(), 330);
    repositories.extend(with_old_names(&config));
    assert_eq!(repositories.len(), 400);
    let names: Vec<String> = repositories.iter().flat_map(Repository::names).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());

    let proofs: Vec<Proof> = repositories
        .iter()
        .map(|repository| trial.proof(&repository.job()).unwrap())
        .collect();
    let may_push = |proof: &Proof, name: &str| {
        let scopes = Scopes::parse([format!("repository:{name}:pull,push").as_str()]).unwrap();
        let registry = Arc::clone(&config.registries[0]);
        let given = trial
            .policy()
            .decide(proof.clone(), Held::default(), &registry, &scopes);
        given.is_ok()
    };
    let mut asked = BTreeMap::new();
    for (number, (repository, proof)) in repositories.iter().zip(&proofs).enumerate() {
        let own: BTreeSet<String> = repository.names().collect();
        for name in &own {
            assert!(
                may_push(proof, name),
                "{} may not push {name}",
                repository.path
            );
        }
        let others = names.iter().enumerate().filter(|(other, name)| {
            (number + other).is_multiple_of(STRIDE) && !own.contains(*name)
        });
        for (_, name) in others {
            assert!(
                !may_push(proof, name),
                "{} may push {name}",
                repository.path
            );
            *asked.entry(name).or_insert(0) += 1;
        }
    }
    assert_eq!(
        asked.len(),
        names.len(),
        "some name was tried by nobody else"
    );
}

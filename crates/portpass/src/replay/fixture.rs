//! What changes for the fixtures: each situation of each platform, proven by the
//! server's own code.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use scope::Scopes;
use serde::Serialize;

use super::{Action, Change, Pair, side::Side};
use crate::{
    decision::{Caller, Gives, Held},
    identity::{Fact, IssuerKind, IssuerSettings, Proof},
    trial::{FixtureOrder, Trial, fixtures_of},
};

/// How many ids that a file names are tried beside the fixtures' own.
const IDS: usize = 200;

/// How many situations are told, so that a list stays one.
const SITUATIONS: usize = 2000;

/// What changes for somebody in some situations.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Situation {
    /// The issuer's name.
    pub issuer: String,
    /// The immutable id under that issuer.
    pub identity: String,
    /// What people call it.
    pub name: String,
    /// The group that it is in, if it takes one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Arc<str>>,
    /// The registry's name.
    pub registry: Arc<str>,
    /// The repository; nothing for a login, and for the list of repositories.
    pub repository: String,
    /// What becomes of its access.
    #[serde(flatten)]
    pub change: Change,
    /// In which situations: the fixtures' names.
    pub fixtures: Vec<&'static str>,
}

/// What changes, and for whom, in the order in which it is told.
type Changed = (
    String,
    String,
    String,
    Option<Arc<str>>,
    Arc<str>,
    String,
    Change,
);

/// Both sides, as fixtures meet them.
#[derive(Debug)]
pub struct Trials<'p> {
    pair: &'p Pair,
    old: Trial,
    new: Trial,
}

impl<'p> Trials<'p> {
    /// Both sides with keys of this run.
    pub fn of(pair: &'p Pair, old: Trial, new: Trial) -> Self {
        Self { pair, old, new }
    }

    /// What changes, in alphabetical order of those it changes for; and how many
    /// more there are than are told.
    pub fn situations(&self) -> (Vec<Situation>, usize) {
        let mut changed: BTreeMap<Changed, Vec<&'static str>> = BTreeMap::new();
        for issuer in self.issuers() {
            for (fixture, id) in self.tried(issuer) {
                for one in self.changes(issuer, fixture, id) {
                    let fixtures = changed.entry(one).or_default();
                    if !fixtures.contains(&fixture) {
                        fixtures.push(fixture);
                    }
                }
            }
        }
        let more = changed.len().saturating_sub(SITUATIONS);
        let told = changed.into_iter().take(SITUATIONS);
        let told = told.map(|(one, fixtures)| {
            let (issuer, identity, name, group, registry, repository, change) = one;
            Situation {
                issuer,
                identity,
                name,
                group,
                registry,
                repository,
                change,
                fixtures,
            }
        });
        (told.collect(), more)
    }

    /// The issuers of either side, as the new one has them where it does.
    fn issuers(&self) -> impl Iterator<Item = &'p IssuerSettings> {
        let Pair { old, new } = self.pair;
        let gone = old.issuers.iter();
        let gone = gone.filter(|issuer| new.issuer(&issuer.name).is_none());
        new.issuers.iter().chain(gone)
    }

    /// Each fixture of an issuer's platform; and its usual one for each id that
    /// either file names.
    fn tried(&self, issuer: &IssuerSettings) -> Vec<(&'static str, Option<&'p str>)> {
        let Ok(kind) = fixtures_of(issuer.kind.value) else {
            return Vec::new();
        };
        let plain = kind.fixtures().map(|fixture| (fixture, None));
        let ids = [&self.pair.old, &self.pair.new].into_iter();
        let ids = ids.flat_map(|side| side.ids.get(&issuer.name).into_iter().flatten());
        let ids: BTreeSet<&str> = ids.map(String::as_str).collect();
        let is_settable = issuer.kind.value.is_code_host();
        let ids = ids.into_iter().take(if is_settable { IDS } else { 0 });
        plain
            .chain(ids.map(|id| (kind.usual(), Some(id))))
            .collect()
    }

    /// What changes for one fixture, for each registry, and in each group that
    /// makes a difference.
    fn changes(
        &self,
        issuer: &IssuerSettings,
        fixture: &str,
        id: Option<&str>,
    ) -> BTreeSet<Changed> {
        let id = id.map(|id| ("repository_id".to_owned(), id.into()));
        let order = FixtureOrder {
            issuer: issuer.name.clone(),
            fixture: Some(fixture.to_owned()),
            set: id.into_iter().collect(),
            ..FixtureOrder::default()
        };
        let Some(order) = self.of_one_tenant(order, issuer) else {
            return BTreeSet::new();
        };
        let Pair { old, new } = self.pair;
        let (by_old, by_new) = (self.old.proof(&order).ok(), self.new.proof(&order).ok());
        let Some(somebody) = by_new.as_ref().or(by_old.as_ref()) else {
            return BTreeSet::new();
        };
        let (old, new) = (
            Proven {
                side: old,
                proof: by_old.as_ref(),
            },
            Proven {
                side: new,
                proof: by_new.as_ref(),
            },
        );
        let who = somebody.identity();
        let mut all = BTreeSet::new();
        for registry in registries(self.pair) {
            let names = self.names(&registry, &old, &new);
            let plain = changed(&registry, &names, None, &old, &new);
            let groups = self.pair.old.operators.union(&self.pair.new.operators);
            let in_groups = groups.flat_map(|group| {
                let changed = changed(&registry, &names, Some(group), &old, &new);
                let changed = changed.into_iter().filter(|one| !plain.contains(one));
                changed
                    .map(|one| (Some(Arc::clone(group)), one))
                    .collect::<Vec<_>>()
            });
            let in_groups: Vec<_> = in_groups.collect();
            let plain = plain.into_iter().map(|one| (None, one));
            all.extend(plain.chain(in_groups).map(|(group, (repository, change))| {
                let (issuer, id) = (who.issuer().to_owned(), who.id().to_owned());
                let name = somebody.name().to_owned();
                (
                    issuer,
                    id,
                    name,
                    group,
                    Arc::clone(&registry),
                    repository,
                    change,
                )
            }));
        }
        all
    }

    /// The same fixture as somebody's who is proven on one side at least: left to
    /// themselves, both would have it signed for the tenant that they pin.
    fn of_one_tenant(
        &self,
        mut order: FixtureOrder,
        issuer: &IssuerSettings,
    ) -> Option<FixtureOrder> {
        let proof = self
            .old
            .proof(&order)
            .or_else(|_| self.new.proof(&order))
            .ok()?;
        let kind = issuer.kind.value;
        let mut ids = vec![Fact::Namespace];
        if kind.is_code_host() {
            ids = vec![Fact::OwnerId, Fact::RepositoryId];
        }
        if kind == IssuerKind::Gitlab {
            ids.push(Fact::OwnerPath);
        }
        for fact in ids {
            let is_set = order.set.iter().any(|(word, _)| word == fact.name());
            let value = proof.facts().text(fact).filter(|_| !is_set);
            let set = value.map(|value| (fact.name().to_owned(), value.into()));
            order.set.extend(set);
        }
        Some(order)
    }

    /// The repositories that either side could be about for somebody, and those
    /// that either file names.
    fn names(&self, registry: &str, old: &Proven<'_>, new: &Proven<'_>) -> BTreeSet<String> {
        let mut names: BTreeSet<String> = self
            .pair
            .old
            .names
            .union(&self.pair.new.names)
            .cloned()
            .collect();
        for Proven { side, proof } in [old, new] {
            if let (Some(proof), Some(registry)) = (proof, side.registry(registry)) {
                names.extend(side.policy.names(Caller::from(*proof), registry));
            }
        }
        names
    }
}

/// One side, and whom a fixture proves there.
struct Proven<'a> {
    side: &'a Side,
    proof: Option<&'a Proof>,
}

impl Proven<'_> {
    fn gives(&self, registry: &str, group: Option<&Arc<str>>, asked: &Scopes) -> bool {
        let (Some(proof), Some(registry)) = (self.proof, self.side.registry(registry)) else {
            return false;
        };
        let held = Held {
            groups: group.map(std::slice::from_ref).unwrap_or_default(),
            ..Held::default()
        };
        let policy = &self.side.policy;
        policy.gives(Caller::from(proof), held, registry, asked) == Gives::Yes
    }

    fn may_log_in(&self, registry: &str) -> bool {
        self.proof.is_some() && self.side.registry(registry).is_some()
    }
}

/// The registries of either side.
fn registries(pair: &Pair) -> BTreeSet<Arc<str>> {
    let registries = pair.old.registries.iter().chain(&pair.new.registries);
    registries
        .map(|registry| Arc::clone(&registry.name))
        .collect()
}

/// What changes at one registry: by repository; nothing stands for all else.
fn changed(
    registry: &str,
    names: &BTreeSet<String>,
    group: Option<&Arc<str>>,
    old: &Proven<'_>,
    new: &Proven<'_>,
) -> Vec<(String, Change)> {
    let mut all = Vec::new();
    let mut beside = Change::default();
    beside.note(
        Action::Login,
        old.may_log_in(registry),
        new.may_log_in(registry),
    );
    let note = |change: &mut Change, action, text: &str| {
        if let Ok(asked) = Scopes::parse([text]) {
            let given = |side: &Proven<'_>| side.gives(registry, group, &asked);
            change.note(action, given(old), given(new));
        }
    };
    note(&mut beside, Action::Catalog, "registry:catalog:*");
    all.push((String::new(), beside));
    for name in names {
        let mut change = Change::default();
        for action in [Action::Delete, Action::Pull, Action::Push] {
            note(
                &mut change,
                action,
                &format!("repository:{name}:{}", action.name()),
            );
        }
        all.push((name.clone(), change));
    }
    all.retain(|(_, change)| !change.is_none());
    all
}

//! What lints look at, and where they put what they find.

use std::collections::BTreeSet;

use super::{Finding, Lint};
use crate::{
    config::{Config, Located, Place},
    decision::{Mode, Policy, RuleSource, Shape, Way},
    identity::{Fact, IssuerKind, IssuerSettings},
    trial::TestResult,
};

/// A configuration that loads.
pub(super) struct Subject<'c> {
    pub(super) config: &'c Config,
    /// What came of its tests.
    pub(super) tried: &'c [TestResult],
    /// The rules, in alphabetical order.
    pub(super) rules: Vec<Table<'c>>,
    /// The denies, in alphabetical order.
    pub(super) denies: Vec<Table<'c>>,
}

/// A `[rule.*]` or `[deny.*]`, with what follows from it.
pub(super) struct Table<'c> {
    /// `rule.NAME` or `deny.NAME`.
    pub(super) path: String,
    pub(super) rule: &'c RuleSource,
    /// Whose identities it can be for.
    pub(super) issuers: Vec<&'c IssuerSettings>,
    /// Every way in which its `when` can be met; none where they are too many
    /// to look at.
    pub(super) ways: Vec<Way<'c>>,
    policy: &'c Policy,
}

impl<'c> Subject<'c> {
    pub(super) fn of(config: &'c Config, policy: &'c Policy, tried: &'c [TestResult]) -> Self {
        let source = &config.policy;
        let table = |section: &str, name: &str, rule: &'c RuleSource| {
            let names = source.issuers_of(rule);
            let issuers = config.issuers.iter();
            Table {
                path: format!("{section}.{name}"),
                rule,
                issuers: issuers
                    .filter(|issuer| names.contains(issuer.name.as_str()))
                    .collect(),
                ways: Way::all(source, rule).unwrap_or_default(),
                policy,
            }
        };
        let rules = source.rules.iter();
        let denies = source.denies.iter();
        Self {
            config,
            tried,
            rules: rules
                .map(|(name, rule)| table("rule", name, rule))
                .collect(),
            denies: denies
                .map(|(name, rule)| table("deny", name, rule))
                .collect(),
        }
    }

    /// The facts that identities of an issuer can have. Beside an identity
    /// provider, everybody's groups there are known.
    pub(super) fn facts_of(&self, issuer: &IssuerSettings) -> BTreeSet<Fact> {
        let beside = self.config.relay.as_ref().map(|_| Fact::IdpGroups);
        issuer
            .kind
            .value
            .facts()
            .into_iter()
            .chain(beside)
            .collect()
    }

    /// Rules and denies.
    pub(super) fn tables(&self) -> impl Iterator<Item = &Table<'c>> {
        self.rules.iter().chain(&self.denies)
    }

    /// The rules that let somebody push or delete.
    pub(super) fn writing(&self) -> impl Iterator<Item = &Table<'c>> {
        self.rules
            .iter()
            .filter(|table| table.written().next().is_some())
    }
}

impl<'c> Table<'c> {
    /// Whether it counts, and is not merely recorded.
    pub(super) fn is_live(&self) -> bool {
        self.rule.mode == Mode::Live
    }

    /// The patterns of push and delete.
    pub(super) fn written(&self) -> impl Iterator<Item = &'c Located<String>> + use<'c> {
        self.rule.push.iter().chain(&self.rule.delete)
    }

    /// Every pattern.
    pub(super) fn patterns(&self) -> impl Iterator<Item = &'c Located<String>> + use<'c> {
        self.rule.pull.iter().chain(self.written())
    }

    /// Where its conditions stand, or it does if it has none.
    pub(super) fn conditions_at(&self) -> Place {
        self.rule.when.as_ref().map_or(self.rule.at, |when| when.at)
    }

    /// Whether its `cel` has one of these words in it, so that nobody but it
    /// knows what it asks of what they mean.
    pub(super) fn cel_has(&self, words: &[&str]) -> bool {
        let cel = self.rule.cel.as_ref();
        cel.is_some_and(|cel| words.iter().any(|word| cel.value.contains(word)))
    }

    /// Whether its `cel` surely looks at a claim.
    pub(super) fn names_claim(&self, claim: &str) -> bool {
        self.policy.names_claim(&self.path, claim)
    }

    /// The issuers of kinds that GitHub's events come from, in some of which
    /// strangers have a say.
    pub(super) fn like_github(&self) -> impl Iterator<Item = &'c IssuerSettings> {
        let issuers = self.issuers.iter().copied();
        issuers.filter(|issuer| issuer.kind.value.has_strangers_runs())
    }

    /// Whether a pattern of push or delete means the same for all who may.
    pub(super) fn writes_what_is_shared(&self) -> bool {
        let mut shapes = self.written().filter_map(|text| Shape::of(&text.value));
        shapes.any(|shape| !shape.is_the_callers_own())
    }
}

/// Whether a way says who it is, by id or by name.
pub(super) fn says_who(way: &Way<'_>) -> bool {
    [
        Fact::Actor,
        Fact::IdpGroups,
        Fact::Namespace,
        Fact::Owner,
        Fact::OwnerId,
        Fact::OwnerPath,
        Fact::Repository,
        Fact::RepositoryId,
        Fact::ServiceAccount,
        Fact::User,
        Fact::WorkflowRef,
    ]
    .into_iter()
    .any(|fact| way.looks_at(fact))
}

/// Whether an issuer is believed of named tenants only.
pub(super) fn is_pinned(issuer: &IssuerSettings) -> bool {
    [
        &issuer.id,
        &issuer.namespace,
        &issuer.owner_id,
        &issuer.owner_path,
        &issuer.repository_id,
    ]
    .into_iter()
    .any(|pin| !pin.is_empty())
}

/// Whether an issuer is the public platform of its kind, where everybody is.
pub(super) fn is_public(issuer: &IssuerSettings) -> bool {
    let kind = issuer.kind.value;
    issuer.url.is_none() && matches!(kind, IssuerKind::GithubActions | IssuerKind::Gitlab)
}

/// A list of names, as in a sentence.
pub(super) fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

/// What was found so far.
#[derive(Default)]
pub(super) struct Findings {
    lint: Option<&'static Lint>,
    all: Vec<Finding>,
}

impl Findings {
    /// What comes is of this lint.
    pub(super) fn look_for(&mut self, lint: &'static Lint) {
        self.lint = Some(lint);
    }

    /// Something about a rule or deny.
    pub(super) fn in_table(&mut self, table: &Table<'_>, at: Place, message: impl Into<String>) {
        self.add(Some(table.path.clone()), at, message.into());
    }

    /// Something about an issuer.
    pub(super) fn in_issuer(
        &mut self,
        issuer: &IssuerSettings,
        at: Place,
        message: impl Into<String>,
    ) {
        self.add(Some(format!("issuer.{}", issuer.name)), at, message.into());
    }

    /// Something about another part of the file.
    pub(super) fn elsewhere(&mut self, at: Place, message: impl Into<String>) {
        self.add(None, at, message.into());
    }

    fn add(&mut self, table: Option<String>, at: Place, message: String) {
        let lint = self.lint.expect("a lint is named before it looks");
        self.all.push(Finding {
            lint,
            at,
            table,
            message,
        });
    }

    pub(super) fn done(self) -> Vec<Finding> {
        self.all
    }
}

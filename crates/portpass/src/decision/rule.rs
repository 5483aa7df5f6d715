//! One rule or deny, compiled, and what it says of one request.

use std::sync::Arc;

use super::{
    Outcome,
    cel::Expression,
    condition::{Conjunction, Leaning, Unmet},
    glob,
    pattern::{Cover, Pattern},
    request::Request,
    template::Unrendered,
};

/// A `[rule.*]` or `[deny.*]`.
#[derive(Debug)]
pub(super) struct Rule {
    /// Its table: `rule.own-namespace`.
    pub(super) name: Arc<str>,
    pub(super) who: Who,
    /// The registries it is about; none: all.
    pub(super) registries: Vec<String>,
    pub(super) when: Conjunction,
    pub(super) cel: Option<Expression>,
    pub(super) pull: Vec<Pattern>,
    pub(super) push: Vec<Pattern>,
    pub(super) delete: Vec<Pattern>,
    pub(super) catalog: bool,
}

/// Whom a rule is for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Who {
    /// Callers without a credential.
    Anonymous,
    /// All callers.
    Everybody,
    /// The members of a group.
    Group(String),
    /// The identities of these issuers.
    Issuers(Vec<String>),
}

/// What may be done with a repository, or is asked for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Actions {
    pub(super) delete: bool,
    pub(super) pull: bool,
    pub(super) push: bool,
}

/// What a rule says of a request.
#[derive(Debug)]
pub(super) enum Judged<'p> {
    Matched(Covers<'p>),
    OtherCaller,
    OtherRegistry,
    UnmetCel,
    UnmetFact(Unmet),
    Void(Unrendered),
}

/// What a rule gives, or a deny takes, for one caller.
#[derive(Debug, Default)]
pub(super) struct Covers<'p> {
    pull: Vec<Cover<'p>>,
    push: Vec<Cover<'p>>,
    delete: Vec<Cover<'p>>,
    pub(super) catalog: bool,
}

impl Covers<'_> {
    /// What is listed for a repository's name, without what follows from it.
    fn listed(&self, name: &str) -> Actions {
        let covers = |list: &[Cover<'_>]| list.iter().any(|cover| cover.covers(name));
        Actions {
            delete: covers(&self.delete),
            pull: covers(&self.pull),
            push: covers(&self.push),
        }
    }

    /// What an allow gives: push implies pull, as registries require.
    pub(super) fn gives(&self, name: &str) -> Actions {
        let listed = self.listed(name);
        Actions {
            pull: listed.pull || listed.push,
            ..listed
        }
    }

    /// What a deny takes: without pull, push is of no use.
    pub(super) fn takes(&self, name: &str) -> Actions {
        let listed = self.listed(name);
        Actions {
            push: listed.push || listed.pull,
            ..listed
        }
    }
}

impl Rule {
    /// What an allow says: what cannot be told is unmet.
    pub(super) fn judge<'p>(&'p self, request: &Request<'p>) -> Judged<'p> {
        if !self.who.allows(request) {
            return Judged::OtherCaller;
        }
        if !self.is_about(request.registry) {
            return Judged::OtherRegistry;
        }
        if let Some(unmet) = self.when.unmet(request, Leaning::Unmet) {
            return Judged::UnmetFact(unmet);
        }
        if let Some(expression) = &self.cel
            && expression.evaluate(request.variables()) != Some(true)
        {
            return Judged::UnmetCel;
        }
        match self.render(request) {
            Ok(covers) => Judged::Matched(covers),
            Err(unrendered) => Judged::Void(unrendered),
        }
    }

    /// What a deny says: what cannot be told is met.
    pub(super) fn judge_as_deny<'p>(&'p self, request: &Request<'p>) -> Judged<'p> {
        if !self.who.denies(request) {
            return Judged::OtherCaller;
        }
        if !self.is_about(request.registry) {
            return Judged::OtherRegistry;
        }
        if let Some(unmet) = self.when.unmet(request, Leaning::Met) {
            return Judged::UnmetFact(unmet);
        }
        if let Some(expression) = &self.cel
            && expression.evaluate(request.variables()) == Some(false)
        {
            return Judged::UnmetCel;
        }
        let widely = |patterns: &'p [Pattern]| {
            patterns
                .iter()
                .map(|pattern| pattern.render_widely(&request.values, request.images))
                .collect()
        };
        Judged::Matched(Covers {
            pull: widely(&self.pull),
            push: widely(&self.push),
            delete: widely(&self.delete),
            catalog: self.catalog,
        })
    }

    fn is_about(&self, registry: &str) -> bool {
        self.registries.is_empty() || self.registries.iter().any(|name| name == registry)
    }

    fn render<'p>(&'p self, request: &Request<'p>) -> Result<Covers<'p>, Unrendered> {
        let render = |patterns: &'p [Pattern]| {
            patterns
                .iter()
                .map(|pattern| pattern.render(&request.values, request.images))
                .collect::<Result<_, _>>()
        };
        Ok(Covers {
            pull: render(&self.pull)?,
            push: render(&self.push)?,
            delete: render(&self.delete)?,
            catalog: self.catalog,
        })
    }

    /// Whether this allow would give one of these actions on a repository, its
    /// conditions aside. A template that the caller's facts do not render is
    /// taken for all that it could be.
    pub(super) fn could_give(&self, request: &Request<'_>, name: &str, wanted: Actions) -> bool {
        let issuer = request.proof.identity().issuer();
        let covers = |pattern: &Pattern| match pattern.render(&request.values, request.images) {
            Ok(cover) => cover.covers(name),
            Err(_) => glob::matches(&pattern.reach(issuer), name),
        };
        wanted.push && self.push.iter().any(covers)
            || wanted.pull && self.pull.iter().chain(&self.push).any(covers)
            || wanted.delete && self.delete.iter().any(covers)
    }
}

impl Who {
    /// Whether an allow is for a caller. What is given to callers without a
    /// credential is given to all: whoever has one could leave it away.
    fn allows(&self, request: &Request<'_>) -> bool {
        matches!(self, Self::Anonymous) || self.denies(request)
    }

    /// Whether a deny is for a caller.
    fn denies(&self, request: &Request<'_>) -> bool {
        match self {
            Self::Anonymous => request.proof.is_anonymous(),
            Self::Everybody => true,
            Self::Group(group) => request.groups.iter().any(|held| **held == **group),
            Self::Issuers(issuers) => {
                let issuer = request.proof.identity().issuer();
                !request.proof.is_anonymous() && issuers.iter().any(|name| name == issuer)
            }
        }
    }
}

impl Actions {
    pub(super) const ALL: Self = Self {
        delete: true,
        pull: true,
        push: true,
    };

    pub(super) fn or(self, other: Self) -> Self {
        Self {
            delete: self.delete || other.delete,
            pull: self.pull || other.pull,
            push: self.push || other.push,
        }
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self {
            delete: self.delete && other.delete,
            pull: self.pull && other.pull,
            push: self.push && other.push,
        }
    }

    pub(super) fn minus(self, other: Self) -> Self {
        Self {
            delete: self.delete && !other.delete,
            pull: self.pull && !other.pull,
            push: self.push && !other.push,
        }
    }

    pub(super) fn any(self) -> bool {
        self != Self::default()
    }

    /// The words, in alphabetical order.
    pub(super) fn words(self) -> Vec<String> {
        let words = [
            (self.delete, "delete"),
            (self.pull, "pull"),
            (self.push, "push"),
        ];
        words
            .into_iter()
            .filter(|(is_in, _)| *is_in)
            .map(|(_, word)| word.to_owned())
            .collect()
    }
}

impl Judged<'_> {
    /// The outcome, for the record.
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Matched(_) => Outcome::Matched,
            Self::OtherCaller => Outcome::OtherCaller,
            Self::OtherRegistry => Outcome::OtherRegistry,
            Self::UnmetCel => Outcome::UnmetCel,
            Self::UnmetFact(unmet) => Outcome::UnmetFact(unmet.fact),
            Self::Void(unrendered) => Outcome::Void(unrendered.to_string()),
        }
    }
}

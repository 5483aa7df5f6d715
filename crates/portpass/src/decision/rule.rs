//! One rule or deny, compiled, and what it says of one request.

use std::sync::Arc;

use super::{
    Mode, Namespace, Outcome, Within,
    actions::Actions,
    cel::Expression,
    condition::{Conjunction, Leaning, Unmet},
    covers::{Covers, Part},
    glob,
    hold::{Hold, Withheld},
    pattern::Pattern,
    request::{Assumed, Request},
    template::Unrendered,
};
use crate::config::Place;

/// A `[rule.*]` or `[deny.*]`.
#[derive(Debug)]
pub(super) struct Rule {
    /// Its table: `rule.own-namespace`.
    pub(super) name: Arc<str>,
    /// Where that begins.
    pub(super) at: Place,
    pub(super) mode: Mode,
    pub(super) who: Who,
    /// The registries it is about; none: all.
    pub(super) registries: Vec<String>,
    pub(super) when: Conjunction,
    pub(super) cel: Option<Expression>,
    pub(super) pull: Vec<Pattern>,
    pub(super) push: Vec<Pattern>,
    pub(super) delete: Vec<Pattern>,
    pub(super) catalog: bool,
    /// The ceiling over the patterns.
    pub(super) within: Within,
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

/// What a rule says of a request.
#[derive(Debug)]
pub(super) enum Judged<'p> {
    Matched(Covers<'p>),
    OtherCaller,
    OtherRegistry,
    /// It is for a group that the caller would be in, were its issuer not
    /// suspended.
    Suspended,
    UnmetCel,
    UnmetFact(Unmet<'p>),
    Void(Unrendered),
}

impl Rule {
    /// What an allow says: what cannot be told is unmet.
    pub(super) fn judge<'p>(&'p self, request: &Request<'p>) -> Judged<'p> {
        if !self.who.names(request) {
            return Judged::OtherCaller;
        }
        if !self.is_about(request.registry) {
            return Judged::OtherRegistry;
        }
        if let Some(unmet) = self.when.unmet(request, Leaning::Unmet) {
            return Judged::UnmetFact(unmet);
        }
        if let Some(expression) = &self.cel
            && request.evaluate(expression, Assumed::Most) != Some(true)
        {
            return Judged::UnmetCel;
        }
        if !self.who.allows(request) {
            return Judged::Suspended;
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
            && request.evaluate(expression, Assumed::Least) == Some(false)
        {
            return Judged::UnmetCel;
        }
        let widely = |patterns: &'p [Pattern]| {
            patterns
                .iter()
                .map(|pattern| Part {
                    cover: pattern.render_widely(&request.values, request.images),
                    hold: Hold::Free,
                })
                .collect()
        };
        Judged::Matched(Covers {
            within: &self.within,
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
        let render = |patterns: &'p [Pattern], writes| {
            let part = |pattern: &'p Pattern| {
                Ok(Part {
                    cover: pattern.render(&request.values, request.images)?,
                    hold: Hold::of(pattern, writes, &self.within, request),
                })
            };
            patterns.iter().map(part).collect::<Result<_, _>>()
        };
        Ok(Covers {
            within: &self.within,
            pull: render(&self.pull, false)?,
            push: render(&self.push, true)?,
            delete: render(&self.delete, true)?,
            catalog: self.catalog,
        })
    }

    /// The names that this allow renders for a caller whom it is for, and that
    /// have owners; none where its facts are not as they should be.
    pub(super) fn namespaces(&self, request: &Request<'_>) -> impl Iterator<Item = Namespace> {
        self.changing(request)
            .filter_map(|pattern| match pattern {
                Pattern::Template(template) => template.namespace(&request.values).ok()?,
                Pattern::Glob(_) | Pattern::Images => None,
            })
            .map(|(namespace, _)| namespace)
            .filter(|namespace| self.within.holds(&namespace.name))
    }

    /// What keeps a caller whom this allow is for from changing a name that one
    /// of its patterns renders: the pattern gives it to another id, or nobody
    /// can tell whether it is the caller's.
    pub(super) fn withheld(&self, request: &Request<'_>, name: &str) -> Option<Withheld> {
        let covers = |pattern: &&Pattern| {
            let cover = pattern.render(&request.values, request.images);
            self.within.allows(name) && cover.is_ok_and(|cover| cover.covers(name))
        };
        self.changing(request).filter(covers).find_map(|pattern| {
            let hold = Hold::of(pattern, true, &self.within, request);
            hold.withheld().cloned()
        })
    }

    /// The patterns of push and delete, if this allow is for a caller with its
    /// facts, `cel` aside.
    fn changing(&self, request: &Request<'_>) -> impl Iterator<Item = &Pattern> {
        let is_for = self.who.allows(request)
            && self.is_about(request.registry)
            && self.when.unmet(request, Leaning::Unmet).is_none();
        let patterns = self.push.iter().chain(&self.delete);
        patterns.filter(move |_| is_for)
    }

    /// Whether this allow lets write whatever set a run of a code host off.
    pub(super) fn writes_in_any_run(&self) -> bool {
        let writes = !self.push.is_empty() || !self.delete.is_empty();
        writes && !self.when.narrows_runs()
    }

    /// Whether this allow would give one of these actions on a repository, its
    /// conditions aside. A template that the caller's facts do not render is
    /// taken for all that it could be.
    pub(super) fn could_give(&self, request: &Request<'_>, name: &str, wanted: Actions) -> bool {
        let issuer = request.caller.identity().issuer();
        let covers = |pattern: &Pattern| match pattern.render(&request.values, request.images) {
            Ok(cover) => cover.covers(name),
            Err(_) => glob::matches(&pattern.reach(issuer), name),
        };
        let listed = wanted.push && self.push.iter().any(covers)
            || wanted.pull && self.pull.iter().chain(&self.push).any(covers)
            || wanted.delete && self.delete.iter().any(covers);
        listed && self.within.allows(name)
    }
}

impl Who {
    /// Whether an allow gives to a caller. Of an issuer that is suspended nobody
    /// knows whether its ids are whose they were, so they are in no group.
    fn allows(&self, request: &Request<'_>) -> bool {
        self.names(request) && (request.caller.is_bound() || !matches!(self, Self::Group(_)))
    }

    /// Whether an allow is for a caller. What is given to callers without a
    /// credential is given to all: whoever has one could leave it away.
    fn names(&self, request: &Request<'_>) -> bool {
        matches!(self, Self::Anonymous) || self.denies(request)
    }

    /// Whether a deny is for a caller. What is taken from an id stays taken
    /// while its issuer is suspended.
    fn denies(&self, request: &Request<'_>) -> bool {
        match self {
            Self::Anonymous => request.caller.is_anonymous(),
            Self::Everybody => true,
            Self::Group(group) => request.groups.iter().any(|held| **held == **group),
            Self::Issuers(issuers) => {
                let issuer = request.caller.identity().issuer();
                !request.caller.is_anonymous() && issuers.iter().any(|name| name == issuer)
            }
        }
    }
}

impl Judged<'_> {
    /// The outcome, for the record.
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Matched(_) => Outcome::Matched,
            Self::OtherCaller => Outcome::OtherCaller,
            Self::OtherRegistry => Outcome::OtherRegistry,
            Self::Suspended => Outcome::Suspended,
            Self::UnmetCel => Outcome::UnmetCel,
            Self::UnmetFact(unmet) => Outcome::UnmetFact(unmet.fact),
            Self::Void(unrendered) => Outcome::Void(unrendered.to_string()),
        }
    }
}

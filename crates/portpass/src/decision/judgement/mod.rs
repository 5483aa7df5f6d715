//! What is given of one request, once the denies have taken theirs.

mod allows;
mod explained;
mod giver;

use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

use scope::{Scope, Scopes, is_repository_name};

pub(super) use self::{allows::Allows, giver::Giver};
use super::{
    Access, Ceiling, Mode, Namespace, Outcome, RuleOutcome,
    actions::Actions,
    covers::Covers,
    hold::Withheld,
    refusal::Reason,
    request::Request,
    resource::Resource,
    rule::{Judged, Rule},
    version::Owned,
};

/// What gives, and what every deny says of one request.
pub(super) struct Judgement<'r, 'p> {
    request: &'r Request<'p>,
    giver: Giver<'r, 'p>,
    denies: Vec<(&'p Rule, Judged<'p>)>,
    /// What bounds everything that is given; only API tokens have one.
    ceiling: Option<Cow<'p, Ceiling>>,
}

/// What is given.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) access: Vec<Access>,
    /// The names that are nobody's yet, and through which push was given.
    pub(super) claims: Vec<Namespace>,
}

/// The scope that was refused, if one was asked for, and why.
pub(super) type Why<'s> = (Option<&'s Scope>, Reason);

impl<'r, 'p> Judgement<'r, 'p> {
    /// Asks every deny.
    pub(super) fn of(
        request: &'r Request<'p>,
        giver: Giver<'r, 'p>,
        denies: impl IntoIterator<Item = &'p Rule>,
    ) -> Self {
        let deny = |rule: &'p Rule| (rule, rule.judge_as_deny(request));
        Self {
            request,
            giver,
            denies: denies.into_iter().map(deny).collect(),
            ceiling: request.ceiling(),
        }
    }

    /// The names whose owners mattered and that have one, with that owner.
    pub(super) fn owners(&self) -> BTreeSet<Owned<'p>> {
        self.giver.owners()
    }

    /// What is recorded of each deny, and of what gives.
    pub(super) fn outcomes(&self, asked: &Scopes) -> Vec<RuleOutcome> {
        let takes = |covers: &Covers<'_>, name: &str| covers.takes(name);
        let mut outcomes = outcomes(&self.denies, &takes, asked);
        outcomes.extend(self.giver.outcomes(asked));
        outcomes
    }

    /// What is recorded of each deny and rule of a mode.
    pub(super) fn outcomes_of(&self, mode: Mode, asked: &Scopes) -> Vec<RuleOutcome> {
        let takes = |covers: &Covers<'_>, name: &str| covers.takes(name);
        let gives = |covers: &Covers<'_>, name: &str| covers.gives(name);
        let denies = self
            .denies
            .iter()
            .zip(outcomes(&self.denies, &takes, asked));
        let judged = self.giver.judged();
        let rules = judged.iter().zip(outcomes(judged, &gives, asked));
        denies
            .chain(rules)
            .filter(|((rule, _), _)| rule.mode == mode)
            .map(|(_, outcome)| outcome)
            .collect()
    }

    /// What is given of all that was asked, or why it must be refused.
    pub(super) fn weigh<'s>(&self, asked: &'s Scopes) -> Result<Given, Why<'s>> {
        let mut access = Vec::new();
        let mut claims = BTreeSet::new();
        let mut ungranted = None;
        for scope in asked {
            let Some(resource) = Resource::of(scope) else {
                continue;
            };
            let words = match resource {
                Resource::Catalog => self.catalog(scope),
                Resource::Repository(name, wanted) => {
                    let given = self.given(scope).and(wanted);
                    // One of both suffices: crane deletes with `push,pull,delete`.
                    let named = scope.actions.contains("push") || scope.actions.contains("delete");
                    if named && !given.push && !given.delete {
                        return Err((Some(scope), self.why(scope, resource)));
                    }
                    if given.push {
                        claims.extend(self.giver.claims(name));
                    }
                    given.words()
                }
            };
            if words.is_empty() {
                ungranted = ungranted.or(Some((scope, resource)));
            } else {
                access.push(Access {
                    kind: scope.kind.clone(),
                    class: scope.class.clone(),
                    name: scope.name.clone(),
                    actions: words,
                });
            }
        }
        match ungranted {
            Some((scope, resource)) if access.is_empty() => {
                Err((Some(scope), self.why(scope, resource)))
            }
            None if access.is_empty() && self.request.caller.is_anonymous() => {
                Err((None, Reason::LoginRequired))
            }
            Some(_) | None => Ok(Given {
                access,
                claims: claims.into_iter().cloned().collect(),
            }),
        }
    }

    /// What may be done with a scope's repository: what is given, less what the
    /// denies take, under the ceiling.
    fn given(&self, scope: &Scope) -> Actions {
        let name = &scope.name;
        if !is_repository_name(name) {
            return Actions::default();
        }
        let ceiling = self.ceiling.as_ref();
        let allowed = ceiling.map_or(Actions::ALL, |ceiling| ceiling.allows(name));
        self.giver.gives(scope).minus(self.taken(name)).and(allowed)
    }

    fn taken(&self, name: &str) -> Actions {
        let taken = matched(&self.denies).map(|covers| covers.takes(name));
        taken.fold(Actions::default(), Actions::or)
    }

    /// The catalog's only action, if it is given: never to API tokens, whose
    /// ceiling is of repositories.
    fn catalog(&self, scope: &Scope) -> Vec<String> {
        let given = self.giver.gives_catalog(scope)
            && !matched(&self.denies).any(|covers| covers.catalog)
            && self.ceiling.is_none();
        given.then(|| "*".to_owned()).into_iter().collect()
    }

    /// Why a resource gets nothing of what matters.
    fn why(&self, scope: &Scope, resource: Resource<'_>) -> Reason {
        let (missed, is_given, is_taken) = match resource {
            Resource::Repository(name, _) if !is_repository_name(name) => {
                return Reason::InvalidName;
            }
            Resource::Repository(name, wanted) => {
                // Of push and pull, push is what was missed.
                let missed = Actions {
                    pull: wanted.pull && (wanted == Actions::ALL || !wanted.push && !wanted.delete),
                    ..wanted
                };
                let given = self.giver.gives(scope).and(missed);
                let is_taken = !given.minus(self.taken(name)).any();
                (Resource::Repository(name, missed), given.any(), is_taken)
            }
            Resource::Catalog => {
                let is_taken = matched(&self.denies).any(|covers| covers.catalog);
                (resource, self.giver.gives_catalog(scope), is_taken)
            }
        };
        if self.request.caller.is_anonymous() {
            Reason::LoginRequired
        } else if !is_given {
            self.giver.why(scope, missed)
        } else if is_taken {
            Reason::Denied
        } else {
            Reason::Ceiling
        }
    }
}

/// What a rule gives, or a deny takes, of a repository.
type Listed<'f> = &'f dyn Fn(&Covers<'_>, &str) -> Actions;

/// What is recorded of each of some rules.
fn outcomes(rules: &[(&Rule, Judged<'_>)], listed: Listed<'_>, asked: &Scopes) -> Vec<RuleOutcome> {
    let resources: Vec<_> = asked.iter().filter_map(Resource::of).collect();
    let outcome = |judged: &Judged<'_>| match judged {
        Judged::Matched(covers) if !is_about(covers, listed, &resources) => {
            withheld(covers, &resources)
        }
        Judged::Matched(_)
        | Judged::OtherCaller
        | Judged::OtherRegistry
        | Judged::Suspended
        | Judged::UnmetCel
        | Judged::UnmetFact(_)
        | Judged::Void(_) => judged.outcome(),
    };
    let recorded = |(rule, judged): &(&Rule, Judged<'_>)| RuleOutcome {
        rule: Arc::clone(&rule.name),
        outcome: outcome(judged),
    };
    rules.iter().map(recorded).collect()
}

/// Whether it is about some of what was asked; where nothing was, it is.
fn is_about(covers: &Covers<'_>, listed: Listed<'_>, asked: &[Resource<'_>]) -> bool {
    let is_about = |resource: &Resource<'_>| match resource {
        Resource::Catalog => covers.catalog,
        Resource::Repository(name, wanted) => {
            is_repository_name(name) && listed(covers, name).and(*wanted).any()
        }
    };
    asked.is_empty() || asked.iter().any(is_about)
}

/// What is recorded of a rule that matches and gives nothing of what was asked.
fn withheld(covers: &Covers<'_>, asked: &[Resource<'_>]) -> Outcome {
    let withheld = |resource: &Resource<'_>| match resource {
        Resource::Catalog => None,
        Resource::Repository(name, wanted) => covers.withheld(name, *wanted),
    };
    asked
        .iter()
        .find_map(withheld)
        .map_or(Outcome::OtherAccess, Withheld::outcome)
}

/// What the matching ones of some rules cover.
fn matched<'j, 'p>(rules: &'j [(&'p Rule, Judged<'p>)]) -> impl Iterator<Item = &'j Covers<'p>> {
    rules.iter().filter_map(|(_, judged)| match judged {
        Judged::Matched(covers) => Some(covers),
        Judged::OtherCaller
        | Judged::OtherRegistry
        | Judged::Suspended
        | Judged::UnmetCel
        | Judged::UnmetFact(_)
        | Judged::Void(_) => None,
    })
}

//! What every rule says of one request, and what is given by it.

use std::{collections::BTreeSet, sync::Arc};

use scope::{Scope, Scopes, is_repository_name};

use super::{
    Access, Ceiling, Namespace, Outcome, RuleOutcome,
    actions::Actions,
    covers::Covers,
    hold::Withheld,
    refusal::Reason,
    request::Request,
    resource::Resource,
    rule::{Judged, Rule},
    version::Owned,
};
use crate::session::Evidence;

/// What every rule says of one request.
pub(super) struct Judgement<'r, 'p> {
    request: &'r Request<'p>,
    rules: Vec<(&'p Rule, Judged<'p>)>,
    denies: Vec<(&'p Rule, Judged<'p>)>,
    /// What bounds everything that is given; only API tokens have one.
    ceiling: Option<&'p Ceiling>,
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
    /// Asks every rule and every deny.
    pub(super) fn of(request: &'r Request<'p>, rules: &'p [Rule], denies: &'p [Rule]) -> Self {
        let allow = |rule: &'p Rule| (rule, rule.judge(request));
        let deny = |rule: &'p Rule| (rule, rule.judge_as_deny(request));
        Self {
            request,
            rules: rules.iter().map(allow).collect(),
            denies: denies.iter().map(deny).collect(),
            ceiling: match request.proof.evidence() {
                Evidence::ApiToken(token) => Some(&token.ceiling),
                Evidence::Anonymous
                | Evidence::Jwt(_)
                | Evidence::Password { .. }
                | Evidence::RefreshToken { .. } => None,
            },
        }
    }

    /// The names whose owners mattered and that have one, with that owner.
    pub(super) fn owners(&self) -> BTreeSet<Owned<'_>> {
        let names = matched(&self.rules).flat_map(Covers::names);
        names
            .filter_map(|name| {
                let (issuer, id) = self.request.owners.get(name)?;
                Some(Owned { name, issuer, id })
            })
            .collect()
    }

    /// What is recorded of each deny and each rule.
    pub(super) fn outcomes(&self, asked: &Scopes) -> Vec<RuleOutcome> {
        let resources: Vec<_> = asked.iter().filter_map(Resource::of).collect();
        let outcome = |judged: &Judged<'_>, listed: Listed<'_>| match judged {
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
        let recorded = |(rule, judged): &(&Rule, Judged<'_>), listed: Listed<'_>| RuleOutcome {
            rule: Arc::clone(&rule.name),
            outcome: outcome(judged, listed),
        };
        let takes = |covers: &Covers<'_>, name: &str| covers.takes(name);
        let gives = |covers: &Covers<'_>, name: &str| covers.gives(name);
        let denies = self.denies.iter().map(|deny| recorded(deny, &takes));
        let rules = self.rules.iter().map(|rule| recorded(rule, &gives));
        denies.chain(rules).collect()
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
                Resource::Catalog => self.catalog(),
                Resource::Repository(name, wanted) => {
                    let given = self.given(name).and(wanted);
                    // One of both suffices: crane deletes with `push,pull,delete`.
                    let named = scope.actions.contains("push") || scope.actions.contains("delete");
                    if named && !given.push && !given.delete {
                        return Err((Some(scope), self.why(resource)));
                    }
                    if given.push {
                        let covers = matched(&self.rules);
                        claims.extend(covers.flat_map(|covers| covers.claims(name)));
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
            Some((scope, resource)) if access.is_empty() => Err((Some(scope), self.why(resource))),
            None if access.is_empty() && self.request.proof.is_anonymous() => {
                Err((None, Reason::LoginRequired))
            }
            Some(_) | None => Ok(Given {
                access,
                claims: claims.into_iter().cloned().collect(),
            }),
        }
    }

    /// What may be done with a repository: what the rules give, less what the
    /// denies take, under the ceiling.
    fn given(&self, name: &str) -> Actions {
        if !is_repository_name(name) {
            return Actions::default();
        }
        let allowed = self
            .ceiling
            .map_or(Actions::ALL, |ceiling| ceiling.allows(name));
        self.given_by_rules(name)
            .minus(self.taken(name))
            .and(allowed)
    }

    fn given_by_rules(&self, name: &str) -> Actions {
        let given = matched(&self.rules).map(|covers| covers.gives(name));
        given.fold(Actions::default(), Actions::or)
    }

    fn taken(&self, name: &str) -> Actions {
        let taken = matched(&self.denies).map(|covers| covers.takes(name));
        taken.fold(Actions::default(), Actions::or)
    }

    /// The catalog's only action, if it is given: never to API tokens, whose
    /// ceiling is of repositories.
    fn catalog(&self) -> Vec<String> {
        let given = matched(&self.rules).any(|covers| covers.catalog)
            && !matched(&self.denies).any(|covers| covers.catalog)
            && self.ceiling.is_none();
        given.then(|| "*".to_owned()).into_iter().collect()
    }

    /// Why a resource gets nothing of what matters.
    fn why(&self, resource: Resource<'_>) -> Reason {
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
                let given = self.given_by_rules(name).and(missed);
                let is_taken = !given.minus(self.taken(name)).any();
                (Resource::Repository(name, missed), given.any(), is_taken)
            }
            Resource::Catalog => {
                let is_given = matched(&self.rules).any(|covers| covers.catalog);
                let is_taken = matched(&self.denies).any(|covers| covers.catalog);
                (resource, is_given, is_taken)
            }
        };
        if self.request.proof.is_anonymous() {
            Reason::LoginRequired
        } else if !is_given {
            self.closest(missed)
        } else if is_taken {
            Reason::Denied
        } else {
            Reason::Ceiling
        }
    }

    /// What keeps the rule from giving that came closest: of those that could
    /// give what was missed, the one with the fewest unmet conditions, and of
    /// several the first by name. Nothing is closer than a rule that matches
    /// and may not give.
    fn closest(&self, missed: Resource<'_>) -> Reason {
        let distance = |(rule, judged): &(&Rule, Judged<'_>)| {
            let (distance, reason) = match judged {
                Judged::Matched(covers) => match missed {
                    Resource::Catalog => return None,
                    Resource::Repository(name, actions) => {
                        ((0, 0), covers.withheld(name, actions)?.reason()?)
                    }
                },
                Judged::OtherCaller | Judged::OtherRegistry => return None,
                Judged::Suspended => ((0, 0), Reason::Suspended),
                Judged::UnmetCel => ((1, 0), Reason::UnmetCel),
                Judged::UnmetFact(unmet) => ((unmet.count, 0), Reason::UnmetFact(unmet.fact)),
                Judged::Void(unrendered) => ((0, 1), Reason::UnusableFact(unrendered.fact()?)),
            };
            self.could_give(rule, missed).then_some((distance, reason))
        };
        self.rules
            .iter()
            .filter_map(distance)
            .min_by_key(|(distance, _)| *distance)
            .map_or(Reason::NoRule, |(_, reason)| reason)
    }

    /// Whether a rule would give what was missed, its conditions aside.
    fn could_give(&self, rule: &Rule, missed: Resource<'_>) -> bool {
        match missed {
            Resource::Catalog => rule.catalog,
            Resource::Repository(name, actions) => rule.could_give(self.request, name, actions),
        }
    }
}

/// What a rule gives, or a deny takes, of a repository.
type Listed<'f> = &'f dyn Fn(&Covers<'_>, &str) -> Actions;

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

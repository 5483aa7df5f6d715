//! The compiled rules, and the one function that weighs a request by them.

use std::sync::Arc;

use scope::{Scope, Scopes, is_repository_name};
use serde_json::{Map, Value};

use super::{
    Access, Decision, Denied, Grant, Outcome, PolicySource, RuleOutcome,
    cel::NamedClaims,
    compile,
    decided::decision_id,
    images::Images,
    refusal::{Reason, Refusal},
    request::{Groups, Request},
    rule::{Actions, Covers, Judged, Rule},
    variables::Environment,
};
use crate::{config::Fault, identity::Proof, registry::Registry, short_id::ShortId};

/// The compiled rules.
#[derive(Debug)]
pub struct Policy {
    pub(super) version: ShortId,
    /// In alphabetical order, as are the denies.
    pub(super) rules: Vec<Rule>,
    pub(super) denies: Vec<Rule>,
    pub(super) groups: Groups,
    pub(super) images: Images,
    /// The claims that some rule names.
    pub(super) claims: NamedClaims,
    pub(super) environment: Environment,
}

impl Policy {
    /// Compiles rules, and refuses those that cannot mean what they should.
    ///
    /// # Errors
    ///
    /// Every fault, not only the first.
    pub fn compile(source: &PolicySource) -> Result<Self, Vec<Fault>> {
        compile::policy(source)
    }

    /// A digest over rules, denies, matches, groups and images: it changes
    /// whenever they do, and not with their order or form in the file.
    pub fn version(&self) -> ShortId {
        self.version
    }

    /// What the rules give of what was asked.
    ///
    /// Resources of an unknown kind and unknown actions count as not asked for:
    /// a list of nothing else is a login probe, as the empty list is.
    ///
    /// # Errors
    ///
    /// When nothing is given of what was asked, when a scope that asks for push
    /// or delete gets neither, and when the anonymous ask for nothing.
    pub fn decide(
        &self,
        proof: Proof,
        registry: &Arc<Registry>,
        asked: &Scopes,
    ) -> Result<Grant, Box<Denied>> {
        let id = decision_id(proof.login(), &registry.name, asked, self.version);
        let groups = self.groups.of(proof.identity());
        let (rules, weighed) = {
            let images = self.images.of(proof.identity());
            let request = Request::new(&proof, &registry.name, groups, images, &self.environment);
            let judgement = self.judge(&request);
            (judgement.outcomes(asked), judgement.weigh(asked))
        };
        let refused = |(scope, reason)| Refusal::new(reason, scope, &proof, id);
        let weighed = weighed.map_err(refused);
        let decision = Decision {
            id,
            claims: self.named_claims(&proof),
            proof,
            registry: Arc::clone(registry),
            asked: asked.clone(),
            policy: self.version,
            groups: groups.to_vec(),
            rules,
        };
        match weighed {
            Ok(access) => Ok(Grant { decision, access }),
            Err(refusal) => Err(Box::new(Denied { decision, refusal })),
        }
    }

    fn judge<'r, 'p>(&'p self, request: &'r Request<'p>) -> Judgement<'r, 'p> {
        let allow = |rule: &'p Rule| (rule, rule.judge(request));
        let deny = |rule: &'p Rule| (rule, rule.judge_as_deny(request));
        Judgement {
            request,
            rules: self.rules.iter().map(allow).collect(),
            denies: self.denies.iter().map(deny).collect(),
        }
    }

    fn named_claims(&self, proof: &Proof) -> Map<String, Value> {
        match &self.claims {
            NamedClaims::All => proof.claims().clone(),
            NamedClaims::Some(names) => names
                .iter()
                .filter_map(|name| Some((name.clone(), proof.claims().get(name)?.clone())))
                .collect(),
        }
    }
}

/// What every rule says of one request.
struct Judgement<'r, 'p> {
    request: &'r Request<'p>,
    rules: Vec<(&'p Rule, Judged<'p>)>,
    denies: Vec<(&'p Rule, Judged<'p>)>,
}

/// The scope that was refused, if one was asked for, and why.
type Why<'s> = (Option<&'s Scope>, Reason);

impl Judgement<'_, '_> {
    /// What is recorded of each deny and each rule.
    fn outcomes(&self, asked: &Scopes) -> Vec<RuleOutcome> {
        let resources: Vec<_> = asked
            .iter()
            .filter_map(|scope| Some((scope.name.as_str(), Resource::of(scope)?)))
            .collect();
        let recorded = |(rule, judged): &(&Rule, Judged<'_>), listed: Listed<'_>| {
            let outcome = match judged {
                Judged::Matched(covers) if !is_about(covers, listed, &resources) => {
                    Outcome::OtherAccess
                }
                Judged::Matched(_)
                | Judged::OtherCaller
                | Judged::OtherRegistry
                | Judged::UnmetCel
                | Judged::UnmetFact(_)
                | Judged::Void(_) => judged.outcome(),
            };
            RuleOutcome {
                rule: Arc::clone(&rule.name),
                outcome,
            }
        };
        let takes = |covers: &Covers<'_>, name: &str| covers.takes(name);
        let gives = |covers: &Covers<'_>, name: &str| covers.gives(name);
        let denies = self.denies.iter().map(|deny| recorded(deny, &takes));
        let rules = self.rules.iter().map(|rule| recorded(rule, &gives));
        denies.chain(rules).collect()
    }

    /// What is given of all that was asked, or why it must be refused.
    fn weigh<'s>(&self, asked: &'s Scopes) -> Result<Vec<Access>, Why<'s>> {
        let mut access = Vec::new();
        let mut ungranted = None;
        for scope in asked {
            let Some(resource) = Resource::of(scope) else {
                continue;
            };
            let words = match resource {
                Resource::Catalog => self.catalog(),
                Resource::Repository(wanted) => {
                    let given = self.given(&scope.name).and(wanted);
                    // One of both suffices: crane deletes with `push,pull,delete`.
                    let named = scope.actions.contains("push") || scope.actions.contains("delete");
                    if named && !given.push && !given.delete {
                        return Err(self.why(scope, resource));
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
            Some((scope, resource)) if access.is_empty() => Err(self.why(scope, resource)),
            None if access.is_empty() && self.request.proof.is_anonymous() => {
                Err((None, Reason::LoginRequired))
            }
            Some(_) | None => Ok(access),
        }
    }

    /// What may be done with a repository: what the rules give, less what the
    /// denies take.
    fn given(&self, name: &str) -> Actions {
        if !is_repository_name(name) {
            return Actions::default();
        }
        let given = matched(&self.rules).map(|covers| covers.gives(name));
        let taken = matched(&self.denies).map(|covers| covers.takes(name));
        let given = given.fold(Actions::default(), Actions::or);
        given.minus(taken.fold(Actions::default(), Actions::or))
    }

    /// The catalog's only action, if it is given.
    fn catalog(&self) -> Vec<String> {
        let given = matched(&self.rules).any(|covers| covers.catalog)
            && !matched(&self.denies).any(|covers| covers.catalog);
        given.then(|| "*".to_owned()).into_iter().collect()
    }

    /// Why a scope gets nothing of what matters.
    fn why<'s>(&self, scope: &'s Scope, resource: Resource) -> Why<'s> {
        let name = scope.name.as_str();
        let is_given;
        let could_give: &dyn Fn(&Rule) -> bool = match resource {
            Resource::Repository(_) if !is_repository_name(name) => {
                return (Some(scope), Reason::InvalidName);
            }
            Resource::Repository(wanted) => {
                // Of push and pull, push is what was missed.
                let missed = Actions {
                    pull: wanted.pull && (wanted == Actions::ALL || !wanted.push && !wanted.delete),
                    ..wanted
                };
                let gives = |covers: &Covers<'_>| covers.gives(name).and(missed).any();
                is_given = matched(&self.rules).any(gives);
                &move |rule| rule.could_give(self.request, name, missed)
            }
            Resource::Catalog => {
                is_given = matched(&self.rules).any(|covers| covers.catalog);
                &|rule| rule.catalog
            }
        };
        let reason = if self.request.proof.is_anonymous() {
            Reason::LoginRequired
        } else if is_given {
            Reason::Denied
        } else {
            self.closest(could_give)
        };
        (Some(scope), reason)
    }

    /// What keeps the rule from giving that came closest: of those that could
    /// give what was asked, the one with the fewest unmet conditions, and of
    /// several the first by name.
    fn closest(&self, could_give: &dyn Fn(&Rule) -> bool) -> Reason {
        let distance = |(rule, judged): &(&Rule, Judged<'_>)| {
            let (count, reason) = match judged {
                Judged::Matched(_) | Judged::OtherCaller | Judged::OtherRegistry => return None,
                Judged::UnmetCel => (1, Reason::UnmetCel),
                Judged::UnmetFact(unmet) => (unmet.count, Reason::UnmetFact(unmet.fact)),
                Judged::Void(unrendered) => (0, Reason::UnusableFact(unrendered.fact()?)),
            };
            could_give(rule).then_some((count, reason))
        };
        self.rules
            .iter()
            .filter_map(distance)
            .min_by_key(|(count, _)| *count)
            .map_or(Reason::NoRule, |(_, reason)| reason)
    }
}

/// What a rule gives, or a deny takes, of a repository.
type Listed<'f> = &'f dyn Fn(&Covers<'_>, &str) -> Actions;

/// Whether it is about some of what was asked; where nothing was, it is.
fn is_about(covers: &Covers<'_>, listed: Listed<'_>, asked: &[(&str, Resource)]) -> bool {
    let is_about = |(name, resource): &(&str, Resource)| match resource {
        Resource::Catalog => covers.catalog,
        Resource::Repository(wanted) => {
            is_repository_name(name) && listed(covers, name).and(*wanted).any()
        }
    };
    asked.is_empty() || asked.iter().any(is_about)
}

/// What the matching ones of some rules cover.
fn matched<'j, 'p>(rules: &'j [(&'p Rule, Judged<'p>)]) -> impl Iterator<Item = &'j Covers<'p>> {
    rules.iter().filter_map(|(_, judged)| match judged {
        Judged::Matched(covers) => Some(covers),
        Judged::OtherCaller
        | Judged::OtherRegistry
        | Judged::UnmetCel
        | Judged::UnmetFact(_)
        | Judged::Void(_) => None,
    })
}

/// What a scope asks for, in the words that rules have.
#[derive(Clone, Copy)]
enum Resource {
    Catalog,
    Repository(Actions),
}

impl Resource {
    /// `None` for kinds, names and actions that nothing can be said about.
    fn of(scope: &Scope) -> Option<Self> {
        let asks = |action: &str| scope.actions.contains(action);
        match (scope.kind.as_str(), scope.name.as_str()) {
            ("registry", "catalog") => asks("*").then_some(Self::Catalog),
            ("repository", _) if asks("*") => Some(Self::Repository(Actions::ALL)),
            ("repository", _) => {
                let actions = Actions {
                    delete: asks("delete"),
                    pull: asks("pull"),
                    push: asks("push"),
                };
                actions.any().then_some(Self::Repository(actions))
            }
            _ => None,
        }
    }
}

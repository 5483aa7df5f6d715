//! The compiled rules, and the one function that weighs a request by them.

use std::sync::Arc;

use scope::Scopes;
use serde_json::{Map, Value};

use super::{
    Access, Caller, Decision, Denied, Grant, Held, Namespace, PolicySource,
    cel::NamedClaims,
    claimed::Claimed,
    compile,
    decided::decision_id,
    groups::Groups,
    images::Images,
    judgement::{Allows, Giver, Judgement},
    refusal::Refusal,
    request::Request,
    rule::{Rule, Who},
    variables::Environment,
    version::{self, Standing},
};
use crate::{config::Fault, identity::Proof, registry::Registry, short_id::ShortId};

/// The compiled rules.
#[derive(Debug)]
pub struct Policy {
    pub(super) version: ShortId,
    /// In alphabetical order, as are the denies.
    pub(super) rules: Vec<Rule>,
    pub(super) denies: Vec<Rule>,
    /// Those that say what they would do, and do nothing.
    pub(super) shadow_rules: Vec<Rule>,
    pub(super) shadow_denies: Vec<Rule>,
    pub(super) groups: Groups,
    pub(super) images: Images,
    /// The claims that some rule names.
    pub(super) claims: NamedClaims,
    pub(super) environment: Environment,
}

/// On what a request is decided, beside the denies.
#[derive(Clone, Copy, Debug)]
pub(super) enum Basis<'g> {
    /// The `access` claim of an identity provider's token.
    Claim(&'g [Access]),
    /// The rules.
    Rules,
}

/// Which rules count.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Counting {
    /// Those in shadow as if they were live, too.
    AlsoShadow,
    Live,
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

    /// A digest over rules, denies, matches, groups and images of the file: it
    /// changes whenever they do, and not with their order or form.
    ///
    /// [`Decision::policy`] adds what operators have settled.
    pub fn version(&self) -> ShortId {
        self.version
    }

    /// The groups that operators keep, in alphabetical order.
    pub fn operators_groups(&self) -> impl Iterator<Item = &str> {
        self.groups.operators()
    }

    /// The groups that the file keeps, of those that have members.
    pub fn file_groups(&self) -> impl Iterator<Item = &str> {
        self.groups.of_file()
    }

    /// The rules by which a group's members may push or delete whatever set
    /// their run off: without `event` and one of `ref`, `environment` and
    /// `ref_protected`.
    pub fn any_run_rules(&self, group: &str) -> Vec<Arc<str>> {
        let is_for = |rule: &&Rule| matches!(&rule.who, Who::Group(name) if name == group);
        let rules = self.rules.iter().filter(is_for);
        rules
            .filter(|rule| rule.writes_in_any_run())
            .map(|rule| Arc::clone(&rule.name))
            .collect()
    }

    /// The names whose owners [`Policy::decide`] must be told, in alphabetical
    /// order: whatever rules (in shadow, too) with their conditions met would let this caller
    /// push to or delete in, were it in every operators' group.
    ///
    /// There are none of callers without a credential, and none of a suspended
    /// issuer, which gets no such name whoever owns it.
    pub fn namespaces(&self, caller: Caller<'_>, registry: &Registry) -> Vec<Namespace> {
        if caller.is_anonymous() || !caller.is_bound() {
            return Vec::new();
        }
        let groups = self.groups.possible(caller);
        let request = self.request(caller, registry, &groups, Held::default());
        let rules = self.rules.iter().chain(&self.shadow_rules);
        let names = rules.flat_map(|rule| rule.namespaces(&request));
        let mut names: Vec<_> = names.collect();
        names.sort_unstable();
        names.dedup();
        names
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
        held: Held<'_>,
        registry: &Arc<Registry>,
        asked: &Scopes,
    ) -> Result<Grant, Box<Denied>> {
        self.decide_on(Basis::Rules, proof, held, registry, asked)
    }

    /// What is given of what was asked, on whichever basis.
    pub(super) fn decide_on(
        &self,
        basis: Basis<'_>,
        proof: Proof,
        held: Held<'_>,
        registry: &Arc<Registry>,
        asked: &Scopes,
    ) -> Result<Grant, Box<Denied>> {
        let mut groups = self.groups.of(Caller::from(&proof), held.groups);
        let (rules, policy, weighed, shadow) = {
            let request = self.request(Caller::from(&proof), registry, &groups, held);
            let judgement = self.judge(&request, basis, Counting::Live);
            let policy = self.standing(request.caller, &groups, &judgement);
            let weighed = judgement.weigh(asked);
            let shadow = self.shadow(&request, basis, asked, &weighed);
            (judgement.outcomes(asked), policy, weighed, shadow)
        };
        if !proof.is_bound() {
            groups.clear();
        }
        let id = decision_id(proof.login(), &registry.name, asked, policy);
        let weighed = weighed
            .map_err(|(scope, reason)| Refusal::new(reason, scope, Caller::from(&proof), id));
        let decision = Decision {
            id,
            claims: self.named_claims(&proof),
            proof,
            registry: Arc::clone(registry),
            asked: asked.clone(),
            policy,
            groups,
            rules,
            shadow,
        };
        match weighed {
            Ok(given) => Ok(Grant {
                decision,
                access: given.access,
                claims: given.claims,
            }),
            Err(refusal) => Err(Box::new(Denied { decision, refusal })),
        }
    }

    /// What every rule says of a request.
    pub(super) fn judge<'r, 'p>(
        &'p self,
        request: &'r Request<'p>,
        basis: Basis<'r>,
        counting: Counting,
    ) -> Judgement<'r, 'p> {
        let rules = counting.of(&self.rules, &self.shadow_rules);
        let giver = match basis {
            Basis::Claim(given) => Giver::Claim(Claimed::new(request, rules, given)),
            Basis::Rules => Giver::Rules(Allows::of(request, rules)),
        };
        let denies = counting.of(&self.denies, &self.shadow_denies);
        Judgement::of(request, giver, denies)
    }

    /// The version that a judgement was made under.
    pub(super) fn standing(
        &self,
        caller: Caller<'_>,
        groups: &[Arc<str>],
        judgement: &Judgement<'_, '_>,
    ) -> ShortId {
        version::standing(&Standing {
            file: self.version,
            is_bound: caller.is_bound(),
            groups: groups
                .iter()
                .map(|name| &**name)
                .filter(|name| self.groups.is_operators(name))
                .collect(),
            owners: judgement.owners(),
        })
    }

    pub(super) fn request<'p>(
        &'p self,
        caller: Caller<'p>,
        registry: &'p Registry,
        groups: &'p [Arc<str>],
        held: Held<'p>,
    ) -> Request<'p> {
        let images = self.images.of(caller.identity());
        let (registry, owners) = (&registry.name, held.owners);
        Request::new(caller, registry, groups, images, owners, &self.environment)
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

impl Counting {
    /// The rules that count, in alphabetical order.
    fn of<'p>(self, live: &'p [Rule], shadow: &'p [Rule]) -> Vec<&'p Rule> {
        match self {
            Self::Live => live.iter().collect(),
            Self::AlsoShadow => {
                let mut rules: Vec<_> = live.iter().chain(shadow).collect();
                rules.sort_unstable_by(|one, other| one.name.cmp(&other.name));
                rules
            }
        }
    }
}

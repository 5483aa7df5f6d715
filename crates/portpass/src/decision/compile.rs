//! From the file's rules to a policy, and everything that can be wrong on the way.

use std::collections::BTreeMap;

use super::{
    Mode, Policy, PolicySource, RuleSource,
    cel::{CelError, Expression, NamedClaims},
    condition::Conjunction,
    groups::Groups,
    images::Images,
    matches::Matches,
    namespace,
    pattern::Pattern,
    rule::{Rule, Who},
    suggestion::did_you_mean,
    variables::Environment,
    version::version,
    within,
};
use crate::config::{Fault, Located, Place};

/// Compiles everything, and collects every fault on the way.
pub(super) fn policy(source: &PolicySource) -> Result<Policy, Vec<Fault>> {
    let mut faults = Vec::new();
    let matches = Matches::compile(&source.matches, &mut faults);
    let images = Images::compile(&source.images, &source.issuers, &mut faults);
    let mut compiler = Compiler {
        source,
        matches,
        environment: Environment::new(),
        faults,
    };
    let rules = compiler.rules(&source.rules, Effect::Allow);
    let denies = compiler.rules(&source.denies, Effect::Deny);
    let mut faults = compiler.faults;
    namespace::check(source, &rules, &mut faults);
    if !faults.is_empty() {
        faults.sort_by_key(|fault| (fault.at.file, fault.at.start));
        return Err(faults);
    }
    let mut claims = NamedClaims::default();
    for rule in rules.iter().chain(&denies) {
        if let Some(expression) = &rule.cel {
            claims.add(expression.claims());
        }
    }
    let (rules, shadow_rules) = by_mode(rules);
    let (denies, shadow_denies) = by_mode(denies);
    Ok(Policy {
        version: version(source),
        rules,
        denies,
        shadow_rules,
        shadow_denies,
        groups: Groups::new(&source.groups),
        images,
        claims,
        environment: compiler.environment,
    })
}

/// Those that count, and those in shadow.
fn by_mode(rules: Vec<Rule>) -> (Vec<Rule>, Vec<Rule>) {
    rules.into_iter().partition(|rule| rule.mode == Mode::Live)
}

/// Whether a table gives or takes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Effect {
    Allow,
    Deny,
}

struct Compiler<'s> {
    source: &'s PolicySource,
    matches: Matches,
    environment: Environment,
    faults: Vec<Fault>,
}

impl Compiler<'_> {
    fn rules(&mut self, rules: &BTreeMap<String, RuleSource>, effect: Effect) -> Vec<Rule> {
        rules
            .iter()
            .map(|(name, rule)| self.rule(name, rule, effect))
            .collect()
    }

    fn rule(&mut self, name: &str, rule: &RuleSource, effect: Effect) -> Rule {
        let table = match effect {
            Effect::Allow => "rule",
            Effect::Deny => "deny",
        };
        let who = self.who(rule, effect);
        let when = self.when(rule);
        let cel = rule.cel.as_ref().and_then(|cel| self.cel(cel));
        let compiled = Rule {
            name: format!("{table}.{name}").into(),
            at: rule.at,
            mode: rule.mode,
            who,
            registries: self.registries(rule),
            when,
            cel,
            pull: self.patterns(&rule.pull),
            push: self.patterns(&rule.push),
            delete: self.patterns(&rule.delete),
            catalog: rule.catalog,
            within: rule.within.clone(),
        };
        self.check_actions(rule, effect);
        self.check_templates(rule, &compiled, effect);
        let gives = effect == Effect::Allow;
        let outside = within::check(self.source, rule, &compiled, gives);
        self.faults.extend(outside);
        match effect {
            Effect::Allow => self.check_runs(rule, &compiled),
            Effect::Deny if rule.any_run => {
                self.fault(
                    rule.at,
                    "`any_run` says nothing in a deny: it holds for every run",
                );
            }
            Effect::Deny => {}
        }
        if rule.anonymous {
            self.check_anonymous(rule, effect);
        }
        compiled
    }

    fn fault(&mut self, at: Place, message: impl Into<String>) {
        self.faults.push(Fault {
            message: message.into(),
            at,
        });
    }

    /// Whom it is for: exactly one of `from`, `group` and `anonymous`; a deny
    /// may say none.
    fn who(&mut self, rule: &RuleSource, effect: Effect) -> Who {
        let said = [!rule.from.is_empty(), rule.group.is_some(), rule.anonymous];
        match (said.into_iter().filter(|is_said| *is_said).count(), effect) {
            (0, Effect::Allow) => self.fault(
                rule.at,
                "nobody is named: say `from = [issuers]`, `group = \"…\"` or `anonymous = true`",
            ),
            (0, Effect::Deny) | (1, _) => {}
            (_, Effect::Allow | Effect::Deny) => self.fault(
                rule.at,
                "only one of `from`, `group` and `anonymous` can say who; write a table for each",
            ),
        }
        for issuer in &rule.from {
            self.check_issuer(issuer);
        }
        if let Some(group) = &rule.group {
            if !self.source.groups.contains_key(&group.value) {
                let known = self.source.groups.keys().map(String::as_str);
                let suggestion = did_you_mean(&group.value, known);
                self.fault(
                    group.at,
                    format!("unknown group `{}`{suggestion}", group.value),
                );
            }
            return Who::Group(group.value.clone());
        }
        if rule.anonymous {
            Who::Anonymous
        } else if rule.from.is_empty() {
            Who::Everybody
        } else {
            Who::Issuers(texts(&rule.from))
        }
    }

    fn check_issuer(&mut self, issuer: &Located<String>) {
        if self.source.issuers.contains_key(&issuer.value) {
            return;
        }
        let suggestion = if issuer.value == "anonymous" {
            "; write `anonymous = true` instead".to_owned()
        } else {
            did_you_mean(
                &issuer.value,
                self.source.issuers.keys().map(String::as_str),
            )
        };
        self.fault(
            issuer.at,
            format!("unknown issuer `{}`{suggestion}", issuer.value),
        );
    }

    fn registries(&mut self, rule: &RuleSource) -> Vec<String> {
        let known = &self.source.registries;
        if rule.registries.is_empty() && known.len() > 1 {
            self.fault(
                rule.at,
                format!(
                    "say where: with several registries, `registries` is required; there are {}",
                    known.join(", ")
                ),
            );
        }
        for registry in &rule.registries {
            if !known.contains(&registry.value) {
                let suggestion = did_you_mean(&registry.value, known.iter().map(String::as_str));
                self.fault(
                    registry.at,
                    format!("unknown registry `{}`{suggestion}", registry.value),
                );
            }
        }
        texts(&rule.registries)
    }

    fn when(&mut self, rule: &RuleSource) -> Conjunction {
        rule.when
            .as_ref()
            .map_or_else(Conjunction::default, |when| {
                self.matches
                    .conjunction(&when.value, when.at.file, &mut self.faults)
            })
    }

    fn cel(&mut self, cel: &Located<String>) -> Option<Expression> {
        let compiled = Expression::compile(&self.environment, &cel.value);
        compiled
            .map_err(|error: CelError| self.fault(cel.at, error.to_string()))
            .ok()
    }

    fn patterns(&mut self, patterns: &[Located<String>]) -> Vec<Pattern> {
        let mut compiled = Vec::with_capacity(patterns.len());
        for pattern in patterns {
            match Pattern::parse(&pattern.value) {
                Ok(pattern) => compiled.push(pattern),
                Err(error) => {
                    self.fault(pattern.at, format!("`{}`: {error}", pattern.value));
                }
            }
        }
        compiled
    }

    fn check_actions(&mut self, rule: &RuleSource, effect: Effect) {
        let says_something = rule.catalog
            || [&rule.pull, &rule.push, &rule.delete]
                .iter()
                .any(|patterns| !patterns.is_empty());
        if !says_something {
            let verb = match effect {
                Effect::Allow => "gives",
                Effect::Deny => "takes",
            };
            self.fault(
                rule.at,
                format!("it {verb} nothing: say `pull`, `push`, `delete` or `catalog = true`"),
            );
        }
    }

    /// Literal prefixes, `{issuer}` where several could be meant, and wildcards
    /// that would reach into another caller's names.
    fn check_templates(&mut self, rule: &RuleSource, compiled: &Rule, effect: Effect) {
        let several = namespace::issuers(self.source, &compiled.who).len() > 1;
        for (pattern, writes) in located_patterns(rule) {
            let Ok(Pattern::Template(template)) = Pattern::parse(&pattern.value) else {
                continue;
            };
            let text = &pattern.value;
            if template.prefix().is_empty() && !rule.allow_root {
                self.fault(
                    pattern.at,
                    format!(
                        "`{text}` begins with a placeholder or wildcard, so callers could name any \
                         repository: begin with a text such as `apps/`, or say `allow_root = true`"
                    ),
                );
            }
            if effect == Effect::Deny {
                continue;
            }
            if several && !template.names_issuer() {
                self.fault(
                    pattern.at,
                    format!(
                        "`{text}` renders the names of several issuers into one place, where \
                         they could meet: put `{{issuer}}` into it"
                    ),
                );
            }
            if let Some((one, next)) = template.merged_values().filter(|_| writes) {
                self.fault(
                    pattern.at,
                    format!(
                        "`{text}` runs `{{{}}}` and `{{{}}}` into each other, so that two callers \
                         could render one name: put a `/` between",
                        one.word(),
                        next.word(),
                    ),
                );
            }
            if writes && template.blurs_a_value() {
                self.fault(
                    pattern.at,
                    format!(
                        "`{text}` has a wildcard right beside a placeholder, so it also means \
                         names of other callers: put a `/` between"
                    ),
                );
            }
        }
    }

    /// Push and delete by a code host must say for which runs.
    fn check_runs(&mut self, rule: &RuleSource, compiled: &Rule) {
        let writes = !rule.push.is_empty() || !rule.delete.is_empty();
        let code_host = namespace::issuers(self.source, &compiled.who)
            .into_iter()
            .any(|issuer| self.source.issuers.get(issuer) == Some(&true));
        if !writes || !code_host || rule.any_run {
            return;
        }
        if !compiled.when.narrows_runs() {
            self.fault(
                rule.when.as_ref().map_or(rule.at, |when| when.at),
                "push and delete by a code host need `event` and one of `ref`, `environment`, \
                 `ref_protected` in `when`; or say `any_run = true`",
            );
        }
    }

    /// Callers without a credential have no facts, and change nothing.
    fn check_anonymous(&mut self, rule: &RuleSource, effect: Effect) {
        const NO_FACTS: &str = "anonymous callers have no facts";
        if let Some(when) = &rule.when {
            self.fault(when.at, format!("{NO_FACTS} that `when` could look at"));
        }
        if let Some(cel) = &rule.cel {
            self.fault(cel.at, format!("{NO_FACTS} that `cel` could look at"));
        }
        for (pattern, writes) in located_patterns(rule) {
            if pattern.value.contains('{') {
                self.fault(
                    pattern.at,
                    format!("{NO_FACTS} that could stand in `{}`", pattern.value),
                );
            }
            if writes && effect == Effect::Allow {
                self.fault(
                    pattern.at,
                    "anonymous callers may pull and read the catalog, never push or delete",
                );
            }
        }
    }
}

/// The patterns of a rule, and whether each is of push or delete.
pub(super) fn located_patterns(
    rule: &RuleSource,
) -> impl Iterator<Item = (&Located<String>, bool)> {
    let pull = rule.pull.iter().map(|pattern| (pattern, false));
    let writes = rule.push.iter().chain(&rule.delete);
    pull.chain(writes.map(|pattern| (pattern, true)))
}

fn texts(list: &[Located<String>]) -> Vec<String> {
    list.iter().map(|item| item.value.clone()).collect()
}
